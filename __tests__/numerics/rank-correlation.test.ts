import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bootstrapMean, quantile } from "../../src/numerics/bootstrap.js";
import { randomFrom } from "../../src/numerics/random.js";
import { midRanks, pearson, spearman } from "../../src/numerics/rank-correlation.js";
import { readReference } from "../references/read.js";

const reference = readReference("rank-correlation/values.json") as {
  readonly pairs: readonly {
    readonly a: number[];
    readonly b: number[];
    readonly ranks: number[];
    readonly spearman: number;
  }[];
  readonly means: readonly {
    readonly values: number[];
    readonly low: number;
    readonly high: number;
  }[];
};

describe("Spearman's correlation", () => {
  test.each(reference.pairs)(
    "equals SciPy's, ties included ($a.length values)",
    ({ a, b, ranks, spearman: expected }) => {
      expect([...midRanks(a)]).toEqual(ranks);
      expect(spearman(a, b)).toBeCloseTo(expected, 12);
    },
  );

  test("depends on order alone and is symmetric", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
          minLength: 2,
          maxLength: 30,
        }),
        (pairs) => {
          const a = pairs.map(([x]) => x);
          const b = pairs.map(([, y]) => y);
          const found = spearman(a, b);
          expect(spearman(b, a)).toBe(found);
          expect(
            spearman(
              a.map((x) => x ** 3 + x),
              b,
            ),
          ).toBe(found);
          if (found !== null)
            expect(
              spearman(
                a.map((x) => -x),
                b,
              ),
            ).toBeCloseTo(-found, 12);
        },
      ),
    );
  });

  test("is unknown without variation and refuses unequal lengths", () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(pearson([1, 2], [4, 4])).toBeNull();
    expect(() => pearson([1, 2], [1])).toThrow("2 with 1");
  });
});

describe("BCa interval of a mean", () => {
  test.each(reference.means)(
    "equals SciPy's but for resampling ($values.length values)",
    ({ values, low, high }) => {
      const found = bootstrapMean({
        values,
        level: 0.9,
        replicates: 20000,
        random: randomFrom("bca"),
      });
      expect(found.estimate).toBeCloseTo(
        values.reduce((sum, value) => sum + value, 0) / values.length,
        12,
      );
      expect(Math.abs(found.low - low)).toBeLessThan(0.02 * (high - low));
      expect(Math.abs(found.high - high)).toBeLessThan(0.02 * (high - low));
    },
  );

  test("holds the mean about as often as it says", () => {
    const random = randomFrom("coverage");
    let held = 0;
    for (let draw = 0; draw < 400; draw++) {
      const values = Array.from({ length: 30 }, () => random.normal() ** 2);
      const { low, high } = bootstrapMean({ values, level: 0.9, replicates: 400, random });
      if (low <= 1 && 1 <= high) held++;
    }
    expect(held / 400).toBeGreaterThan(0.83);
    expect(held / 400).toBeLessThan(0.95);
  });

  test("is a point without variation and refuses a single value", () => {
    const options = { level: 0.9, replicates: 100, random: randomFrom("point") };
    expect(bootstrapMean({ ...options, values: [0.5, 0.5] })).toEqual({
      estimate: 0.5,
      low: 0.5,
      high: 0.5,
    });
    expect(() => bootstrapMean({ ...options, values: [1] })).toThrow("1 values");
  });

  test("interpolates quantiles", () => {
    expect([0, 0.25, 0.5, 1].map((p) => quantile(Float64Array.of(0, 1, 4), p))).toEqual([
      0, 0.5, 1, 4,
    ]);
  });
});
