/** How often the oracle changes its own answer: some fixed outputs asked again. */
import type {
  Input,
  OracleAnswer,
  OracleOutcome,
  PromptReport,
  Unknown,
  SelfDisagreement,
} from "../domain.js";
import { EXACT, type OutputEquality } from "../findings/output-changes.js";
import { selfDisagreement } from "../findings/self-disagreement.js";
import { answerOf, progress } from "./asking.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export type DisagreementFields = Pick<PromptReport, "selfDisagreement" | "selfDisagreementReason">;

/** Inputs of one set with what the whole prompt gave for them. */
export interface FixedInputs {
  readonly inputs: readonly Input[];
  readonly fixed: readonly (OracleAnswer | null)[];
}

/**
 * Repeats the first inputs that have a fixed output, as many as the setting `oracle-repeats` says; their order is that of a hash, so they
 * are a sample; by default those of the search set. Not measured, with the reason, where that is 0 or a recording lacks the repeats.
 */
export async function measureSelfDisagreement(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
  of: { readonly inputs?: readonly Input[]; readonly equality?: OutputEquality } = {},
): Promise<DisagreementFields> {
  const { inputs = study.inputs?.search ?? [], equality = EXACT } = of;
  const most = job.settings["oracle-repeats"];
  if (most === 0) return notMeasured("the setting oracle-repeats is 0");
  const repeated = inputs
    .flatMap((input, index) => {
      const answer = fixed[index];
      return answer ? [{ input, fixed: answer.text }] : [];
    })
    .slice(0, most);
  const outcomes = await repeat(
    job,
    study,
    oracle,
    repeated.map(({ input }) => input),
  );
  const measured = selfDisagreement(
    repeated.map(({ fixed: text }, index) => ({
      fixed: text,
      again: answerOf(outcomes[index])?.text ?? null,
    })),
    job.settings.confidence,
    equality,
  );
  return isUnknown(measured)
    ? notMeasured(refusalOf(outcomes) ?? measured.reason)
    : { selfDisagreement: measured, selfDisagreementReason: null };
}

/** The whole prompt asked again on every input that has a fixed output, by position; null where there is no second answer. */
export async function askAgain(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  { inputs, fixed }: FixedInputs,
): Promise<readonly (string | null)[]> {
  const asked = [...inputs.keys()].filter((position) => (fixed[position] ?? null) !== null);
  const outcomes = await repeat(
    job,
    study,
    oracle,
    asked.flatMap((position) => inputs[position] ?? []),
  );
  const again = new Map(
    asked.map((position, place) => [position, answerOf(outcomes[place])?.text ?? null]),
  );
  return inputs.map((_, position) => again.get(position) ?? null);
}

function repeat(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  inputs: readonly Input[],
): Promise<readonly OracleOutcome[]> {
  return oracle.askIfThere(
    inputs.map((input) => ({
      purpose: "repeats",
      messages: renderMasked(study, null, input),
      mode: { kind: "repeat", draw: 1 },
    })),
    progress(job, "repeats of fixed outputs"),
  );
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
