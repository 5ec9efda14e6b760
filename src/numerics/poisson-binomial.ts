/**
 * P(X >= k) for X the number of successes of independent trials with the given probabilities: the exact convolution,
 * O(k n) steps, all terms positive. Counts of k and above share one absorbing state, so small tails keep their precision.
 */
export function poissonBinomialTail(k: number, probabilities: ArrayLike<number>): number {
  if (k <= 0) return 1;
  if (k > probabilities.length) return 0;
  const below = new Float64Array(k);
  below[0] = 1;
  let tail = 0;
  for (let trial = 0; trial < probabilities.length; trial++) {
    const p = probabilities[trial] ?? 0;
    tail += (below[k - 1] ?? 0) * p;
    for (let count = Math.min(k - 1, trial + 1); count > 0; count--)
      below[count] = (below[count] ?? 0) * (1 - p) + (below[count - 1] ?? 0) * p;
    below[0] = (below[0] ?? 0) * (1 - p);
  }
  return Math.min(1, tail);
}
