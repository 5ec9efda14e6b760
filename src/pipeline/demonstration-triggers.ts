/** Phrases that demonstrations of one label share, put into inputs under the prompt and under the prompt without demonstrations. */
import type { Input, Message, OracleAnswer } from "../domain.js";
import type { LabelledDemonstration } from "../findings/demonstration-margins.js";
import {
  judgeTransplant,
  triggerCandidates,
  type TriggerCandidate,
  type TriggerPhrase,
} from "../findings/demonstration-triggers.js";
import { renderMessages, withoutDemonstrations } from "../prompts/index.js";
import { progress } from "./asking.js";
import { labelledInputs, marginOf } from "./demonstration-influence.js";
import type { Asking } from "./demonstration-queries.js";
import type { PromptStudy } from "./study.js";

/** Inputs into which each phrase is put. */
const TRANSPLANTS = 10;
/** Questions an input: the input without demonstrations, and with the phrase both ways; the input itself was asked before. */
const QUESTIONS = 4;

/** The phrases to try: found without any call. */
export function candidatePhrases(
  study: PromptStudy,
  slot: string,
  readable: readonly LabelledDemonstration[],
): readonly TriggerCandidate[] {
  return triggerCandidates(
    readable,
    (study.inputs?.search ?? []).map(({ slots }) => slots[slot] ?? ""),
  );
}

/** Most calls of `findTriggerPhrases`. */
export function transplantCalls(candidates: number, inputs: number): number {
  return candidates * Math.min(TRANSPLANTS, inputs) * QUESTIONS;
}

/**
 * Trigger transplant (methods E1): [margin(x + w) - margin(x)] of the phrase's label with the demonstrations minus the same without them,
 * on up to ten inputs that call for another label.
 */
export async function findTriggerPhrases(
  { job, study, oracle }: Asking,
  slot: string,
  readable: readonly LabelledDemonstration[],
  fixed: readonly (OracleAnswer | null)[],
): Promise<readonly TriggerPhrase[]> {
  const candidates = candidatePhrases(study, slot, readable);
  const found: TriggerPhrase[] = [];
  for (const candidate of candidates) {
    const inputs = labelledInputs(study, fixed)
      .filter(({ label }) => label !== candidate.label)
      .slice(0, TRANSPLANTS)
      .map(({ input }) => input);
    const margins = await marginsWith({ job, study, oracle }, slot, candidate, inputs);
    const transplants = margins.flatMap(([plain, planted, bare, barePlanted]) =>
      plain === null || planted === null || bare === null || barePlanted === null
        ? []
        : [{ shown: planted - plain, zeroShot: barePlanted - bare }],
    );
    const trigger = judgeTransplant(candidate, transplants, candidates.length);
    if (trigger !== null) found.push(trigger);
  }
  return found;
}

type Margins = readonly [number | null, number | null, number | null, number | null];

async function marginsWith(
  { job, study, oracle }: Asking,
  slot: string,
  { text, label }: TriggerCandidate,
  inputs: readonly Input[],
): Promise<readonly Margins[]> {
  const planted = (input: Input): Input["slots"] => ({
    ...input.slots,
    [slot]: `${input.slots[slot] ?? ""} ${text}`,
  });
  const zeroShot = withoutDemonstrations(study.template);
  const render = (kept: "all" | typeof zeroShot, slots: Input["slots"]): readonly Message[] =>
    renderMessages(study.template, kept, slots);
  // Prompt by prompt, so that neighbours share their beginning.
  const prompts = [
    ...inputs.map((input) => render("all", input.slots)),
    ...inputs.map((input) => render("all", planted(input))),
    ...inputs.map((input) => render(zeroShot, input.slots)),
    ...inputs.map((input) => render(zeroShot, planted(input))),
  ];
  const outcomes = await oracle.askIfThere(
    prompts.map((messages) => ({ purpose: "demonstrations" as const, messages })),
    progress(job, "phrases of demonstrations"),
  );
  const margin = (index: number): number | null => marginOf(outcomes[index], label, study.labels);
  const count = inputs.length;
  return inputs.map((_, index) => [
    margin(index),
    margin(count + index),
    margin(2 * count + index),
    margin(3 * count + index),
  ]);
}
