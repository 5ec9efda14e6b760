import { UnderstudyError } from "../../errors.js";

const { exp } = Math;

/** Effective sample size aimed at, as a share of the masks (docs/methods.md, A6): local, but most masks still count. */
export const EFFECTIVE_SHARE = 0.6;
/** Effective masks a span below which a local fit is not trusted and the kernel is flattened (docs/methods.md, A6). */
export const EFFECTIVE_MASKS_PER_SPAN = 2;
/** Halvings of log sigma: the bracket of e^92 shrinks below the spacing of doubles. */
const HALVINGS = 60;
/** Largest |log(sigma / largest distance)| that is tried; beyond, the kernel is flat or a point to working precision. */
const LOG_RANGE = 46;

/** Weights of masks in a local fit, as a kernel of their distances to the unmasked prompt. */
export interface KernelWeights {
  /** [mask]: in [0, 1], the nearest 1. */
  readonly weights: Float64Array;
  /** Kish's (sum w)^2 / sum w^2 of `weights`: how many equally weighted masks they are worth. */
  readonly effectiveSampleSize: number;
  /** sigma of exp(-(distance / sigma)^2), in the unit of the distances; null where all weights were set to 1. */
  readonly bandwidth: number | null;
  /** True where the bandwidth found left fewer than two effective masks a span, so that all weights were set to 1. */
  readonly flattened: boolean;
}

/**
 * Effective sample size (sum w)^2 / sum w^2 of weights (Kish 1965); 0 where all are 0.
 */
export function effectiveSampleSize(weights: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}

/**
 * exp(-(distance / bandwidth)^2) for each distance, up to the factor that makes the nearest mask count 1: without it all weights could
 * underflow together. The factor is 1 where the unmasked prompt, at distance 0, is among the masks.
 */
export function gaussianKernel(distances: Float64Array, bandwidth: number): Float64Array {
  const least = distances.reduce((less, distance) => (distance < less ? distance : less), Infinity);
  return distances.map((distance) =>
    exp((-(distance - least) / bandwidth) * ((distance + least) / bandwidth)),
  );
}

/**
 * Kernel exp(-(distance / sigma)^2) over masks with sigma, by bisection, such that the effective sample size is 0.6 of the masks
 * (docs/methods.md, A6). Flat where all distances are equal, and where the effective sample size found is under two masks a span.
 * Where so many masks lie at the least distance that no sigma goes as low as 0.6, only these are left with a weight.
 * Throws INTERNAL for no distances, or one that is negative or not finite.
 */
export function kernelAtEffectiveSize(
  distances: Float64Array,
  options: { readonly spans: number },
): KernelWeights {
  const least = leastDistance(distances);
  const largest = distances.reduce((most, distance) => Math.max(most, distance), 0);
  if (least === largest) return flatWeights(distances.length, false);
  const bandwidth = bandwidthFor(distances, EFFECTIVE_SHARE * distances.length);
  const weights = gaussianKernel(distances, bandwidth);
  const size = effectiveSampleSize(weights);
  if (size < EFFECTIVE_MASKS_PER_SPAN * options.spans) return flatWeights(distances.length, true);
  return { weights, effectiveSampleSize: size, bandwidth, flattened: false };
}

/** Every mask counts 1. */
export function flatWeights(masks: number, flattened: boolean): KernelWeights {
  return {
    weights: new Float64Array(masks).fill(1),
    effectiveSampleSize: masks,
    bandwidth: null,
    flattened,
  };
}

function leastDistance(distances: Float64Array): number {
  if (distances.length === 0) throw new UnderstudyError("INTERNAL", "a kernel over no masks");
  const bad = distances.find((distance) => !(distance >= 0 && distance < Infinity));
  if (bad !== undefined) throw new UnderstudyError("INTERNAL", `a distance of ${bad}`);
  return distances.reduce((least, distance) => Math.min(least, distance), Infinity);
}

/**
 * sigma with effective sample size `target`: the size grows with sigma, because weights that are powers w^t of each other grow
 * more equal as t falls.
 */
function bandwidthFor(distances: Float64Array, target: number): number {
  const largest = distances.reduce((most, distance) => Math.max(most, distance), 0);
  let low = -LOG_RANGE;
  let high = LOG_RANGE;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    const size = effectiveSampleSize(gaussianKernel(distances, largest * exp(middle)));
    if (size < target) low = middle;
    else high = middle;
  }
  return largest * exp(high);
}
