import type { Interval, Unknown } from "../../domain.js";
import {
  type HeldOutDesign,
  designHeldOut,
  meanOverInputs,
  predictHeldOut,
  rankAgreement,
  whyUnmeasured,
} from "./held-out.js";
import { hierarchicalPredictor, inputByInputPredictor } from "./fold-predictors.js";
import type { MeasuredRow, SurrogatePrior } from "../hierarchical.js";

export interface FidelityCurveProblem {
  /** The first masks of an input, in this order, are the ones that fewer calls would have bought. */
  readonly rows: readonly MeasuredRow[];
  /** Rows that judge and never train. Without them every row is judged once, by cross-validation. */
  readonly heldOut?: readonly MeasuredRow[];
  readonly classes: readonly string[];
  readonly spans: number;
  readonly surrogates: readonly SurrogatePrior[];
  readonly seed: string;
  /** Variance that every value has at least; 0 by default. */
  readonly noiseFloor?: number;
  /** Whether the same masks are explained without surrogates and input by input too; true by default. Both cost as much again. */
  readonly compare?: boolean;
  /** Numbers of masks an input; 1, 2, 4, ... up to the most there are by default. */
  readonly masksPerInput?: readonly number[];
  /** Number of cross-validation folds; 4 by default. */
  readonly folds?: number;
}

export interface FidelityCurvePoint {
  readonly masksPerInput: number;
  /** Values that a fit was given, on average over the folds: what these masks cost. */
  readonly oracleCalls: number;
  /** LDS on the same held-out rows at every point, mean over inputs, with 90 % intervals over inputs. */
  readonly hierarchical: Interval;
  /** The same for what it is compared with; null where that was not asked for. */
  readonly compared: Compared | null;
}

export interface Compared {
  readonly pooled: Interval;
  readonly inputByInput: Interval;
  /** Hierarchical minus input by input, paired by input. */
  readonly gain: Interval;
}

export interface FidelityCurve {
  readonly kind: "measured";
  readonly points: readonly FidelityCurvePoint[];
  /** Inputs that were scored. */
  readonly inputs: number;
}

const DEFAULT_FOLDS = 4;

/**
 * Fidelity against oracle calls from recorded rows: at each point only the first m masks of every input train, and the held-out
 * rows, always the same, judge (docs/methods.md, A10 and B). Every fit's scales are sought on its own training rows: from scratch
 * in the first fold of a point, from there in the others. Unknown where fewer than three inputs can be judged.
 */
export function measureFidelityCurve(problem: FidelityCurveProblem): FidelityCurve | Unknown {
  const design = judgedRows(problem);
  const unmeasured = whyUnmeasured(design);
  if (unmeasured) return unmeasured;
  const points = numbersOfMasks(problem, design).map((masks) => pointAt(problem, design, masks));
  return { kind: "measured", points, inputs: design.inputs.length };
}

function judgedRows(problem: FidelityCurveProblem): HeldOutDesign {
  const { rows, heldOut, folds = DEFAULT_FOLDS, seed } = problem;
  if (heldOut === undefined) return designHeldOut(rows, folds, seed);
  // One fold of all held-out rows: positions are those in the rows that follow the training rows.
  const dealt = designHeldOut(heldOut, 1, seed);
  return {
    ...dealt,
    rows: [...rows, ...heldOut],
    folds: dealt.folds.map((fold) => fold.map((position) => rows.length + position)),
  };
}

function numbersOfMasks(problem: FidelityCurveProblem, design: HeldOutDesign): readonly number[] {
  if (problem.masksPerInput !== undefined) return problem.masksPerInput;
  const most = Math.max(
    ...trainingRows(problem, design).map((rows) => Math.max(...countByInput(rows).values())),
  );
  const doublings = Array.from({ length: 32 }, (_, power) => 2 ** power);
  return [...doublings.filter((masks) => masks < most), most];
}

/** What may train in each fold, before fewer masks are taken. */
function trainingRows(
  { heldOut }: FidelityCurveProblem,
  design: HeldOutDesign,
): (readonly MeasuredRow[])[] {
  const judging = new Set(heldOut);
  return design.folds.map((fold) => {
    const held = new Set(fold);
    return design.rows.filter((row, position) => !held.has(position) && !judging.has(row));
  });
}

function countByInput(rows: readonly MeasuredRow[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { input } of rows) counts.set(input, (counts.get(input) ?? 0) + 1);
  return counts;
}

function firstMasks(rows: readonly MeasuredRow[], masks: number): MeasuredRow[] {
  const taken = new Map<number, number>();
  return rows.filter(({ input }) => {
    const count = (taken.get(input) ?? 0) + 1;
    taken.set(input, count);
    return count <= masks;
  });
}

function pointAt(
  problem: FidelityCurveProblem,
  design: HeldOutDesign,
  masks: number,
): FidelityCurvePoint {
  const training = trainingRows(problem, design).map((rows) => firstMasks(rows, masks));
  const score = (predictor: ReturnType<typeof hierarchicalPredictor>): Float64Array =>
    rankAgreement(
      design,
      predictHeldOut(design, (_, heldOut, fold) =>
        predictor(training[fold] as readonly MeasuredRow[], heldOut, fold),
      ),
    );
  const hierarchical = score(hierarchicalPredictor(problem, problem.surrogates));
  const overInputs = (values: Float64Array): Interval => meanOverInputs(values, problem.seed);
  const compare = (): Compared => {
    const alone = score(inputByInputPredictor(problem));
    return {
      pooled: overInputs(
        problem.surrogates.length === 0 ? hierarchical : score(hierarchicalPredictor(problem, [])),
      ),
      inputByInput: overInputs(alone),
      gain: overInputs(hierarchical.map((value, at) => value - (alone[at] as number))),
    };
  };
  return {
    masksPerInput: masks,
    oracleCalls: training.reduce((sum, rows) => sum + rows.length, 0) / training.length,
    hierarchical: overInputs(hierarchical),
    compared: (problem.compare ?? true) ? compare() : null,
  };
}
