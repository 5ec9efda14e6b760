import { decode, isEnd, likeliest, tokenize, type BigramModel } from "./bigram-model.js";
import {
  fails,
  sendJson,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "./chat-server.js";

/**
 * How a server of text completions treats given text:
 * - echo: returns it with the log-probabilities of its tokens
 * - prompt_logprobs: knows no echo, scores as vLLM does
 * - neither: ignores both
 * - late: its echo gives each token the log-probability of the place after it, and lists nothing of what it wrote (llama-cpp-python)
 * - short: its echo is right and lists nothing of what it wrote
 * - zeros: its echo gives 0
 * - rejects: knows no such settings (400)
 */
export type CompletionScoring =
  | "echo"
  | "prompt_logprobs"
  | "neither"
  | "late"
  | "short"
  | "zeros"
  | "rejects";

interface CompletionBody {
  readonly model: string;
  readonly prompt: string;
  readonly max_tokens: number;
  readonly logprobs?: number;
  readonly echo?: boolean;
  readonly prompt_logprobs?: number;
}

const MARK = "Assistant:";

/** A server of text completions whose model is known; its answers begin with a space, as after a transcript. */
export async function startCompletionServer(
  model: BigramModel,
  scoring: CompletionScoring,
): Promise<ChatServer> {
  const server = await startChatServer();
  server.otherwise = completions(model, scoring);
  return server;
}

function completions(model: BigramModel, scoring: CompletionScoring): Behaviour {
  return (request, response) => {
    const body = request.body as unknown as CompletionBody;
    const asks = body.echo === true || body.prompt_logprobs !== undefined;
    if (asks && scoring === "rejects")
      return fails(400, {}, { message: "unknown field" })(request, response);
    const at = body.prompt.lastIndexOf(MARK) + MARK.length;
    const messages = [{ role: "user", content: body.prompt.slice(0, at) }];
    const given = tokenize(body.prompt.slice(at).trimStart());
    const written = write(model, { messages, given, most: body.max_tokens });
    const echoes = body.echo === true && !["neither", "prompt_logprobs"].includes(scoring);
    const lists = scoring !== "late" && scoring !== "short";
    const all = echoes ? [...given, ...(lists ? written : [])] : written;
    const from = echoes ? 0 : given.length;
    const tokens = all.map((token, index) => (from + index === 0 ? " " : "") + decode([token]));
    const own = all.map((token, index) => {
      const place = from + index;
      const sequence = [...given, ...written];
      const before = model.next(messages, sequence.slice(0, place))[token] as number;
      if (!echoes) return before;
      if (scoring === "zeros") return 0;
      const after = model.next(messages, sequence.slice(0, place + 1))[token] as number;
      return scoring === "late" ? Math.max(after, -50) : before;
    });
    const tops = all.map((_, index) =>
      alternatives(model, messages, [...given, ...written].slice(0, from + index)),
    );
    const prompted =
      body.prompt_logprobs !== undefined && scoring === "prompt_logprobs"
        ? [
            null,
            { 7: { logprob: -1, rank: 1, decoded_token: MARK } },
            ...entries(model, messages, given),
          ]
        : undefined;
    const template = echoes ? ["<s>", MARK] : [];
    sendJson(
      response,
      JSON.stringify({
        model: body.model,
        choices: [
          {
            text: (echoes ? body.prompt : "") + decode(written),
            finish_reason: "length",
            logprobs:
              body.logprobs === undefined
                ? null
                : {
                    tokens: [...template, ...tokens],
                    token_logprobs: [...(echoes ? [null, -0.5] : []), ...own],
                    top_logprobs: [...template.map(() => null), ...tops],
                  },
            ...(prompted === undefined ? {} : { prompt_logprobs: prompted }),
          },
        ],
        usage: {
          prompt_tokens: 2 + given.length,
          completion_tokens: written.length,
        },
      }),
    );
  };
}

type Messages = Parameters<BigramModel["next"]>[0];

function write(
  model: BigramModel,
  {
    messages,
    given,
    most,
  }: { readonly messages: Messages; readonly given: readonly number[]; readonly most: number },
): number[] {
  const written: number[] = [];
  while (written.length < most) {
    const token = likeliest(model.next(messages, [...given, ...written]));
    if (isEnd(token) && written.length > 0) break;
    written.push(token);
    if (isEnd(token)) break;
  }
  return written;
}

function alternatives(
  model: BigramModel,
  messages: Messages,
  before: readonly number[],
): Record<string, number> {
  const all = [...model.next(messages, before)].map((logprob, id) => ({ id, logprob }));
  const listed = all
    .filter(({ logprob }) => Number.isFinite(logprob))
    .sort((a, b) => b.logprob - a.logprob);
  return Object.fromEntries(
    listed
      .slice(0, 5)
      .map(({ id, logprob }) => [(before.length === 0 ? " " : "") + decode([id]), logprob]),
  );
}

function entries(model: BigramModel, messages: Messages, given: readonly number[]): object[] {
  return given.map((token, at) => {
    const all = model.next(messages, given.slice(0, at));
    const rank = [...all].filter((value) => value >= (all[token] as number)).length;
    const text = (at === 0 ? " " : "") + decode([token]);
    return { [token]: { logprob: all[token], rank, decoded_token: text } };
  });
}
