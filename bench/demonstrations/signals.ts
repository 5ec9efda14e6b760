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

/** Calibrated margin of the written label under the instruction alone. */
export function zeroShotScores(recording: DemonstrationsRecording, draw: RecordedDraw): Scores {
  return draw.demonstrations.map(([row, written]) =>
    calibratedMargin(rowAt(recording, row).zeroShot, recording.contentFree, written),
  );
}

/**
 * The margin without a content-free question: subtracted is the mean answer to the draw's own demonstrations (batch calibration; Zhou et
 * al. 2024), which knows the oracle's preference on inputs of the task and not on "N/A".
 */
export function batchCalibratedScores(
  recording: DemonstrationsRecording,
  draw: RecordedDraw,
): Scores {
  const readings = draw.demonstrations.map(([row]) => rowAt(recording, row).zeroShot);
  const mean = recording.labels.map(
    (_, label) =>
      readings.reduce((sum, one) => sum + (answerOf(one).logProbabilities[label] ?? 0), 0) /
      readings.length,
  );
  return draw.demonstrations.map(([, written], position) =>
    calibratedMargin(readings[position] ?? [], mean, written),
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

/** Calibrated margin of the written label under the seven other demonstrations, mean over the orders; null where not asked. */
export function leaveOneOutScores(draw: RecordedDraw, orders = draw.leaveOneOut): Scores | null {
  if (orders.length === 0) return null;
  return draw.demonstrations.map(([, written], position) => {
    const margins = orders.map((order) => {
      const asked = order[position];
      if (asked === undefined) throw new RangeError(`no answer for demonstration ${position}`);
      return calibratedMargin(asked.own, asked.contentFree, written);
    });
    return margins.reduce((sum, value) => sum + value, 0) / margins.length;
  });
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
): Scores | null {
  const leaveOneOut = leaveOneOutScores(draw);
  const { controls } = draw;
  if (leaveOneOut === null || controls === null) return null;
  const zeroShot = zeroShotScores(recording, draw);
  const known = draw.influenceQueries.map(([id, label], query) => ({
    zeroShot: calibratedMargin(rowNamed(recording, id).zeroShot, recording.contentFree, label),
    leaveOneOut: calibratedMargin(controls.answers[query] ?? [], controls.contentFree, label),
  }));
  const weights = {
    zeroShot: weightOf(known.map((one) => one.zeroShot)),
    leaveOneOut: weightOf(known.map((one) => one.leaveOneOut)),
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
