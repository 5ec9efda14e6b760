import { createPricing, type Pricing } from "../cost/prices.js";
import type { Settings } from "../config.js";

/** List prices, with the caller's own price of the oracle's model in front of them. */
export function pricing(settings: Settings): Pricing {
  const model = settings["oracle-model"];
  const inputPerMillion = settings["price-input-per-million"];
  const outputPerMillion = settings["price-output-per-million"];
  const own = model !== null && inputPerMillion !== null && outputPerMillion !== null;
  return createPricing(own ? { [model]: { inputPerMillion, outputPerMillion } } : {});
}
