import { describe, expect, test } from "@jest/globals";
import {
  designInfluence,
  testInfluence,
  type MeasuredPair,
} from "../../src/findings/demonstration-influence.js";
import { randomFrom } from "../../src/numerics/random.js";

const DEMONSTRATIONS = 8;

/** Effects in nats; noise with heavy tails, for the test must not lean on the normal distribution. */
function measured(effects: readonly number[], seed: string, inputs = 40): readonly MeasuredPair[] {
  const random = randomFrom(`values ${seed}`);
  return designInfluence({
    demonstrations: effects.length,
    inputs,
    pairsPerInput: 1,
    seed,
  }).map(({ shown }) => {
    const effect = effects.reduce((sum, one, at) => sum + (shown[at] === 1 ? one : -one), 0);
    const noise = random.normal() * (random.bernoulli(0.1) ? 4 : 0.7);
    return { shown, difference: effect + noise };
  });
}

describe("the design of influence", () => {
  const pairs = designInfluence({ demonstrations: 8, inputs: 3, pairsPerInput: 2, seed: "s" });

  test("deals pairs to every input, with fair bits and whole orders that the bits do not change", () => {
    expect(pairs.map(({ input }) => input)).toEqual([0, 0, 1, 1, 2, 2]);
    for (const { shown, orders } of pairs) {
      expect(shown).toHaveLength(8);
      for (const order of orders) expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
    const many = designInfluence({ demonstrations: 8, inputs: 500, pairsPerInput: 1, seed: "s" });
    const kept = many.reduce((sum, { shown }) => sum + shown.reduce((all, bit) => all + bit, 0), 0);
    expect(Math.abs(kept / 4000 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 4000));
  });

  test("is the same for the same seed and another for another", () => {
    const again = { demonstrations: 8, inputs: 3, pairsPerInput: 2 };
    expect(designInfluence({ ...again, seed: "s" })).toEqual(pairs);
    expect(designInfluence({ ...again, seed: "t" })).not.toEqual(pairs);
  });
});

describe("the test of influence", () => {
  test("rejects no more often than its level where nothing has an effect, and no less", () => {
    const none = Array.from({ length: DEMONSTRATIONS }, () => 0);
    const pValues = Array.from({ length: 80 }, (_, game) => {
      const tests = testInfluence(measured(none, `null ${game}`), DEMONSTRATIONS, `null ${game}`);
      return (tests ?? []).map(({ pValue }) => pValue);
    }).flat();
    for (const level of [0.05, 0.2]) {
      const rejected = pValues.filter((pValue) => pValue <= level).length / pValues.length;
      const spread = Math.sqrt((level * (1 - level)) / pValues.length);
      expect(Math.abs(rejected - level)).toBeLessThan(4 * spread);
    }
  });

  test("keeps its level beside demonstrations that do have effects", () => {
    const effects = [-1.5, 1, 0, 0, 0, 0.5, 0, 0];
    const pValues = Array.from({ length: 80 }, (_, game) => {
      const tests = testInfluence(measured(effects, `mixed ${game}`), DEMONSTRATIONS, "mixed");
      return (tests ?? []).filter((_test, at) => effects[at] === 0).map(({ pValue }) => pValue);
    }).flat();
    const rejected = pValues.filter((pValue) => pValue <= 0.05).length / pValues.length;
    expect(Math.abs(rejected - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / pValues.length));
  });

  test("names the harmful one and not the helpful one", () => {
    const tests =
      testInfluence(measured([-1.5, 0, 0, 1.5, 0, 0, 0, 0], "harmful"), 8, "harmful") ?? [];
    expect(tests[0]?.qValue).toBeLessThan(0.05);
    expect(tests[3]?.pValue).toBeGreaterThan(0.9);
    expect(tests.filter(({ qValue }) => qValue <= 0.05)).toHaveLength(1);
  });

  test("says nothing from too few pairs, and refuses values that are none", () => {
    expect(testInfluence(measured([0, 0, 0, 0, 0, 0, 0, 0], "few", 15), 8, "few")).toBeNull();
    expect(() =>
      testInfluence([{ shown: new Uint8Array(8), difference: Number.NaN }], 8, "x"),
    ).toThrow(/difference/);
  });
});
