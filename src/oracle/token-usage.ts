import { z } from "zod";
import type { RecordedLine } from "./recording-line.js";
import type { OracleRequest } from "./request.js";

/** The token counts of an OpenAI-compatible answer; null where they are missing or make no sense. */
export const usageSchema = z
  .object({
    prompt_tokens: z.int().nonnegative(),
    /** Reasoning included. */
    completion_tokens: z.int().nonnegative(),
    completion_tokens_details: z
      .object({ reasoning_tokens: z.int().nonnegative().nullish().catch(null) })
      .nullish()
      .catch(null),
  })
  .nullish()
  .catch(null);

/** The server's counts, or upper guesses from the texts, marked. */
export function usageOf(
  usage: z.infer<typeof usageSchema>,
  request: OracleRequest,
  text: string,
): RecordedLine["usage"] {
  if (usage)
    return { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
  return {
    promptTokens: estimatePromptTokens(request.messages),
    completionTokens: estimateTokens(text),
    estimated: true,
  };
}

/** Upper guess of the tokens of a text: three bytes each, where common vocabularies take four or more of English. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text, "utf8") / 3);
}

/** Upper guess of the prompt tokens of a request, chat template included. */
export function estimatePromptTokens(messages: OracleRequest["messages"]): number {
  return messages.reduce((sum, message) => sum + estimateTokens(message.content) + 8, 8);
}
