import type { SuspiciousDemonstration, Unknown } from "../domain.js";
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

export interface DemonstrationsRequest {
  readonly demonstrations: readonly LabelledDemonstration[];
  readonly labels: readonly string[];
  /** Answers to each demonstration's input under the template without demonstrations; null = no answer. */
  readonly answers: readonly (LabelAnswer | null)[];
  /** Answer to the input "N/A" under the same template: what the oracle says when there is nothing to go by. */
  readonly contentFree: LabelAnswer | null;
  /** How often the oracle itself was wrong on inputs with an expected label; null = no such inputs. */
  readonly baseError: { readonly wrong: number; readonly answered: number } | null;
}

export interface DemonstrationFindings {
  readonly kind: "demonstrations";
  /** Most negative calibrated margin first. */
  readonly suspicious: readonly SuspiciousDemonstration[];
  readonly judged: number;
  readonly unanswered: number;
}

/** Beyond this share of disagreement the oracle's answers without demonstrations say nothing about single demonstrations. */
const MOST_DISAGREEMENT = 0.5;

/**
 * Demonstrations whose label the oracle contradicts when it is asked without any demonstration (methods 0b.8, E1): the margin
 * of the written label over the best other one, as answered (raw) and minus the same for the content-free input (calibrated;
 * Zhao et al. 2021). Flagged where both are negative: the raw margin alone flags what the oracle's preference for some labels
 * speaks against, the calibrated one alone what an odd answer to "N/A" does; together they flag the fewest correct labels.
 */
export function judgeDemonstrations(
  request: DemonstrationsRequest,
): DemonstrationFindings | Unknown {
  checkRequest(request);
  const judgements = request.demonstrations.map((demonstration, index) =>
    judge(request, demonstration, request.answers[index] ?? null),
  );
  const judged = judgements.filter((judgement) => judgement !== null);
  const unanswered = judgements.length - judged.length;
  if (judged.length === 0)
    return {
      kind: "unknown",
      reason: `no demonstration could be judged: the oracle gave no log-probabilities for ${unanswered} of ${judgements.length}`,
    };
  const contradicted = judged.filter((judgement) => judgement.raw < 0 && judgement.calibrated < 0);
  if (contradicted.length > MOST_DISAGREEMENT * judged.length)
    return {
      kind: "unknown",
      reason: `without demonstrations the oracle contradicts ${contradicted.length} of ${judged.length} labels, so its answers cannot tell wrong demonstrations from a task that needs them`,
    };
  const suspicious = contradicted
    .sort((left, right) => left.calibrated - right.calibrated)
    .map((judgement) => findingOf(request, judgement));
  return { kind: "demonstrations", suspicious, judged: judged.length, unanswered };
}

interface Judgement {
  readonly demonstration: LabelledDemonstration;
  readonly raw: number;
  readonly calibrated: number;
  readonly isCalibrated: boolean;
  readonly isBounded: boolean;
  readonly suggested: string;
}

function checkRequest({
  demonstrations,
  labels,
  answers,
  contentFree,
}: DemonstrationsRequest): void {
  if (answers.length !== demonstrations.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${answers.length} answers for ${demonstrations.length} demonstrations`,
    );
  const wrong = [...answers, contentFree].find(
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

/** null where the label, or the oracle's opinion of it, is not known. */
function judge(
  { labels, contentFree }: DemonstrationsRequest,
  demonstration: LabelledDemonstration,
  answer: LabelAnswer | null,
): Judgement | null {
  const written = labels.indexOf(demonstration.label.trim());
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
    demonstration,
    raw: own - raw(best(raw)),
    calibrated: calibrated(written) - calibrated(rival),
    isCalibrated: contentFree !== null,
    isBounded:
      answer.bounded[written] === true ||
      contentFree?.bounded[written] === true ||
      contentFree?.bounded[rival] === true,
    suggested: labels[rival] ?? "",
  };
}

/** A rival that is only bounded from above cannot be shown to beat anything. */
function isCertain(answer: LabelAnswer | null, label: number): boolean {
  return (
    answer !== null &&
    (answer.logProbabilities[label] ?? null) !== null &&
    answer.bounded[label] === false
  );
}

function findingOf(
  request: DemonstrationsRequest,
  { demonstration, raw, calibrated, isCalibrated, isBounded, suggested }: Judgement,
): SuspiciousDemonstration {
  const { span, startLine, label } = demonstration;
  const shift = isCalibrated
    ? `, ${signed(calibrated)} after subtracting its answer to "N/A"`
    : ' (no answer to "N/A", so its preference for some labels is not subtracted)';
  const bound = isBounded ? "; a label absent from the alternatives is only bounded" : "";
  const evidence = `asked without demonstrations, the oracle puts ${JSON.stringify(label)} ${signed(raw)} nats against the best other label${shift}${bound}; it would say ${JSON.stringify(suggested)}`;
  const confirm = `read the example: does its input call for ${JSON.stringify(suggested)}? Correct the label or delete the example, then run again`;
  return {
    span,
    startLine,
    kind: "label",
    label,
    suggested,
    evidence,
    score: calibrated,
    errorRate: errorRateOf(request.baseError),
    confirm,
  };
}

function errorRateOf(baseError: DemonstrationsRequest["baseError"]): string {
  if (baseError === null || baseError.answered === 0)
    return "unknown: no inputs with an expected label show how often the oracle itself is wrong";
  const { wrong, answered } = baseError;
  return `oracle wrong on ${wrong} of ${answered} labelled inputs; as many right labels may be contradicted`;
}

function signed(nats: number): string {
  return `${nats < 0 ? "−" : "+"}${Math.abs(nats).toFixed(1)}`;
}
