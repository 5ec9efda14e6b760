/** What each signal says of the demonstrations of a recorded draw: one score a demonstration, lower is more suspicious. */
import { fitHierarchical } from "../../src/explain/hierarchical.js";
import type { LabelAnswer } from "../../src/findings/demonstrations.js";
import {
  type DemonstrationsRecording,
  type Reading,
  type RecordedDraw,
  type SurrogateReadings,
  answerOf,
} from "./recording.js";

export type Scores = readonly number[];

/** Positions of the `count` lowest scores, in the order of the prompt; ties go to the earlier position. */
export function lowest(scores: Scores, count: number): number[] {
  return [...scores.keys()]
    .sort((left, right) => (scores[left] ?? 0) - (scores[right] ?? 0) || left - right)
    .slice(0, count)
    .sort((left, right) => left - right);
}

/** log p(label) - log p(best other label), nats. */
export function margin(answer: LabelAnswer, label: number): number {
  const values = answer.logProbabilities.map((value) => value ?? -Infinity);
  return (values[label] ?? -Infinity) - Math.max(...values.filter((_, other) => other !== label));
}

/** The margin after subtracting, label by label, the answer to a content-free input (Zhao et al. 2021). */
export function calibratedMargin(own: Reading, contentFree: Reading, label: number): number {
  const free = answerOf(contentFree).logProbabilities;
  const { logProbabilities, bounded } = answerOf(own);
  const calibrated = logProbabilities.map((value, other) => (value ?? 0) - (free[other] ?? 0));
  return margin({ logProbabilities: calibrated, bounded }, label);
}

/** Positions whose label is not the row's. */
export function plantedOf(recording: DemonstrationsRecording, draw: RecordedDraw): number[] {
  return draw.demonstrations.flatMap(([row, written], position) =>
    recording.rows[row]?.label === written ? [] : [position],
  );
}

/**
 * What is subtracted from an answer, label by label: nothing; the answer to "N/A" under the same prompt (Zhao et al. 2021); or the mean
 * of the answers that are judged together (batch calibration; Zhou et al. 2024), which knows the oracle's preference on inputs of the task.
 */
export type Calibration = "none" | "content-free" | "batch";

interface Asked {
  readonly own: Reading;
  readonly contentFree: Reading;
  /** Label whose margin is sought. */
  readonly label: number;
}

function marginsOf(asked: readonly Asked[], calibration: Calibration): Scores {
  const mean = meanReading(asked.map(({ own }) => own));
  return asked.map(({ own, contentFree, label }) =>
    calibration === "none"
      ? margin(answerOf(own), label)
      : calibratedMargin(own, calibration === "batch" ? mean : contentFree, label),
  );
}

function meanReading(readings: readonly Reading[]): Reading {
  return (readings[0] ?? []).map(
    (_, label) =>
      readings.reduce((sum, one) => sum + (answerOf(one).logProbabilities[label] ?? 0), 0) /
      readings.length,
  );
}

/** Margin of the written label under the instruction alone. */
export function zeroShotScores(
  recording: DemonstrationsRecording,
  draw: RecordedDraw,
  calibration: Calibration = "content-free",
): Scores {
  const { contentFree } = recording;
  return marginsOf(
    draw.demonstrations.map(([row, label]) => ({
      own: rowAt(recording, row).zeroShot,
      contentFree,
      label,
    })),
    calibration,
  );
}

/** The same as `zeroShotScores` by the embedded surrogate. */
export function surrogateScores(
  { contentFree, rows }: SurrogateReadings,
  draw: RecordedDraw,
): Scores {
  return draw.demonstrations.map(([row, written]) =>
    calibratedMargin(rows[row] ?? [], contentFree, written),
  );
}

/** Margin of the written label under the seven other demonstrations, mean over the orders; null where not asked. */
export function leaveOneOutScores(
  draw: RecordedDraw,
  calibration: Calibration = "content-free",
): Scores | null {
  const orders = draw.leaveOneOut.map((order) =>
    marginsOf(
      draw.demonstrations.map(([, label], position) => {
        const asked = order[position];
        if (asked === undefined) throw new RangeError(`no answer for demonstration ${position}`);
        return { ...asked, label };
      }),
      calibration,
    ),
  );
  if (orders.length === 0) return null;
  return draw.demonstrations.map(
    (_, position) => orders.reduce((sum, order) => sum + (order[position] ?? 0), 0) / orders.length,
  );
}

/**
 * The oracle's pooled influence (docs/methods.md, A10 over demonstrations): what a demonstration adds to the margin of the right
 * label, mean over the inputs; null where it was not measured.
 */
export function influenceScores(draw: RecordedDraw): Scores | null {
  if (draw.influence === null) return null;
  const fitted = FITTED.get(draw.influence) ?? fitInfluence(draw, draw.influence);
  FITTED.set(draw.influence, fitted);
  return fitted;
}

/** A fit takes a second or so and several tables ask for it. */
const FITTED = new WeakMap<object, Scores>();

function fitInfluence(
  draw: RecordedDraw,
  influence: NonNullable<RecordedDraw["influence"]>,
): Scores {
  const rows = influence.flatMap(({ mask, queries, answers }) =>
    queries.map((query, index) => ({
      input: query,
      mask: Uint8Array.from(mask, Number),
      value: margin(answerOf(answers[index] ?? []), draw.influenceQueries[query]?.[1] ?? -1),
    })),
  );
  const fit = fitHierarchical({
    spans: draw.demonstrations.length,
    classes: draw.influenceQueries.map(([, label]) => String(label)),
    surrogates: [],
    rows,
    pairs: false,
  });
  return fit.attributions().template.map(({ estimate }) => estimate);
}

/**
 * Zero-shot and leave-one-out margins joined: each times 2 mean / variance of the same margin of the labelled control inputs' right
 * labels, at least 0 (linear discriminant analysis: then a sum of log-likelihood ratios, nats); null where they were not asked. A way
 * of asking that does not know the task has weight 0.
 */
export function joinedScores(
  recording: DemonstrationsRecording,
  draw: RecordedDraw,
  calibration: Calibration = "content-free",
): Scores | null {
  const leaveOneOut = leaveOneOutScores(draw, calibration);
  const { controls } = draw;
  if (leaveOneOut === null || controls === null) return null;
  const zeroShot = zeroShotScores(recording, draw, calibration);
  const weights = {
    zeroShot: weightOf(
      marginsOf(
        draw.influenceQueries.map(([id, label]) => ({
          own: rowNamed(recording, id).zeroShot,
          contentFree: recording.contentFree,
          label,
        })),
        calibration,
      ),
    ),
    leaveOneOut: weightOf(
      marginsOf(
        draw.influenceQueries.map(([, label], query) => ({
          own: controls.answers[query] ?? [],
          contentFree: controls.contentFree,
          label,
        })),
        calibration,
      ),
    ),
  };
  return zeroShot.map(
    (value, position) =>
      weights.zeroShot * value + weights.leaveOneOut * (leaveOneOut[position] ?? 0),
  );
}

/** Margins vary by at least this share of their mean: a few equal ones are no certainty. */
const LEAST_SPREAD = 1 / 3;

function weightOf(margins: readonly number[]): number {
  const mean = margins.reduce((sum, value) => sum + value, 0) / margins.length;
  const variance =
    margins.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (margins.length - 1);
  return mean <= 0 ? 0 : (2 * mean) / Math.max(variance, (LEAST_SPREAD * mean) ** 2);
}

function rowNamed(
  { rows }: DemonstrationsRecording,
  id: string,
): DemonstrationsRecording["rows"][number] {
  const row = rows.find((other) => other.id === id);
  if (row === undefined) throw new RangeError(`no row ${id}`);
  return row;
}

function rowAt(
  { rows }: DemonstrationsRecording,
  index: number,
): DemonstrationsRecording["rows"][number] {
  const row = rows[index];
  if (row === undefined) throw new RangeError(`no row ${index}`);
  return row;
}
