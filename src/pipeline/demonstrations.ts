/** Demonstrations asked as if each were a query, under the template without any of them: k + 1 oracle calls. */
import type { Demonstration, OracleAnswer, PromptReport } from "../domain.js";
import { labelProbabilities } from "../explain/label-tokens.js";
import {
  judgeDemonstrations,
  labelAnswer,
  type LabelAnswer,
  type LabelledDemonstration,
} from "../findings/demonstrations.js";
import { querySlot, renderMessages, withoutDemonstrations } from "../prompts/index.js";
import { answerOf, progress } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

type DemonstrationFields = Pick<PromptReport, "demonstrations" | "demonstrationsReason">;

/** What the oracle is asked when there is nothing to go by (Zhao et al. 2021). */
const CONTENT_FREE = "N/A";

export async function judgePromptDemonstrations(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<DemonstrationFields> {
  const demonstrations = study.template.demonstrations.flatMap(labelled);
  const asked = askable(study, demonstrations);
  if (asked.kind === "unknown") return { demonstrations: null, demonstrationsReason: asked.reason };
  if (demonstrations.length === 0) return { demonstrations: [], demonstrationsReason: null };
  const queries = [...demonstrations.map(({ input }) => input), CONTENT_FREE];
  const zeroShot = withoutDemonstrations(study.template);
  const questions = queries.map((query) => ({
    purpose: "demonstrations" as const,
    messages: renderMessages(study.template, zeroShot, { [asked.slot]: query }),
  }));
  const outcomes = await oracle.ask(questions, progress(job, "demonstrations"));
  const answers = outcomes.map((outcome) => readAnswer(answerOf(outcome), study.labels));
  const findings = judgeDemonstrations({
    demonstrations,
    labels: study.labels,
    answers: answers.slice(0, demonstrations.length),
    contentFree: answers[demonstrations.length] ?? null,
    baseError: baseErrorOf(study, fixed),
  });
  if (findings.kind === "unknown")
    return { demonstrations: null, demonstrationsReason: findings.reason };
  return { demonstrations: findings.suspicious, demonstrationsReason: null };
}

function labelled(demonstration: Demonstration): LabelledDemonstration[] {
  const { span, startLine, input, label } = demonstration;
  return input === null || label === null ? [] : [{ span, startLine, input, label }];
}

type Askable =
  | { readonly kind: "slot"; readonly slot: string }
  | { readonly kind: "unknown"; readonly reason: string };

function askable(study: PromptStudy, demonstrations: readonly LabelledDemonstration[]): Askable {
  const slot = querySlot(study.template);
  const unknown = (reason: string): Askable => ({ kind: "unknown", reason });
  const unread = study.template.demonstrations.length - demonstrations.length;
  if (unread > 0 && demonstrations.length === 0)
    return unknown(
      `none of the ${unread} demonstrations has an input and a label that are certain`,
    );
  if (demonstrations.length === 0) return { kind: "slot", slot: "" };
  if (slot === null) return unknown("the final turn has no single slot to ask a demonstration in");
  if (study.template.slots.some((other) => other.name !== slot.name))
    return unknown("the template has other slots, so that a demonstration alone does not fill it");
  if (study.labels.length < 2)
    return unknown("the outputs are not a closed set of labels, so there is no margin to judge by");
  const stranger = demonstrations.find(({ label }) => !study.labels.includes(label));
  if (stranger)
    return unknown(
      `line ${stranger.startLine}: the label ${JSON.stringify(stranger.label)} is not among the labels ${study.labels.join(", ")}`,
    );
  return { kind: "slot", slot: slot.name };
}

function readAnswer(answer: OracleAnswer | null, labels: readonly string[]): LabelAnswer | null {
  const reading = answer === null ? null : labelProbabilities(answer, labels);
  return reading === null ? null : labelAnswer(reading);
}

function baseErrorOf(
  study: PromptStudy,
  fixed: readonly (OracleAnswer | null)[],
): { readonly wrong: number; readonly answered: number } | null {
  const known = (study.inputs?.search ?? []).flatMap(({ expected }, index) => {
    const answer = fixed[index];
    return expected === null || !answer ? [] : [answer.text.trim() === expected.trim()];
  });
  if (known.length === 0) return null;
  return { wrong: known.filter((right) => !right).length, answered: known.length };
}
