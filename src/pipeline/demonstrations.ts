/** The few-shot examples of a prompt, judged: what speaks against each, and what happens without the suspicious ones. */
import type { DemonstrationsExamined, OracleAnswer, PromptReport } from "../domain.js";
import { contradictionsAlone, judgeDemonstrations } from "../findings/demonstrations.js";
import { pairDemonstrations } from "../findings/demonstration-pairs.js";
import {
  CONFIRMATION_ARMS,
  confirmationInputs,
  confirmSuspicions,
} from "./demonstration-confirmation.js";
import { measureInfluence } from "./demonstration-influence.js";
import {
  askableSlot,
  askControls,
  askLeaveOneOut,
  askZeroShot,
  controlCalls,
  readableDemonstrations,
} from "./demonstration-queries.js";
import { candidatePhrases, findTriggerPhrases, transplantCalls } from "./demonstration-triggers.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export type DemonstrationFields = Pick<
  PromptReport,
  "demonstrations" | "demonstrationsReason" | "demonstrationsExamined"
>;

/** Asks the oracle about every demonstration, as far as the settings and the budget go, and confirms what it finds. */
export async function judgePromptDemonstrations(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<DemonstrationFields> {
  const asking = { job, study, oracle };
  if (study.template.demonstrations.length === 0) return NO_DEMONSTRATIONS;
  const readable = readableDemonstrations(study);
  const askable = askableSlot(study, readable);
  if (askable.kind === "unknown") return demonstrationsWithoutOracle(study, askable.reason);
  const { slot } = askable;
  const zeroShot = await askZeroShot(asking, slot, readable);
  // An oracle that gives no log-probabilities gives none to what would be asked next either.
  if (zeroShot.answers.every((answer) => answer === null))
    return demonstrationsWithoutOracle(
      study,
      `the oracle gave no log-probabilities of labels for any of ${readable.length} demonstrations`,
    );
  const leaveOneOut = await askLeaveOneOut(asking, slot, readable);
  const controls = await askControls(asking, slot, zeroShot.contentFree);
  const influence = await measureInfluence(asking, fixed);
  const triggers = await findTriggerPhrases(asking, slot, readable, fixed);
  const findings = judgeDemonstrations({
    demonstrations: readable,
    labels: study.labels,
    ...zeroShot,
    leaveOneOut,
    influence: "kind" in influence ? null : influence,
    triggers,
    controls,
  });
  const measured =
    "kind" in influence
      ? { influence: null, influenceReason: influence.reason }
      : { influence, influenceReason: null };
  if (findings.kind === "unknown") {
    const without = demonstrationsWithoutOracle(study, findings.reason);
    return {
      ...without,
      demonstrationsExamined: without.demonstrationsExamined && {
        ...without.demonstrationsExamined,
        ...measured,
      },
    };
  }
  const confirmation = await confirmSuspicions(asking, findings.suspicious);
  return {
    demonstrations: findings.suspicious,
    demonstrationsReason: null,
    demonstrationsExamined: {
      ...pairsOf(study),
      judged: findings.judged,
      ...measured,
      ...("kind" in confirmation
        ? { confirmation: null, confirmationReason: confirmation.reason }
        : { confirmation, confirmationReason: null }),
    },
  };
}

const NO_DEMONSTRATIONS: DemonstrationFields = {
  demonstrations: [],
  demonstrationsReason: null,
  demonstrationsExamined: null,
};

/** What the texts alone tell: contradictions and near-duplicates. The reason stands beside them for all that is not known. */
export function demonstrationsWithoutOracle(
  study: PromptStudy,
  reason: string,
): DemonstrationFields {
  const readable = readableDemonstrations(study);
  const contradictory = contradictionsAlone(readable);
  return {
    demonstrations: contradictory.length === 0 ? null : contradictory,
    demonstrationsReason: reason,
    demonstrationsExamined:
      readable.length === 0
        ? null
        : {
            ...pairsOf(study),
            judged: 0,
            influence: null,
            influenceReason: reason,
            confirmation: null,
            confirmationReason: reason,
          },
  };
}

function pairsOf(study: PromptStudy): Pick<DemonstrationsExamined, "readable" | "redundant"> {
  const readable = readableDemonstrations(study);
  return { readable: readable.length, redundant: pairDemonstrations(readable).redundant };
}

/** Most calls by step; none where demonstrations cannot be asked. */
export function plannedDemonstrationCalls(
  job: Job,
  study: PromptStudy,
): { readonly judging: number; readonly influence: number; readonly confirmation: number } {
  const readable = readableDemonstrations(study);
  const askable = askableSlot(study, readable);
  if (askable.kind === "unknown") return { judging: 0, influence: 0, confirmation: 0 };
  const search = study.inputs?.search.length ?? 0;
  const { settings } = job;
  const others = readable.length < 2 ? 0 : 2 * settings["demonstration-orders"];
  const candidates = candidatePhrases(study, askable.slot, readable).length;
  return {
    judging:
      readable.length * (1 + others) +
      1 +
      controlCalls(study) +
      transplantCalls(candidates, search),
    influence: readable.length < 2 ? 0 : settings["demonstration-masks-per-input"] * search,
    confirmation: CONFIRMATION_ARMS * confirmationInputs(job, study).length,
  };
}
