import type { OutputEqualityName } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** A shortened prompt asked on some inputs of one set. */
export interface DeletionQuestion {
  /** Indices of the template's spans that are deleted. */
  readonly deleted: readonly number[];
  readonly set: "search" | "certify";
  readonly purpose: "search" | "certification" | "control";
  /** Positions in the set, ascending; the answer has one output each, in this order. */
  readonly inputs: readonly number[];
}

/** An output with the value of the fixed one under the same prompt, where the answer shows it (class margin, nats). */
export interface MeasuredOutput {
  readonly text: string;
  readonly margin: number | null;
}

/** The oracle's outputs under a deletion; null = no answer was to be had (budget, failure, not recorded). */
export type OutputsUnder = (
  question: DeletionQuestion,
) => Promise<readonly (MeasuredOutput | string | null)[]>;

/** How outputs are held to be the same. */
export interface OutputEquality {
  readonly name: OutputEqualityName;
  /** `before`: the fixed or the expected output. */
  readonly same: (before: string, after: string) => boolean;
}

/** One input under a deletion. */
export interface Comparison {
  readonly input: number;
  readonly before: string | null;
  /** null: no answer was to be had. */
  readonly after: string | null;
  /** A missing answer is never taken for an unchanged one. */
  readonly changed: boolean;
  readonly margin: number | null;
}

/** What became of the outputs of one set under one deletion. */
export interface OutputChanges {
  /** Inputs asked about: all, or fewer where asking was stopped. */
  readonly inputs: number;
  /** Changed or unanswered. */
  readonly changed: number;
  readonly unanswered: number;
  /** Whether more than `most` changed. */
  readonly exceeded: boolean;
  readonly differences: readonly {
    readonly input: number;
    readonly before: string;
    readonly after: string;
  }[];
  /** In the order of asking. */
  readonly comparisons: readonly Comparison[];
}

export interface ChangeRequest {
  readonly outputsUnder: OutputsUnder;
  readonly question: Omit<DeletionQuestion, "inputs">;
  /** Positions of the inputs to ask about. */
  readonly inputs: readonly number[];
  readonly fixedOutputs: readonly (string | null)[];
  readonly equality: OutputEquality;
  /** Asking stops once more than this many outputs have changed. */
  readonly most: number;
  /** Asking stops once this says so, looked at after every chunk. */
  readonly stop?: (comparisons: readonly Comparison[]) => boolean;
}

/** Inputs asked at a time: large enough for the oracle to work in parallel, small enough for an early stop to save calls. */
const CHUNK = 10;

/** Equality up to Unicode normalisation and white space; letter case and punctuation count. */
export const EXACT: OutputEquality = {
  name: "exact",
  same: (before, after) => normalised(before) === normalised(after),
};

/** Compares outputs with the fixed ones, in a fixed order of asking, and stops as the request says. */
export async function countChanges(request: ChangeRequest): Promise<OutputChanges> {
  const comparisons: Comparison[] = [];
  let changed = 0;
  while (
    comparisons.length < request.inputs.length &&
    changed <= request.most &&
    !(request.stop?.(comparisons) ?? false)
  ) {
    const chunk = request.inputs.slice(comparisons.length, comparisons.length + CHUNK);
    const outputs = await askChunk(request, chunk);
    chunk.forEach((input, position) => {
      const comparison = compare(request, input, outputs[position] ?? null);
      if (comparison.changed) changed++;
      comparisons.push(comparison);
    });
  }
  return {
    inputs: comparisons.length,
    changed,
    unanswered: comparisons.filter(({ after }) => after === null).length,
    exceeded: changed > request.most,
    differences: comparisons.flatMap(({ input, before, after, changed: differs }) =>
      differs && before !== null && after !== null ? [{ input, before, after }] : [],
    ),
    comparisons,
  };
}

function compare(
  { fixedOutputs, equality }: ChangeRequest,
  input: number,
  answer: MeasuredOutput | string | null,
): Comparison {
  const before = fixedOutputs[input] ?? null;
  const after = typeof answer === "string" ? answer : (answer?.text ?? null);
  const margin = typeof answer === "string" ? null : (answer?.margin ?? null);
  const changed = before === null || after === null || !equality.same(before, after);
  return { input, before, after, changed, margin };
}

async function askChunk(
  request: ChangeRequest,
  inputs: readonly number[],
): Promise<readonly (MeasuredOutput | string | null)[]> {
  const outputs = await request.outputsUnder({ ...request.question, inputs });
  if (outputs.length !== inputs.length)
    throw new UnderstudyError("INTERNAL", `${outputs.length} outputs for ${inputs.length} inputs`);
  return outputs;
}

function normalised(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}
