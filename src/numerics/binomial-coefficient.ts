/** n choose k as a double: exact up to 2^53, rounded beyond; 0 outside 0 <= k <= n. */
export function binomialCoefficient(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let value = 1;
  // Each partial product is itself a binomial coefficient, so that the division leaves no remainder.
  for (let i = 1; i <= Math.min(k, n - k); i++) value = (value * (n - Math.min(k, n - k) + i)) / i;
  return value <= Number.MAX_SAFE_INTEGER ? Math.round(value) : value;
}
