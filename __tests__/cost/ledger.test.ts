import { describe, expect, test } from "@jest/globals";
import type { OraclePurpose } from "../../src/domain.js";
import { buildLedger, type AnsweredQuestion } from "../../src/cost/ledger.js";
import { createPricing } from "../../src/cost/prices.js";

/** A dollar a thousand prompt tokens, ten a thousand completion tokens. */
const price = createPricing({ m: { inputPerMillion: 1000, outputPerMillion: 10_000 } });

function usages(
  count: number,
  purpose: OraclePurpose,
  promptTokens: number,
  model = "m",
): AnsweredQuestion[] {
  return Array.from({ length: count }, () => ({
    purpose,
    promptTokens,
    completionTokens: 1,
    model,
  }));
}

describe("ledger", () => {
  const asked = [
    ...usages(3, "fixed outputs", 200),
    ...usages(10, "masks", 90),
    ...usages(10, "masks", 110),
    ...usages(5, "certification", 150),
  ];

  test("adds up tokens and money by purpose", () => {
    const { oracle } = buildLedger({ usages: asked, price, surrogate: null, explainedInputs: 2 });
    expect(oracle).toMatchObject({
      calls: 28,
      promptTokens: 600 + 2000 + 750,
      completionTokens: 28,
      cost: 3.35 + 0.28,
      currency: "USD",
    });
    expect(oracle.byPurpose.masks).toEqual({
      calls: 20,
      promptTokens: 2000,
      completionTokens: 20,
      cost: 2.2,
    });
    expect(oracle.byPurpose.certification).toEqual({
      calls: 5,
      promptTokens: 750,
      completionTokens: 5,
      cost: 0.8,
    });
    expect(oracle.byPurpose.control).toEqual({
      calls: 0,
      promptTokens: 0,
      completionTokens: 0,
      cost: 0,
    });
  });

  test("on the oracle alone: 256 masks an input at the mean size of those asked, and all else as it was", () => {
    const ledger = buildLedger({ usages: asked, price, surrogate: null, explainedInputs: 2 });
    const masks = 512 * (0.1 + 0.01);
    const others = 0.6 + 0.03 + 0.75 + 0.05;
    expect(ledger.onOracleAlone.calls).toBe(512 + 8);
    expect(ledger.onOracleAlone.cost).toBeCloseTo(masks + others, 9);
    expect(ledger.costReductionRatio).toBeCloseTo((masks + others) / 3.63, 9);
  });

  test("with an unknown price: cost unknown, ratio of prompt tokens", () => {
    const unknown = asked.map((usage) => ({ ...usage, model: "local" }));
    const ledger = buildLedger({ usages: unknown, price, surrogate: null, explainedInputs: 2 });
    expect([
      ledger.oracle.cost,
      ledger.onOracleAlone.cost,
      ledger.oracle.byPurpose.masks.cost,
    ]).toEqual([null, null, null]);
    expect(ledger.costReductionRatio).toBeCloseTo((512 * 100 + 1350) / 3350, 12);
  });

  test("where a certified surrogate made every mask, the size of the whole prompts stands in", () => {
    const ledger = buildLedger({
      usages: usages(4, "fixed outputs", 200),
      price,
      surrogate: null,
      explainedInputs: 4,
      masksAlone: 10,
    });
    expect(ledger.onOracleAlone).toEqual({ calls: 44, cost: 44 * 0.21 });
    expect(ledger.costReductionRatio).toBeCloseTo(11, 12);
  });

  test("no ratio where nothing was asked or explained", () => {
    const nothing = buildLedger({ usages: [], price, surrogate: null, explainedInputs: 0 });
    expect(nothing).toMatchObject({
      oracle: { calls: 0, cost: 0 },
      onOracleAlone: { calls: 0, cost: 0 },
      costReductionRatio: null,
    });
    expect(
      buildLedger({ usages: [], price, surrogate: null, explainedInputs: 5 }).costReductionRatio,
    ).toBeNull();
    expect(
      buildLedger({
        usages: usages(3, "demonstrations", 50),
        price,
        surrogate: null,
        explainedInputs: 0,
      }),
    ).toMatchObject({ onOracleAlone: { calls: 3 }, costReductionRatio: null });
  });

  test("free tokens give a ratio of tokens, not a division by 0", () => {
    const free = createPricing({ m: { inputPerMillion: 0, outputPerMillion: 0 } });
    const ledger = buildLedger({
      usages: usages(8, "masks", 100),
      price: free,
      surrogate: null,
      explainedInputs: 1,
    });
    expect(ledger.oracle.cost).toBe(0);
    expect(ledger.costReductionRatio).toBe(32);
  });

  test("holds the plan and the explanations' own ratio beside what was needed", () => {
    const bare = buildLedger({ usages: asked, price, surrogate: null, explainedInputs: 2 });
    expect([bare.planned, bare.explanations]).toEqual([null, null]);
    const { explanations } = buildLedger({
      usages: asked,
      price,
      surrogate: null,
      explainedInputs: 2,
      explanations: {
        fixedOutputs: usages(2, "fixed outputs", 200),
        explained: "oracle",
        answersPerMask: 1,
        surrogateTokens: 7,
      },
    });
    const fixed = 2 * 0.21;
    expect(explanations?.oracle).toBeCloseTo(fixed + 512 * 0.11, 9);
    expect(explanations?.fallback).toBeCloseTo(fixed + 20 * 0.11, 9);
  });

  test("samples a mask as often on the oracle alone as it did", () => {
    const explanations = {
      fixedOutputs: usages(2, "fixed outputs", 200),
      explained: "oracle",
      answersPerMask: 8,
      surrogateTokens: 0,
    } as const;
    const sizes = { usages: asked, price, surrogate: null, explainedInputs: 2 };
    const ledger = buildLedger({ ...sizes, explanations });
    expect(ledger.onOracleAlone.calls).toBe(8 * 512 + 8);
    expect(ledger.explanations?.oracle).toBeCloseTo(2 * 0.21 + 8 * 512 * 0.11, 9);
  });

  test("does not depend on the order of the answers", () => {
    const build = (list: readonly AnsweredQuestion[]) =>
      buildLedger({ usages: list, price, surrogate: null, explainedInputs: 2 });
    expect(build([...asked].reverse())).toEqual(build(asked));
  });
});
