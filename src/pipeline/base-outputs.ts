/** The oracle on the version before the change: its outputs beside head's, and what each removed span did to them. */
import type {
  Input,
  Interval,
  MaskedInput,
  OracleAnswer,
  OutputComparison,
  Unknown,
  ValueKind,
} from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { fitHierarchical } from "../explain/hierarchical.js";
import { designMasks } from "../explain/masks.js";
import { answerOf, progress } from "./asking.js";
import type { BaseVersion } from "./base-version.js";
import { measureChosenMasks } from "./oracle-values.js";
import { outputEqualityOf } from "./output-equality.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/** Fewest inputs from which anything is fitted. */
const FEWEST_INPUTS = 2;

export interface BaseAnswers {
  readonly outputs: OutputComparison | Unknown;
  /** Of the removed spans that can be masked, in mask order: 90 % intervals, means over the inputs, all else kept. */
  readonly removed:
    | { readonly value: ValueKind; readonly influence: readonly Interval[] }
    | Unknown;
}

/** The version under review, with its answers to the inputs of the search set. */
export interface HeadOutputs {
  readonly study: PromptStudy;
  readonly fixed: readonly (OracleAnswer | null)[];
}

/**
 * Asks base's outputs on the inputs of head's search set, then masks over the removed spans alone. A recording that lacks the answers
 * makes both unknown and leaves the run complete.
 */
export async function askBase(
  job: Job,
  head: HeadOutputs,
  base: BaseVersion,
  oracle: CountingOracle,
): Promise<BaseAnswers> {
  const inputs = head.study.inputs?.search ?? [];
  const unfilled = unfilledSlot(base.study, inputs);
  if (unfilled !== null) return neither(`the version before the change: ${unfilled}`);
  const asking = onBase(oracle);
  const outcomes = await asking.ask(
    inputs.map((input) => ({
      purpose: "base" as const,
      messages: renderMasked(base.study, null, input),
    })),
    progress(job, "outputs of the version before the change"),
  );
  const fixed = outcomes.map(answerOf);
  if (fixed.every((answer) => answer === null)) {
    const refused = outcomes.find((outcome) => outcome.kind === "refused");
    return neither(
      refused?.kind !== "refused" || refused.cause === "not recorded"
        ? "the recording holds no answers to the version before the change"
        : refused.message,
    );
  }
  return {
    outputs: compareOutputs(job, head, fixed),
    removed: await removedInfluence(job, base.study, asking, fixed),
  };
}

function neither(reason: string): BaseAnswers {
  return { outputs: { kind: "unknown", reason }, removed: { kind: "unknown", reason } };
}

/** Inputs are those of head: a slot that the change took away has no value in them. */
function unfilledSlot(study: PromptStudy, inputs: readonly Input[]): string | null {
  try {
    for (const input of inputs) renderMasked(study, null, input);
    return null;
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "SLOT_UNDEFINED")
      return thrown.message;
    throw thrown;
  }
}

/** The same oracle, every question for the purpose `base` and none that the run cannot do without. */
function onBase(oracle: CountingOracle): CountingOracle {
  return {
    ...oracle,
    ask: (questions, onProgress) =>
      oracle.askIfThere(
        questions.map((question) => ({ ...question, purpose: "base" })),
        onProgress,
      ),
  };
}

function compareOutputs(
  { settings }: Job,
  { study, fixed: after }: HeadOutputs,
  before: readonly (OracleAnswer | null)[],
): OutputComparison {
  const both = (study.inputs?.search ?? []).flatMap(({ id }, index) => {
    const [own, other] = [before[index]?.text, after[index]?.text];
    return own === undefined || other === undefined
      ? []
      : [{ input: id, before: own, after: other }];
  });
  const { same } = outputEqualityOf(settings, {
    labels: study.labels,
    fixed: both.map((pair) => pair.after),
  });
  return {
    inputs: both.length,
    differing: both.filter((pair) => !same(pair.before, pair.after)),
  };
}

async function removedInfluence(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<BaseAnswers["removed"]> {
  const spans = study.maskable.length;
  const unknown = (reason: string): Unknown => ({ kind: "unknown", reason });
  if (spans === 0) return unknown("no removed span can be masked");
  const { kind, rows, classes } = await measureChosenMasks({
    job,
    study,
    oracle,
    fixed,
    choose: (inputs) => masksOf(job, study, inputs),
  });
  const masked = rows.filter(({ mask }) => mask.includes(0));
  const inputs = new Set(masked.map(({ input }) => input)).size;
  if (inputs < FEWEST_INPUTS || masked.length < spans)
    return unknown(
      `insufficient data: ${masked.length} answers under masks of the ${spans} removed spans over ${inputs} inputs`,
    );
  const [first] = rows;
  if (rows.every(({ value }) => value === first?.value))
    return unknown("no mask of the removed spans changed any value: none mattered measurably");
  return {
    value: kind,
    influence: fitHierarchical({ spans, classes, rows, surrogates: [] }).attributions().template,
  };
}

/** The whole prompt of every input, and a few masks of it. */
function masksOf(job: Job, study: PromptStudy, inputs: number): readonly MaskedInput[] {
  const spans = study.maskable.length;
  const masksPerInput = job.settings["base-masks-per-input"];
  const all = Array.from({ length: inputs }, (_, input) => input);
  const whole = all.map((input) => ({ input, mask: new Uint8Array(spans).fill(1) }));
  if (spans <= MOST_DEALT_IN_TURN) return [...whole, ...dealInTurn(all, spans, masksPerInput)];
  const { assignment } = designMasks({
    spans,
    inputs,
    masksPerInput,
    poolSize: job.settings["mask-pool"],
    seed: `${study.inputs?.hash}:${study.template.source}:removed`,
  });
  return [...whole, ...assignment];
}

/** Of so few spans all masks are dealt, the empty one too: without it an effect cannot be told from a pair's. */
const MOST_DEALT_IN_TURN = 2;

function dealInTurn(
  inputs: readonly number[],
  spans: number,
  masksPerInput: number,
): readonly MaskedInput[] {
  const pool = Array.from({ length: 2 ** spans - 1 }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => (code >> span) & 1),
  );
  const hand = Math.min(masksPerInput, pool.length);
  return inputs.flatMap((input) =>
    Array.from({ length: hand }, (_, turn) => ({
      input,
      mask: pool[(input * hand + turn) % pool.length] ?? new Uint8Array(spans),
    })),
  );
}
