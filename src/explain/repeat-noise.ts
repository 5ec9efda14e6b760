import type { Unknown } from "../domain.js";

/** Variance of one value when the same question is asked again, in squared units of the values. */
export interface RepeatNoise {
  readonly kind: "estimated";
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/**
 * Pooled within-input variance of repeats of the unmasked prompt (docs/methods.md, A10c): sum of squared distances from each
 * input's mean over the sum of repeats less one. Inputs asked once or with values that are not finite say nothing. Unknown
 * where no input was asked twice: a noise of 0 would claim what was never measured.
 */
export function noiseFromRepeats(
  values: readonly (ArrayLike<number> & Iterable<number>)[],
): RepeatNoise | Unknown {
  const repeated = values.filter((own) => own.length >= 2 && [...own].every(Number.isFinite));
  if (repeated.length === 0)
    return {
      kind: "unknown",
      reason: "no input was asked twice, so nothing is known of the noise",
    };
  let squares = 0;
  let degreesOfFreedom = 0;
  for (const own of repeated) {
    const mean = [...own].reduce((sum, value) => sum + value, 0) / own.length;
    squares += [...own].reduce((sum, value) => sum + (value - mean) ** 2, 0);
    degreesOfFreedom += own.length - 1;
  }
  return { kind: "estimated", variance: squares / degreesOfFreedom, degreesOfFreedom };
}
