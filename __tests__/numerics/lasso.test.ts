import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dealFolds, outsideFold } from "../../src/numerics/cross-validation.js";
import {
  alphaPath,
  crossValidatedLasso,
  largestAlpha,
  lasso,
  relaxedRefit,
} from "../../src/numerics/lasso.js";
import {
  type Moments,
  momentsOf,
  predictRow,
  regressionOf,
  ridge,
  withIntercept,
} from "../../src/numerics/least-squares.js";
import { randomFrom } from "../../src/numerics/random.js";
import { readReference } from "../references/read.js";
import { expectNear } from "./expect-near.js";

interface Case {
  readonly design: number[][];
  readonly values: number[];
  readonly fold: number[];
  readonly lasso: { readonly alpha: number; readonly coefficients: number[] }[];
  readonly crossValidated: {
    readonly alpha: number;
    readonly coefficients: number[];
    readonly error: number;
  };
  readonly relaxed: { readonly support: number[]; readonly coefficients: number[] };
  readonly ridge: { readonly penalty: number; readonly coefficients: number[] };
}

const { cases } = readReference("lasso/values.json") as { readonly cases: Case[] };

describe.each(cases.map((reference, index) => ({ index, reference })))(
  "scikit-learn's case $index",
  ({ reference }) => {
    const regression = regressionOf(reference.design, reference.values);
    const moments = momentsOf(regression);
    const folds = [0, 1, 2, 3, 4].map((fold) =>
      reference.fold.flatMap((own, row) => (own === fold ? [row] : [])),
    );

    test("Lasso at given penalties", () => {
      for (const { alpha, coefficients } of reference.lasso)
        expectNear(lasso(moments, alpha), coefficients, 1e-7);
    });

    test("Lasso from another start", () => {
      const start = Float64Array.from({ length: moments.columns }, (_, j) => (j % 3) - 1);
      for (const { alpha, coefficients } of reference.lasso)
        expectNear(lasso(moments, alpha, { start }), coefficients, 1e-7);
    });

    test("cross-validated penalty", () => {
      const found = crossValidatedLasso(regression, folds);
      expect(found.alpha / reference.crossValidated.alpha).toBeCloseTo(1, 9);
      expectNear(found.coefficients, reference.crossValidated.coefficients, 1e-6);
      expect(found.heldOutError / reference.crossValidated.error).toBeCloseTo(1, 2);
    });

    test("least squares on the support", () => {
      const relaxed = relaxedRefit(
        moments,
        Float64Array.from(reference.crossValidated.coefficients),
      );
      expectNear(
        reference.relaxed.support.map((j) => relaxed[j] as number),
        reference.relaxed.coefficients,
        1e-6,
      );
      expect(relaxed.filter((value) => value !== 0)).toHaveLength(reference.relaxed.support.length);
    });

    test("ridge", () =>
      expectNear(ridge(moments, reference.ridge.penalty), reference.ridge.coefficients, 1e-8));
  },
);

const regressions = fc
  .record({
    rows: fc.integer({ min: 3, max: 40 }),
    columns: fc.integer({ min: 1, max: 15 }),
    seed: fc.integer(),
  })
  .map(({ rows, columns, seed }) => {
    const random = randomFrom(`regression ${seed}`);
    const design = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => (random.bernoulli(0.5) ? 1 : 0)),
    );
    return regressionOf(
      design,
      design.map((row) => (row[0] ?? 0) - 2 * (row[1] ?? 0) + random.normal()),
    );
  });

describe("Lasso", () => {
  test("meets the Karush-Kuhn-Tucker conditions, more columns than rows included", () => {
    fc.assert(
      fc.property(
        regressions,
        fc.double({ min: 0.005, max: 0.9, noNaN: true }),
        (regression, share) => {
          const moments = momentsOf(regression);
          const largest = largestAlpha(moments);
          fc.pre(largest > 1e-9);
          const alpha = share * largest;
          const coefficients = lasso(moments, alpha);
          for (let j = 0; j < moments.columns; j++) {
            const slope = residualCorrelation(moments, coefficients, j);
            const coefficient = coefficients[j] as number;
            if (coefficient === 0)
              expect(Math.abs(slope)).toBeLessThanOrEqual(alpha + 1e-6 * largest);
            else
              expect(Math.abs(slope - alpha * Math.sign(coefficient))).toBeLessThan(1e-6 * largest);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("is all zero from the largest penalty on, and not below it", () => {
    const moments = momentsOf(
      regressionOf(
        [
          [0, 1],
          [1, 1],
          [1, 0],
          [0, 0],
        ],
        [0, 3, 2, 1],
      ),
    );
    const largest = largestAlpha(moments);
    expect([...lasso(moments, largest)]).toEqual([0, 0]);
    expect(lasso(moments, 0.99 * largest).some((value) => value !== 0)).toBe(true);
    expect(alphaPath(moments)[0]).toBe(largest);
  });

  test("finds nothing in values that do not vary", () => {
    const regression = regressionOf(
      [
        [0, 1],
        [1, 1],
        [1, 0],
      ],
      [2, 2, 2],
    );
    expect(crossValidatedLasso(regression, [[0], [1], [2]])).toEqual({
      alpha: 0,
      coefficients: new Float64Array(2),
      heldOutError: 0,
    });
  });

  function residualCorrelation(moments: Moments, coefficients: Float64Array, j: number): number {
    return coefficients.reduce(
      (sum, value, k) => sum - (moments.gram[j * moments.columns + k] as number) * value,
      moments.correlations[j] as number,
    );
  }
});

describe("least squares", () => {
  test("shares an effect between identical columns", () => {
    const moments = momentsOf(
      regressionOf(
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        [0, 2, 2, 0],
      ),
    );
    expectNear(ridge(moments, 0), [1, 1], 1e-6);
  });

  test("with an intercept passes through the means", () => {
    const regression = regressionOf(
      [
        [0, 1],
        [1, 1],
        [1, 0],
        [0, 0],
      ],
      [1, 4, 3, 0],
    );
    const model = withIntercept(momentsOf(regression), ridge(momentsOf(regression), 0));
    expectNear(
      [0, 1, 2, 3].map((row) => predictRow(model, regression, row)),
      [1, 4, 3, 0],
      1e-9,
    );
  });

  test("refuses rows of unequal length", () => {
    expect(() => regressionOf([[1, 2], [1]], [0, 0])).toThrow("unequal");
    expect(() => regressionOf([[1, 2]], [0, 0])).toThrow("2 values");
    expect(() => regressionOf([], [])).toThrow("0 rows");
  });
});

test("folds hold everything once, in sizes that differ by at most one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 12 }),
      (count, folds) => {
        const dealt = dealFolds(count, folds, randomFrom(`${count} ${folds}`));
        expect(dealt.flat().sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        const sizes = dealt.map((fold) => fold.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(dealt).toHaveLength(Math.min(count, folds));
        for (const fold of dealt)
          expect([...outsideFold(count, fold), ...fold].sort((a, b) => a - b)).toEqual([
            ...Array(count).keys(),
          ]);
      },
    ),
  );
});
