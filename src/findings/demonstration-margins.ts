/** How strongly the oracle speaks for the label of a demonstration that it is asked as a query. */
import { UnderstudyError } from "../errors.js";

/** A demonstration with a certain input and label. */
export interface LabelledDemonstration {
  readonly span: number;
  readonly startLine: number;
  readonly input: string;
  readonly label: string;
}

/** The oracle's first answer token, read as labels: natural log-probabilities in the order of the labels. */
export interface LabelAnswer {
  /** null = not known at all. */
  readonly logProbabilities: readonly (number | null)[];
  /** True where the label was absent from the alternatives and the number is only an upper bound. */
  readonly bounded: readonly boolean[];
}

/** A `LabelAnswer` from probabilities of labels (0 = absent from the alternatives) and the bound on absent ones. */
export function labelAnswer(reading: {
  readonly probabilities: readonly number[];
  readonly bound: number;
}): LabelAnswer {
  return {
    logProbabilities: reading.probabilities.map((p) => Math.log(p > 0 ? p : reading.bound)),
    bounded: reading.probabilities.map((p) => p === 0),
  };
}

/** The answer to a demonstration's input, and to "N/A" under the same prompt: what the oracle says when there is nothing to go by. */
export interface CalibratedAnswer {
  readonly answer: LabelAnswer | null;
  readonly contentFree: LabelAnswer | null;
}

/** Margins of the written label over the best other one, nats; negative: the oracle would say something else. */
export interface LabelMargin {
  /** As answered. */
  readonly raw: number;
  /** Minus the same for the content-free input (contextual calibration; Zhao et al. 2021). */
  readonly calibrated: number;
  readonly isCalibrated: boolean;
  /** Whether a label was absent from the alternatives, so that the margin is only bounded. */
  readonly isBounded: boolean;
  /** The best other label after calibration. */
  readonly rival: string;
}

/** null where the written label is none of the labels, or the oracle's opinion of it or of every other label is not known. */
export function labelMargin(
  labels: readonly string[],
  writtenLabel: string,
  { answer, contentFree }: CalibratedAnswer,
): LabelMargin | null {
  checkAnswers(labels, [answer, contentFree]);
  const written = labels.indexOf(writtenLabel.trim());
  const own = answer?.logProbabilities[written] ?? null;
  const rivals = [...labels.keys()].filter(
    (label) => label !== written && isCertain(answer, label),
  );
  if (answer === null || own === null || rivals.length === 0) return null;
  const raw = (label: number): number => answer.logProbabilities[label] ?? -Infinity;
  const calibrated = (label: number): number =>
    raw(label) - (contentFree?.logProbabilities[label] ?? 0);
  const best = (score: (label: number) => number): number =>
    rivals.reduce((top, label) => (score(label) > score(top) ? label : top), rivals[0] ?? 0);
  const rival = best(calibrated);
  return {
    raw: own - raw(best(raw)),
    calibrated: calibrated(written) - calibrated(rival),
    isCalibrated: contentFree !== null,
    isBounded:
      answer.bounded[written] === true ||
      contentFree?.bounded[written] === true ||
      contentFree?.bounded[rival] === true,
    rival: labels[rival] ?? "",
  };
}

/** The mean of margins from several prompts; the rival is that of most of them. null where there is none. */
export function meanMargin(margins: readonly (LabelMargin | null)[]): LabelMargin | null {
  const known = margins.filter((margin) => margin !== null);
  const [first] = known;
  if (first === undefined) return null;
  const mean = (of: (margin: LabelMargin) => number): number =>
    known.reduce((sum, margin) => sum + of(margin), 0) / known.length;
  const votes = (rival: string): number => known.filter((one) => one.rival === rival).length;
  return {
    raw: mean(({ raw }) => raw),
    calibrated: mean(({ calibrated }) => calibrated),
    isCalibrated: known.every(({ isCalibrated }) => isCalibrated),
    isBounded: known.some(({ isBounded }) => isBounded),
    rival: known.reduce((top, { rival }) => (votes(rival) > votes(top) ? rival : top), first.rival),
  };
}

function checkAnswers(labels: readonly string[], answers: readonly (LabelAnswer | null)[]): void {
  const wrong = answers.find(
    (answer) =>
      answer !== null &&
      (answer.logProbabilities.length !== labels.length || answer.bounded.length !== labels.length),
  );
  if (wrong)
    throw new UnderstudyError(
      "INTERNAL",
      `an answer with ${wrong.logProbabilities.length} labels instead of ${labels.length}`,
    );
}

/** A rival that is only bounded from above cannot be shown to beat anything. */
function isCertain(answer: LabelAnswer | null, label: number): boolean {
  return (
    answer !== null &&
    (answer.logProbabilities[label] ?? null) !== null &&
    answer.bounded[label] === false
  );
}
