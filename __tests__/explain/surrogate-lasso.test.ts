import { describe, expect, test } from "@jest/globals";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { enumerateMasks } from "../../src/explain/mask-designs/enumeration.js";
import {
  type SurrogateValues,
  explainBySurrogate,
  poolSurrogateValues,
} from "../../src/explain/surrogate-lasso.js";
import { leastSquaresOn, momentsOf, regressionOf } from "../../src/numerics/least-squares.js";
import { randomFrom } from "../../src/numerics/random.js";
import { pearson } from "../../src/numerics/rank-correlation.js";
import { simulateHierarchy } from "./simulated-hierarchy.js";

const random = randomFrom("surrogate tests");
const SPARSE = Float64Array.from(
  { length: 16 },
  (_, span) => [2, 0, 0, -1.5, 0, 1, 0, 0][span % 8] ?? 0,
);

function bernoulliValues(attribution: Float64Array, masks: number, noise: number): SurrogateValues {
  const drawn = Array.from({ length: masks }, () =>
    Uint8Array.from(attribution, () => (random.bernoulli(0.5) ? 1 : 0)),
  );
  return {
    masks: drawn,
    values: Float64Array.from(
      drawn,
      (mask) => centredProduct(mask, attribution) + noise * random.normal(),
    ),
  };
}

describe("explainBySurrogate", () => {
  const [explanation] = explainBySurrogate({
    spans: 16,
    inputs: [bernoulliValues(SPARSE, 80, 0.3)],
    seed: "a",
  }).perInput;

  test("recovers sparse effects with unshrunk magnitudes", () => {
    explanation?.attribution.forEach((value, span) =>
      expect(Math.abs(value - (SPARSE[span] ?? NaN))).toBeLessThan(0.35),
    );
    expect(explanation?.attribution.filter((value) => value === 0).length).toBeGreaterThanOrEqual(
      3,
    );
  });

  test("is least squares on the spans it keeps", () => {
    const input = bernoulliValues(SPARSE, 40, 1);
    const attribution =
      explainBySurrogate({ spans: 16, inputs: [input], seed: "support" }).perInput[0]
        ?.attribution ?? new Float64Array(0);
    const support = [...attribution.keys()].filter((span) => attribution[span] !== 0);
    const unshrunk = leastSquaresOn(momentsOf(regressionOf(input.masks, input.values)), support);
    expect(support.length).toBeGreaterThan(0);
    expect(support.length).toBeLessThan(16);
    expect([...attribution]).toEqual([...unshrunk]);
  });

  test("says how well it predicts and how stable it is", () => {
    expect(explanation?.heldOutR2).toBeGreaterThan(0.9);
    expect(explanation?.heldOutR2).toBeLessThan(1);
    expect(explanation?.stability).toBeGreaterThan(0.6);
    expect(explanation?.stability).toBeLessThanOrEqual(1);
  });

  test("gives intervals that hold the truth for most spans", () => {
    const held = explanation?.intervals?.filter(
      ({ low, high }, span) =>
        low - 1e-9 <= (SPARSE[span] ?? NaN) && (SPARSE[span] ?? NaN) <= high + 1e-9,
    ).length;
    expect(held).toBeGreaterThanOrEqual(12);
  });

  test("predicts nothing in noise, and says so", () => {
    const { perInput } = explainBySurrogate({
      spans: 16,
      inputs: Array.from({ length: 5 }, () => bernoulliValues(new Float64Array(16), 60, 1)),
      seed: "n",
    });
    for (const { heldOutR2 } of perInput) expect(heldOutR2).toBeLessThan(0.25);
  });

  test("is exact where all masks were evaluated: Banzhaf values of a game with interactions", () => {
    const masks = enumerateMasks(4);
    // v = 3 z0 + z1 z2 - 2 z1 z2 z3: Banzhaf_i = sum of m_S / 2^(|S| - 1) over the terms with i.
    const values = Float64Array.from(
      masks,
      ([a = 0, b = 0, c = 0, d = 0]) => 3 * a + b * c - 2 * b * c * d,
    );
    const [exact] = explainBySurrogate({
      spans: 4,
      inputs: [{ masks, values }],
      seed: "e",
    }).perInput;
    [3, 1 / 2 - 2 / 4, 1 / 2 - 2 / 4, -2 / 4].forEach((value, span) =>
      expect(exact?.attribution[span]).toBeCloseTo(value, 12),
    );
    expect(exact).toMatchObject({ heldOutR2: null, stability: 1 });
    expect(exact?.intervals?.[0]).toEqual({
      estimate: exact?.attribution[0],
      low: exact?.attribution[0],
      high: exact?.attribution[0],
    });
  });

  test("takes repeated masks for what they are, not for all masks", () => {
    const masks = [...enumerateMasks(3).slice(0, 7), Uint8Array.of(0, 0, 0)];
    const [repeated] = explainBySurrogate({
      spans: 3,
      inputs: [
        {
          masks,
          values: Float64Array.from(masks, (mask) =>
            centredProduct(mask, Float64Array.of(1, 0, 0)),
          ),
        },
      ],
      seed: "r",
    }).perInput;
    expect(repeated?.heldOutR2).not.toBeNull();
  });

  test("finds nothing in values that do not vary and cannot know R2 from four masks", () => {
    const masks = [0, 1, 2, 3].map((code) => Uint8Array.of(code & 1, code >> 1, 1));
    const [constant, few] = explainBySurrogate({
      spans: 3,
      inputs: [
        { masks, values: new Float64Array(4).fill(7) },
        { masks, values: Float64Array.of(0, 1, 0, 1) },
      ],
      seed: "c",
    }).perInput;
    expect(constant).toMatchObject({
      attribution: new Float64Array(3),
      heldOutR2: null,
      stability: null,
    });
    expect(few?.heldOutR2).toBeNull();
  });

  test("is the same for the same seed", () => {
    const input = bernoulliValues(SPARSE, 30, 0.5);
    const explain = (seed: string): unknown =>
      explainBySurrogate({ spans: 16, inputs: [input], seed });
    expect(explain("one")).toEqual(explain("one"));
    expect(explain("one")).not.toEqual(explain("two"));
  });

  test("refuses what does not fit", () => {
    const input = bernoulliValues(SPARSE, 10, 0.5);
    expect(() => explainBySurrogate({ spans: 15, inputs: [input], seed: "" })).toThrow(
      "16 spans where 15",
    );
    expect(() =>
      explainBySurrogate({
        spans: 16,
        inputs: [{ ...input, values: input.values.map(() => -Infinity) }],
        seed: "",
      }),
    ).toThrow("-Infinity");
  });
});

describe("poolSurrogateValues", () => {
  test("borrows strength across inputs where masks are few", () => {
    const { problem, psi } = simulateHierarchy({
      seed: "pooled values",
      inputs: 12,
      spans: 12,
      masksPerInput: 12,
    });
    const inputs = psi.map((_, input): SurrogateValues => {
      const own = problem.rows.filter((row) => row.input === input);
      return {
        masks: own.map(({ mask }) => mask),
        values: Float64Array.from(own, ({ value }) => value),
      };
    });
    const agreement = (attributions: readonly Float64Array[]): number =>
      attributions.reduce(
        (sum, attribution, input) => sum + (pearson(attribution, psi[input] ?? []) ?? 0),
        0,
      ) / psi.length;
    const pooled = poolSurrogateValues({ spans: 12, inputs, classes: problem.classes, seed: "p" });
    const alone = explainBySurrogate({ spans: 12, inputs, seed: "p" }).perInput.map(
      ({ attribution }) => attribution,
    );
    expect(agreement(pooled.attributions)).toBeGreaterThan(agreement(alone) + 0.1);
    expect(pooled.intervals[0]?.[0]?.estimate).toBe(pooled.attributions[0]?.[0]);
  });
});
