import { describe, expect, test } from "@jest/globals";
import type { OraclePurpose } from "../../src/domain.js";
import type { AnsweredQuestion } from "../../src/cost/answered-question.js";
import { createPricing } from "../../src/cost/prices.js";
import {
  costReduction,
  withSurrogateTime,
  type ReductionOptions,
} from "../../src/cost/reduction.js";

/** A dollar a thousand prompt tokens. */
const price = createPricing({ m: { inputPerMillion: 1000, outputPerMillion: 0 } });

function asked(count: number, purpose: OraclePurpose, promptTokens: number): AnsweredQuestion[] {
  return Array.from({ length: count }, () => ({
    purpose,
    promptTokens,
    completionTokens: 1,
    model: "m",
  }));
}

/** Ten inputs of 200 tokens, eight masks of 100 tokens on average each, four repeats: 2, 8 and 0.8 dollars. */
const options: ReductionOptions = {
  usages: [
    ...asked(30, "fixed outputs", 200),
    ...asked(40, "masks", 80),
    ...asked(40, "masks", 120),
    ...asked(4, "repeats", 200),
    ...asked(500, "certification", 100),
  ],
  price,
  fixedOutputs: asked(10, "fixed outputs", 200),
  explained: "oracle",
  masksAlone: 256,
  answersPerMask: 1,
  surrogateTokens: 5_000,
  served: [],
};
const ALONE = 2 + 256 * 10 * 0.1;

describe("C_oracle / (C_proxy + C_fallback + C_screen)", () => {
  test("surrogates on servers are C_proxy, by the same unit, and their time here comes on top", () => {
    const served = [100, 300].map((promptTokens) => ({
      model: "m",
      promptTokens,
      completionTokens: 1,
    }));
    const reduction = costReduction({ ...options, served });
    if (reduction === null) throw new Error("nothing to compare");
    expect(reduction).toMatchObject({ unit: "USD", proxy: expect.closeTo(0.4, 9) });
    expect(reduction.ratio).toBeCloseTo(ALONE / 11.2, 9);
    expect(withSurrogateTime(reduction, 0.8)).toMatchObject({
      proxy: expect.closeTo(1.2, 9),
      ratio: expect.closeTo(ALONE / 12, 9),
    });
    const unpriced = costReduction({
      ...options,
      served: served.map((answer) => ({ ...answer, model: "unknown" })),
    });
    expect(unpriced).toMatchObject({ unit: "prompt tokens", proxy: 400 });
  });

  test("where the oracle's values explain: its masks are the fallback, and screen at no further call", () => {
    expect(costReduction(options)).toEqual({
      unit: "USD",
      inputs: 10,
      surrogateTokens: 5_000,
      oracle: expect.closeTo(ALONE, 9),
      proxy: null,
      fallback: expect.closeTo(2 + 8, 9),
      screen: expect.closeTo(0.8, 9),
      ratio: expect.closeTo(ALONE / 10.8, 9),
      breakEvenInputs: 1,
    });
  });

  test("where the surrogate's values explain: the masks only judge them", () => {
    const reduction = costReduction({ ...options, explained: "surrogate" });
    expect(reduction?.fallback).toBeCloseTo(2, 9);
    expect(reduction?.screen).toBeCloseTo(8.8, 9);
    expect(reduction?.ratio).toBeCloseTo(ALONE / 10.8, 9);
  });

  test("with the surrogate's time in it", () => {
    const timed = withSurrogateTime(costReduction(options) ?? never(), 1.2);
    expect(timed.proxy).toBe(1.2);
    expect(timed.ratio).toBeCloseTo(ALONE / 12, 9);
    expect(withSurrogateTime(costReduction(options) ?? never(), 0)).toMatchObject({ proxy: 0 });
    for (const cost of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => withSurrogateTime(timed, cost)).toThrow(
        expect.objectContaining({ code: "INTERNAL" }),
      );
  });

  test("in prompt tokens where a price is unknown or all are 0; no time can be added to tokens", () => {
    const prices = [
      createPricing(),
      createPricing({ m: { inputPerMillion: 0, outputPerMillion: 0 } }),
    ];
    for (const own of prices) {
      const reduction = costReduction({ ...options, price: own }) ?? never();
      expect(reduction).toMatchObject({
        unit: "prompt tokens",
        oracle: 2_000 + 2_560 * 100,
        fallback: 2_000 + 8_000,
        screen: 800,
      });
      expect(withSurrogateTime(reduction, 5)).toEqual(reduction);
    }
  });

  test("is none where nothing was explained or no mask was asked", () => {
    expect(costReduction({ ...options, fixedOutputs: [] })).toBeNull();
    expect(costReduction({ ...options, usages: asked(3, "fixed outputs", 200) })).toBeNull();
  });
});

describe("the break-even number of inputs", () => {
  /** Screening costs 8.8 dollars; each input saves 25.6 less its part of the surrogate's time. */
  const screened = costReduction({ ...options, explained: "surrogate" }) ?? never();

  test.each([
    [0, 1],
    [160, 1],
    [169, 2],
    [240, 6],
    [251, 18],
  ])("with %d dollars of surrogate time is %d: the smallest n with n saved > screen", (time, n) => {
    const { breakEvenInputs, screen, oracle, fallback, inputs } = withSurrogateTime(screened, time);
    expect(breakEvenInputs).toBe(n);
    const saved = (oracle - fallback - time) / inputs;
    expect(n * saved).toBeGreaterThan(screen);
    if (n > 1) expect((n - 1) * saved).toBeLessThanOrEqual(screen);
  });

  test("is none where the surrogate costs as much as the oracle", () => {
    expect(withSurrogateTime(screened, 256).breakEvenInputs).toBeNull();
    expect(withSurrogateTime(screened, 300).breakEvenInputs).toBeNull();
  });
});

function never(): never {
  throw new Error("there is a ratio");
}
