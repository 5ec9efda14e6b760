/** How well the oracle knows the task in each way of being asked, and what its margins are worth as evidence therefore. */
import { labelMargin, type CalibratedAnswer, type LabelMargin } from "./demonstration-margins.js";

/** Ways of asking: without any example, or after the others. */
export const WAYS = ["zeroShot", "leaveOneOut"] as const;
export type Way = (typeof WAYS)[number];

export type MarginsByWay = Readonly<Record<Way, LabelMargin | null>>;

/** An input whose right label is known, asked in both ways. */
export interface ControlInput {
  readonly label: string;
  readonly zeroShot: CalibratedAnswer;
  readonly leaveOneOut: CalibratedAnswer;
}

/** What a margin of one way of asking says: its distance from `centre` times `slope` is a log-likelihood ratio of right against wrong. */
export interface Discriminant {
  /** 0: this way does not tell right labels from wrong ones. */
  readonly slope: number;
  readonly centre: number;
}

export type Discriminants = Readonly<Record<Way, Discriminant>>;

/** Standard errors by which right labels' margins must exceed wrong ones': less is chance. */
const LEAST_DIFFERENCE = 3;
/** Margins spread by at least this share of the difference: a few equal ones are no certainty. */
const LEAST_SPREAD = 1 / 6;

/** Margins of the controls' right labels. */
export function controlMargins(
  labels: readonly string[],
  controls: readonly ControlInput[],
): readonly MarginsByWay[] {
  return controls.map((control) => marginsOf(labels, control.label, control));
}

/**
 * Linear discriminants (Fisher 1936) between the margins of the controls' right labels and those of all their other labels, which stand for
 * what a wrong label looks like. A way of asking that tells the two apart by less than three standard errors has slope 0.
 */
export function discriminantsOf(
  labels: readonly string[],
  controls: readonly ControlInput[],
): Discriminants {
  const right = controlMargins(labels, controls);
  const wrong = controls.flatMap((control) =>
    labels
      .filter((label) => label !== control.label.trim())
      .map((label) => marginsOf(labels, label, control)),
  );
  const of = (way: Way): Discriminant =>
    discriminant(
      right.flatMap((margins) => margins[way] ?? []).map(evidence),
      wrong.flatMap((margins) => margins[way] ?? []).map(evidence),
    );
  return { zeroShot: of("zeroShot"), leaveOneOut: of("leaveOneOut") };
}

/**
 * What is taken for granted where no right label is known: a nat of margin is a nat of evidence, in each way of asking in which the oracle
 * speaks against at most half of the labels that are judged.
 */
export function assumedDiscriminants(judged: readonly MarginsByWay[]): Discriminants {
  const of = (way: Way): Discriminant => {
    const values = judged.flatMap((margins) => margins[way] ?? []).map(evidence);
    const against = values.filter((value) => value < 0).length;
    return { slope: values.length > 0 && against <= values.length / 2 ? 1 : 0, centre: 0 };
  };
  return { zeroShot: of("zeroShot"), leaveOneOut: of("leaveOneOut") };
}

function marginsOf(
  labels: readonly string[],
  label: string,
  { zeroShot, leaveOneOut }: ControlInput,
): MarginsByWay {
  return {
    zeroShot: labelMargin(labels, label, zeroShot),
    leaveOneOut: labelMargin(labels, label, leaveOneOut),
  };
}

function discriminant(right: readonly number[], wrong: readonly number[]): Discriminant {
  if (right.length === 0 || wrong.length === 0) return { slope: 0, centre: 0 };
  const [high, low] = [mean(right), mean(wrong)];
  const difference = high - low;
  const squares = sumOfSquares(right, high) + sumOfSquares(wrong, low);
  const variance = Math.max(
    squares / Math.max(1, right.length + wrong.length - 2),
    (LEAST_SPREAD * difference) ** 2,
  );
  const error = Math.sqrt(variance * (1 / right.length + 1 / wrong.length));
  return {
    slope: difference > LEAST_DIFFERENCE * error ? difference / variance : 0,
    // A label that the oracle prefers to all others is never evidence against itself.
    centre: Math.min(0, (high + low) / 2),
  };
}

/**
 * Log-likelihood ratio of a right against a wrong label, nats: the ways' discriminants added as if they were independent. null where no way
 * that tells right from wrong was answered.
 */
export function scoreOf(margins: MarginsByWay, discriminants: Discriminants): number | null {
  const parts = partsOf(margins, discriminants);
  return parts.length === 0 ? null : parts.reduce((sum, { part }) => sum + part, 0);
}

/** The way that speaks most against the label; null where none says anything. */
export function leadingWay(margins: MarginsByWay, discriminants: Discriminants): Way | null {
  const [first, ...others] = partsOf(margins, discriminants);
  return first === undefined
    ? null
    : others.reduce((lowest, other) => (other.part < lowest.part ? other : lowest), first).way;
}

function partsOf(
  margins: MarginsByWay,
  discriminants: Discriminants,
): readonly { readonly way: Way; readonly part: number }[] {
  return WAYS.flatMap((way) => {
    const margin = margins[way];
    const { slope, centre } = discriminants[way];
    return margin === null || slope === 0
      ? []
      : [{ way, part: slope * (evidence(margin) - centre) }];
  });
}

/** Half calibrated: the margin as answered goes by the oracle's preference for some labels, the calibrated one by what it makes of "N/A". */
function evidence({ raw, calibrated }: LabelMargin): number {
  return (raw + calibrated) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumOfSquares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
