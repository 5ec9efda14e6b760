import { createHash } from "node:crypto";
import { z } from "zod";
import type { Message } from "../domain.js";

/** What is sent to the server, and what the key of an answer is made of; never anything else. */
export const requestSchema = z.strictObject({
  model: z.string(),
  messages: z.array(
    z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }),
  ),
  temperature: z.number(),
  max_tokens: z.int().positive(),
  seed: z.int(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().optional(),
});

export type OracleRequest = z.infer<typeof requestSchema>;

export interface RequestSettings {
  readonly model: string;
  readonly maxTokens: number;
}

/** The requests one question may become, richest first. */
export type Ladder = readonly [OracleRequest, ...OracleRequest[]];

/**
 * The ladder of a question: with 20 alternatives a token, with 5 (some servers allow no more), without log-probabilities.
 * All of them are looked up in recordings, the first that the server takes is sent.
 */
export function ladderOf(messages: readonly Message[], settings: RequestSettings): Ladder {
  const plain: OracleRequest = {
    model: settings.model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    temperature: 0,
    max_tokens: settings.maxTokens,
    seed: 0,
  };
  return [
    { ...plain, logprobs: true, top_logprobs: 20 },
    { ...plain, logprobs: true, top_logprobs: 5 },
    plain,
  ];
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
