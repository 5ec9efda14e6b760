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

/** The oracle's outputs under a deletion; null = no answer was to be had (budget, failure, not recorded). */
export type OutputsUnder = (question: DeletionQuestion) => Promise<readonly (string | null)[]>;

/** What became of the outputs of one set under one deletion. */
export interface OutputChanges {
  /** Inputs asked about: all, or fewer where the count passed `most` earlier. */
  readonly inputs: number;
  /** Changed or unanswered: a missing answer is never taken for an unchanged one. */
  readonly changed: number;
  readonly unanswered: number;
  /** Whether more than `most` changed. */
  readonly exceeded: boolean;
  readonly differences: readonly {
    readonly input: number;
    readonly before: string;
    readonly after: string;
  }[];
}

export interface ChangeRequest {
  readonly outputsUnder: OutputsUnder;
  readonly question: Omit<DeletionQuestion, "inputs">;
  /** Positions of the inputs to ask about. */
  readonly inputs: readonly number[];
  readonly fixedOutputs: readonly (string | null)[];
  /** Asking stops once more than this many outputs have changed. */
  readonly most: number;
}

/** Inputs asked at a time: large enough for the oracle to work in parallel, small enough for an early stop to save calls. */
const CHUNK = 10;

/** Equality of outputs up to Unicode normalisation and white space; letter case and punctuation count. */
export function sameOutput(left: string, right: string): boolean {
  return normalised(left) === normalised(right);
}

/** Counts outputs that differ from the fixed ones, in a fixed order of asking, and stops once more than `most` do. */
export async function countChanges(request: ChangeRequest): Promise<OutputChanges> {
  const differences: { input: number; before: string; after: string }[] = [];
  let [inputs, unanswered] = [0, 0];
  while (inputs < request.inputs.length && differences.length + unanswered <= request.most) {
    const chunk = request.inputs.slice(inputs, inputs + CHUNK);
    const outputs = await askChunk(request, chunk);
    inputs += chunk.length;
    for (const [position, input] of chunk.entries()) {
      const before = request.fixedOutputs[input] ?? null;
      const after = outputs[position] ?? null;
      if (before === null || after === null) unanswered++;
      else if (!sameOutput(before, after)) differences.push({ input, before, after });
    }
  }
  const changed = differences.length + unanswered;
  return { inputs, changed, unanswered, exceeded: changed > request.most, differences };
}

async function askChunk(
  request: ChangeRequest,
  inputs: readonly number[],
): Promise<readonly (string | null)[]> {
  const outputs = await request.outputsUnder({ ...request.question, inputs });
  if (outputs.length !== inputs.length)
    throw new UnderstudyError("INTERNAL", `${outputs.length} outputs for ${inputs.length} inputs`);
  return outputs;
}

function normalised(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}
