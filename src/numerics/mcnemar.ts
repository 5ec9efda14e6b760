import { UnderstudyError } from "../errors.js";
import { binomialCdf } from "./binomial.js";

/**
 * Exact two-sided p-value of McNemar's test (1947): of the items that two treatments judge differently, `gained` went one way and `lost`
 * the other, each with probability 1/2 where the treatments are alike. Twice the smaller binomial tail, at most 1; 1 where nothing differs.
 * Throws INTERNAL for counts that are not whole numbers of at least 0.
 */
export function mcnemarExact(gained: number, lost: number): number {
  if (![gained, lost].every((count) => Number.isInteger(count) && count >= 0))
    throw new UnderstudyError(
      "INTERNAL",
      `McNemar's counts must be whole and >= 0, not ${gained}, ${lost}`,
    );
  return Math.min(1, 2 * binomialCdf(Math.min(gained, lost), gained + lost, 0.5));
}
