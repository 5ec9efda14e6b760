import { calcPrice } from "@pydantic/genai-prices";
import { UnderstudyError } from "../errors.js";

/** Tokens of one call. */
export interface CallTokens {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** USD per million tokens, as a user writes it for a model that no price table knows. */
export interface PriceOverride {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** User's prices by exact model name; they win over the built-in table. */
export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

/** USD of one call, or null where the price is unknown; never 0 for want of knowledge. */
export type Pricing = (model: string, tokens: CallTokens) => number | null;

/** Some list prices change with the date or the hour; a fixed moment keeps a report a function of its input alone. */
const PRICE_TABLE_MOMENT = new Date("2026-09-23T12:00:00Z");

/**
 * USD of one call at list price. Only the exact model name counts, not where it is served: a name that the table of
 * `@pydantic/genai-prices` does not hold (a local or self-hosted model) has an unknown price, hence null.
 * Price each call and add up: some models charge more above a prompt length.
 * @throws UnderstudyError USAGE for token counts that are not finite and non-negative, or such an override.
 */
export function priceOf(
  model: string,
  tokens: CallTokens,
  overrides: PriceOverrides = {},
): number | null {
  assertAmounts(`tokens of a call to ${JSON.stringify(model)}`, [
    tokens.promptTokens,
    tokens.completionTokens,
  ]);
  const override = Object.hasOwn(overrides, model) ? overrides[model] : undefined;
  if (override) {
    assertAmounts(`the price of ${JSON.stringify(model)}`, [
      override.inputPerMillion,
      override.outputPerMillion,
    ]);
    return (
      (tokens.promptTokens * override.inputPerMillion +
        tokens.completionTokens * override.outputPerMillion) /
      1e6
    );
  }
  const usage = { input_tokens: tokens.promptTokens, output_tokens: tokens.completionTokens };
  return calcPrice(usage, model, { timestamp: PRICE_TABLE_MOMENT })?.total_price ?? null;
}

/** `priceOf` with the user's table bound. */
export function createPricing(overrides: PriceOverrides = {}): Pricing {
  return (model, tokens) => priceOf(model, tokens, overrides);
}

/** Sum of prices in USD, null as soon as one of them is unknown; rounded to 1e-10 so that the order of adding cannot show. */
export function sumPrices(prices: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const price of prices) {
    if (price === null) return null;
    sum += price;
  }
  return Math.round(sum * 1e10) / 1e10;
}

function assertAmounts(what: string, amounts: readonly number[]): void {
  const wrong = amounts.find((amount) => !Number.isFinite(amount) || amount < 0);
  if (wrong === undefined) return;
  throw new UnderstudyError("USAGE", `${what} must be finite and not negative, got ${wrong}`);
}
