import { createHash } from "node:crypto";
import { z } from "zod";
import type { OracleQuestion } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** What is sent to the server, and what the key of an answer is made of; never anything else. */
export const requestSchema = z.strictObject({
  model: z.string(),
  messages: z.array(
    z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }),
  ),
  temperature: z.number().optional(),
  max_tokens: z.int().positive().optional(),
  /** Instead of max_tokens, for models that reason and refuse that one. */
  max_completion_tokens: z.int().positive().optional(),
  seed: z.int(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().optional(),
  top_p: z.number().optional(),
  add_generation_prompt: z.boolean().optional(),
  continue_final_message: z.boolean().optional(),
  prompt_logprobs: z.int().optional(),
});

export type OracleRequest = z.infer<typeof requestSchema>;

/** True of a request that has given text scored: its answer is read in another way. */
export function isScoring(request: OracleRequest): boolean {
  return request.prompt_logprobs !== undefined;
}

/** Most tokens that the answer to a request may take, reasoning included. */
export function longestAnswer({ max_tokens, max_completion_tokens }: OracleRequest): number {
  return max_tokens ?? max_completion_tokens ?? 0;
}

export interface RequestSettings {
  readonly model: string;
  readonly maxTokens: number;
}

/** The requests one question may become, richest first. */
export type Ladder = readonly [OracleRequest, ...OracleRequest[]];

/**
 * The ladder of a question. All of its requests are looked up in recordings, the first that the server takes is sent. The rungs
 * below come first as written; then again with `max_completion_tokens` instead of `max_tokens`, then both without a temperature,
 * for models that reason may refuse one or both. The default temperature of chat completions is 1, so a sample stays one.
 * - without a mode: temperature 0 with 20 alternatives a token, with 5 (some servers allow no more), without log-probabilities
 * - sample: temperature 1, seed = draw, the whole distribution; without `top_p` for servers that take no two such settings
 * - repeat: temperature 0, seed = draw: another question than the first, which has seed 0
 * - score: the response as an assistant's message that the prompt ends in, with the log-probabilities of the prompt's tokens
 *   (vLLM: `continue_final_message` leaves out the end-of-turn token, `prompt_logprobs` 1 gives each token's own entry and
 *   the likeliest one's, a form in which the own one can be told also where a server takes 0 for "none")
 * @throws UnderstudyError INTERNAL for an empty response, or a draw that is no whole number from 0 (repeat: from 1).
 */
export function ladderOf(
  question: Pick<OracleQuestion, "messages" | "mode">,
  settings: RequestSettings,
): Ladder {
  const [first, ...more] = rungsOf(question, settings);
  const renamed = [first, ...more].map(withCompletionLimit);
  const without = [first, ...more, ...renamed].map((request) => ({
    ...request,
    temperature: undefined,
  }));
  return [first, ...more, ...renamed, ...without];
}

function withCompletionLimit({ max_tokens, ...request }: OracleRequest): OracleRequest {
  return max_tokens === undefined ? request : { ...request, max_completion_tokens: max_tokens };
}

function rungsOf(
  { messages, mode }: Pick<OracleQuestion, "messages" | "mode">,
  settings: RequestSettings,
): Ladder {
  const plain: OracleRequest = {
    model: settings.model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    temperature: 0,
    max_tokens: settings.maxTokens,
    seed: 0,
  };
  switch (mode?.kind) {
    case undefined:
      return [
        { ...plain, logprobs: true, top_logprobs: 20 },
        { ...plain, logprobs: true, top_logprobs: 5 },
        plain,
      ];
    case "sample": {
      const sample = { ...plain, temperature: 1, seed: draw(mode.draw, 0) };
      return [{ ...sample, top_p: 1 }, sample];
    }
    case "repeat":
      return [{ ...plain, seed: draw(mode.draw, 1) }];
    case "score":
      return [scoringRequest(plain, mode.response)];
  }
}

function scoringRequest(plain: OracleRequest, response: string): OracleRequest {
  if (response === "") throw new UnderstudyError("INTERNAL", "a response to score is empty");
  return {
    ...plain,
    messages: [...plain.messages, { role: "assistant", content: response }],
    max_tokens: 1,
    add_generation_prompt: false,
    continue_final_message: true,
    prompt_logprobs: 1,
  };
}

function draw(number: number, least: number): number {
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new UnderstudyError(
    "INTERNAL",
    `a draw must be a whole number of at least ${least}, got ${number}`,
  );
}

/** sha256 (hex) of the canonical JSON of a request. */
export function keyOf(request: OracleRequest): string {
  return createHash("sha256").update(canonicalJson(request)).digest("hex");
}

/** JSON without white space, object keys in code-unit order at every depth, absent values left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(",")}}`;
}
