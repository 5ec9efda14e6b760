import type { Fidelity, Unknown } from "../../domain.js";
import type { MeasuredRow } from "../hierarchical.js";
import { type Baseline, type ShownDecision, baselineOf, decideByControls } from "./baseline.js";
import { CONTROLS, type ControlProblem, attributionPredictor, controlScores } from "./controls.js";
import {
  designHeldOut,
  meanOverInputs,
  predictHeldOut,
  rankAgreement,
  whyUnmeasured,
} from "./held-out.js";

export interface AttributionProblem extends ControlProblem {
  /** [input]: attributions that saw none of the rows' values, such as those of a surrogate. */
  readonly attributions: readonly Float64Array[];
  /** The oracle's values. */
  readonly rows: readonly MeasuredRow[];
}

export interface AttributionComparison {
  readonly kind: "compared";
  readonly fidelity: Omit<Fidelity, "measure">;
  /** All controls. */
  readonly baselines: readonly Baseline[];
  /** Inputs that were scored, in the order of every `perInput`. */
  readonly inputs: readonly number[];
  readonly perInput: Float64Array;
  readonly decision: ShownDecision;
}

/**
 * LDS of given attributions on the oracle's values, beside all controls and with the decision whether they may be shown (methods B
 * and 0b.4). Nothing is fitted, so every masked row is held out. Intervals: 90 %, over inputs. Unknown where fewer than three
 * inputs have four masks with values that vary.
 */
export function compareAttribution(problem: AttributionProblem): AttributionComparison | Unknown {
  const { rows, attributions, seed } = problem;
  const design = designHeldOut(rows, 1, seed);
  const unmeasured = whyUnmeasured(design);
  if (unmeasured) return unmeasured;
  const predictor = attributionPredictor((input) => attributions[input] as Float64Array);
  const perInput = rankAgreement(design, predictHeldOut(design, predictor));
  const fidelity = { inputs: design.inputs.length, ...meanOverInputs(perInput, seed) };
  const controls = controlScores(problem, design);
  const baselines = CONTROLS.map((name) =>
    baselineOf({ name, control: true, scores: controls[name] }, perInput, seed),
  );
  return {
    kind: "compared",
    fidelity,
    baselines,
    inputs: design.inputs,
    perInput,
    decision: decideByControls(fidelity.estimate, baselines),
  };
}
