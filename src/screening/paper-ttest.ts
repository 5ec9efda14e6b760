import { studentQuantile } from "../numerics/student-t.js";

/** Fewest values before the rule looks; the paper leaves it open (methods C3). */
export const PAPER_FIRST_LOOK = 10;

/** Why the rule cannot license anything, for every result that it made. */
export const PAPER_RULE_WARNING =
  "the paper's t-test does not keep its level when it is looked at after every input: at a nominal 1 % it passes unfit surrogates in 6 to 77 % of runs, so it certifies nothing";

/** Quantile p of Student's t with a number of degrees of freedom; given by callers that need the same ones many times. */
export type StudentQuantile = (p: number, freedom: number) => number;

/**
 * The rule of arXiv 2505.12509, kept for comparison: after each difference from `firstLook` on, pass where the lower end of a
 * one-sided t interval, mean - t_{1 - alpha, n - 1} s / sqrt(n), lies above 0; a sample without variation never passes. Returns the
 * number of differences after which it passed, or null. **Not valid**: looking n times spends alpha n times, and s is estimated
 * from a sample that may not have met a rare failure yet (docs/adr/0004, 0010).
 */
export function paperTTest(
  differences: ArrayLike<number>,
  alpha: number,
  {
    firstLook = PAPER_FIRST_LOOK,
    quantile = studentQuantile,
  }: { readonly firstLook?: number; readonly quantile?: StudentQuantile } = {},
): number | null {
  const { sqrt } = Math;
  let mean = 0;
  let squares = 0;
  for (let index = 0; index < differences.length; index++) {
    const count = index + 1;
    const difference = differences[index] as number;
    const step = difference - mean;
    mean += step / count;
    squares += step * (difference - mean);
    if (count < Math.max(2, firstLook) || squares <= NO_VARIATION || mean <= 0) continue;
    const error = sqrt(squares / (count - 1) / count);
    if (mean - quantile(1 - alpha, count - 1) * error > 0) return count;
  }
  return null;
}

/** Sum of squares that rounding alone can give to equal values in [-1, 1]. */
const NO_VARIATION = 1e-20;
