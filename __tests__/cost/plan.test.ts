import { describe, expect, test } from "@jest/globals";
import { planOf, sumPlans } from "../../src/cost/plan.js";
import { createPricing } from "../../src/cost/prices.js";

/** A dollar a thousand prompt tokens, ten a thousand completion tokens. */
const price = createPricing({ m: { inputPerMillion: 1000, outputPerMillion: 10_000 } });

const sizes = {
  model: "m",
  price,
  searchInputs: 40,
  certifyInputs: 60,
  masksPerInput: 8,
  promptTokens: 300,
  maskedPromptTokens: 200,
  completionTokens: 1,
  compression: { search: 80, certification: 180, control: 60 },
  demonstrations: { judging: 41, influence: 80, confirmation: 70 },
  repeats: 5,
  injections: 0,
  withoutLogProbabilities: { labels: true, samplesPerMask: 8, noiseRepeats: 24, probe: 9 },
};
const texts = {
  ...sizes,
  withoutLogProbabilities: { ...sizes.withoutLogProbabilities, labels: false },
};

describe("plan", () => {
  test("counts every call the job takes, by purpose, and prices it", () => {
    const full = 100 + 41 + 70 + 5;
    const shorter = 40 * 8 + 80 + 180 + 60 + 80;
    expect(planOf(sizes)).toEqual({
      calls: full + shorter,
      promptTokens: full * 300 + shorter * 200,
      cost: expect.closeTo(full * 0.31 + shorter * 0.21, 9),
      byPurpose: {
        "fixed outputs": 100,
        masks: 320,
        search: 80,
        certification: 180,
        control: 60,
        demonstrations: 41,
        "influence of demonstrations": 80,
        confirmation: 70,
        repeats: 5,
        injections: 0,
        base: 0,
      },
      most: expect.anything(),
    });
  });

  test("says what labels alone take: the scoring probe, and eight draws a mask", () => {
    const { calls, most } = planOf(sizes);
    const more = 9 * 0.31 + 7 * 320 * 0.21;
    expect(most.calls).toBe(calls + 9 + 7 * 320);
    expect(most.cost).toBeCloseTo((planOf(sizes).cost ?? 0) + more, 9);
    expect(most.promptTokens).toBe(planOf(sizes).promptTokens + 9 * 300 + 7 * 320 * 200);
  });

  test("of free text has the probe and the repeats for its noise in it, and no worse case", () => {
    const plan = planOf(texts);
    expect(plan.byPurpose).toMatchObject({ "fixed outputs": 109, masks: 320, repeats: 24 });
    expect(plan.most.calls).toBe(plan.calls);
    expect(planOf({ ...texts, repeats: 30 }).byPurpose.repeats).toBe(30);
  });

  test("of an unnamed or unknown model has no cost", () => {
    for (const model of [null, "local"]) {
      const plan = planOf({ ...sizes, model });
      expect(plan).toMatchObject({ calls: 936, cost: null });
      expect(plan.most.cost).toBeNull();
    }
  });

  test("of several prompts adds up; of none there is none", () => {
    const [one, other] = [planOf(sizes), planOf(texts)];
    const sum = sumPlans([one, other]);
    expect(sumPlans([])).toBeNull();
    expect(sum?.calls).toBe(one.calls + other.calls);
    expect(sum?.most.calls).toBe(one.most.calls + other.most.calls);
    expect(sum?.cost).toBeCloseTo((one.cost ?? 0) + (other.cost ?? 0), 9);
    expect(Object.values(sum?.byPurpose ?? {}).reduce((total, count) => total + count, 0)).toBe(
      sum?.calls,
    );
    expect(sumPlans([one, planOf({ ...sizes, model: null })])?.cost).toBeNull();
  });
});
