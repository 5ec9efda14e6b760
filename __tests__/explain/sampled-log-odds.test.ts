import { describe, expect, test } from "@jest/globals";
import { noiseFromRepeats } from "../../src/explain/repeat-noise.js";
import { sampledLogOdds } from "../../src/explain/sampled-log-odds.js";
import { randomFrom } from "../../src/numerics/random.js";

/** P(x of n), by the product formula. */
function binomial(n: number, x: number, p: number): number {
  let value = (1 - p) ** n;
  for (let k = 1; k <= x; k++) value *= ((n - k + 1) / k) * (p / (1 - p));
  return value;
}

describe("sampledLogOdds", () => {
  test("is finite at 0 and n, and antisymmetric", () => {
    expect(sampledLogOdds(0, 4).value).toBeCloseTo(Math.log(1 / 9), 12);
    expect(sampledLogOdds(4, 4).value).toBeCloseTo(Math.log(9), 12);
    expect(sampledLogOdds(3, 4).value).toBeCloseTo(-sampledLogOdds(1, 4).value, 12);
    expect(sampledLogOdds(2, 4)).toEqual({ value: 0, variance: expect.closeTo(0.8, 12) });
  });

  test.each([
    [20, 0.5],
    [20, 0.3],
    [40, 0.8],
  ])(
    "over all outcomes of %d samples at p = %f it is nearly unbiased, and its variance is right on average",
    (n, p) => {
      let mean = 0;
      let square = 0;
      let stated = 0;
      for (let x = 0; x <= n; x++) {
        const { value, variance } = sampledLogOdds(x, n);
        const weight = binomial(n, x, p);
        mean += weight * value;
        square += weight * value * value;
        stated += weight * variance;
      }
      expect(Math.abs(mean - Math.log(p / (1 - p)))).toBeLessThan(0.02);
      expect(stated / (square - mean * mean)).toBeGreaterThan(0.9);
      expect(stated / (square - mean * mean)).toBeLessThan(1.1);
    },
  );

  test.each([
    [-1, 4],
    [5, 4],
    [1, 0],
    [0, 0],
    [1.5, 4],
    [NaN, 4],
  ])("refuses %d of %d", (agreeing, samples) => {
    expect(() => sampledLogOdds(agreeing, samples)).toThrow("samples agree");
  });
});

describe("noiseFromRepeats", () => {
  test("pools the variance within inputs", () => {
    // Squares 2 and 1 + 4 + 1 over 1 + 2 degrees of freedom.
    expect(noiseFromRepeats([[1, 3], [1, 4, 1], [9]])).toEqual({
      kind: "estimated",
      variance: expect.closeTo((2 + 6) / 3, 12),
      degreesOfFreedom: 3,
    });
  });

  test("is unbiased for the noise of repeats, whatever the inputs' own values", () => {
    const random = randomFrom("repeat noise");
    const inputs = Array.from({ length: 2000 }, (_, input) =>
      Float64Array.from({ length: 2 + (input % 3) }, () => 10 * input + 0.7 * random.normal()),
    );
    expect(noiseFromRepeats(inputs)).toMatchObject({ variance: expect.closeTo(0.49, 1) });
  });

  test("knows no noise from single answers, and a noise of 0 from equal ones", () => {
    expect(noiseFromRepeats([])).toMatchObject({ kind: "unknown" });
    expect(noiseFromRepeats([[1], [2]])).toMatchObject({ kind: "unknown" });
    expect(noiseFromRepeats([[1, NaN]])).toMatchObject({ kind: "unknown" });
    expect(noiseFromRepeats([[1, 1, 1]])).toMatchObject({ kind: "estimated", variance: 0 });
  });
});
