/** The oracle's side of an explanation: fixed outputs, and the value of every masked input. */
import type {
  Input,
  MaskedInput,
  MaskedValue,
  OracleAnswer,
  OraclePurpose,
  Unknown,
  ValueKind,
} from "../domain.js";
import { answerAgreement, type AnswerCheck } from "../explain/answer-agreement.js";
import type { RepeatNoise } from "../explain/repeat-noise.js";
import { classMargin } from "../explain/values.js";
import { answerCheckOf } from "./answer-check.js";
import { answerOf, progress, type MaskedPrompt } from "./asking.js";
import type { Job } from "./ports.js";
import { chooseMasks, type SpareInputs } from "./mask-choice.js";
import { measureNoise } from "./repeat-noise.js";
import { sampleMasked } from "./sampled-values.js";
import { scoreMasked } from "./scored-values.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";
import { findValueKind } from "./value-kind.js";

/** Answers to the unmasked prompt; null where the oracle gave none. */
export async function askUnmasked(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  inputs: readonly Input[],
): Promise<readonly (OracleAnswer | null)[]> {
  const questions = inputs.map((input) => ({
    purpose: "fixed outputs" as const,
    messages: renderMasked(study, null, input),
  }));
  return (await oracle.ask(questions, progress(job, "fixed outputs"))).map(answerOf);
}

/** Answers with some spans deleted; null where the oracle gave none. */
export async function askWithout(options: {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly mask: Uint8Array;
  readonly inputs: readonly Input[];
  readonly purpose: OraclePurpose;
}): Promise<readonly (OracleAnswer | null)[]> {
  const { job, study, oracle, mask, inputs, purpose } = options;
  const questions = inputs.map((input) => ({
    purpose,
    messages: renderMasked(study, mask, input),
  }));
  return (await oracle.ask(questions, progress(job, purpose))).map(answerOf);
}

export interface OracleValues {
  readonly kind: ValueKind;
  readonly kindReason: string;
  /** Positions in the search set whose fixed output has a value, in order; rows name inputs by position in this list. */
  readonly inputs: readonly number[];
  /** The fixed output's class of each of these inputs: pooling goes by it. */
  readonly classes: readonly string[];
  readonly rows: readonly MaskedValue[];
  /** Masked prompts, and the questions asked about them. */
  readonly masked: number;
  readonly asked: number;
  /** How much values differ when nothing was changed, where the kind of value has such noise; null where it has none. */
  readonly noise: RepeatNoise | Unknown | null;
}

/** `budget` is the oracle's where the oracle's values are explained; methods that explain the surrogate spend it there. */
export function oracleMasksPerInput({ settings }: Job): number {
  const own = settings["masks-per-input"];
  return settings.method === "hierarchical" ? (settings.budget ?? own) : own;
}

/** Which inputs are explained, before any of their masks is asked: all that surrogates need to explain them. */
export type ExplainedInputs = Pick<OracleValues, "kind" | "kindReason" | "inputs" | "classes">;

/** Called once, before the first mask: what surrogates make of the inputs decides later which of them need none. */
export type OpenSparing = (inputs: ExplainedInputs) => Promise<SpareInputs>;

/** Deals masks over the search set, asks them mask by mask (neighbours share their prefix) and turns answers into values. */
export async function measureMasks(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
  openSparing: OpenSparing | null = null,
): Promise<OracleValues> {
  const samples = job.settings["samples-per-mask"];
  const check = answerCheckOf(job.settings);
  const { kind, reason } = await findValueKind({ study, oracle, fixed, samples });
  const unmasked = unmaskedPrompts(study, fixed);
  const classes = unmasked.map((prompt) => prompt.fixed.text.trim());
  const measureThese = (masks: readonly MaskedInput[]): Promise<readonly MaskedValue[]> => {
    const prompts = maskedPrompts(study, unmasked, masks);
    return measure({ job, oracle, prompts, kind, samples, check, labels: study.labels });
  };
  const inputs = {
    kind,
    kindReason: reason,
    inputs: unmasked.map(({ position }) => position),
    classes,
  };
  const { rows, masked } = await chooseMasks({
    job,
    design: {
      spans: study.maskable.length,
      inputs: unmasked.length,
      masksPerInput: oracleMasksPerInput(job),
      poolSize: job.settings["mask-pool"],
      seed: `${study.inputs?.hash}:${study.template.source}`,
    },
    classes,
    measure: measureThese,
    spare: openSparing === null ? null : await openSparing(inputs),
  });
  return {
    ...inputs,
    rows,
    masked,
    asked: masked * (kind === "sampled-log-odds" ? samples : 1),
    noise:
      kind === "similarity" ? await measureNoise({ job, oracle, prompts: unmasked, check }) : null,
  };
}

/**
 * As `measureMasks`, under masks that the caller chooses: `choose` gets the number of inputs that have a fixed output, and names inputs by
 * position among them. No noise is measured.
 */
export async function measureChosenMasks(given: {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
  readonly choose: (inputs: number) => readonly MaskedInput[];
}): Promise<ExplainedInputs & Pick<OracleValues, "rows">> {
  const { job, study, oracle, fixed, choose } = given;
  const samples = job.settings["samples-per-mask"];
  const { kind, reason } = await findValueKind({ study, oracle, fixed, samples });
  const unmasked = unmaskedPrompts(study, fixed);
  const prompts = maskedPrompts(study, unmasked, choose(unmasked.length));
  const check = answerCheckOf(job.settings);
  return {
    kind,
    kindReason: reason,
    inputs: unmasked.map(({ position }) => position),
    classes: unmasked.map((prompt) => prompt.fixed.text.trim()),
    rows: await measure({ job, oracle, prompts, kind, samples, check, labels: study.labels }),
  };
}

interface UnmaskedPrompt extends Pick<MaskedPrompt, "messages" | "fixed"> {
  /** Of the input in the search set. */
  readonly position: number;
}

/** The prompt of every input that has a fixed output. */
function unmaskedPrompts(
  study: PromptStudy,
  fixed: readonly (OracleAnswer | null)[],
): readonly UnmaskedPrompt[] {
  return (study.inputs?.search ?? []).flatMap((input, position) => {
    const answer = fixed[position];
    return answer?.text.trim()
      ? [{ position, messages: renderMasked(study, null, input), fixed: answer }]
      : [];
  });
}

/** Mask by mask, so that neighbours share the longest prefix. */
function maskedPrompts(
  study: PromptStudy,
  unmasked: readonly UnmaskedPrompt[],
  masks: readonly MaskedInput[],
): readonly MaskedPrompt[] {
  return byMask(masks).map((masked) => {
    const prompt = unmasked[masked.input];
    const input = study.inputs?.search[prompt?.position ?? -1];
    if (!prompt || !input) throw new RangeError(`no input ${masked.input}`);
    return { masked, messages: renderMasked(study, masked.mask, input), fixed: prompt.fixed };
  });
}

interface Measuring {
  readonly job: Job;
  readonly oracle: CountingOracle;
  readonly prompts: readonly MaskedPrompt[];
  readonly kind: ValueKind;
  readonly samples: number;
  readonly check: AnswerCheck;
  readonly labels: readonly string[];
}

async function measure(measuring: Measuring): Promise<readonly MaskedValue[]> {
  const { job, oracle, prompts } = measuring;
  switch (measuring.kind) {
    case "log-odds":
      return scoreMasked(job, oracle, prompts);
    case "sampled-log-odds":
      return sampleMasked(measuring);
    case "class-margin":
    case "similarity":
      return answerMasked(measuring);
  }
}

async function answerMasked(measuring: Measuring): Promise<readonly MaskedValue[]> {
  const { job, oracle, prompts } = measuring;
  const questions = prompts.map(({ messages }) => ({ purpose: "masks" as const, messages }));
  const outcomes = await oracle.ask(questions, progress(job, "masked prompts"));
  return prompts.flatMap((prompt, index) => {
    const answer = answerOf(outcomes[index]);
    return answer === null ? [] : valueOf(measuring, prompt, answer);
  });
}

function valueOf(
  { kind, check, labels }: Measuring,
  { masked, fixed }: MaskedPrompt,
  answer: OracleAnswer,
): MaskedValue[] {
  if (kind === "similarity")
    return [{ ...masked, value: answerAgreement(check, answer.text, fixed.text), bounded: false }];
  const margin = classMargin(answer, fixed.text.trim(), labels);
  return margin.kind === "unknown"
    ? []
    : [{ ...masked, value: margin.value, bounded: margin.bounded }];
}

function byMask(assignment: readonly MaskedInput[]): readonly MaskedInput[] {
  const key = (masked: MaskedInput): string => masked.mask.join("");
  return [...assignment].sort((left, right) =>
    key(left) === key(right) ? left.input - right.input : key(left) > key(right) ? -1 : 1,
  );
}

export { answerOf, progress };
