import { UnderstudyError } from "../../errors.js";
import type { MeasuredGame } from "../game.js";
import { regressionOfGame } from "./game-regression.js";
import type { LocalEstimate } from "./lime.js";
import { weightedRidge } from "./weighted-ridge.js";

/** Penalty of the ridge regression: that of LIME's final fit. */
const ALPHA = 1;

export interface RopeLimeOptions {
  /** [mask]: locality kernel exp(-(RWMD / sigma)^2) of the Relaxed Word Mover's Distance in RoPE space to the unmasked prompt. */
  readonly kernelWeights?: Float64Array;
  /** Penalise spans scaled to unit variance; off by default, as in LIME. */
  readonly standardise?: boolean;
}

/**
 * RoPE-LIME (Picov and Goru 2026, arXiv 2602.06275): LIME's linear fit with the locality kernel in RoPE space, on Sparse-K masks
 * (mask design "sparse-k") and the surrogate's negative log-likelihood or divergence. The paper gives no details of the regression that
 * we could read; ours is LIME's final fit, a ridge regression with alpha 1 and an intercept on all spans.
 * Takes any masks. Throws INTERNAL without kernel weights.
 */
export function estimateByRopeLime(game: MeasuredGame, options: RopeLimeOptions): LocalEstimate {
  if (options.kernelWeights === undefined)
    throw new UnderstudyError("INTERNAL", "rope-lime without the weights of its locality kernel");
  const { model, selfConsistency } = weightedRidge(regressionOfGame(game, options.kernelWeights), {
    alpha: ALPHA,
    standardise: options.standardise ?? false,
  });
  return {
    method: "rope-lime",
    attribution: model.coefficients,
    intercept: model.intercept,
    selfConsistency,
  };
}
