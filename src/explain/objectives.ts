/** From a surrogate's scores to one value a mask, larger = the fixed output is better supported (docs/methods.md, A3). */

import type { LabelScores, Objective, Scores } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { labelMarginFromLogProbabilities, logOddsOfText } from "./values.js";

/** Objectives that need the scores of the fixed output alone. */
export type OutputObjective = Exclude<Objective, "label-margin">;

/**
 * One value for each row of scores, natural log:
 * - log-odds: (LP - log(1 - exp LP)) / T with LP the log-probability of the fixed output of T tokens; nats a token (ContextCite's target)
 * - negative-log-likelihood: minus the NLL a token, that is LP / T; nats a token. The sign is turned so that support is positive.
 * - divergence: minus the mean over the output's tokens of KL(unmasked run || row), full vocabulary, nats; at most 0. It answers "any
 *   change", for or against the fixed output, and is no measure of support.
 * Throws INTERNAL for rows without tokens, and where divergence is wanted of scores that were made without a reference run.
 */
export function valuesOfScores(objective: OutputObjective, scores: Scores): Float64Array {
  switch (objective) {
    case "log-odds":
      return Float64Array.from(scores.logProbabilities, logOddsOfText);
    case "negative-log-likelihood":
      return Float64Array.from(scores.logProbabilities, meanLogProbability);
    case "divergence":
      return negatedDivergence(scores);
  }
}

/**
 * The label margin of each prompt: log p(fixed label) - log sum of p(other labels), nats; labels of several tokens count with the mean
 * log-probability of their tokens. Throws INTERNAL for fewer than two labels or an index that is none.
 */
export function valuesOfLabelScores(scores: LabelScores, fixedLabel: number): Float64Array {
  return Float64Array.from(scores.logProbabilities, (perLabel) =>
    labelMarginFromLogProbabilities(perLabel, fixedLabel),
  );
}

function meanLogProbability(logProbabilities: Float64Array): number {
  if (logProbabilities.length === 0)
    throw new UnderstudyError("INTERNAL", "likelihood of a response without tokens");
  return logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length;
}

function negatedDivergence({ divergence }: Scores): Float64Array {
  if (divergence === null)
    throw new UnderstudyError("INTERNAL", "divergence was wanted, and no reference run was scored");
  // Single precision can give a divergence of nothing as a trifle below 0.
  return divergence.map((value) => 0 - Math.max(0, value));
}
