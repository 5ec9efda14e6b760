import type { Certificate } from "../domain.js";
import { binomialCdf, binomialUpperBound, trialsNeeded } from "../numerics/binomial.js";
import type { CandidateSpan } from "./deletion-path.js";
import type { OutputChanges } from "./output-changes.js";

export interface Guarantee {
  /** Largest share of changed outputs that is allowed. */
  readonly tolerance: number;
  readonly confidence: number;
}

/** One step tested on the certify set. */
export interface TestedStep {
  readonly spans: readonly CandidateSpan[];
  readonly changes: OutputChanges;
  /** Exact binomial; where asking stopped early, what it would be had no further output changed. */
  readonly pValue: number;
  readonly passed: boolean;
}

export interface CertificationRequest extends Guarantee {
  /** Nested deletions from mild to aggressive, fixed before any output of the certify set was seen. */
  readonly steps: readonly (readonly CandidateSpan[])[];
  readonly inputs: number;
  readonly tryDeletion: (spans: readonly CandidateSpan[], most: number) => Promise<OutputChanges>;
}

/** Inputs without which even unchanged outputs prove nothing. */
export function inputsNeeded({ tolerance, confidence }: Guarantee): number {
  return trialsNeeded(0, tolerance, confidence);
}

/**
 * Fixed-sequence Learn then Test (Angelopoulos et al. 2021, methods D3): every step is tested at the full level
 * 1 - confidence against "more than `tolerance` of the outputs change", and the first failure ends the sequence. Since the
 * order was fixed beforehand, all passed steps together keep the level. The last passed step is the one to ship.
 */
export async function certifySteps(request: CertificationRequest): Promise<readonly TestedStep[]> {
  const tested: TestedStep[] = [];
  const most = mostChanges(request);
  for (const spans of request.steps) {
    const changes = await request.tryDeletion(spans, most);
    const pValue = binomialCdf(changes.changed, request.inputs, request.tolerance);
    tested.push({ spans, changes, pValue, passed: !changes.exceeded });
    if (changes.exceeded) break;
  }
  return tested;
}

/** What the last passed step proves. `bound` is the exact upper bound of that step alone; the guarantee is `tolerance`. */
export function certificateOf(step: TestedStep, { tolerance, confidence }: Guarantee): Certificate {
  const { inputs, changed } = step.changes;
  return {
    inputs,
    changed,
    bound: binomialUpperBound(changed, inputs, confidence),
    confidence,
    tolerance,
    alphaSpent: 1 - confidence,
    guarantee: "outputs",
    equality: "exact",
    look: { reuse: "spend", number: 1, alphaLeft: 0 },
    excess: null,
  };
}

/** Largest number of changes with which the test still passes; -1 where none does. */
function mostChanges({ inputs, tolerance, confidence }: CertificationRequest): number {
  let most = -1;
  while (most < inputs && binomialCdf(most + 1, inputs, tolerance) <= 1 - confidence) most++;
  return most;
}
