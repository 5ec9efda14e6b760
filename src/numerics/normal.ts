import { UnderstudyError } from "../errors.js";

const DENSITY_AT_ZERO = 1 / Math.sqrt(2 * Math.PI);
/** Below, the power series loses no digits; above, the continued fraction converges in a few dozen terms. */
const SERIES_END = 3;
const FRACTION_TERMS = 80;

/** Standard normal density. */
export function normalDensity(x: number): number {
  return DENSITY_AT_ZERO * Math.exp(-0.5 * x * x);
}

/** P(Z > x) for a standard normal Z; keeps its relative precision in the far upper tail. */
export function normalTail(x: number): number {
  if (Number.isNaN(x)) throw new UnderstudyError("INTERNAL", "normalTail of NaN");
  if (x < 0) return 1 - normalTail(-x);
  if (x < SERIES_END) return 0.5 - normalDensity(x) * centralSeries(x);
  return x === Infinity ? 0 : normalDensity(x) / tailFraction(x);
}

/** P(Z <= x) for a standard normal Z. */
export function normalCdf(x: number): number {
  return normalTail(-x);
}

/** x with P(Z <= x) = p: Halley steps on the tail, from the leading term of its asymptotic expansion. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1))
    throw new UnderstudyError("INTERNAL", `a probability must lie in [0, 1], not ${p}`);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  let x = Math.sqrt(Math.max(0, -2 * Math.log(2 * p)));
  for (let step = 0; step < 60; step++) {
    const newton = (normalTail(x) - p) / normalDensity(x);
    const change = newton / (1 - (newton * x) / 2);
    x += change;
    if (Math.abs(change) <= 1e-15 * Math.max(1, x)) break;
  }
  return -x;
}

/** (P(Z <= x) - 1/2) / density(x) = x + x^3/3 + x^5/15 + ... (Abramowitz and Stegun 26.2.11). */
function centralSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * sum; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum;
}

/** density(x) / P(Z > x) = x + 1/(x + 2/(x + 3/(x + ...))) (Abramowitz and Stegun 26.2.14), from the bottom up. */
function tailFraction(x: number): number {
  let fraction = x;
  for (let k = FRACTION_TERMS; k > 0; k--) fraction = x + k / fraction;
  return fraction;
}
