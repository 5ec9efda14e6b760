import type { Random } from "./random.js";

/** Deals 0 .. count - 1 at random into folds whose sizes differ by at most one; never more folds than items. */
export function dealFolds(count: number, folds: number, random: Random): number[][] {
  const dealt: number[][] = Array.from({ length: Math.max(1, Math.min(count, folds)) }, () => []);
  random
    .shuffle(Array.from({ length: count }, (_, item) => item))
    .forEach((item, position) => dealt[position % dealt.length]?.push(item));
  return dealt;
}

/** Everything that is not in one fold, ascending. */
export function outsideFold(count: number, fold: readonly number[]): number[] {
  const held = new Set(fold);
  return Array.from({ length: count }, (_, item) => item).filter((item) => !held.has(item));
}
