import type { Mask, Unknown } from "../../domain.js";
import { spearman } from "../../numerics/rank-correlation.js";
import { centredProduct } from "../hierarchical-kernel.js";

/** Held-out masks of one instance with the oracle's values; no explanation that is scored may have seen them. */
export interface HeldOutValues {
  readonly masks: readonly Mask[];
  readonly values: ArrayLike<number>;
}

/**
 * Linear datamodeling score of one instance: Spearman correlation over held-out masks of psi . z with the measured values, in
 * [-1, 1] (Park et al. 2023, TRAK, with spans in place of training examples, as in ContextCite). An attribution
 * without any effect orders nothing and scores 0; Unknown where the values do not vary.
 */
export function linearDatamodelingScore(
  attribution: Float64Array,
  { masks, values }: HeldOutValues,
): number | Unknown {
  if (Array.from(values).every((value) => value === values[0]))
    return { kind: "unknown", reason: "the values of the held-out masks do not vary" };
  return spearman(predictedEffects(attribution, masks), values) ?? 0;
}

/** psi . z up to a constant of the instance: what an attribution predicts for each mask. */
export function predictedEffects(attribution: Float64Array, masks: readonly Mask[]): Float64Array {
  return Float64Array.from(masks, (mask) => centredProduct(mask, attribution));
}
