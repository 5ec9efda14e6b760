import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { crossValidatedLasso, largestAlpha, lasso } from "../../src/numerics/lasso.js";
import {
  columnDeviations,
  momentsOf,
  regressionOf,
  ridge,
  scaleColumns,
  withIntercept,
} from "../../src/numerics/least-squares.js";
import { randomFrom } from "../../src/numerics/random.js";
import { debias } from "../../src/numerics/robust-errors.js";
import { readReference } from "../references/read.js";
import { expectNear } from "./expect-near.js";

interface Case {
  readonly design: number[][];
  readonly values: number[];
  readonly weights: number[];
  readonly fold: number[];
  readonly ridge: { readonly coefficients: number[]; readonly intercept: number };
  readonly lasso: { readonly alpha: number; readonly coefficients: number[] }[];
  readonly crossValidated: { readonly alpha: number; readonly coefficients: number[] };
  readonly leastSquares: { readonly coefficients: number[]; readonly hc3: number[] };
}

const { cases } = readReference("weighted-fits/values.json") as { readonly cases: Case[] };

describe.each(cases.map((reference, index) => ({ index, reference })))(
  "scikit-learn's weighted case $index",
  ({ reference }) => {
    const weights = Float64Array.from(reference.weights);
    const regression = regressionOf(reference.design, reference.values, weights);
    const moments = momentsOf(regression);
    const total = weights.reduce((sum, weight) => sum + weight, 0);

    test("ridge", () => {
      const coefficients = ridge(moments, 1 / total);
      expectNear(coefficients, reference.ridge.coefficients, 1e-8);
      expect(withIntercept(moments, coefficients).intercept).toBeCloseTo(
        reference.ridge.intercept,
        8,
      );
    });

    test("Lasso at given penalties", () => {
      for (const { alpha, coefficients } of reference.lasso)
        expectNear(lasso(moments, alpha), coefficients, 1e-7);
    });

    test("cross-validated penalty", () => {
      const folds = [0, 1, 2, 3, 4].map((fold) =>
        reference.fold.flatMap((own, row) => (own === fold ? [row] : [])),
      );
      const found = crossValidatedLasso(regression, folds);
      expect(found.alpha / reference.crossValidated.alpha).toBeCloseTo(1, 9);
      expectNear(found.coefficients, reference.crossValidated.coefficients, 1e-6);
    });

    test("least squares and HC3 errors, from wherever the step starts, up to its ridge of a thousandth", () => {
      const clusters = reference.values.map((_, row) => [row]);
      for (const start of [new Float64Array(moments.columns), lasso(moments, 0.02)]) {
        const found = debias(regression, start, clusters);
        expectNear(found.coefficients, reference.leastSquares.coefficients, 0.01);
        expectNear(
          found.standardErrors.map((error, j) => error / (reference.leastSquares.hc3[j] ?? NaN)),
          new Float64Array(moments.columns).fill(1),
          0.03,
        );
      }
    });
  },
);

const weighted = fc
  .record({
    rows: fc.integer({ min: 4, max: 40 }),
    columns: fc.integer({ min: 1, max: 12 }),
    seed: fc.integer(),
  })
  .map(({ rows, columns, seed }) => {
    const random = randomFrom(`weighted regression ${seed}`);
    const design = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => (random.bernoulli(0.5) ? 1 : 0)),
    );
    const values = design.map((row) => (row[0] ?? 0) - 2 * (row[1] ?? 0) + random.normal());
    const weights = Float64Array.from(values, (_, row) => (row % 5 === 4 ? 0 : random.uniform()));
    return regressionOf(design, values, weights);
  });

describe("row weights", () => {
  test("Lasso meets the Karush-Kuhn-Tucker conditions of the weighted problem", () => {
    fc.assert(
      fc.property(
        weighted,
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (regression, share) => {
          const moments = momentsOf(regression);
          const largest = largestAlpha(moments);
          fc.pre(largest > 1e-9);
          const alpha = share * largest;
          const { coefficients, intercept } = withIntercept(moments, lasso(moments, alpha));
          const total = regression.weights?.reduce((sum, weight) => sum + weight, 0) ?? NaN;
          for (let j = 0; j < regression.columns; j++) {
            // Straight from the rows, not from the moments.
            let slope = 0;
            let drift = 0;
            for (let row = 0; row < regression.rows; row++) {
              const at = row * regression.columns;
              const residual = coefficients.reduce(
                (rest, value, k) => rest - value * (regression.design[at + k] ?? NaN),
                (regression.values[row] ?? NaN) - intercept,
              );
              const share = (regression.weights?.[row] ?? NaN) / total;
              slope += share * residual * (regression.design[at + j] ?? NaN);
              drift += share * residual;
            }
            expect(Math.abs(drift)).toBeLessThan(1e-9);
            const coefficient = coefficients[j] ?? NaN;
            if (coefficient === 0)
              expect(Math.abs(slope)).toBeLessThanOrEqual(alpha + 1e-6 * largest);
            else
              expect(Math.abs(slope - alpha * Math.sign(coefficient))).toBeLessThan(1e-6 * largest);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("of whole numbers are repeats", () => {
    const design = [
      [0, 1],
      [1, 1],
      [1, 0],
      [0, 0],
    ];
    const values = [1, 4, 2, 0];
    const repeated = momentsOf(
      regressionOf([...design, [1, 1], [1, 1], [1, 0]], [...values, 4, 4, 2]),
    );
    const counted = momentsOf(regressionOf(design, values, Float64Array.of(1, 3, 2, 1)));
    expectNear(counted.gram, repeated.gram, 1e-12);
    expectNear(counted.correlations, repeated.correlations, 1e-12);
    expect(counted.valueMean).toBeCloseTo(repeated.valueMean, 12);
  });

  test("leave the held-out error to the folds that have any", () => {
    const regression = regressionOf(
      [[0], [1], [0], [1], [0], [1]],
      [0, 2, 0, 2, 9, -9],
      Float64Array.of(1, 1, 1, 1, 0, 0),
    );
    expect(
      crossValidatedLasso(regression, [
        [0, 1],
        [2, 3],
        [4, 5],
      ]).heldOutError,
    ).toBeLessThan(1e-4);
  });

  test("are refused where they make no sense", () => {
    const fit = (...weights: number[]) =>
      regressionOf([[0], [1]], [0, 1], Float64Array.from(weights));
    expect(() => fit(1)).toThrow("1 weights");
    expect(() => fit(0, 0)).toThrow("only zeros");
    expect(() => fit(1, -1)).toThrow("weighs -1");
    expect(() => fit(1, Infinity)).toThrow("weighs Infinity");
  });
});

test("columns scaled to unit variance have a correlation matrix", () => {
  const moments = momentsOf(
    regressionOf(
      [
        [0, 3, 1],
        [1, 1, 1],
        [1, 0, 1],
      ],
      [1, 2, 4],
    ),
  );
  const scaled = scaleColumns(moments, columnDeviations(moments));
  expect([0, 1, 2].map((j) => scaled.gram[4 * j])).toEqual([
    expect.closeTo(1, 12),
    expect.closeTo(1, 12),
    0,
  ]);
  expect(Math.abs(scaled.gram[1] ?? NaN)).toBeLessThan(1);
});

describe("debias", () => {
  test("sums scores within clusters: a pair that says twice the same counts once", () => {
    const random = randomFrom("clusters");
    const rows = Array.from({ length: 30 }, () => [
      random.bernoulli(0.5) ? 1 : 0,
      random.bernoulli(0.5) ? 1 : 0,
    ]);
    const values = rows.map(([a = 0]) => a + random.normal());
    const doubled = regressionOf([...rows, ...rows], [...values, ...values]);
    const once = debias(
      regressionOf(rows, values),
      new Float64Array(2),
      rows.map((_, row) => [row]),
    );
    const pairs = debias(
      doubled,
      new Float64Array(2),
      rows.map((_, row) => [row, row + 30]),
    );
    expectNear(pairs.standardErrors, once.standardErrors, 1e-12);
    const alone = debias(
      doubled,
      new Float64Array(2),
      doubled.values.reduce<number[][]>((all, _, row) => [...all, [row]], []),
    );
    expect(alone.standardErrors[0]).toBeLessThan(0.8 * (once.standardErrors[0] ?? NaN));
  });

  test("stays finite with more columns than rows", () => {
    const found = debias(
      regressionOf(
        [
          [1, 0, 1],
          [0, 1, 1],
        ],
        [1, 2],
      ),
      new Float64Array(3),
      [[0], [1]],
    );
    expect([...found.coefficients, ...found.standardErrors].every(Number.isFinite)).toBe(true);
  });
});
