import { UnderstudyError } from "../errors.js";

/**
 * Kendall's tau-b: (concordant - discordant pairs) / sqrt(pairs untied in a . pairs untied in b), in [-1, 1]; null where either
 * side has no variation. Kendall (1945); equals scipy.stats.kendalltau. Looks at every pair: meant for some hundred numbers.
 * Throws INTERNAL for different lengths.
 */
export function kendallTauB(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  if (a.length !== b.length)
    throw new UnderstudyError("INTERNAL", `Kendall's tau of ${a.length} with ${b.length} numbers`);
  let balance = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const orderA = Math.sign((a[i] as number) - (a[j] as number));
      const orderB = Math.sign((b[i] as number) - (b[j] as number));
      balance += orderA * orderB;
      untiedA += Math.abs(orderA);
      untiedB += Math.abs(orderB);
    }
  return untiedA === 0 || untiedB === 0 ? null : balance / Math.sqrt(untiedA * untiedB);
}
