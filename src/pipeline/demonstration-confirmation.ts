/** Suspicious demonstrations removed, and corrected: the inputs whose right answer is known, asked again. */
import type {
  ConfirmationArm,
  DemonstrationChange,
  Input,
  Message,
  OracleOutcome,
  SuspiciousDemonstration,
  Unknown,
} from "../domain.js";
import { confirmChange, type ConfirmedAnswer } from "../findings/demonstration-confirmation.js";
import { canRelabel, demonstrationSpans, relabelled, renderMessages } from "../prompts/index.js";
import { answerOf, progress } from "./asking.js";
import type { Asking } from "./demonstration-queries.js";
import { marginOf, refusalOf } from "./demonstration-influence.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/** Arms of the confirmation, each of which asks every input. */
export const CONFIRMATION_ARMS = 2;

/** The first inputs with an expected output, search set first, as many as the setting `confirmation-inputs` says. */
export function confirmationInputs({ settings }: Job, { inputs }: PromptStudy): readonly Input[] {
  return [...(inputs?.search ?? []), ...(inputs?.certify ?? [])]
    .filter(({ expected }) => expected !== null && expected.trim() !== "")
    .slice(0, settings["confirmation-inputs"]);
}

/**
 * Accuracy and margins without all suspicious demonstrations, and with the labels corrected that the oracle would give and whose places are
 * certain. Unknown with the reason where nothing is suspicious, no input has an expected output, or no arm was answered.
 */
export async function confirmSuspicions(
  { job, study, oracle }: Asking,
  suspicious: readonly SuspiciousDemonstration[],
): Promise<readonly ConfirmationArm[] | Unknown> {
  if (suspicious.length === 0) return unknown("no example is suspicious");
  if (job.settings["confirmation-inputs"] === 0)
    return unknown("the setting confirmation-inputs is 0");
  const inputs = confirmationInputs(job, study);
  if (inputs.length === 0) return unknown("no input has an expected output");
  // The certify set's are asked for in any case, and are planned as such.
  const before = await ask(
    { job, oracle, purpose: "fixed outputs" },
    inputs.map((input) => renderMasked(study, null, input)),
  );
  const confirmed: ConfirmationArm[] = [];
  const reasons: string[] = [];
  for (const { change, lines, render } of armsOf(study, suspicious)) {
    const after = await ask({ job, oracle, purpose: "confirmation" }, inputs.map(render));
    const arm = confirmChange(
      change,
      lines,
      inputs.map(({ expected }, index) => ({
        expected: expected ?? "",
        before: readAnswer(before[index], expected, study),
        after: readAnswer(after[index], expected, study),
      })),
    );
    if ("kind" in arm) reasons.push(`${arm.reason} (${refusalOf(after)})`);
    else confirmed.push(arm);
  }
  return confirmed.length > 0 ? confirmed : unknown(reasons.join("; "));
}

interface Arm {
  readonly change: DemonstrationChange;
  readonly lines: readonly number[];
  readonly render: (input: Input) => readonly Message[];
}

function armsOf(
  { template }: PromptStudy,
  suspicious: readonly SuspiciousDemonstration[],
): readonly Arm[] {
  const linesOf = (found: readonly SuspiciousDemonstration[]): number[] =>
    found.map(({ startLine }) => startLine).sort((left, right) => left - right);
  const spans = demonstrationSpans(template);
  const kept = {
    maskable: spans,
    mask: Uint8Array.from(spans, (span) => (suspicious.some((one) => one.span === span) ? 0 : 1)),
  };
  const correctable = suspicious.filter(({ span, suggested }) => {
    const demonstration = template.demonstrations.find((one) => one.span === span);
    return suggested !== null && demonstration !== undefined && canRelabel(template, demonstration);
  });
  const corrected = relabelled(
    template,
    new Map(correctable.map(({ span, suggested }) => [span, suggested ?? ""])),
  );
  return [
    {
      change: "removed",
      lines: linesOf(suspicious),
      render: (input) => renderMessages(template, kept, input.slots, input.id),
    },
    ...(correctable.length === 0
      ? []
      : [
          {
            change: "corrected" as const,
            lines: linesOf(correctable),
            render: (input: Input) => renderMessages(corrected, "all", input.slots, input.id),
          },
        ]),
  ];
}

async function ask(
  {
    job,
    oracle,
    purpose,
  }: {
    readonly job: Job;
    readonly oracle: CountingOracle;
    readonly purpose: "fixed outputs" | "confirmation";
  },
  prompts: readonly (readonly Message[])[],
): Promise<readonly OracleOutcome[]> {
  return await oracle.askIfThere(
    prompts.map((messages) => ({ purpose, messages })),
    progress(job, "confirmation"),
  );
}

function readAnswer(
  outcome: OracleOutcome | undefined,
  expected: string | null,
  { labels }: PromptStudy,
): ConfirmedAnswer | null {
  const answer = answerOf(outcome);
  if (answer === null) return null;
  return { text: answer.text, margin: marginOf(outcome, expected?.trim() ?? "", labels) };
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}
