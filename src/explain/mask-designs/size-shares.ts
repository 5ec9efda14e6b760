import { binomialCoefficient } from "../../numerics/binomial-coefficient.js";

/**
 * Leverage sampling (Musco and Witter 2024, arXiv 2410.01917): a mask that keeps `size` of the spans has leverage 1 / C(spans, size), so
 * every size is drawn equally often until its masks are used up. Expected number of masks, by size 0 .. spans, among `draws` distinct ones that
 * are neither empty nor full: min(C(spans, size), level) with the level at which these add up to `draws`.
 */
export function leverageCounts(spans: number, draws: number): Float64Array {
  const counts = Float64Array.from({ length: spans + 1 }, (_, size) =>
    size === 0 || size === spans ? 0 : binomialCoefficient(spans, size),
  );
  const level = levelFor(counts, draws);
  return counts.map((count) => Math.min(count, level));
}

/**
 * Water level at which min(count, level), summed over the counts, is `total`; the largest count where `total` is as much as there is.
 */
function levelFor(counts: Float64Array, total: number): number {
  const ascending = Float64Array.from(counts.filter((count) => count > 0)).sort();
  let left = total;
  for (const [position, count] of ascending.entries()) {
    const share = left / (ascending.length - position);
    if (share <= count) return share;
    left -= count;
  }
  return ascending.at(-1) ?? 0;
}
