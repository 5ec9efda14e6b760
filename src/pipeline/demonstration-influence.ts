/** The influence of every demonstration on the expected answers of the inputs: half of them at a time, in random order. */
import type {
  DemonstrationInfluence,
  Input,
  MaskedValue,
  OracleAnswer,
  OracleOutcome,
  OracleQuestion,
  Unknown,
} from "../domain.js";
import { fitHierarchical } from "../explain/hierarchical.js";
import { classMargin } from "../explain/values.js";
import {
  designInfluence,
  testInfluence,
  type MeasuredPair,
} from "../findings/demonstration-influence.js";
import { demonstrationSpans, renderDemonstrations } from "../prompts/index.js";
import { answerOf, progress } from "./asking.js";
import type { Asking } from "./demonstration-queries.js";
import { askByPrefix } from "./prefix-order.js";
import type { PromptStudy } from "./study.js";

/** An input and the label whose margin is its value: the expected one, else that of the fixed output. */
export interface LabelledInput {
  readonly input: Input;
  readonly label: string;
}

/** The inputs of the search set that have such a label, in order. */
export function labelledInputs(
  study: PromptStudy,
  fixed: readonly (OracleAnswer | null)[],
): readonly LabelledInput[] {
  return (study.inputs?.search ?? []).flatMap((input, index) => {
    const label = [input.expected, fixed[index]?.text ?? null]
      .map((text) => text?.trim() ?? "")
      .find((text) => study.labels.includes(text));
    return label === undefined ? [] : [{ input, label }];
  });
}

/**
 * Effects by hierarchical attribution (methods A10) with demonstrations as spans and inputs of one expected label as a class, p-values by
 * a randomisation test, q-values by Benjamini and Hochberg. Unknown with the reason where it was not measured.
 */
export async function measureInfluence(
  { job, study, oracle }: Asking,
  fixed: readonly (OracleAnswer | null)[],
): Promise<readonly DemonstrationInfluence[] | Unknown> {
  const spans = demonstrationSpans(study.template);
  const inputs = labelledInputs(study, fixed);
  const pairsPerInput = job.settings["demonstration-masks-per-input"] / 2;
  if (pairsPerInput === 0) return unknown("the setting demonstration-masks-per-input is 0");
  if (spans.length < 2) return unknown("there is only one demonstration");
  const seed = `${study.inputs?.hash}:${study.template.source}`;
  const pairs = designInfluence({
    demonstrations: spans.length,
    inputs: inputs.length,
    pairsPerInput,
    seed,
  });
  if (pairs.length < 2 * spans.length)
    return unknown(
      `${inputs.length} labelled inputs with ${2 * pairsPerInput} prompts each are too few for ${spans.length} demonstrations`,
    );
  const halves = pairs.flatMap(({ input, shown, orders }) => [
    { input, mask: shown, order: orders[0] },
    { input, mask: shown.map((bit) => 1 - bit), order: orders[1] },
  ]);
  const questions = halves.map(({ input, mask, order }): OracleQuestion => {
    const kept = order.filter((position) => mask[position] === 1);
    return {
      purpose: "influence of demonstrations",
      messages: renderDemonstrations(
        study.template,
        kept.flatMap((position) => spans[position] ?? []),
        inputs[input]?.input.slots ?? {},
      ),
    };
  });
  const outcomes = await askByPrefix(
    (sorted) => oracle.askIfThere(sorted, progress(job, "influence of demonstrations")),
    questions,
  );
  const rows = halves.map(({ input, mask }, index): MaskedValue | null => {
    const value = marginOf(outcomes[index], inputs[input]?.label ?? "", study.labels);
    return value === null ? null : { input, mask, value, bounded: false };
  });
  const measured = pairs.flatMap(({ shown }, pair): MeasuredPair[] => {
    const [first, second] = [rows[2 * pair], rows[2 * pair + 1]];
    return first && second ? [{ shown, difference: first.value - second.value }] : [];
  });
  const tests = testInfluence(measured, spans.length, seed);
  if (tests === null)
    return unknown(
      `only ${measured.length} of ${pairs.length} pairs of prompts were answered: ${refusalOf(outcomes)}`,
    );
  const { template } = fitHierarchical({
    spans: spans.length,
    classes: inputs.map(({ label }) => label),
    surrogates: [],
    rows: rows.filter((row) => row !== null),
  }).attributions();
  return spans.flatMap((span, position) => {
    const [effect, test] = [template[position], tests[position]];
    const startLine = study.template.spans[span]?.source.startLine;
    return effect && test && startLine !== undefined ? [{ span, startLine, effect, ...test }] : [];
  });
}

/** Margin of a label as the answer, or null where the oracle gave none. */
export function marginOf(
  outcome: OracleOutcome | undefined,
  label: string,
  labels: readonly string[],
): number | null {
  const answer = answerOf(outcome);
  const margin = answer === null ? null : classMargin(answer, label, labels);
  return margin?.kind === "margin" ? margin.value : null;
}

/** Keys and paths of a recording say nothing to a reader: the message of other refusals does. */
export function refusalOf(outcomes: readonly (OracleOutcome | undefined)[]): string {
  const refused = outcomes.find((outcome) => outcome?.kind === "refused");
  if (refused?.kind !== "refused") return "the others carry no log-probabilities";
  return refused.cause === "not recorded" ? "the recording lacks the others" : refused.message;
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}
