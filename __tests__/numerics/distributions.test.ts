import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { incompleteBeta } from "../../src/numerics/beta.js";
import { binomialCdf, binomialUpperBound, trialsNeeded } from "../../src/numerics/binomial.js";
import { logGamma } from "../../src/numerics/gamma.js";
import { benjaminiHochberg } from "../../src/numerics/multiple-testing.js";
import { normalCdf, normalDensity, normalQuantile, normalTail } from "../../src/numerics/normal.js";
import { poissonBinomialTail } from "../../src/numerics/poisson-binomial.js";

interface Reference {
  readonly normalTail: readonly [number, number][];
  readonly normalQuantile: readonly [number, number][];
  readonly logGamma: readonly [number, number][];
  readonly incompleteBeta: readonly [number, number, number, number][];
  readonly binomialCdf: readonly [number, number, number, number][];
  readonly upperBound: readonly [number, number, number, number][];
  readonly poissonBinomialTail: readonly [number, readonly number[], number][];
  readonly benjaminiHochberg: readonly [readonly number[], readonly number[]][];
}

// The compiled test lies in lib/__tests__/numerics; the values in __tests__/references.
const folder = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "..",
  "__tests__",
  "references",
);
const reference = JSON.parse(readFileSync(join(folder, "distributions.json"), "utf8")) as Reference;

/** Relative, so that far tails count. */
function expectClose(actual: number, expected: number, tolerance = 1e-12): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
    tolerance * Math.max(Math.abs(expected), Number.MIN_VALUE),
  );
}

describe("distributions agree with SciPy", () => {
  test.each(reference.normalTail)("P(Z > %p)", (x, tail) => {
    expectClose(normalTail(x), tail);
    expectClose(normalCdf(-x), tail);
  });

  test.each(reference.normalQuantile)("normal quantile of %p", (p, x) => {
    expect(Math.abs(normalQuantile(p) - x)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(x)));
  });

  test.each(reference.logGamma)("log gamma of %p", (x, value) => {
    expect(Math.abs(logGamma(x) - value)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(value)));
  });

  test.each(reference.incompleteBeta)("I_%p(%p, %p)", (x, a, b, value) =>
    expectClose(incompleteBeta(x, a, b), value, 1e-11),
  );

  test.each(reference.binomialCdf)("P(Bin <= %p), n = %p, p = %p", (k, n, p, value) =>
    expectClose(binomialCdf(k, n, p), value, 1e-11),
  );

  test.each(reference.upperBound)("upper bound of %p in %p at %p", (k, n, confidence, value) =>
    expectClose(binomialUpperBound(k, n, confidence), value, 1e-10),
  );

  test.each(reference.poissonBinomialTail)(
    "Poisson-binomial P(X >= %p)",
    (k, probabilities, value) => expectClose(poissonBinomialTail(k, probabilities), value, 1e-11),
  );

  test.each(reference.benjaminiHochberg)("q-values of %j", (p, q) => {
    [...benjaminiHochberg(p)].forEach((value, index) => expectClose(value, q[index] ?? NaN, 1e-12));
  });
});

describe("distributions, by definition", () => {
  test("the density is the slope of the distribution function", () => {
    for (const x of [-2, 0, 0.7, 2.9, 3.1, 4])
      expectClose((normalCdf(x + 1e-5) - normalCdf(x - 1e-5)) / 2e-5, normalDensity(x), 1e-6);
  });

  test("the numbers of inputs printed in the methods (D3)", () => {
    const needed = (tolerance: number): number[] =>
      [0, 1, 2, 3].map((k) => trialsNeeded(k, tolerance, 0.95));
    expect(needed(0.02)).toEqual([149, 236, 313, 386]);
    expect(needed(0.05)).toEqual([59, 93, 124, 153]);
    expect(needed(0.1)).toEqual([29, 46, 61, 76]);
    expect(needed(0.2)).toEqual([14, 22, 30, 37]);
  });

  test("equal probabilities make a binomial", () => {
    const probabilities = new Float64Array(30).fill(0.2);
    for (const k of [1, 6, 15])
      expectClose(poissonBinomialTail(k, probabilities), 1 - binomialCdf(k - 1, 30, 0.2), 1e-6);
    expectClose(poissonBinomialTail(30, probabilities), 0.2 ** 30);
  });

  test("q-values know of hypotheses whose p-values are not given", () => {
    expect([...benjaminiHochberg([0.001], 100)]).toEqual([0.1]);
    expect([...benjaminiHochberg([0.9], 100)]).toEqual([1]);
  });

  test("impossible arguments are refused", () => {
    expect(() => normalQuantile(1.1)).toThrow(/probability/);
    expect(() => binomialCdf(3, 2, 0.5)).toThrow(/whole numbers/);
    expect(() => binomialUpperBound(0, 10, 1)).toThrow(/confidence/);
    expect(() => incompleteBeta(2, 1, 1)).toThrow(/incompleteBeta/);
    expect(() => logGamma(0)).toThrow(/positive/);
    expect(() => benjaminiHochberg([NaN])).toThrow(/p-value/);
    expect(() => benjaminiHochberg([0.1, 0.2], 1)).toThrow(/hypotheses/);
  });
});
