/** The oracle's side of an explanation: fixed outputs, and the value of every masked input. */
import type {
  Input,
  MaskedInput,
  MaskedValue,
  OracleAnswer,
  OracleOutcome,
  OraclePurpose,
  ValueKind,
} from "../domain.js";
import { designMasks } from "../explain/masks.js";
import { chooseValueKind, classMargin, similarity } from "../explain/values.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

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

/** Outputs with some spans deleted, normalised as outputs are compared; null where the oracle gave none. */
export async function askWithout(options: {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly mask: Uint8Array;
  readonly inputs: readonly Input[];
  readonly purpose: OraclePurpose;
}): Promise<readonly (string | null)[]> {
  const { job, study, oracle, mask, inputs, purpose } = options;
  const questions = inputs.map((input) => ({
    purpose,
    messages: renderMasked(study, mask, input),
  }));
  return (await oracle.ask(questions, progress(job, purpose))).map(
    (outcome) => answerOf(outcome)?.text ?? null,
  );
}

export interface OracleValues {
  readonly kind: ValueKind;
  readonly kindReason: string;
  /** Positions in the search set whose fixed output has a value, in order; rows name inputs by position in this list. */
  readonly inputs: readonly number[];
  /** The fixed output's class of each of these inputs: pooling goes by it. */
  readonly classes: readonly string[];
  readonly rows: readonly MaskedValue[];
  readonly asked: number;
}

/** Deals masks over the search set, asks them mask by mask (neighbours share their prefix) and turns answers into values. */
export async function measureMasks(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<OracleValues> {
  const search = study.inputs?.search ?? [];
  const answered = search.flatMap((_, index) => (fixed[index]?.text.trim() ? [index] : []));
  const { kind, reason } = chooseValueKind(
    fixed.filter((answer) => answer !== null),
    study.labels,
  );
  const design = designMasks({
    spans: study.maskable.length,
    inputs: answered.length,
    masksPerInput: job.settings["masks-per-input"],
    poolSize: job.settings["mask-pool"],
    seed: `${study.inputs?.hash}:${study.template.source}`,
  });
  const order = byMask(design.assignment);
  const questions = order.map(({ input, mask }) => ({
    purpose: "masks" as const,
    messages: renderMasked(study, mask, inputAt(search, answered[input])),
  }));
  const outcomes = await oracle.ask(questions, progress(job, "masked prompts"));
  const rows = order.flatMap((masked, index) => {
    const answer = answerOf(outcomes[index]);
    const reference = fixed[answered[masked.input] ?? -1];
    return answer && reference
      ? valueOf({ kind, masked, answer, fixed: reference, labels: study.labels })
      : [];
  });
  return {
    kind,
    kindReason: reason,
    inputs: answered,
    classes: answered.map((index) => fixed[index]?.text.trim() ?? ""),
    rows,
    asked: questions.length,
  };
}

function valueOf(options: {
  kind: ValueKind;
  masked: MaskedInput;
  answer: OracleAnswer;
  fixed: OracleAnswer;
  labels: readonly string[];
}): MaskedValue[] {
  const { kind, masked, answer, fixed, labels } = options;
  if (kind === "similarity")
    return [{ ...masked, value: similarity(answer.text, fixed.text), bounded: false }];
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

function inputAt(inputs: readonly Input[], index: number | undefined): Input {
  const input = index === undefined ? undefined : inputs[index];
  if (!input) throw new RangeError(`no input ${index}`);
  return input;
}

export function answerOf(outcome: OracleOutcome | undefined): OracleAnswer | null {
  return outcome?.kind === "answer" ? outcome.answer : null;
}

export function progress(job: Job, what: string): (done: number, total: number) => void {
  return (done, total) => job.ports.say(`${what}: ${done}/${total}`);
}
