import { UnderstudyError } from "../errors.js";
import { incompleteBeta } from "./beta.js";

/** P(T <= t) for Student's t with `freedom` > 0 degrees of freedom: Abramowitz and Stegun 26.7.1 by the incomplete beta function. */
export function studentCdf(t: number, freedom: number): number {
  if (!(freedom > 0) || Number.isNaN(t))
    throw new UnderstudyError(
      "INTERNAL",
      `Student's t is not defined at t=${t}, freedom=${freedom}`,
    );
  const tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** t with P(T <= t) = p, by bisection to about 1e-12 of its size; p in (0, 1). */
export function studentQuantile(p: number, freedom: number): number {
  if (!(p > 0 && p < 1))
    throw new UnderstudyError("INTERNAL", `a probability must lie in (0, 1), not ${p}`);
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let low = 0;
  let high = 1;
  while (studentCdf(high, freedom) < p) high *= 2;
  while (high - low > 1e-13 * Math.max(1, high)) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Mean with Student's t interval: exact for normal values, close for few values of any mild shape, where a bootstrap is too
 * narrow. Throws INTERNAL for fewer than two values.
 */
export function studentInterval(
  values: ArrayLike<number>,
  level: number,
): { readonly estimate: number; readonly low: number; readonly high: number } {
  const count = values.length;
  if (count < 2) throw new UnderstudyError("INTERNAL", `Student's interval of ${count} values`);
  const numbers = Float64Array.from(values);
  const estimate = numbers.reduce((sum, value) => sum + value, 0) / count;
  const squares = numbers.reduce((sum, value) => sum + (value - estimate) ** 2, 0);
  const half =
    studentQuantile((1 + level) / 2, count - 1) * Math.sqrt(squares / (count - 1) / count);
  return { estimate, low: estimate - half, high: estimate + half };
}
