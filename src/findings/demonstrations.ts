/** Which demonstrations a person should look at: what speaks against each, joined to one verdict. */
import type { DemonstrationInfluence, SuspiciousDemonstration, Unknown } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { describeSuspicion, type ErrorRate, type Suspicion } from "./demonstration-evidence.js";
import {
  assumedDiscriminants,
  controlMargins,
  discriminantsOf,
  leadingWay,
  scoreOf,
  type ControlInput,
  type Discriminants,
  type MarginsByWay,
} from "./demonstration-knowledge.js";
import {
  labelMargin,
  meanMargin,
  type CalibratedAnswer,
  type LabelAnswer,
  type LabelledDemonstration,
} from "./demonstration-margins.js";
import { pairDemonstrations, type Contradiction } from "./demonstration-pairs.js";
import type { TriggerPhrase } from "./demonstration-triggers.js";

export interface DemonstrationsRequest {
  readonly demonstrations: readonly LabelledDemonstration[];
  readonly labels: readonly string[];
  /** Answers to each demonstration's input under the template without demonstrations; null = no answer. */
  readonly answers: readonly (LabelAnswer | null)[];
  /** Answer to the input "N/A" under the same template: what the oracle says when there is nothing to go by. */
  readonly contentFree: LabelAnswer | null;
  /** Answers to each demonstration's input under the template with all others, one a random order; none by default. */
  readonly leaveOneOut?: readonly (readonly CalibratedAnswer[])[];
  /** Inputs whose right label is known; none by default. */
  readonly controls?: readonly ControlInput[];
  /** What each demonstration does to the inputs' margins; null where it was not measured. */
  readonly influence?: readonly DemonstrationInfluence[] | null;
  /** Phrases that were found to be triggers. */
  readonly triggers?: readonly TriggerPhrase[];
}

/** Score from which on a label is called a flip: a wrong label is then three times as likely to have such margins as a right one. */
export const FLIP_SCORE = -Math.log(3);

export interface DemonstrationFindings {
  readonly kind: "demonstrations";
  /** Lowest score first, then what has none. */
  readonly suspicious: readonly SuspiciousDemonstration[];
  readonly judged: number;
  readonly unanswered: number;
}

/**
 * One verdict a demonstration (methods E1, 0b.8). Flip: the oracle's margins, without any demonstration and after the others, are at
 * least three times as likely for a wrong label as for a right one, and negative both as answered and calibrated. What right and wrong labels' margins look like is read off inputs whose
 * label is known; without those, a nat of margin counts as a nat of evidence. Trigger: it holds a phrase that is one, with the
 * label that the phrase stands for. Contradiction: nearly the same input stands beside another label, and neither of the two is a flip.
 * Unknown where the oracle judged none, or its margins do not tell right labels from wrong ones.
 */
export function judgeDemonstrations(
  request: DemonstrationsRequest,
): DemonstrationFindings | Unknown {
  const { demonstrations, labels, answers, controls = [] } = request;
  if (answers.length !== demonstrations.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${answers.length} answers for ${demonstrations.length} demonstrations`,
    );
  const margins = demonstrations.map((_, index) => marginsOf(request, index));
  const answered = margins.filter(
    ({ zeroShot, leaveOneOut }) => zeroShot !== null || leaveOneOut !== null,
  ).length;
  const unanswered = margins.length - answered;
  if (answered === 0)
    return unknown(
      `no demonstration could be judged: the oracle gave no log-probabilities for ${unanswered} of ${margins.length}`,
    );
  const known = controlMargins(labels, controls);
  const discriminants =
    controls.length > 0 ? discriminantsOf(labels, controls) : assumedDiscriminants(margins);
  if (discriminants.zeroShot.slope === 0 && discriminants.leaveOneOut.slope === 0)
    return unknown(
      controls.length > 0
        ? `on ${controls.length} inputs with an expected label the oracle's margins do not tell it from other labels, with the demonstrations or without them: they cannot tell wrong demonstrations from a task that it does not know`
        : `the oracle speaks against most of ${answered} labels, so its answers cannot tell wrong demonstrations from a task that it does not know`,
    );
  const scores = margins.map((own) => scoreOf(own, discriminants));
  const suspicious = suspicionsOf(request, { margins, discriminants, scores })
    .map((suspicion) => describeSuspicion(suspicion, errorRateOf(known, discriminants)))
    .sort(byScore);
  return { kind: "demonstrations", suspicious, judged: answered, unanswered };
}

/** What is known without the oracle: demonstrations of which one must be wrong, though not which. */
export function contradictionsAlone(
  demonstrations: readonly LabelledDemonstration[],
): readonly SuspiciousDemonstration[] {
  const { contradictions } = pairDemonstrations(demonstrations);
  return demonstrations.flatMap((demonstration, index) => {
    const own = contradictions[index] ?? [];
    return own.length === 0
      ? []
      : [describeSuspicion({ ...UNASKED, demonstration, contradictions: own }, null)];
  });
}

const UNASKED: Omit<Suspicion, "demonstration" | "contradictions"> = {
  kind: "contradiction",
  margins: { zeroShot: null, leaveOneOut: null },
  leading: null,
  score: null,
  influence: null,
  triggers: [],
};

function marginsOf(request: DemonstrationsRequest, index: number): MarginsByWay {
  const { demonstrations, labels, answers, contentFree, leaveOneOut = [] } = request;
  const label = demonstrations[index]?.label ?? "";
  return {
    zeroShot: labelMargin(labels, label, { answer: answers[index] ?? null, contentFree }),
    leaveOneOut: meanMargin(
      (leaveOneOut[index] ?? []).map((answer) => labelMargin(labels, label, answer)),
    ),
  };
}

/** How often the same rule flags right labels; it was fitted to them, which at two numbers a way of asking flatters it little. */
function errorRateOf(
  known: readonly MarginsByWay[],
  discriminants: Discriminants,
): ErrorRate | null {
  const scores = known.flatMap((margins) => scoreOf(margins, discriminants) ?? []);
  return scores.length === 0
    ? null
    : { wrong: scores.filter((score) => score <= FLIP_SCORE).length, inputs: scores.length };
}

interface Judged {
  readonly margins: readonly MarginsByWay[];
  readonly discriminants: Discriminants;
  readonly scores: readonly (number | null)[];
}

function suspicionsOf(
  { demonstrations, influence, triggers = [] }: DemonstrationsRequest,
  { margins, discriminants, scores }: Judged,
): readonly Suspicion[] {
  const { contradictions } = pairDemonstrations(demonstrations);
  const isFlip = (index: number): boolean => {
    const own = margins[index] ?? UNASKED.margins;
    const leading = own[leadingWay(own, discriminants) ?? "zeroShot"];
    // Neither the oracle's preference for a label nor an odd answer to "N/A" condemns alone.
    const against = leading !== null && leading.raw < 0 && leading.calibrated < 0;
    return against && (scores[index] ?? 0) <= FLIP_SCORE;
  };
  const isFlipped = ({ span }: Contradiction): boolean =>
    isFlip(demonstrations.findIndex((other) => other.span === span));
  return demonstrations.flatMap((demonstration, index): Suspicion[] => {
    const own = margins[index] ?? UNASKED.margins;
    const phrases = triggers.filter((trigger) => trigger.demonstrations.includes(index));
    const others = contradictions[index] ?? [];
    const kind =
      phrases.length > 0
        ? "trigger"
        : isFlip(index)
          ? "flip"
          : others.some((other) => !isFlipped(other))
            ? "contradiction"
            : null;
    if (kind === null) return [];
    return [
      {
        kind,
        demonstration,
        margins: own,
        leading: leadingWay(own, discriminants),
        score: scores[index] ?? null,
        influence: influence?.find(({ span }) => span === demonstration.span) ?? null,
        triggers: phrases,
        contradictions: others,
      },
    ];
  });
}

function byScore(left: SuspiciousDemonstration, right: SuspiciousDemonstration): number {
  return (
    Number(left.score === null) - Number(right.score === null) ||
    (left.score ?? 0) - (right.score ?? 0) ||
    left.startLine - right.startLine
  );
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}

export { labelAnswer } from "./demonstration-margins.js";
export type {
  CalibratedAnswer,
  LabelAnswer,
  LabelledDemonstration,
} from "./demonstration-margins.js";
