import type { Ledger, OraclePurpose, OracleUsage, PlannedCalls, ServedAnswer } from "../domain.js";
import { meanTokens, type AnsweredQuestion } from "./answered-question.js";
import { sumPrices, type Pricing } from "./prices.js";
import { costReduction, type ReductionOptions } from "./reduction.js";

export type { AnsweredQuestion } from "./answered-question.js";

export interface LedgerOptions {
  readonly usages: readonly AnsweredQuestion[];
  readonly price: Pricing;
  readonly surrogate: Ledger["surrogate"];
  /** Answers of surrogates on servers; absent or null where all run here. */
  readonly served?: readonly ServedAnswer[] | null;
  /** Inputs that an explanation covers, summed over the prompts of the run; 0 where nothing was explained. */
  readonly explainedInputs: number;
  /** Masks an input that an explainer on the oracle alone would ask; 256 is what the papers' comparisons use. */
  readonly masksAlone?: number;
  /** What was said before the first call. */
  readonly planned?: PlannedCalls | null;
  /** Absent or null: no explanation was made. */
  readonly explanations?: Pick<
    ReductionOptions,
    "fixedOutputs" | "explained" | "surrogateTokens" | "answersPerMask"
  > | null;
}

/** Masked calls an input of an explanation made on the oracle alone. */
export const MASKS_ON_ORACLE_ALONE = 256;

/**
 * What the same result costs by both ways.
 *
 * `oracle`: every distinct question answered, priced call by call; a purpose without calls costs 0, an unknown price is null.
 * `onOracleAlone`: `masksAlone` masked calls an explained input, each with the mean tokens of the masks that were asked
 * (of the fixed outputs where a certified surrogate made every mask), plus all calls that are no masks: both ways need them. A mask that takes
 * several answers takes them by either way.
 * `costReductionRatio`: cost alone over cost used; with an unknown price, prompt tokens alone over prompt tokens used.
 * null where nothing was explained or asked.
 * `explanations`: the ratio of the explanations alone with its parts, without the surrogate's time (`costReduction`).
 */
export function buildLedger(options: LedgerOptions): Ledger {
  const { usages, price, surrogate } = options;
  const of = (purpose: OraclePurpose): OracleUsage =>
    usageOf(
      usages.filter((usage) => usage.purpose === purpose),
      price,
    );
  const used = usageOf(usages, price);
  const alone = aloneOf(options);
  return {
    oracle: {
      ...used,
      currency: "USD",
      byPurpose: {
        "fixed outputs": of("fixed outputs"),
        masks: of("masks"),
        search: of("search"),
        certification: of("certification"),
        control: of("control"),
        demonstrations: of("demonstrations"),
        "influence of demonstrations": of("influence of demonstrations"),
        confirmation: of("confirmation"),
        repeats: of("repeats"),
        injections: of("injections"),
        base: of("base"),
      },
    },
    surrogate,
    servedSurrogates: options.served ? usageOf(options.served, price) : null,
    onOracleAlone: { calls: alone.calls, cost: alone.cost },
    costReductionRatio: options.explainedInputs === 0 ? null : reduction(alone, used),
    planned: options.planned ?? null,
    explanations: options.explanations
      ? costReduction({
          ...options.explanations,
          usages,
          served: options.served ?? [],
          price,
          masksAlone: options.masksAlone ?? MASKS_ON_ORACLE_ALONE,
        })
      : null,
  };
}

function usageOf(usages: readonly ServedAnswer[], price: Pricing): OracleUsage {
  return {
    calls: usages.length,
    promptTokens: usages.reduce((sum, usage) => sum + usage.promptTokens, 0),
    completionTokens: usages.reduce((sum, usage) => sum + usage.completionTokens, 0),
    cost: sumPrices(usages.map((usage) => price(usage.model, usage))),
  };
}

function aloneOf(options: LedgerOptions): OracleUsage {
  const { usages, price, explainedInputs, masksAlone = MASKS_ON_ORACLE_ALONE } = options;
  const both = usageOf(
    usages.filter((usage) => usage.purpose !== "masks"),
    price,
  );
  const mask = meanMask(usages);
  if (!mask) return both;
  const masks = Math.round(
    masksAlone * explainedInputs * (options.explanations?.answersPerMask ?? 1),
  );
  const each = price(mask.model, mask);
  return {
    calls: both.calls + masks,
    promptTokens: both.promptTokens + masks * mask.promptTokens,
    completionTokens: both.completionTokens + masks * mask.completionTokens,
    cost: sumPrices([both.cost, each === null ? null : each * masks]),
  };
}

/** Mean tokens of a masked call, from the masks asked, else from the fixed outputs; null where neither was asked. */
function meanMask(usages: readonly AnsweredQuestion[]): AnsweredQuestion | null {
  const masks = usages.filter((usage) => usage.purpose === "masks");
  const sample =
    masks.length > 0 ? masks : usages.filter((usage) => usage.purpose === "fixed outputs");
  const first = sample[0];
  if (!first) return null;
  return { ...first, ...meanTokens(sample) };
}

function reduction(alone: OracleUsage, used: OracleUsage): number | null {
  const known = alone.cost !== null && used.cost !== null && used.cost > 0;
  const [above, below] = known ? [alone.cost, used.cost] : [alone.promptTokens, used.promptTokens];
  return below > 0 ? above / below : null;
}
