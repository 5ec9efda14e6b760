import type { EstimatorName, Mask, MaskDesignName } from "../../domain.js";
import { UnderstudyError, assertNever } from "../../errors.js";
import { type Random, randomFrom } from "../../numerics/random.js";
import { drawPool } from "../mask-pool.js";
import { bernoulliMasks } from "./bernoulli.js";
import { MOST_ENUMERATED_SPANS, enumerateMasks } from "./enumeration.js";
import { leverageMasks, shapleySizeMasks, uniformSizeMasks } from "./size-designs.js";
import { sparseKMasks } from "./sparse-k.js";

export interface GameDesignOptions {
  readonly design: MaskDesignName;
  /** Number of maskable spans, at least 2; protected spans have no entry in a mask, so that none can be deleted. */
  readonly spans: number;
  /** Most masks that may be measured, those that keep or delete everything included: a promise. */
  readonly budget: number;
  readonly seed: string;
  /** Every mask with its complement. By default so for shapley-size and leverage; only for these, bernoulli and uniform-size. */
  readonly paired?: boolean;
}

/**
 * Masks of one game, all different and never more than `budget`; all 2^spans masks where these fit (uniform-size: all but the empty one;
 * sparse-k: all that delete at most a quarter; leave-one-out: never more than spans + 1). Same options, same masks.
 * Throws USAGE for fewer than two spans, for a budget too small for the design, and for pairs where a design has none.
 */
export function designGame(options: GameDesignOptions): Mask[] {
  const { design, spans, budget, seed } = options;
  checkOptions(options);
  const paired = options.paired ?? (design === "shapley-size" || design === "leverage");
  const random = randomFrom(
    `game masks\n${seed}\n${design}, ${spans} spans, budget ${budget}, ${paired ? "paired" : "single"}`,
  );
  return drawDesign(design, { spans, budget, paired }, random);
}

/** The design whose masks a method was made for, or that serves it best (docs/methods.md, decision 2). */
export function designFor(method: EstimatorName): MaskDesignName {
  switch (method) {
    case "lasso":
      return "mixed";
    case "lime":
      return "uniform-size";
    case "kernel-shap":
      return "shapley-size";
    case "rope-lime":
      return "sparse-k";
    case "gsmile":
      return "bernoulli";
    case "leave-one-out":
      return "leave-one-out";
    case "exact":
      return "enumeration";
    default:
      return assertNever(method);
  }
}

interface DrawOptions {
  readonly spans: number;
  readonly budget: number;
  readonly paired: boolean;
}

function drawDesign(design: MaskDesignName, options: DrawOptions, random: Random): Mask[] {
  const { spans, budget } = options;
  const allFit = spans <= MOST_ENUMERATED_SPANS && 2 ** spans <= budget;
  switch (design) {
    case "enumeration":
      return enumerateMasks(spans);
    case "bernoulli":
      return allFit ? enumerateMasks(spans) : bernoulliMasks(options, random);
    case "shapley-size":
      return allFit ? enumerateMasks(spans) : shapleySizeMasks(options, random);
    case "leverage":
      return allFit ? enumerateMasks(spans) : leverageMasks(options, random);
    case "mixed":
      return allFit ? enumerateMasks(spans) : mixedMasks(options, random);
    case "uniform-size":
      return uniformSizeMasks(options, random);
    case "sparse-k":
      return sparseKMasks(options, random);
    case "leave-one-out":
      return leaveOneOutMasks(spans);
    default:
      return assertNever(design);
  }
}

/** The full mask, then half Sparse-K and half balanced Bernoulli in turns, so that the first masks of the list are mixed too. */
function mixedMasks({ spans, budget }: DrawOptions, random: Random): Mask[] {
  const { sparse, dense } = drawPool(spans, budget - 1, random);
  const turns = Array.from({ length: Math.max(sparse.length, dense.length) }, (_, turn) => [
    ...sparse.slice(turn, turn + 1),
    ...dense.slice(turn, turn + 1),
  ]);
  return [new Uint8Array(spans).fill(1), ...turns.flat()];
}

function leaveOneOutMasks(spans: number): Mask[] {
  const full = new Uint8Array(spans).fill(1);
  return [full, ...Array.from(full, (_, span) => full.map((kept, at) => (at === span ? 0 : kept)))];
}

/** Fewest masks with which a design is what it says. */
function leastBudget(design: MaskDesignName, spans: number): number {
  switch (design) {
    case "enumeration":
      return 2 ** spans;
    case "leave-one-out":
      return spans + 1;
    case "shapley-size":
    case "leverage":
      return 4;
    case "bernoulli":
    case "uniform-size":
    case "sparse-k":
    case "mixed":
      return 2;
    default:
      return assertNever(design);
  }
}

function checkOptions({ design, spans, budget, paired }: GameDesignOptions): void {
  if (!(spans >= 2))
    throw new UnderstudyError(
      "USAGE",
      `${spans} maskable span${spans === 1 ? "" : "s"}: an explanation compares at least 2`,
      { fix: "split the prompt into more sentences or sections, or remove pins" },
    );
  if (design === "enumeration" && spans > MOST_ENUMERATED_SPANS)
    throw new UnderstudyError(
      "USAGE",
      `all masks of ${spans} spans are too many: at most ${MOST_ENUMERATED_SPANS} spans are enumerated`,
      { fix: "choose a coarser granularity or another method" },
    );
  const least = leastBudget(design, spans);
  if (!(Number.isInteger(budget) && budget >= least))
    throw new UnderstudyError(
      "USAGE",
      `a budget of ${budget} masks: the design ${design} of ${spans} spans needs a whole number of at least ${least}`,
      { fix: `set the budget to ${least} or more, or choose another method` },
    );
  if (paired && !["bernoulli", "uniform-size", "shapley-size", "leverage"].includes(design))
    throw new UnderstudyError("USAGE", `masks of the design ${design} do not come in pairs`, {
      fix: "leave pairs off, or choose bernoulli, uniform-size, shapley-size or leverage",
    });
}
