import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { mcnemarExact } from "../../src/numerics/mcnemar.js";
import "../property-seed.js";

describe("McNemar's exact test", () => {
  // scipy.stats.binomtest(min(gained, lost), gained + lost, 0.5).pvalue, SciPy 1.17.1
  test.each([
    [5, 0, 0.0625],
    [8, 2, 0.109375],
    [2, 8, 0.109375],
    [15, 5, 0.04138946533203125],
    [40, 22, 0.030015864349067285],
    [100, 60, 0.001953728034064355],
  ])("of %i against %i is SciPy's two-sided binomial test", (gained, lost, pValue) => {
    expect(mcnemarExact(gained, lost)).toBeCloseTo(pValue, 12);
  });

  test("is the sum of the binomial probabilities that are no larger, and 1 where nothing speaks for a difference", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), (gained, lost) => {
        const n = gained + lost;
        const weights = [1];
        for (let k = 1; k <= n; k++) weights.push(((weights[k - 1] ?? 0) * (n - k + 1)) / k);
        const own = weights[gained] ?? 0;
        const sum = weights
          .filter((weight) => weight <= own * (1 + 1e-9))
          .reduce((total, weight) => total + weight, 0);
        expect(mcnemarExact(gained, lost)).toBeCloseTo(sum / 2 ** n, 10);
      }),
    );
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(7, 7)).toBe(1);
  });

  test("refuses what is no count", () => {
    expect(() => mcnemarExact(-1, 2)).toThrow(/whole/);
    expect(() => mcnemarExact(1, 0.5)).toThrow(/whole/);
  });
});
