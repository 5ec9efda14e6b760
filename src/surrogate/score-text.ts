/** What `understudy model score` prints: one response under one prompt, token by token, so that anyone can hold the engine against another. */

import type { Precision } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { LocalSurrogate } from "./local-surrogate.js";
import { joinTokens } from "./sequence-plan.js";

export interface ScoreTextOptions {
  readonly surrogate: LocalSurrogate;
  readonly prompt: string;
  readonly response: string;
  /** True takes the prompt as it is, special tokens included; false makes it a user message of the model's chat template. */
  readonly raw: boolean;
}

export interface ScoredText {
  readonly model: string;
  /** The precision that ran. */
  readonly precision: Precision;
  readonly requestedPrecision: Precision;
  /** The response's tokens in order; natural logarithms. */
  readonly tokens: readonly { readonly id: number; readonly logProbability: number }[];
}

/** Scores a response, tokenised on its own with no end token added. Throws INPUTS where it is empty or too long for the model. */
export async function scoreText(options: ScoreTextOptions): Promise<ScoredText> {
  const { surrogate, prompt, response, raw } = options;
  const promptIds = raw
    ? surrogate.tokenize(prompt)
    : surrogate.tokenizeChat([{ role: "user", content: prompt }]);
  const responseIds = surrogate.tokenizeResponse(response);
  const { logProbabilities } = await surrogate.scoreTokens([joinTokens(promptIds, responseIds)]);
  const scores = logProbabilities[0];
  if (scores?.length !== responseIds.length)
    throw new UnderstudyError(
      "INTERNAL",
      "the engine gave another number of scores than there are response tokens",
    );
  const { model, precision, requestedPrecision } = surrogate.identity;
  return {
    model,
    precision,
    requestedPrecision,
    tokens: Array.from(responseIds, (id, i) => ({ id, logProbability: scores[i] ?? Number.NaN })),
  };
}
