/** What a shorter prompt is asked for with, and the same with its defaults. */
import type { CompressionGuarantee, Interaction, Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { Guarantee } from "./certification.js";
import type { LookClaim } from "./certify-looks.js";
import { DEFAULT_ACCURACY_MARGIN, DEFAULT_GUARANTEE } from "./compression-defaults.js";
import type { CandidateSpan } from "./deletion-path.js";
import { EXACT, type OutputEquality, type OutputsUnder } from "./output-changes.js";

export interface CompressionRequest {
  /** The maskable spans in mask order. */
  readonly spans: readonly CandidateSpan[];
  /** `Attribution.perInput`: [input][span in mask order]. Only ranks the spans; the oracle decides. */
  readonly influence: readonly (readonly Interval[])[];
  /** Position in the search set of each row of `influence`; by default its own number. */
  readonly influenceInputs?: readonly number[];
  /** Class margin of the fixed output under the whole prompt, a row of `influence`; absent where values are of another kind. */
  readonly margins?: readonly (number | null)[];
  /** Pairs of spans by position in mask order. */
  readonly interactions?: readonly Interaction[];
  /** Ids of the inputs of the certify set, for the list of changed outputs. */
  readonly certifyIds: readonly string[];
  /** The oracle's outputs under the whole template; inputs without one (null) are left out before anything is tested. */
  readonly fixedOutputs: {
    readonly search: readonly (string | null)[];
    readonly certify: readonly (string | null)[];
  };
  /** Expected outputs; absent or null where there are none. */
  readonly expected?: {
    readonly search: readonly (string | null)[];
    readonly certify: readonly (string | null)[];
  };
  /** The whole prompt asked again on the certify set: only changes beyond these count. Absent: every change counts. */
  readonly ownOutputs?: readonly (string | null)[];
  readonly tolerance?: number;
  readonly confidence?: number;
  readonly guarantee?: CompressionGuarantee;
  readonly accuracyMargin?: number;
  /** By default equality of the texts. */
  readonly equality?: OutputEquality;
  readonly seed: string;
  readonly outputsUnder: OutputsUnder;
  /** Level of the first look at the certify inputs, by default 1 - confidence: with fewer inputs than that takes nothing is asked. */
  readonly firstLevel?: number;
  /**
   * Claims a look at the certify inputs for a sequence of deletions (indices), given the positions that have a fixed output. By default
   * the only look there will ever be, at all of them and at the whole level.
   */
  readonly claimLook?: (
    steps: readonly (readonly number[])[],
    inputs: readonly number[],
  ) => Promise<LookClaim>;
}

/** A request with its defaults, and the positions of the inputs that have a fixed output. */
export interface CompressionJob extends Guarantee {
  readonly request: CompressionRequest;
  readonly search: readonly number[];
  readonly certify: readonly number[];
  readonly equality: OutputEquality;
  readonly guarantee: CompressionGuarantee;
  readonly accuracyMargin: number;
  readonly redundant: readonly (readonly [number, number])[];
}

/** @throws UnderstudyError INTERNAL where ids and outputs of the certify set differ in number. */
export function jobOf(request: CompressionRequest): CompressionJob {
  const { fixedOutputs, certifyIds, spans, interactions = [] } = request;
  const { tolerance, confidence } = { ...DEFAULT_GUARANTEE, ...request };
  if (certifyIds.length !== fixedOutputs.certify.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${certifyIds.length} ids for ${fixedOutputs.certify.length} inputs`,
    );
  return {
    request,
    tolerance,
    confidence,
    equality: request.equality ?? EXACT,
    guarantee: request.guarantee ?? "outputs",
    accuracyMargin: request.accuracyMargin ?? DEFAULT_ACCURACY_MARGIN,
    search: answered(fixedOutputs.search),
    certify: answered(fixedOutputs.certify),
    redundant: interactions.flatMap(({ kind, spans: [one, other] }) => {
      const [first, second] = [spans[one]?.index, spans[other]?.index];
      return kind === "redundant" && first !== undefined && second !== undefined
        ? [[first, second] as const]
        : [];
    }),
  };
}

function answered(outputs: readonly (string | null)[]): readonly number[] {
  return [...outputs.keys()].filter((input) => outputs[input] !== null);
}
