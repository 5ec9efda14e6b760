import type { Interval, Mask, Unknown } from "../../domain.js";
import { bootstrapMean } from "../../numerics/bootstrap.js";
import { randomFrom } from "../../numerics/random.js";
import { spearman } from "../../numerics/rank-correlation.js";
import type { MeasuredRow } from "../hierarchical.js";

/** A measured row that some fit did not see, with that fit's prediction, comparable within the input. */
export interface HeldOutPrediction {
  readonly input: number;
  readonly mask: Mask;
  readonly value: number;
  readonly predicted: number;
}

/** Rows dealt to folds: `folds[f]` are positions in the rows; rows in no fold are trained on and never scored. */
export interface HeldOutDesign {
  readonly rows: readonly MeasuredRow[];
  readonly folds: readonly (readonly number[])[];
  /** Inputs whose rows are scored, ascending. */
  readonly inputs: readonly number[];
  /** Inputs left out because the values of their masks are all equal, and because there are fewer than MIN_SCORED of them. */
  readonly constant: number;
  readonly tooFew: number;
}

/** Fewest held-out values of an input whose order says anything. */
const MIN_SCORED = 4;
/** Fewest inputs that an interval over inputs can rest on. */
export const MIN_INPUTS = 3;
const LEVEL = 0.9;
const REPLICATES = 2000;

/**
 * Deals every input's rows to folds, so that each fold holds out some masks of every input (masks within input, not inputs). The
 * full mask is always trained on and never scored: that it has the largest value is no achievement.
 */
export function designHeldOut(
  rows: readonly MeasuredRow[],
  folds: number,
  seed: string,
): HeldOutDesign {
  const random = randomFrom(`fidelity folds\n${seed}`);
  const dealt: number[][] = Array.from({ length: folds }, () => []);
  const scored = new Map<number, number[]>();
  rows.forEach(({ input, mask }, position) => {
    if (mask.includes(0)) scored.set(input, [...(scored.get(input) ?? []), position]);
  });
  const inputs = [...scored.keys()].sort((a, b) => a - b);
  for (const [turn, input] of inputs.entries())
    random
      .shuffle(scored.get(input) ?? [])
      .forEach((position, k) => dealt[(k + turn) % folds]?.push(position));
  const enough = inputs.filter((input) => (scored.get(input)?.length ?? 0) >= MIN_SCORED);
  const varying = enough.filter(
    (input) => new Set(scored.get(input)?.map((position) => rows[position]?.value)).size > 1,
  );
  return {
    rows,
    folds: dealt,
    inputs: varying,
    constant: enough.length - varying.length,
    tooFew: inputs.length - enough.length,
  };
}

/** Predicts the held-out rows of one fold from a fit to the others; comparable within an input, across folds too. */
export type FoldPredictor = (
  training: readonly MeasuredRow[],
  heldOut: readonly MeasuredRow[],
  fold: number,
) => Float64Array;

/** Predictions of every row that is in a fold, each by a fit that never saw it. */
export function predictHeldOut(
  design: HeldOutDesign,
  predictor: FoldPredictor,
): HeldOutPrediction[] {
  return design.folds.flatMap((fold, index) => {
    if (fold.length === 0) return [];
    const held = new Set(fold);
    const heldOut = fold.map((position) => design.rows[position] as MeasuredRow);
    const predicted = predictor(
      design.rows.filter((_, position) => !held.has(position)),
      heldOut,
      index,
    );
    return heldOut.map(({ input, mask, value }, k) => ({
      input,
      mask,
      value,
      predicted: predicted[k] as number,
    }));
  });
}

/**
 * Spearman correlation of predicted and measured values for each scored input: the linear datamodeling score (LDS, Park et al. 2023)
 * of methods B. A prediction without variation orders nothing and scores 0.
 */
export function rankAgreement(
  design: HeldOutDesign,
  predictions: readonly HeldOutPrediction[],
): Float64Array {
  return Float64Array.from(design.inputs, (input) => {
    const own = predictions.filter((prediction) => prediction.input === input);
    return (
      spearman(
        own.map(({ predicted }) => predicted),
        own.map(({ value }) => value),
      ) ?? 0
    );
  });
}

/** Mean over inputs with a 90 % BCa bootstrap interval over inputs; inputs are the sampling unit, masks are not independent. */
export function meanOverInputs(values: Float64Array, seed: string): Interval {
  return bootstrapMean({
    values,
    level: LEVEL,
    replicates: REPLICATES,
    random: randomFrom(`interval over inputs\n${seed}`),
  });
}

/** Why fidelity cannot be known, or null. */
export function whyUnmeasured(design: HeldOutDesign): Unknown | null {
  if (design.inputs.length >= MIN_INPUTS) return null;
  const reason = `fidelity needs ${MIN_INPUTS} inputs with ${MIN_SCORED} masks and values that vary; there ${design.inputs.length === 1 ? "is" : "are"} ${design.inputs.length} (${design.constant} without variation, ${design.tooFew} with fewer masks)`;
  return { kind: "unknown", reason };
}

/** Rows of one input, as masks and values. */
export function rowsOfInput(
  rows: readonly MeasuredRow[],
  input: number,
): { readonly masks: Mask[]; readonly values: Float64Array } {
  const own = rows.filter((row) => row.input === input);
  return {
    masks: own.map(({ mask }) => mask),
    values: Float64Array.from(own, ({ value }) => value),
  };
}
