/** A suspicious demonstration in words: the evidence in a sentence, how often such evidence is wrong, and what would confirm it. */
import type {
  DemonstrationInfluence,
  DemonstrationSuspicion,
  SuspiciousDemonstration,
} from "../domain.js";
import { WAYS, type MarginsByWay, type Way } from "./demonstration-knowledge.js";
import type { LabelledDemonstration, LabelMargin } from "./demonstration-margins.js";
import type { Contradiction } from "./demonstration-pairs.js";
import type { TriggerPhrase } from "./demonstration-triggers.js";

/** All that speaks against one demonstration. */
export interface Suspicion {
  readonly kind: DemonstrationSuspicion;
  readonly demonstration: LabelledDemonstration;
  readonly margins: MarginsByWay;
  /** The way of asking whose margin counts most; null where none does. */
  readonly leading: Way | null;
  /** Margins weighted and added, nats; negative = the oracle speaks against the label. */
  readonly score: number | null;
  readonly influence: DemonstrationInfluence | null;
  readonly triggers: readonly TriggerPhrase[];
  readonly contradictions: readonly Contradiction[];
}

/** Inputs whose right label the same rule speaks against. */
export interface ErrorRate {
  readonly wrong: number;
  readonly inputs: number;
}

/** From this q-value on the influence of a demonstration says nothing (Benjamini and Hochberg at .2, methods E1). */
const INFLUENCE_LEVEL = 0.2;

/** `errorRate`: null where no input has an expected label. */
export function describeSuspicion(
  suspicion: Suspicion,
  errorRate: ErrorRate | null,
): SuspiciousDemonstration {
  const { kind, demonstration, margins, leading, score } = suspicion;
  const { span, startLine, label } = demonstration;
  const suggested =
    leading !== null && score !== null && score < 0 ? (margins[leading]?.rival ?? null) : null;
  return {
    span,
    startLine,
    kind,
    label,
    suggested,
    evidence: evidenceOf(suspicion, suggested).join("; "),
    score,
    errorRate: errorRateOf(suspicion, errorRate),
    confirm: confirmationOf(suspicion),
  };
}

function evidenceOf(
  {
    kind,
    demonstration: { label },
    margins,
    score,
    influence,
    triggers,
    contradictions,
  }: Suspicion,
  suggested: string | null,
): readonly string[] {
  const phrases = triggers.map(
    ({ text, gain, inputs }) =>
      `put into ${inputs} inputs, its phrase ${JSON.stringify(text)} moves the answer towards ${JSON.stringify(label)} by ${gain.estimate.toFixed(1)} nats more with the examples than without them`,
  );
  const others = contradictions.map(
    ({ startLine, label: other, similarity }) =>
      `line ${startLine} shows ${similarity === 1 ? "the same input" : "nearly the same input"} with the label ${JSON.stringify(other)}`,
  );
  const harm =
    influence !== null && influence.qValue <= INFLUENCE_LEVEL
      ? [
          `showing it lowers the margins of right answers by ${Math.abs(influence.effect.estimate).toFixed(1)} nats (q ${influence.qValue < 0.01 ? "< .01" : `= ${influence.qValue.toFixed(2)}`})`,
        ]
      : [];
  const speaks = score !== null && score < 0 ? [marginsSentence(label, margins, suggested)] : [];
  return kind === "contradiction"
    ? [...others, ...harm]
    : [...phrases, ...speaks, ...harm, ...others];
}

const ASKED: Readonly<Record<Way, string>> = {
  zeroShot: "without examples",
  leaveOneOut: "after the other examples",
};

/** `the oracle puts "CARDS" against its best other label "SECURITY" at −3.8 nats without examples (−4.1 calibrated on "N/A"), at −6.3 (−6.0) after the other examples`. */
function marginsSentence(label: string, margins: MarginsByWay, suggested: string | null): string {
  const parts = WAYS.flatMap((way) => {
    const margin = margins[way];
    return margin === null ? [] : [{ way, margin }];
  }).map(
    ({ way, margin }, index) =>
      `at ${signed(margin.raw)}${index === 0 ? " nats" : ""} ${ASKED[way]} (${calibration(margin, index === 0)})`,
  );
  return `the oracle puts ${JSON.stringify(label)} against its best other label ${JSON.stringify(suggested)} ${parts.join(", ")}`;
}

function calibration(
  { calibrated, isCalibrated, isBounded }: LabelMargin,
  isFirst: boolean,
): string {
  const shift = isCalibrated
    ? `${signed(calibrated)}${isFirst ? ' calibrated on "N/A"' : ""}`
    : 'no answer to "N/A" to calibrate on';
  return `${shift}${isBounded ? ", only bounded: a label is absent from the alternatives" : ""}`;
}

function errorRateOf({ kind, triggers }: Suspicion, errorRate: ErrorRate | null): string {
  const [phrase] = triggers;
  if (kind === "trigger" && phrase !== undefined)
    return `p ${phrase.pValue < 0.001 ? "< .001" : `= ${phrase.pValue.toFixed(3)}`} over all phrases tried (one-sided t test over inputs)`;
  if (kind === "contradiction")
    return "none: the labels differ; which of the two is wrong is not known";
  if (errorRate === null) return "unknown: no input has an expected label";
  const { wrong, inputs } = errorRate;
  return `the same rule flags ${wrong} of ${inputs} inputs' right labels`;
}

function confirmationOf({ kind, triggers }: Suspicion): string {
  if (kind === "trigger")
    return `read the examples: does ${JSON.stringify(triggers[0]?.text ?? "")} have anything to do with their label? Delete them, or show the phrase with other labels too, then run again`;
  if (kind === "contradiction")
    return "read both examples: which label is right? Correct the other or delete it, then run again";
  return "read the example: does its input call for what the oracle would say? Correct the label or delete the example, then run again";
}

function signed(nats: number): string {
  return `${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(1)}`;
}
