import { describe, expect, test } from "@jest/globals";
import { createPricing, priceOf, sumPrices } from "../../src/cost/prices.js";

const tokens = (promptTokens: number, completionTokens: number) => ({
  promptTokens,
  completionTokens,
});

describe("the price of one call", () => {
  test("is the list price of the model: gpt-4o-mini at $0.15 and $0.60 a million", () => {
    expect(priceOf("gpt-4o-mini", tokens(1_000_000, 0))).toBeCloseTo(0.15, 12);
    expect(priceOf("gpt-4o-mini", tokens(0, 1_000_000))).toBeCloseTo(0.6, 12);
    expect(priceOf("gpt-4o-mini-2024-07-18", tokens(1000, 10))).toBeCloseTo(0.000156, 12);
  });

  test.each([
    "",
    "local.gguf",
    "Qwen/Qwen2.5-7B-Instruct",
    "my-gpt-4-finetune",
    "__proto__",
    "toString",
  ])("of %j is unknown, not 0", (model) => {
    expect(priceOf(model, tokens(1000, 10))).toBeNull();
    expect(priceOf(model, tokens(0, 0))).toBeNull();
  });

  test("a user's price wins, for known models too, and may be 0", () => {
    const price = createPricing({
      local: { inputPerMillion: 2, outputPerMillion: 10 },
      "gpt-4o-mini": { inputPerMillion: 0, outputPerMillion: 0 },
    });
    expect(price("local", tokens(500_000, 100_000))).toBe(2);
    expect(price("gpt-4o-mini", tokens(1000, 1000))).toBe(0);
    expect(price("other", tokens(1, 1))).toBeNull();
  });

  test("is taken call by call: two half prompts may cost less than one whole", () => {
    const one = priceOf("claude-sonnet-4-5", tokens(400_000, 0));
    const half = priceOf("claude-sonnet-4-5", tokens(200_000, 0));
    expect(one).toBeGreaterThan(2 * (half ?? Number.NaN));
  });

  test.each([
    [-1, 0],
    [0, Number.NaN],
    [Number.POSITIVE_INFINITY, 0],
  ])("tokens %p, %p are refused", (promptTokens, completionTokens) => {
    for (const model of ["gpt-4o-mini", "unknown"])
      expect(() => priceOf(model, tokens(promptTokens, completionTokens))).toThrow(
        expect.objectContaining({ code: "USAGE" }),
      );
  });

  test("a negative price is refused", () => {
    expect(() =>
      priceOf("m", tokens(1, 1), { m: { inputPerMillion: -1, outputPerMillion: 0 } }),
    ).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("sums", () => {
  test("are unknown as soon as one part is, and 0 of nothing", () => {
    expect(sumPrices([])).toBe(0);
    expect(sumPrices([1, null, 2])).toBeNull();
  });

  test("do not depend on the order", () => {
    const parts = Array.from({ length: 1000 }, (_, index) => 0.1 / (index + 3));
    expect(sumPrices(parts)).toBe(sumPrices([...parts].reverse()));
    expect(sumPrices([0.1, 0.2])).toBe(0.3);
  });
});
