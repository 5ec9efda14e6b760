import type { PromptReport } from "../domain.js";
import { sumPrices, type Pricing } from "./prices.js";

/** Sizes of the job for one prompt; tokens are means of one call. */
export interface PlanOptions {
  /** Production model, for the price; null where none is named, so that the cost is unknown. */
  readonly model: string | null;
  readonly price: Pricing;
  readonly searchInputs: number;
  readonly certifyInputs: number;
  readonly masksPerInput: number;
  /** Tokens of the prompt with one input filled in, and of the average mask of it. */
  readonly promptTokens: number;
  readonly maskedPromptTokens: number;
  readonly completionTokens: number;
  /** Shorter prompts tried on the search set, and of those taken to certification. */
  readonly searchSteps: number;
  readonly certificationSteps: number;
  readonly demonstrations: number;
}

export type Plan = NonNullable<PromptReport["plan"]>;

/**
 * Calls, prompt tokens and USD that an explanation and a certified shorter prompt would take: the fixed outputs on all
 * inputs, the masks on the search set, each searched step on the search set, each certified step and one control arm on
 * the certify set, and one call a demonstration with one content-free control. An upper estimate: the search stops early.
 * Masked, searched and certified prompts are counted at the size of the average mask, the rest at full size.
 */
export function planOf(options: PlanOptions): Plan {
  const { searchInputs, certifyInputs } = options;
  const full = searchInputs + certifyInputs;
  const demonstrations = options.demonstrations === 0 ? 0 : options.demonstrations + 1;
  const control = options.certificationSteps === 0 ? 0 : 1;
  const shorter =
    searchInputs * (options.masksPerInput + options.searchSteps) +
    certifyInputs * (options.certificationSteps + control);
  return {
    calls: full + demonstrations + shorter,
    promptTokens: Math.round(
      (full + demonstrations) * options.promptTokens + shorter * options.maskedPromptTokens,
    ),
    cost: sumPrices([
      costOf(options, full + demonstrations, options.promptTokens),
      costOf(options, shorter, options.maskedPromptTokens),
    ]),
  };
}

function costOf(
  { model, price, completionTokens }: PlanOptions,
  calls: number,
  promptTokens: number,
): number | null {
  const each = model === null ? null : price(model, { promptTokens, completionTokens });
  return each === null ? null : each * calls;
}
