/** A server of plain text completions behind the port of the oracle: for models without a chat template. */
import pLimit from "p-limit";
import type { Budget, Message, Oracle, OracleOutcome, OracleQuestion } from "../domain.js";
import { openApi, retrying, type CallResult } from "./api-client.js";
import { checkEndpoint } from "./endpoint.js";
import {
  readAnswerCompletion,
  readEchoedScore,
  type ReadCompletion,
} from "./completion-response.js";
import { REAL_TIME, type Time } from "./pacing.js";
import { canonicalJson } from "./request.js";
import { ScoringProbe } from "./scoring-probe.js";
import { estimateTokens } from "./token-usage.js";
import type { Resolve } from "./transport.js";

export interface TextCompletionsOptions {
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly budget: Budget;
  readonly maxTokens: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retries?: number;
  readonly allowPrivateEndpoint: boolean;
  readonly time?: Time;
  readonly resolve?: Resolve;
}

/** What is sent; `form` of a score is found out by the first one and kept. */
interface CompletionBody {
  readonly model: string;
  readonly prompt: string;
  readonly max_tokens: number;
  readonly temperature: 0;
  readonly seed: 0;
  readonly logprobs?: number;
  readonly echo?: true;
  readonly prompt_logprobs?: number;
}

/** How given text may be asked to be scored; the first that gives numbers is used for all. */
const FORMS = [{ echo: true, logprobs: 1 }, { prompt_logprobs: 1 }] as const;
const LISTED = 5;
const RETRIES = 4;
const LABELS: Readonly<Record<Message["role"], string>> = {
  system: "System",
  user: "User",
  assistant: "Assistant",
};

/** Messages as a transcript that the assistant's answer continues; the answer follows after one space. */
export function transcriptOf(messages: readonly Message[]): string {
  const turns = messages.map(({ role, content }) => `${LABELS[role]}: ${content.trim()}\n\n`);
  return `${turns.join("")}${LABELS.assistant}:`;
}

/**
 * Opens the server; nothing is asked yet. Distinct questions are answered once, within the budget; answers are kept in memory only.
 * Of the modes only `score` and none are known. `canScore` is found out as for a chat server, by what the server writes itself.
 * @throws UnderstudyError ORACLE_ENDPOINT for a base URL that is refused.
 */
export function openTextCompletions(options: TextCompletionsOptions): Oracle {
  const server = new CompletionServer(options);
  const probe = new ScoringProbe((question) => server.answer(question));
  return {
    model: options.model,
    host: server.host,
    ask: async (questions, onProgress) => {
      let done = 0;
      return await Promise.all(
        questions.map(async (question) => {
          const outcome = await server.answer(question);
          onProgress?.((done += 1), questions.length);
          return outcome;
        }),
      );
    },
    canScore: async (prompts) => {
      const ability = await probe.find(prompts);
      return ability.kind === "yes" ? { ...ability, how: server.how } : ability;
    },
  };
}

class CompletionServer {
  readonly host: string;
  readonly #options: TextCompletionsOptions;
  readonly #send: (body: CompletionBody) => Promise<CallResult>;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #known = new Map<string, Promise<OracleOutcome>>();
  #form = 0;

  constructor(options: TextCompletionsOptions) {
    const { baseUrl, apiKey, timeoutMs, allowPrivateEndpoint, resolve, time = REAL_TIME } = options;
    const endpoint = checkEndpoint(baseUrl, { allowPrivate: allowPrivateEndpoint });
    this.host = endpoint.host;
    this.#options = options;
    this.#limit = pLimit(options.concurrency);
    const api = openApi({ endpoint, apiKey, timeoutMs, ...(resolve ? { resolve } : {}) });
    const send = retrying({
      host: this.host,
      secret: apiKey,
      retries: options.retries ?? RETRIES,
      time,
    });
    this.#send = (body) =>
      send({
        key: canonicalJson(body),
        send: () => api.completions.create(body).asResponse(),
      });
  }

  get how(): string {
    return this.#form === 0
      ? "echo of a text completion"
      : "prompt_logprobs of a text completion that ends in the given text";
  }

  answer({ messages, mode }: OracleQuestion): Promise<OracleOutcome> {
    const key = canonicalJson([messages, mode ?? null]);
    const known = this.#known.get(key);
    if (known) return known;
    const outcome =
      mode === undefined
        ? this.#write(messages)
        : mode.kind === "score"
          ? this.#score(messages, mode.response)
          : Promise.resolve(
              notAsked(`${this.host}: text completions are not asked to ${mode.kind}`),
            );
    this.#known.set(key, outcome);
    const forget = (): void => void this.#known.delete(key);
    outcome.then((settled) => settled.kind === "refused" && forget(), forget);
    return outcome;
  }

  #write(messages: readonly Message[]): Promise<OracleOutcome> {
    const prompt = transcriptOf(messages);
    const { maxTokens } = this.#options;
    return this.#buy({ ...this.#plain(prompt, maxTokens), logprobs: LISTED }, readAnswerCompletion);
  }

  async #score(messages: readonly Message[], response: string): Promise<OracleOutcome> {
    const given = ` ${response.trimStart()}`;
    const plain = this.#plain(transcriptOf(messages) + given, 1);
    for (let form = this.#form; ; form += 1) {
      const body = { ...plain, ...(FORMS[form] ?? FORMS[0]) };
      const outcome = await this.#buy(body, (text) => readEchoedScore(text, { ...body, given }));
      const scored = outcome.kind === "answer" && outcome.answer.scored instanceof Float64Array;
      if (scored) this.#form = Math.max(this.#form, form);
      if (scored || !mayBeOtherwise(outcome) || form + 1 >= FORMS.length) return outcome;
    }
  }

  #plain(prompt: string, maxTokens: number): CompletionBody {
    const { model } = this.#options;
    return { model, prompt, max_tokens: maxTokens, temperature: 0, seed: 0 };
  }

  async #buy(
    body: CompletionBody,
    read: (text: string, body: CompletionBody) => ReadCompletion,
  ): Promise<OracleOutcome> {
    return await this.#limit(async () => {
      const { budget, model } = this.#options;
      const size = { promptTokens: estimateTokens(body.prompt), completionTokens: body.max_tokens };
      const granted = budget.reserve({ model, ...size });
      if (granted.kind === "refused")
        return { kind: "refused", cause: "budget", message: granted.message } as const;
      const sent = await this.#send(body);
      if (sent.kind === "failed") {
        budget.settle(granted.reservation, null);
        const { cause, message } = sent.failure;
        return { kind: "refused", cause, message } as const;
      }
      const result = read(sent.body, body);
      // The server did answer, so it may charge: what was reserved counts as spent.
      budget.settle(granted.reservation, result.kind === "answer" ? result.answer.usage : size);
      return result.kind === "answer"
        ? ({ kind: "answer", answer: result.answer, paid: true } as const)
        : notAsked(`${this.host}: ${result.message}`);
    });
  }
}

/** Another form may help where this one gave no numbers, not where the server is down or the budget spent. */
function mayBeOtherwise(outcome: OracleOutcome): boolean {
  return outcome.kind === "answer" || outcome.cause === "unusable";
}

function notAsked(message: string): Extract<OracleOutcome, { kind: "refused" }> {
  return { kind: "refused", cause: "unusable", message };
}
