import type { Fidelity, Unknown } from "../../domain.js";
import type { MeasuredRow, SurrogatePrior } from "../hierarchical.js";
import { type Baseline, type ShownDecision, baselineOf, decideByControls } from "./baseline.js";
import { CONTROLS, type ControlProblem, attributionPredictor, controlScores } from "./controls.js";
import { hierarchicalPredictor, inputByInputPredictor } from "./fold-predictors.js";
import {
  type FoldPredictor,
  type HeldOutDesign,
  type HeldOutPrediction,
  designHeldOut,
  meanOverInputs,
  predictHeldOut,
  rankAgreement,
  whyUnmeasured,
} from "./held-out.js";

export interface FidelityProblem extends ControlProblem {
  readonly rows: readonly MeasuredRow[];
  /** Priors that have not seen any of the rows' values. */
  readonly surrogates: readonly SurrogatePrior[];
  /** Further explanations that are scored alone and are no priors, such as a surrogate's Lasso. */
  readonly alone?: readonly SurrogatePrior[];
  /** Variance that every value has at least, as in the fit that is judged; 0 by default. */
  readonly noiseFloor?: number;
  /** Number of cross-validation folds; 4 by default. */
  readonly folds?: number;
}

export interface FidelityComparison {
  readonly kind: "compared";
  readonly hierarchical: Fidelity;
  readonly baselines: readonly Baseline[];
  /** Inputs that were scored, in the order of every `perInput`, and how many were left out because nothing varied or masks were few. */
  readonly inputs: readonly number[];
  readonly constantInputs: number;
  readonly inputsWithFewMasks: number;
  readonly perInput: Float64Array;
  readonly heldOut: readonly HeldOutPrediction[];
}

const DEFAULT_FOLDS = 4;

/**
 * Cross-validated fidelity of hierarchical attribution beside what it must beat (docs/methods.md, B and 0b.4). Folds are over
 * masks within inputs; every row is predicted by fits that never saw it, scales included: those of the first fold are sought
 * from scratch, those of the others from the first fold's optimum on their own training rows. Predictions leave out the input's
 * constant, since one estimated from the other rows is biased against the row held out. Intervals: 90 %, over inputs.
 * Unknown where fewer than three inputs have four masks with values that vary.
 */
export function compareFidelity(problem: FidelityProblem): FidelityComparison | Unknown {
  const design = designHeldOut(problem.rows, problem.folds ?? DEFAULT_FOLDS, problem.seed);
  const unmeasured = whyUnmeasured(design);
  if (unmeasured) return unmeasured;
  const heldOut = predictHeldOut(design, hierarchicalPredictor(problem, problem.surrogates));
  const perInput = rankAgreement(design, heldOut);
  const hierarchical: Fidelity = {
    measure: "cross-validated LDS",
    inputs: design.inputs.length,
    ...meanOverInputs(perInput, problem.seed),
  };
  const controls = controlScores(problem, design);
  const baselines = [
    ...alternativeScores(problem, design),
    ...CONTROLS.map((name) => ({ name, control: true, scores: controls[name] })),
  ].map((scored) => baselineOf(scored, perInput, problem.seed));
  return {
    kind: "compared",
    hierarchical,
    baselines,
    inputs: design.inputs,
    constantInputs: design.constant,
    inputsWithFewMasks: design.tooFew,
    perInput,
    heldOut,
  };
}

interface Scored {
  readonly name: string;
  readonly control: boolean;
  readonly scores: Float64Array;
}

function alternativeScores(problem: FidelityProblem, design: HeldOutDesign): Scored[] {
  const scored = (name: string, predictor: FoldPredictor): Scored => ({
    name,
    control: false,
    scores: rankAgreement(design, predictHeldOut(design, predictor)),
  });
  const pooled =
    problem.surrogates.length > 0 ? [scored("pooled", hierarchicalPredictor(problem, []))] : [];
  const apart = [...problem.surrogates, ...(problem.alone ?? [])];
  const surrogates = apart.map(({ name, attributions }) =>
    scored(
      `surrogate:${name}`,
      attributionPredictor((input) => attributions[input] ?? new Float64Array(problem.spans)),
    ),
  );
  return [...pooled, scored("input-by-input", inputByInputPredictor(problem)), ...surrogates];
}

/** Whether the hierarchical attribution may be shown: only if it beats every control (decideByControls). */
export function decideShown(
  comparison: Pick<FidelityComparison, "kind" | "hierarchical" | "baselines"> | Unknown,
): ShownDecision {
  return comparison.kind === "unknown"
    ? { shown: false, withheld: comparison.reason }
    : decideByControls(comparison.hierarchical.estimate, comparison.baselines);
}

export type { Baseline, ShownDecision };
