import type { Certificate, CertifyLook, CompressionGuarantee, ExcessChanges } from "../domain.js";
import { binomialCdf, binomialUpperBound, trialsNeeded } from "../numerics/binomial.js";
import type { CandidateSpan } from "./deletion-path.js";
import type { Comparison, OutputChanges, OutputEquality } from "./output-changes.js";
import {
  compareChanges,
  excessOf,
  lossOf,
  testLosses,
  upperBoundOfLoss,
  type ChangePair,
  type Judged,
  type Loss,
  type PairedDesign,
} from "./paired-test.js";

export interface Guarantee {
  /** Largest share of changed outputs that is allowed. */
  readonly tolerance: number;
  readonly confidence: number;
}

/** What is tested of every step, and on which inputs of the certify set. */
export interface CertificationDesign {
  readonly tolerance: number;
  /** Level of this look. */
  readonly alpha: number;
  readonly guarantee: CompressionGuarantee;
  /** Largest fall of accuracy that is allowed. */
  readonly accuracyMargin: number;
  /** Positions in the certify set, in the order of asking. */
  readonly inputs: readonly number[];
  /** Expected outputs by position; null where there is none. */
  readonly expected: readonly (string | null)[];
  /** The whole prompt asked again, by position: then only changes beyond these count. null: every change counts. */
  readonly ownOutputs: readonly (string | null)[] | null;
  readonly equality: OutputEquality;
}

/** One step tested on the certify set. */
export interface TestedStep {
  readonly spans: readonly CandidateSpan[];
  readonly changes: OutputChanges;
  /** Of the test that the guarantee is about, the larger one of two; where asking stopped early, the least that it could have been. */
  readonly pValue: number;
  readonly passed: boolean;
}

export interface CertificationRequest extends CertificationDesign {
  /** Nested deletions from mild to aggressive, fixed before any output of the certify set was seen. */
  readonly steps: readonly (readonly CandidateSpan[])[];
  readonly tryDeletion: (
    spans: readonly CandidateSpan[],
    limits: {
      readonly most: number;
      readonly stop: (comparisons: readonly Comparison[]) => boolean;
    },
  ) => Promise<OutputChanges>;
}

/** Inputs without which even unchanged outputs prove nothing. */
export function inputsNeeded(tolerance: number, alpha: number): number {
  return trialsNeeded(0, tolerance, 1 - alpha);
}

/** Inputs with an expected output without which even equal answers prove nothing: wealth grows by 1 + 0.95 margin / (1 - margin) each. */
export function labelledInputsNeeded(margin: number, alpha: number): number {
  let inputs = 1;
  const losses: Loss[] = [0];
  while (!testLosses(losses, { margin, alpha, horizon: inputs }).rejected && inputs < MOST_INPUTS) {
    inputs++;
    losses.push(0);
  }
  return inputs;
}

/** Beyond any certify set. */
const MOST_INPUTS = 2_000;

/**
 * Fixed-sequence Learn then Test (Angelopoulos et al. 2021, methods D3): every step is tested at the full level of this look against
 * "more than `tolerance` of the outputs change" (or against a fall of accuracy, or both), and the first failure ends the sequence.
 * Since the order was fixed beforehand, all passed steps together keep the level. The last passed step is the one to ship.
 */
export async function certifySteps(request: CertificationRequest): Promise<readonly TestedStep[]> {
  const tested: TestedStep[] = [];
  const most = mostChanges(request);
  for (const spans of request.steps) {
    const changes = await request.tryDeletion(spans, {
      most,
      stop: (comparisons) => isDecided(request, comparisons),
    });
    const { passed, pValue } = judge(request, changes);
    tested.push({ spans, changes, pValue, passed });
    if (!passed) break;
  }
  return tested;
}

function countsEveryChange({ guarantee, ownOutputs }: CertificationDesign): boolean {
  return guarantee !== "accuracy" && ownOutputs === null;
}

/** Largest number of changes with which the binomial test still passes, -1 where none does; no limit where it is not the test. */
export function mostChanges(design: CertificationDesign): number {
  if (!countsEveryChange(design)) return Infinity;
  const { inputs, tolerance, alpha } = design;
  let most = -1;
  while (most < inputs.length && binomialCdf(most + 1, inputs.length, tolerance) <= alpha) most++;
  return most;
}

/** Whether asking on would change nothing: a paired test is lost, or won where nothing else is asked for. */
function isDecided(design: CertificationDesign, comparisons: readonly Comparison[]): boolean {
  if (comparisons.length === 0) return false;
  const { guarantee, ownOutputs } = design;
  const accuracy = () =>
    testLosses(judgedOf(design, comparisons).map(lossOf), accuracyDesign(design));
  if (guarantee === "accuracy") {
    const { rejected, futile } = accuracy();
    return rejected || futile;
  }
  if (guarantee === "both" && accuracy().futile) return true;
  return (
    ownOutputs !== null &&
    testLosses(changePairs(design, comparisons).map(excessOf), excessDesign(design)).futile
  );
}

function judge(
  design: CertificationDesign,
  changes: OutputChanges,
): { readonly passed: boolean; readonly pValue: number } {
  const tests: { passed: boolean; pValue: number }[] = [];
  if (countsEveryChange(design))
    tests.push({
      passed: !changes.exceeded && changes.inputs === design.inputs.length,
      pValue: binomialCdf(changes.changed, design.inputs.length, design.tolerance),
    });
  else if (design.guarantee !== "accuracy")
    tests.push(
      paired(changePairs(design, changes.comparisons).map(excessOf), excessDesign(design)),
    );
  if (design.guarantee !== "outputs")
    tests.push(paired(judgedOf(design, changes.comparisons).map(lossOf), accuracyDesign(design)));
  return {
    passed: tests.every(({ passed }) => passed),
    pValue: Math.max(...tests.map(({ pValue }) => pValue)),
  };
}

function paired(
  losses: readonly Loss[],
  design: PairedDesign,
): { passed: boolean; pValue: number } {
  const { rejected, pValue } = testLosses(losses, design);
  return { passed: rejected, pValue };
}

/** Inputs with an expected output; one without an answer to the shorter prompt counts as wrong under it. */
export function judgedOf(
  { expected, equality }: CertificationDesign,
  comparisons: readonly Comparison[],
): readonly Judged[] {
  return comparisons.flatMap(({ input, before, after }) => {
    const right = expected[input] ?? null;
    if (right === null || before === null) return [];
    const shorter = after !== null && equality.same(right, after);
    return [{ whole: equality.same(right, before), shorter }];
  });
}

/** A repeat that was not answered counts as unchanged: that can only widen the bound. */
function changePairs(
  { ownOutputs, equality }: CertificationDesign,
  comparisons: readonly Comparison[],
): readonly ChangePair[] {
  return comparisons.map(({ input, before, changed }) => {
    const again = ownOutputs?.[input] ?? null;
    return { changed, own: again !== null && before !== null && !equality.same(before, again) };
  });
}

export function accuracyDesign(design: CertificationDesign): PairedDesign {
  const { alpha, accuracyMargin, expected, inputs } = design;
  const horizon = inputs.filter((input) => (expected[input] ?? null) !== null).length;
  return { margin: accuracyMargin, alpha, horizon: Math.max(1, horizon) };
}

function excessDesign({ alpha, tolerance, inputs }: CertificationDesign): PairedDesign {
  return { margin: tolerance, alpha, horizon: inputs.length };
}

/** What the last passed step proves. `bound` is the upper bound of that step alone; the guarantee is `tolerance`. */
export function certificateOf(
  step: TestedStep,
  design: CertificationDesign,
  { confidence, look }: { readonly confidence: number; readonly look: CertifyLook },
): Certificate {
  const { tolerance, alpha, guarantee, equality, inputs } = design;
  const { changes } = step;
  return {
    inputs: changes.inputs,
    changed: changes.changed,
    // Where a paired test may have stopped the asking, only a bound that allows for that is valid.
    bound: countsEveryChange(design)
      ? binomialUpperBound(changes.changed, changes.inputs, 1 - alpha)
      : upperBoundOfLoss(
          changes.comparisons.map(({ changed }): Loss => (changed ? 1 : 0)),
          { alpha, horizon: inputs.length },
        ),
    confidence,
    tolerance,
    alphaSpent: alpha,
    guarantee,
    equality: equality.name,
    look,
    excess: excessFor(design, changes),
  };
}

function excessFor(design: CertificationDesign, changes: OutputChanges): ExcessChanges | null {
  return design.ownOutputs === null
    ? null
    : compareChanges(changePairs(design, changes.comparisons), excessDesign(design));
}
