/** What the oracle's values say of a surrogate's attributions, input by input, as each mode of the screen asks it. */
import type { Mask, MaskedValue, ValueKind } from "../domain.js";
import {
  linearDatamodelingScore,
  predictedEffects,
} from "../explain/fidelity/linear-datamodeling-score.js";
import { explainInputAlone } from "../explain/input-by-input.js";
import { randomFrom } from "../numerics/random.js";
import { spearman } from "../numerics/rank-correlation.js";
import { rocAuc } from "../numerics/roc-auc.js";
import type { ExplainInstance } from "../screening/explain.js";
import type { LabelsInstance } from "../screening/labels.js";
import type { PredictInstance } from "../screening/predict.js";

/** One input: its oracle values, and the surrogate's attribution, which saw none of them. */
export interface ScreenedInput {
  readonly id: string;
  readonly rows: readonly MaskedValue[];
  readonly attribution: Float64Array;
}

/** Rank correlation of predicted and measured values. */
export function predictInstance({ id, rows, attribution }: ScreenedInput): PredictInstance {
  const predicted = rows.map((row) =>
    row.mask.reduce((sum, kept, span) => sum + kept * (attribution[span] ?? 0), 0),
  );
  const constant = rows.every((row) => row.value === rows[0]?.value);
  return {
    id,
    masks: rows.length,
    spearman: constant
      ? null
      : (spearman(
          predicted,
          rows.map((row) => row.value),
        ) ?? 0),
  };
}

/** How it is told from a value whether the oracle kept its answer. */
export interface AnswerKept {
  readonly kind: ValueKind;
  /** True where answers come from a closed set. */
  readonly labelled: boolean;
}

/**
 * Which masks flip the answer, and how well the surrogate and the bare number of kept tokens order them. A regenerated answer
 * counts as kept where a label is the same and free text is at least as like as unlike (1/2); log-odds of whatever kind where the
 * fixed output is more likely than not, such as sampled by most draws.
 */
export function labelsInstance(
  { id, rows, attribution }: ScreenedInput,
  kept: AnswerKept,
  spanTokens: readonly number[],
): LabelsInstance {
  const outcomes = rows.map(({ value }) => isKept(value, kept));
  const masks = rows.map(({ mask }) => mask);
  const flips = outcomes.filter((own) => !own).length;
  return {
    id,
    masks: rows.length,
    flips,
    signAuc: rocAuc(predictedEffects(attribution, masks), outcomes),
    lengthAuc: rocAuc(predictedEffects(Float64Array.from(spanTokens), masks), outcomes),
  };
}

function isKept(value: number, { kind, labelled }: AnswerKept): boolean {
  if (kind === "similarity") return labelled ? value === 1 : value >= 0.5;
  return value > 0;
}

/**
 * Half of an input's masks, by hash of its content, fit the oracle's own explanation; the other half judge it and the surrogate's.
 * Both halves must vary: without variation to learn from or to be judged by there is no oracle explanation to compare with.
 */
export function explainInstance(
  { id, rows, attribution }: ScreenedInput,
  seed: string,
): ExplainInstance {
  const random = randomFrom(`halves of the oracle's masks\n${seed}\n${id}`);
  const shuffled = random.shuffle(rows);
  const half = Math.floor(shuffled.length / 2);
  const training = halfOf(shuffled.slice(0, half));
  const judging = halfOf(shuffled.slice(half));
  if (!training.varies || !judging.varies)
    return { id, masks: Math.min(half, judging.masks.length), scores: null };
  const own = explainInputAlone(training.masks, training.values, random);
  return {
    id,
    masks: Math.min(half, judging.masks.length),
    scores: { surrogate: scoreOf(attribution, judging), oracle: scoreOf(own, judging) },
  };
}

interface Half {
  readonly masks: readonly Mask[];
  readonly values: Float64Array;
  readonly varies: boolean;
}

function halfOf(rows: readonly MaskedValue[]): Half {
  const values = Float64Array.from(rows, ({ value }) => value);
  return {
    masks: rows.map(({ mask }) => mask),
    values,
    varies: values.some((value) => value !== values[0]),
  };
}

function scoreOf(attribution: Float64Array, judging: Half): number {
  const score = linearDatamodelingScore(attribution, judging);
  return typeof score === "number" ? score : 0;
}
