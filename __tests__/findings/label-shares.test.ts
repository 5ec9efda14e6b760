import { describe, expect, test } from "@jest/globals";
import { shiftToShares } from "../../src/findings/label-shares.js";
import { cohenKappa } from "../../src/numerics/kappa.js";
import { randomFrom } from "../../src/numerics/random.js";

describe("share shift to counts", () => {
  test("two labels: the inputs that lean most towards a label get it, as many as the counts say", () => {
    const margins = [3, 2.5, 2, 1.5, 1, 0.5];
    const logProbabilities = margins.map((margin) => Float64Array.of(0, -margin));
    expect(shiftToShares({ logProbabilities, counts: [4, 2] })).toEqual([0, 0, 0, 0, 1, 1]);
    expect(shiftToShares({ logProbabilities, counts: [2, 4] })).toEqual([0, 0, 1, 1, 1, 1]);
  });

  test("undoes a surrogate's preference for labels, whatever their number", () => {
    const random = randomFrom("shift");
    const [labels, inputs] = [4, 80];
    const truth = Array.from({ length: inputs }, (_, input) => input % labels);
    const preference = [6, 0, -3, 1];
    const logProbabilities = truth.map((label) =>
      Float64Array.from(
        preference,
        (bias, other) => -8 + bias + (other === label ? 1.5 : 0) + 0.2 * random.normal(),
      ),
    );
    const unshifted = logProbabilities.map((row) => row.indexOf(Math.max(...row)));
    const shifted = shiftToShares({ logProbabilities, counts: [20, 20, 20, 20] });
    const right = (found: readonly number[]): number =>
      found.filter((label, input) => label === truth[input]).length / inputs;
    expect(right(unshifted)).toBe(0.25);
    expect(right(shifted)).toBeGreaterThan(0.95);
  });

  test("a label that the oracle never gives is given to nobody", () => {
    const logProbabilities = [0, 1, 2, 3].map((at) => Float64Array.of(-at, at, 5));
    expect(shiftToShares({ logProbabilities, counts: [2, 2, 0] })).toEqual([0, 0, 1, 1]);
  });

  test("a surrogate that knows nothing keeps agreement at chance: kappa averages 0, its bound exceeds it in 5 % at most", () => {
    const random = randomFrom("null shift");
    const [runs, inputs] = [600, 40];
    let [sum, above] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const oracle = Array.from({ length: inputs }, () => (random.bernoulli(0.3) ? 1 : 0));
      const ones = oracle.filter((label) => label === 1).length;
      const logProbabilities = oracle.map(() => Float64Array.of(0, -5 + random.normal()));
      const second = shiftToShares({ logProbabilities, counts: [inputs - ones, ones] });
      const kappa = cohenKappa({ first: oracle, second, categories: 2 }, 0.95);
      if (kappa.kind === "undefined") continue;
      sum += kappa.estimate;
      if (kappa.low > 0) above += 1;
    }
    expect(Math.abs(sum / runs)).toBeLessThan(0.025);
    expect(above / runs).toBeLessThanOrEqual(0.07);
  });

  test("scores that do not fit the counts are refused", () => {
    const row = Float64Array.of(-1, -2);
    for (const wrong of [
      { logProbabilities: [row], counts: [1, 1, 1] },
      { logProbabilities: [Float64Array.of(-1, NaN)], counts: [1, 1] },
      { logProbabilities: [row], counts: [0, 0] },
    ])
      expect(() => shiftToShares(wrong)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});
