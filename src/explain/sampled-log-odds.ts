import { UnderstudyError } from "../errors.js";

/** A smoothed log-odds with the variance that sampling gives it. */
export interface SampledLogOdds {
  readonly value: number;
  readonly variance: number;
}

/**
 * Log-odds of the fixed label from samples at temperature 1 of which `agreeing` gave it (docs/methods.md, A10d), natural log:
 * log((x + 1/2) / (n - x + 1/2)), whose bias is of order 1/n^2 (Haldane 1956, Anscombe 1956), with variance
 * 1 / (x + 1/2) + 1 / (n - x + 1/2) by the delta method (Gart and Zweifel 1967). Throws INTERNAL for counts that do not fit.
 */
export function sampledLogOdds(agreeing: number, samples: number): SampledLogOdds {
  const whole = Number.isInteger(agreeing) && Number.isInteger(samples);
  if (!whole || samples < 1 || agreeing < 0 || agreeing > samples)
    throw new UnderstudyError("INTERNAL", `${agreeing} of ${samples} samples agree`);
  const yes = agreeing + 0.5;
  const no = samples - agreeing + 0.5;
  return { value: Math.log(yes / no), variance: 1 / yes + 1 / no };
}
