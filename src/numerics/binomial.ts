import { UnderstudyError } from "../errors.js";
import { incompleteBeta } from "./beta.js";

/** P(X <= k) for X ~ Binomial(n, p): exact, as I_{1-p}(n - k, k + 1). */
export function binomialCdf(k: number, n: number, p: number): number {
  checkCounts(k, n);
  if (!(p >= 0 && p <= 1))
    throw new UnderstudyError("INTERNAL", `a probability must lie in [0, 1], not ${p}`);
  return k >= n ? 1 : k < 0 ? 0 : incompleteBeta(1 - p, n - k, k + 1);
}

/**
 * Upper end of the one-sided exact interval for a proportion, k successes in n trials: the largest p that a test at level
 * 1 - confidence does not reject (Clopper and Pearson 1934). 1 where k = n, n = 0 included.
 */
export function binomialUpperBound(k: number, n: number, confidence: number): number {
  checkCounts(k, n);
  if (!(confidence > 0 && confidence < 1))
    throw new UnderstudyError("INTERNAL", `a confidence must lie in (0, 1), not ${confidence}`);
  if (k >= n) return 1;
  let low = k / n;
  let high = 1;
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (binomialCdf(k, n, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** Smallest number of trials in which `k` successes reject "the proportion is at least `tolerance`" at level 1 - confidence. */
export function trialsNeeded(k: number, tolerance: number, confidence: number): number {
  if (!(tolerance > 0 && tolerance < 1 && confidence > 0 && confidence < 1))
    throw new UnderstudyError(
      "INTERNAL",
      `tolerance and confidence must lie in (0, 1), not ${tolerance} and ${confidence}`,
    );
  const passes = (n: number): boolean => binomialCdf(k, n, tolerance) <= 1 - confidence;
  let high = k + 1;
  while (!passes(high)) high *= 2;
  let low = k;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function checkCounts(k: number, n: number): void {
  if (!(Number.isInteger(n) && n >= 0 && Number.isInteger(k) && k >= 0 && k <= n))
    throw new UnderstudyError(
      "INTERNAL",
      `binomial counts must be whole numbers with 0 <= k <= n, not k=${k}, n=${n}`,
    );
}
