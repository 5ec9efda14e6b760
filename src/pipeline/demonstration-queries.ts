/** Demonstrations asked as if each were a query: without any demonstration, and after all others in random orders. */
import type { Demonstration, Input, OracleAnswer, OracleQuestion } from "../domain.js";
import { labelProbabilities } from "../explain/label-tokens.js";
import type { ControlInput } from "../findings/demonstration-knowledge.js";
import {
  labelAnswer,
  type CalibratedAnswer,
  type LabelAnswer,
  type LabelledDemonstration,
} from "../findings/demonstration-margins.js";
import { randomFrom } from "../numerics/random.js";
import {
  demonstrationSpans,
  querySlot,
  renderDemonstrations,
  renderMessages,
  withoutDemonstrations,
} from "../prompts/index.js";
import { answerOf, progress } from "./asking.js";
import type { Job } from "./ports.js";
import { askByPrefix } from "./prefix-order.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/** What the oracle is asked when there is nothing to go by (Zhao et al. 2021). */
const CONTENT_FREE = "N/A";

/** The demonstrations with an input and a label that are certain. */
export function readableDemonstrations(study: PromptStudy): readonly LabelledDemonstration[] {
  return study.template.demonstrations.flatMap(({ span, startLine, input, label }: Demonstration) =>
    input === null || label === null ? [] : [{ span, startLine, input, label }],
  );
}

/** What every step that asks needs. */
export interface Asking {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
}

export type Askable =
  | { readonly kind: "slot"; readonly slot: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** The slot in which demonstrations can be asked, or why none can. */
export function askableSlot(
  study: PromptStudy,
  readable: readonly LabelledDemonstration[],
): Askable {
  const slot = querySlot(study.template);
  const unknown = (reason: string): Askable => ({ kind: "unknown", reason });
  if (readable.length === 0)
    return unknown(
      `none of the ${study.template.demonstrations.length} demonstrations has an input and a label that are certain`,
    );
  if (slot === null) return unknown("the final turn has no single slot to ask a demonstration in");
  if (study.template.slots.some((other) => other.name !== slot.name))
    return unknown("the template has other slots, so that a demonstration alone does not fill it");
  if (study.labels.length < 2)
    return unknown("the outputs are not a closed set of labels, so there is no margin to judge by");
  const stranger = readable.find(({ label }) => !study.labels.includes(label));
  if (stranger)
    return unknown(
      `line ${stranger.startLine}: the label ${JSON.stringify(stranger.label)} is not among the labels ${study.labels.join(", ")}`,
    );
  return { kind: "slot", slot: slot.name };
}

/** Inputs with an expected label that show how well the oracle knows the task in each way of being asked. */
const CONTROLS = 20;

/** Most calls of `askControls`. */
export function controlCalls(study: PromptStudy): number {
  const count = controlInputs(study).length;
  return count === 0 ? 0 : count + 1;
}

function controlInputs({ inputs, labels }: PromptStudy): readonly Input[] {
  return (inputs?.search ?? [])
    .filter(({ expected }) => expected !== null && labels.includes(expected.trim()))
    .slice(0, CONTROLS);
}

/** Control inputs without demonstrations, and with all of them: the latter were answered before, but for "N/A". */
export async function askControls(
  { job, study, oracle }: Asking,
  slot: string,
  zeroShotContentFree: LabelAnswer | null,
): Promise<readonly ControlInput[]> {
  const inputs = controlInputs(study);
  if (inputs.length === 0) return [];
  const zeroShot = withoutDemonstrations(study.template);
  const queries = [...inputs.map(({ slots }) => slots), { [slot]: CONTENT_FREE }];
  const prompts = [
    ...queries.map((slots) => renderMessages(study.template, "all", slots)),
    ...inputs.map(({ slots }) => renderMessages(study.template, zeroShot, slots)),
  ];
  const outcomes = await oracle.askIfThere(
    prompts.map((messages) => ({ purpose: "demonstrations" as const, messages })),
    progress(job, "labelled inputs without demonstrations"),
  );
  const answers = outcomes.map((outcome) => readLabels(answerOf(outcome), study.labels));
  const contentFree = answers[inputs.length] ?? null;
  return inputs.map(({ expected }, index) => ({
    label: expected?.trim() ?? "",
    zeroShot: {
      answer: answers[queries.length + index] ?? null,
      contentFree: zeroShotContentFree,
    },
    leaveOneOut: { answer: answers[index] ?? null, contentFree },
  }));
}

/** One question to the oracle a demonstration, and one more. */
export async function askZeroShot(
  { job, study, oracle }: Asking,
  slot: string,
  readable: readonly LabelledDemonstration[],
): Promise<{
  readonly answers: readonly (LabelAnswer | null)[];
  readonly contentFree: LabelAnswer | null;
}> {
  const zeroShot = withoutDemonstrations(study.template);
  const queries = [...readable.map(({ input }) => input), CONTENT_FREE];
  const questions = queries.map((query) => ({
    purpose: "demonstrations" as const,
    messages: renderMessages(study.template, zeroShot, { [slot]: query }),
  }));
  const outcomes = await oracle.ask(questions, progress(job, "demonstrations"));
  const answers = outcomes.map((outcome) => readLabels(answerOf(outcome), study.labels));
  return {
    answers: answers.slice(0, readable.length),
    contentFree: answers[readable.length] ?? null,
  };
}

/**
 * Each demonstration's input and "N/A" after all other demonstrations, in as many random orders as the setting `demonstration-orders` says:
 * [demonstration][order]. Empty where there are no others.
 */
export async function askLeaveOneOut(
  { job, study, oracle }: Asking,
  slot: string,
  readable: readonly LabelledDemonstration[],
): Promise<readonly (readonly CalibratedAnswer[])[]> {
  const all = demonstrationSpans(study.template);
  const orders = all.length < 2 ? 0 : job.settings["demonstration-orders"];
  const random = randomFrom(`${study.template.source}:leave one demonstration out`);
  const questions = readable.flatMap(({ span, input }) =>
    Array.from({ length: orders }, () => {
      const others = random.shuffle(all.filter((other) => other !== span));
      return [input, CONTENT_FREE].map((query): OracleQuestion => ({
        purpose: "demonstrations",
        messages: renderDemonstrations(study.template, others, { [slot]: query }),
      }));
    }).flat(),
  );
  const outcomes = await askByPrefix(
    (sorted) => oracle.askIfThere(sorted, progress(job, "demonstrations after the others")),
    questions,
  );
  const answers = outcomes.map((outcome) => readLabels(answerOf(outcome), study.labels));
  return readable.map((_, demonstration) =>
    Array.from({ length: orders }, (__, order) => {
      const at = 2 * (demonstration * orders + order);
      return { answer: answers[at] ?? null, contentFree: answers[at + 1] ?? null };
    }),
  );
}

function readLabels(answer: OracleAnswer | null, labels: readonly string[]): LabelAnswer | null {
  const reading = answer === null ? null : labelProbabilities(answer, labels);
  return reading === null ? null : labelAnswer(reading);
}
