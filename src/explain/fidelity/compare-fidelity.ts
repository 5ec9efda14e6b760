import type { Fidelity, Interval, Unknown } from "../../domain.js";
import { randomFrom } from "../../numerics/random.js";
import {
  type FoldPredictor,
  type HeldOutDesign,
  type HeldOutPrediction,
  designHeldOut,
  meanOverInputs,
  predictHeldOut,
  rankAgreement,
  rowsOfInput,
  whyUnmeasured,
} from "./held-out.js";
import {
  type HierarchicalScales,
  type MeasuredRow,
  type SurrogatePrior,
  fitHierarchical,
} from "../hierarchical.js";
import { centredProduct } from "../hierarchical-kernel.js";
import { explainInputAlone } from "../input-by-input.js";

export interface FidelityProblem {
  readonly rows: readonly MeasuredRow[];
  readonly classes: readonly string[];
  readonly spans: number;
  /** Priors that have not seen any of the rows' values. */
  readonly surrogates: readonly SurrogatePrior[];
  /** Further explanations that are scored alone and are no priors, such as a surrogate's Lasso. */
  readonly alone?: readonly SurrogatePrior[];
  /** Tokens of each span, for the length control. */
  readonly spanTokens: ArrayLike<number>;
  readonly seed: string;
  /** Number of cross-validation folds; 4 by default. */
  readonly folds?: number;
}

/** A way to explain that is held against the hierarchical one on the same held-out rows. */
export interface Baseline {
  /** "pooled" (no surrogates), "input-by-input", "surrogate:NAME", or a control: "random", "span-length", "position". */
  readonly name: string;
  /** Controls know nothing of the values: an attribution must beat each of them to be shown. */
  readonly control: boolean;
  readonly fidelity: Interval;
  /** Hierarchical minus this one, paired by input. */
  readonly pairedDifference: Interval;
  /** LDS of each scored input. */
  readonly perInput: Float64Array;
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
const RANDOM_DRAWS = 20;
/** The ten scales of a fold are settled by this many rows; more would only cost time. */
const SCALE_ROWS = 400;

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
  const alternatives = new Map([
    ...alternativeScores(problem, design),
    ...controlScores(problem, design),
  ]);
  const baselines = [...alternatives].map(([name, { scores, control }]): Baseline => {
    const difference = perInput.map((score, index) => score - (scores[index] as number));
    return {
      name,
      control,
      fidelity: meanOverInputs(scores, problem.seed),
      pairedDifference: meanOverInputs(difference, problem.seed),
      perInput: scores,
    };
  });
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

interface Scores {
  readonly scores: Float64Array;
  readonly control: boolean;
}

function alternativeScores(problem: FidelityProblem, design: HeldOutDesign): [string, Scores][] {
  const scored = (predictor: FoldPredictor): Scores => ({
    scores: rankAgreement(design, predictHeldOut(design, predictor)),
    control: false,
  });
  const pooled: [string, Scores][] =
    problem.surrogates.length > 0 ? [["pooled", scored(hierarchicalPredictor(problem, []))]] : [];
  const apart = [...problem.surrogates, ...(problem.alone ?? [])];
  const surrogates = apart.map(({ name, attributions }): [string, Scores] => [
    `surrogate:${name}`,
    scored(attributionPredictor((input) => attributions[input] ?? new Float64Array(problem.spans))),
  ]);
  return [...pooled, ["input-by-input", scored(inputByInputPredictor(problem))], ...surrogates];
}

function controlScores(problem: FidelityProblem, design: HeldOutDesign): [string, Scores][] {
  const scoresOf = (attribution: (input: number) => Float64Array): Float64Array =>
    rankAgreement(design, predictHeldOut(design, attributionPredictor(attribution)));
  const later = Float64Array.from({ length: problem.spans }, (_, span) => span + 1);
  // Whether early or late spans matter is not known beforehand: the control gets the better of both.
  const position = better(
    scoresOf(() => later),
    scoresOf(() => later.toReversed()),
  );
  return [
    ["random", { scores: randomScores(problem, scoresOf), control: true }],
    [
      "span-length",
      { scores: scoresOf(() => Float64Array.from(problem.spanTokens)), control: true },
    ],
    ["position", { scores: position, control: true }],
  ];
}

function better(a: Float64Array, b: Float64Array): Float64Array {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return sum(a) >= sum(b) ? a : b;
}

/** Mean over several random attributions a input, so that the luck of one draw does not decide. */
function randomScores(
  problem: FidelityProblem,
  scoresOf: (attribution: (input: number) => Float64Array) => Float64Array,
): Float64Array {
  const random = randomFrom(`random attributions\n${problem.seed}`);
  const draws = Array.from({ length: RANDOM_DRAWS }, () => {
    const attributions = problem.classes.map(() =>
      Float64Array.from({ length: problem.spans }, () => random.normal()),
    );
    return scoresOf((input) => attributions[input] as Float64Array);
  });
  return (draws[0] as Float64Array).map(
    (_, index) => draws.reduce((sum, scores) => sum + (scores[index] as number), 0) / RANDOM_DRAWS,
  );
}

function attributionPredictor(attribution: (input: number) => Float64Array): FoldPredictor {
  return (_, heldOut) =>
    Float64Array.from(heldOut, ({ input, mask }) => centredProduct(mask, attribution(input)));
}

function hierarchicalPredictor(
  problem: FidelityProblem,
  surrogates: readonly SurrogatePrior[],
): FoldPredictor {
  const { spans, classes } = problem;
  let start: HierarchicalScales | null = null;
  return (rows, heldOut) => {
    const fit = fitHierarchical({
      spans,
      classes,
      surrogates,
      rows,
      scaleRows: SCALE_ROWS,
      ...(start && { start }),
    });
    start ??= fit.scales;
    return Float64Array.from(
      heldOut,
      ({ input, mask }) => fit.predictEffects(input, [mask])[0] as number,
    );
  };
}

function inputByInputPredictor(problem: FidelityProblem): FoldPredictor {
  return (training, heldOut, fold) => {
    const attributions = problem.classes.map((_, input) => {
      const { masks, values } = rowsOfInput(training, input);
      return masks.length === 0
        ? new Float64Array(problem.spans)
        : explainInputAlone(
            masks,
            values,
            randomFrom(`input by input\n${problem.seed}\n${input}\n${fold}`),
          );
    });
    return Float64Array.from(heldOut, ({ input, mask }) =>
      centredProduct(mask, attributions[input] as Float64Array),
    );
  };
}

export type ShownDecision =
  | { readonly shown: true; readonly withheld: null }
  | { readonly shown: false; readonly withheld: string };

/**
 * Whether an attribution may be shown: only if it beats every control by a paired interval that lies above 0 (docs/methods.md,
 * 0b.4). The reason for withholding is a sentence for a person.
 */
export function decideShown(comparison: FidelityComparison | Unknown): ShownDecision {
  if (comparison.kind === "unknown") return { shown: false, withheld: comparison.reason };
  const equals = comparison.baselines.filter(
    ({ control, pairedDifference }) => control && !(pairedDifference.low > 0),
  );
  if (equals.length === 0) return { shown: true, withheld: null };
  const format = (value: number): string => value.toFixed(2).replace("-", "\u2212");
  const named = equals.map(
    ({ name, fidelity, pairedDifference }) =>
      `${name} (${format(fidelity.estimate)}; difference ${format(pairedDifference.estimate)}, 90 % interval ${format(pairedDifference.low)} to ${format(pairedDifference.high)})`,
  );
  return {
    shown: false,
    withheld: `with a fidelity of ${format(comparison.hierarchical.estimate)} it does not clearly beat what knows nothing of the prompt's effect: ${named.join(", ")}`,
  };
}
