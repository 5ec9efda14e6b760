import type { Mask } from "../../domain.js";
import { type KernelWeights, effectiveSampleSize } from "./bandwidth.js";

/** LIME's kernel width for text, in hundredths of a cosine distance. */
export const LIME_KERNEL_WIDTH = 25;
const PERCENT = 100;

/**
 * LIME's distance of a mask to the unmasked text: 100 times the cosine distance to the vector of ones, 100 (1 - sqrt(kept / spans));
 * 100 for the empty mask, as scikit-learn's pairwise cosine distance has it. Source: marcotcr/lime, lime_text.py.
 */
export function limeDistance(mask: Mask): number {
  const kept = mask.reduce((sum, bit) => sum + bit, 0);
  return PERCENT * (1 - Math.sqrt(kept / mask.length));
}

/**
 * LIME's text kernel sqrt(exp(-distance^2 / 25^2)) (Ribeiro et al. 2016; marcotcr/lime). Mild: a mask that keeps half of the spans
 * still counts .50, one that keeps a quarter .14. `bandwidth` is the sigma of exp(-(distance / sigma)^2), sqrt(2) times LIME's width.
 */
export function limeKernel(masks: readonly Mask[]): KernelWeights {
  const weights = Float64Array.from(masks, (mask) =>
    Math.sqrt(Math.exp(-(limeDistance(mask) ** 2) / LIME_KERNEL_WIDTH ** 2)),
  );
  return {
    weights,
    effectiveSampleSize: effectiveSampleSize(weights),
    bandwidth: Math.SQRT2 * LIME_KERNEL_WIDTH,
    flattened: false,
  };
}
