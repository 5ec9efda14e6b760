import { UnderstudyError } from "../errors.js";
import type { CostReduction, OraclePurpose, ServedAnswer } from "../domain.js";
import { meanTokens, type AnsweredQuestion } from "./answered-question.js";
import { sumPrices, type Pricing } from "./prices.js";

export interface ReductionOptions {
  readonly usages: readonly AnsweredQuestion[];
  readonly price: Pricing;
  /** Tokens of the fixed output of each explained input: an explanation takes them whoever makes it. */
  readonly fixedOutputs: readonly AnsweredQuestion[];
  /** Whether the oracle's own values were explained (pooled masks) or the surrogate's, which oracle masks then only judge. */
  readonly explained: "oracle" | "surrogate";
  readonly masksAlone: number;
  /** Oracle answers that one mask takes: several where it is sampled, by either way. */
  readonly answersPerMask: number;
  /** Tokens that the surrogate scored for these explanations. */
  readonly surrogateTokens: number;
  /** Answers of surrogates on servers, all of the run: those for data rows are counted too. Empty where all run here. */
  readonly served: readonly ServedAnswer[];
}

/**
 * The cost-reduction ratio of the explanations (methods C3): C_oracle / (C_proxy + C_fallback + C_screen).
 *
 * - C_oracle: the fixed output of every explained input and `masksAlone` masks of it, each of the mean size of the masks that were asked and
 *   with as many answers
 * - C_proxy: answers of surrogates on servers. The time of those that run here differs between runs and is not counted: see
 *   `withSurrogateTime`
 * - C_fallback: fixed outputs, and the masks where the explanation is made from the oracle's values
 * - C_screen: the masks where they only judge the surrogate's, and repeats. Masks that explain screen too, at no further call.
 *
 * Search, certification, control and demonstrations are no part of explanations. In USD where every price is known and not 0, else in
 * prompt tokens. `breakEvenInputs`: the smallest whole n with
 * n (C_oracle - C_fallback - C_proxy) / inputs > C_screen, from which on screening pays (methods C3, with what is spent an input on both
 * sides); null where it never does. null where nothing was explained, or no mask was asked.
 */
export function costReduction(options: ReductionOptions): CostReduction | null {
  const inputs = options.fixedOutputs.length;
  const masks = options.usages.filter(({ purpose }) => purpose === "masks");
  if (inputs === 0 || masks.length === 0) return null;
  const inMoney = amountsOf(options, masks, ({ model, ...tokens }) => options.price(model, tokens));
  const money = inMoney !== null && inMoney.fallback + inMoney.screen > 0 ? inMoney : null;
  const amounts = money ?? amountsOf(options, masks, ({ promptTokens }) => promptTokens);
  if (amounts === null || amounts.fallback + amounts.screen === 0) return null;
  const { served, ...sides } = amounts;
  return {
    unit: money === null ? "prompt tokens" : "USD",
    inputs,
    surrogateTokens: options.surrogateTokens,
    ...sides,
    ...compared({ ...sides, inputs }, options.served.length === 0 ? null : served),
  };
}

/**
 * The same with the surrogate's time, in USD. Unchanged in prompt tokens, which no time can be added to.
 * @throws UnderstudyError INTERNAL for a cost that is not finite or negative.
 */
export function withSurrogateTime(reduction: CostReduction, cost: number): CostReduction {
  if (!(Number.isFinite(cost) && cost >= 0))
    throw new UnderstudyError("INTERNAL", `a cost must be finite and not negative, not ${cost}`);
  return reduction.unit === "USD"
    ? { ...reduction, ...compared(reduction, (reduction.proxy ?? 0) + cost) }
    : reduction;
}

function compared(
  {
    oracle,
    fallback,
    screen,
    inputs,
  }: Pick<CostReduction, "oracle" | "fallback" | "screen" | "inputs">,
  proxy: number | null,
): Pick<CostReduction, "proxy" | "ratio" | "breakEvenInputs"> {
  const saved = (oracle - fallback - (proxy ?? 0)) / inputs;
  return {
    proxy,
    ratio: oracle / (fallback + screen + (proxy ?? 0)),
    breakEvenInputs: saved > 0 ? Math.floor(screen / saved) + 1 : null,
  };
}

interface Amounts {
  readonly oracle: number;
  readonly fallback: number;
  readonly screen: number;
  readonly served: number;
}

/** In the unit of `amount`; null where any amount is unknown. */
function amountsOf(
  options: ReductionOptions,
  masks: readonly AnsweredQuestion[],
  amount: (usage: ServedAnswer) => number | null,
): Amounts | null {
  const total = (usages: readonly ServedAnswer[]): number | null => sumPrices(usages.map(amount));
  const of = (purpose: OraclePurpose): number | null =>
    total(options.usages.filter((usage) => usage.purpose === purpose));
  const fixed = total(options.fixedOutputs);
  const asked = of("masks");
  const repeats = of("repeats");
  const first = masks[0];
  const each = first === undefined ? null : amount({ ...first, ...meanTokens(masks) });
  const served = total(options.served);
  if (fixed === null || asked === null || repeats === null || each === null || served === null)
    return null;
  const { masksAlone, answersPerMask } = options;
  const pooled = options.explained === "oracle";
  return {
    oracle: fixed + masksAlone * answersPerMask * options.fixedOutputs.length * each,
    fallback: fixed + (pooled ? asked : 0),
    screen: repeats + (pooled ? 0 : asked),
    served,
  };
}
