import { UnderstudyError } from "../errors.js";

/**
 * q-values of Benjamini and Hochberg (1995): rejecting every hypothesis with q <= level keeps the expected share of false
 * rejections at or below the level for independent or positively dependent p-values. Order of the result: that of the input.
 * `hypotheses` is the number of tests the p-values belong to, where only the smallest of them are given.
 */
export function benjaminiHochberg(
  pValues: ArrayLike<number>,
  hypotheses: number = pValues.length,
): Float64Array {
  if (hypotheses < pValues.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${pValues.length} p-values cannot belong to ${hypotheses} hypotheses`,
    );
  const order = Array.from(pValues, (p, index) => ({ p, index })).sort(
    (left, right) => left.p - right.p || left.index - right.index,
  );
  const q = new Float64Array(pValues.length);
  let smallest = 1;
  for (let rank = order.length; rank > 0; rank--) {
    const test = order[rank - 1];
    if (test === undefined) continue;
    if (!(test.p >= 0 && test.p <= 1))
      throw new UnderstudyError("INTERNAL", `a p-value must lie in [0, 1], not ${test.p}`);
    smallest = Math.min(smallest, (test.p * hypotheses) / rank);
    q[test.index] = smallest;
  }
  return q;
}
