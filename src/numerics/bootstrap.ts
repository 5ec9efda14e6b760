import { UnderstudyError } from "../errors.js";
import { normalCdf, normalQuantile } from "./normal.js";
import type { Random } from "./random.js";

export interface BootstrapOptions {
  readonly values: ArrayLike<number>;
  /** Coverage aimed at, such as 0.9. */
  readonly level: number;
  readonly replicates: number;
  readonly random: Random;
}

/**
 * Mean with a BCa bootstrap interval: percentiles of resampled means, corrected for bias and for skewness (Efron 1987; the
 * acceleration of a mean is its skewness over 6 sqrt n). Throws INTERNAL for fewer than two values.
 */
export function bootstrapMean(options: BootstrapOptions): {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
} {
  const values = Float64Array.from(options.values);
  if (values.length < 2)
    throw new UnderstudyError("INTERNAL", `a bootstrap interval of ${values.length} values`);
  const estimate = mean(values);
  if (values.every((value) => value === values[0]))
    return { estimate, low: estimate, high: estimate };
  const means = resampledMeans(values, options).sort();
  const bias = biasCorrection(means, estimate);
  const acceleration = skewness(values, estimate) / (6 * Math.sqrt(values.length));
  const tail = (1 - options.level) / 2;
  const bound = (probability: number): number => {
    const z = bias + normalQuantile(probability);
    return quantile(means, normalCdf(bias + z / (1 - acceleration * z)));
  };
  return { estimate, low: bound(tail), high: bound(1 - tail) };
}

function resampledMeans(
  values: Float64Array,
  { replicates, random }: BootstrapOptions,
): Float64Array {
  return Float64Array.from({ length: replicates }, () => {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++)
      sum += values[random.integer(values.length)] as number;
    return sum / values.length;
  });
}

/** Normal quantile of the share of resampled means below the estimate, ties counted half, kept off 0 and 1. */
function biasCorrection(sorted: Float64Array, estimate: number): number {
  const below = sorted.reduce(
    (count, value) => count + (value < estimate ? 1 : value === estimate ? 0.5 : 0),
    0,
  );
  return normalQuantile(Math.min(sorted.length - 0.5, Math.max(0.5, below)) / sorted.length);
}

function skewness(values: Float64Array, centre: number): number {
  let square = 0;
  let cube = 0;
  for (const value of values) {
    square += (value - centre) ** 2;
    cube += (value - centre) ** 3;
  }
  return cube / values.length / (square / values.length) ** 1.5;
}

/** Linear interpolation between order statistics. */
export function quantile(sorted: Float64Array, probability: number): number {
  const position = Math.min(1, Math.max(0, probability)) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  return (
    low + (position - below) * ((sorted[Math.min(sorted.length - 1, below + 1)] as number) - low)
  );
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
