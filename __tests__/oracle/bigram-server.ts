import {
  BigramModel,
  decode,
  drawing,
  isEnd,
  likeliest,
  tokenize,
  type WrittenToken,
} from "./bigram-model.js";
import {
  fails,
  sendJson,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "./chat-server.js";

/**
 * How a server treats a request to score given text:
 * - truthful: as vLLM does
 * - ignores: answers as if nothing had been asked (llama.cpp's servers)
 * - zeros, noisy, not numbers, impossible: log-probabilities that are none
 * - late: each token's log-probability is that of the place after it (llama-cpp-python's echo)
 * - other words: scores a text that is not the one given (a template that rewrites messages)
 * - other tokens: splits the text into more tokens than it wrote
 * - other form: a list of numbers
 * - rejects: knows no such settings (400)
 */
export type Scoring =
  | "truthful"
  | "ignores"
  | "zeros"
  | "noisy"
  | "not numbers"
  | "impossible"
  | "late"
  | "other words"
  | "other tokens"
  | "other form"
  | "rejects";

type Request = Parameters<Behaviour>[0];
type Entry = Readonly<Record<string, object>>;

/** A server whose model is known: the most likely answer, samples by seed, and scores of given text. */
export async function startBigramServer(
  model: BigramModel,
  scoring: Scoring = "truthful",
): Promise<ChatServer> {
  const server = await startChatServer();
  server.otherwise = bigram(model, scoring);
  return server;
}

export function bigram(model: BigramModel, scoring: Scoring = "truthful"): Behaviour {
  return (request, response) => {
    const isScore = request.body.prompt_logprobs !== undefined;
    if (isScore && scoring === "rejects")
      return fails(
        400,
        {},
        { message: "Unrecognized request argument: add_generation_prompt" },
      )(request, response);
    const written = isScore && scoring !== "ignores" ? [] : answer(model, request);
    const scores = isScore && scoring !== "ignores" ? promptScores(model, request, scoring) : null;
    sendJson(response, JSON.stringify(completionOf(request, written, scores)));
  };
}

function answer(model: BigramModel, { body }: Request): readonly WrittenToken[] {
  const { messages, temperature, seed, max_tokens = 16 } = body;
  const choose =
    temperature === 0 ? likeliest : drawing(`${seed} ${messages.map((each) => each.content)}`);
  return model.write(messages, max_tokens, choose);
}

function completionOf(
  { body }: Request,
  written: readonly WrittenToken[],
  promptScored: unknown,
): object {
  const tokens = written.map(({ token }) => token).filter((token) => !isEnd(token));
  const content = written.map(({ token, logProbabilities }) => ({
    token: decode([token]),
    logprob: logProbabilities[token],
    top_logprobs: [...logProbabilities]
      .map((logprob, id) => ({ token: decode([id]), logprob }))
      .filter(({ logprob }) => Number.isFinite(logprob))
      .sort((a, b) => b.logprob - a.logprob)
      .slice(0, body.top_logprobs ?? 0),
  }));
  return {
    model: body.model,
    choices: [
      {
        message: { role: "assistant", content: decode(tokens) },
        finish_reason: tokens.length < written.length ? "stop" : "length",
        logprobs: body.logprobs ? { content } : null,
      },
    ],
    ...(promptScored === null ? {} : { prompt_logprobs: promptScored }),
    usage: { prompt_tokens: 20, completion_tokens: written.length || 1 },
  };
}

/** The template's tokens, of which the first has no score, then those of the response; Python's NaN is a string that is replaced. */
function promptScores(model: BigramModel, { body }: Request, scoring: Scoring): unknown {
  const messages = body.messages.slice(0, -1);
  const response = body.messages.at(-1)?.content ?? "";
  if (scoring === "other form") return [null, -1, -2];
  const text = scoring === "other words" ? "perhaps" : response;
  const tokens = tokenize(text);
  const entries = tokens.map((token, at) => {
    const logProbabilities = model.next(messages, tokens.slice(0, at));
    const after = model.next(messages, tokens.slice(0, at + 1));
    return entryOf(token, logProbabilities, distorted(scoring, token, { logProbabilities, after }));
  });
  if (scoring === "other tokens") entries.unshift({ 999: { logprob: -1, decoded_token: "" } });
  const template: readonly (Entry | null)[] = [
    null,
    { 100: { logprob: -3, rank: 9, decoded_token: "<|assistant|>" } },
    { 101: { logprob: -0.1, rank: 1, decoded_token: "\n" } },
  ];
  return [...template, ...entries];
}

function distorted(
  scoring: Scoring,
  token: number,
  { logProbabilities, after }: Readonly<Record<"logProbabilities" | "after", Float64Array>>,
): number | string {
  const own = logProbabilities[token] as number;
  if (scoring === "zeros") return 0;
  if (scoring === "noisy") return own - 0.3;
  if (scoring === "not numbers") return "NaN";
  if (scoring === "impossible") return -9999;
  if (scoring === "late") return Math.max(after[token] as number, -50);
  return own;
}

/** As vLLM with prompt_logprobs 1: the likeliest token too, where it is another one. */
function entryOf(token: number, all: Float64Array, logprob: number | string): Entry {
  const rank = [...all].filter((value) => value >= (all[token] as number)).length;
  const own = { logprob, rank, decoded_token: decode([token]) };
  const best = likeliest(all);
  if (best === token) return { [token]: own };
  return { [token]: own, [best]: { logprob: all[best], rank: 1, decoded_token: decode([best]) } };
}
