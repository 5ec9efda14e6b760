import { describe, expect, test } from "@jest/globals";
import { createPricing } from "../../src/cost/prices.js";
import { savingsOf } from "../../src/cost/savings.js";

const price = createPricing({ ours: { inputPerMillion: 3, outputPerMillion: 900 } });

describe("what a shorter prompt saves every thousand calls", () => {
  test("is a thousand times the tokens, at the price of prompt tokens alone", () => {
    expect(savingsOf({ model: "ours", price, promptTokens: 500, tokensSaved: 134 })).toEqual({
      promptTokens: 134_000,
      cost: 0.402,
    });
  });

  test("of a model without a price, or of none, is unknown and never free", () => {
    for (const model of ["never heard of", null])
      expect(savingsOf({ model, price, promptTokens: 500, tokensSaved: 10 })).toEqual({
        promptTokens: 10_000,
        cost: null,
      });
  });

  test("follows a price that rises above a prompt length", () => {
    const stepped = (_: string, { promptTokens }: { readonly promptTokens: number }): number =>
      promptTokens > 1000 ? promptTokens * 2 : promptTokens;
    expect(
      savingsOf({ model: "m", price: stepped, promptTokens: 1100, tokensSaved: 200 }).cost,
    ).toBe(1000 * (2200 - 900));
  });
});
