/** How often the oracle changes its own answer: some fixed outputs of the search set asked again. */
import type {
  OracleAnswer,
  OracleOutcome,
  PromptReport,
  Unknown,
  SelfDisagreement,
} from "../domain.js";
import { selfDisagreement } from "../findings/self-disagreement.js";
import { answerOf, progress } from "./asking.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export type DisagreementFields = Pick<PromptReport, "selfDisagreement" | "selfDisagreementReason">;

/**
 * Repeats the first inputs of the search set that have a fixed output, as many as the setting `oracle-repeats` says; their order is that
 * of a hash, so they are a sample. Not measured, with the reason, where that is 0 or a recording lacks the repeats.
 */
export async function measureSelfDisagreement(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<DisagreementFields> {
  const most = job.settings["oracle-repeats"];
  if (most === 0) return notMeasured("the setting oracle-repeats is 0");
  const repeated = (study.inputs?.search ?? [])
    .flatMap((input, index) => {
      const answer = fixed[index];
      return answer ? [{ messages: renderMasked(study, null, input), fixed: answer.text }] : [];
    })
    .slice(0, most);
  const outcomes = await oracle.askIfThere(
    repeated.map(({ messages }) => ({
      purpose: "repeats",
      messages,
      mode: { kind: "repeat", draw: 1 },
    })),
    progress(job, "repeats of fixed outputs"),
  );
  const measured = selfDisagreement(
    repeated.map(({ fixed: text }, index) => ({
      fixed: text,
      again: answerOf(outcomes[index])?.text ?? null,
    })),
    job.settings.confidence,
  );
  return isUnknown(measured)
    ? notMeasured(refusalOf(outcomes) ?? measured.reason)
    : { selfDisagreement: measured, selfDisagreementReason: null };
}

/** Why there is none, as a phrase for a person. */
export function notMeasured(reason: string): DisagreementFields {
  return { selfDisagreement: null, selfDisagreementReason: reason };
}

function isUnknown(value: SelfDisagreement | Unknown): value is Unknown {
  return "kind" in value;
}

/** Keys and paths of a recording say nothing to a reader: the message of other refusals does. */
function refusalOf(outcomes: readonly OracleOutcome[]): string | null {
  const refused = outcomes.find((outcome) => outcome.kind === "refused");
  if (refused?.kind !== "refused") return null;
  return refused.cause === "not recorded"
    ? "the recording holds no second answers to the whole prompt"
    : refused.message;
}
