import type { Mask } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import type { MeasuredGame } from "../game.js";
import { kernelAtEffectiveSize } from "../kernels/bandwidth.js";
import { regressionOfGame } from "./game-regression.js";
import type { LocalEstimate } from "./lime.js";
import { weightedRidge } from "./weighted-ridge.js";

export interface GsmileOptions {
  /** [mask]: 1-Wasserstein distance of the masked prompt to the full one; from the masks alone where absent. */
  readonly promptDistances?: Float64Array;
  /** [span]: words or tokens of each span, the mass that deleting it moves; 1 each where absent. */
  readonly spanSizes?: ArrayLike<number>;
}

/**
 * The baseline gSMILE (Dehghani et al. 2025, arXiv 2505.21657) as we define it; the paper perturbs the prompt, regenerates, compares
 * prompts and outputs by a Wasserstein distance and fits a weighted linear regression.
 * - Distance W(z) of a masked prompt to the full one: 1-Wasserstein between their distributions over words, any two different words
 *   at distance 1, which is the total variation distance: the share of the words that the mask deletes (1 for the empty mask).
 *   `promptDistances` replaces it, for instance by the 1-Wasserstein distance between token embeddings.
 * - Weight exp(-W^2 / sigma^2), sigma by the rule of our other kernels (effective sample size 0.6 of the masks), so that comparing with
 *   RoPE-LIME compares distances and not bandwidths.
 * - Response: the game's value. Re-scored, that is the objective of the fixed output; regenerated, it is minus the distance of the
 *   new output to the fixed one (`wordDistance`), so that positive attributions support the output either way.
 * - Fit: weighted least squares with an intercept and no penalty on all spans; exactly collinear spans share their effect.
 * Takes any masks. Throws INTERNAL where shapes do not fit.
 */
export function estimateByGsmile(game: MeasuredGame, options: GsmileOptions = {}): LocalEstimate {
  const regression = regressionOfGame(game, gsmileWeights(game, options));
  const { model, selfConsistency } = weightedRidge(regression, { alpha: 0 });
  return {
    method: "gsmile",
    attribution: model.coefficients,
    intercept: model.intercept,
    selfConsistency,
  };
}

/** [mask]: weights of the fit. */
export function gsmileWeights(game: MeasuredGame, options: GsmileOptions): Float64Array {
  const distances = options.promptDistances ?? deletedShares(game, options.spanSizes);
  return kernelAtEffectiveSize(distances, { spans: game.spans }).weights;
}

/**
 * 1-Wasserstein distance between the word distributions of two texts, any two different words at distance 1: half the sum of the
 * absolute differences of their relative frequencies, in [0, 1]. Two texts without words are equal; one without is at distance 1.
 */
export function wordDistance(words: readonly string[], otherWords: readonly string[]): number {
  if (words.length === 0 || otherWords.length === 0)
    return words.length === otherWords.length ? 0 : 1;
  const difference = new Map<string, number>();
  for (const word of words) difference.set(word, (difference.get(word) ?? 0) + 1 / words.length);
  for (const word of otherWords)
    difference.set(word, (difference.get(word) ?? 0) - 1 / otherWords.length);
  return [...difference.values()].reduce((sum, mass) => sum + Math.abs(mass), 0) / 2;
}

function deletedShares(game: MeasuredGame, spanSizes?: ArrayLike<number>): Float64Array {
  const sizes = Float64Array.from({ length: game.spans }, (_, span) => spanSizes?.[span] ?? 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (!(total > 0 && sizes.every((size) => size >= 0)))
    throw new UnderstudyError("INTERNAL", "spans whose sizes are negative or add up to nothing");
  return Float64Array.from(game.masks, (mask: Mask) => {
    let deleted = 0;
    mask.forEach((kept, span) => (deleted += kept === 1 ? 0 : (sizes[span] as number)));
    return deleted / total;
  });
}
