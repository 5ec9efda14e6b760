import type { Savings } from "../domain.js";
import type { Pricing } from "./prices.js";

/** What savings are counted by. */
const CALLS = 1000;

export interface SavingsOptions {
  /** Production model, for the price; null where none is named, so that the cost is unknown. */
  readonly model: string | null;
  readonly price: Pricing;
  /** Prompt tokens of a call before the deletion. */
  readonly promptTokens: number;
  readonly tokensSaved: number;
}

/**
 * Tokens and USD that a shorter prompt saves every thousand calls: the difference of two prices of prompt tokens, for some models charge
 * more above a prompt length. Outputs cost the same before and after. null cost where the price is unknown.
 */
export function savingsOf({ model, price, promptTokens, tokensSaved }: SavingsOptions): Savings {
  const priceAt = (tokens: number): number | null =>
    model === null ? null : price(model, { promptTokens: tokens, completionTokens: 0 });
  const [before, after] = [priceAt(promptTokens), priceAt(Math.max(0, promptTokens - tokensSaved))];
  return {
    promptTokens: CALLS * tokensSaved,
    // Rounded as sums of prices are, so that the last digits of a difference cannot show.
    cost:
      before === null || after === null ? null : Math.round(CALLS * (before - after) * 1e10) / 1e10,
  };
}
