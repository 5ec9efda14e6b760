import type { Interval, Mask } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { dealFolds, outsideFold } from "../numerics/cross-validation.js";
import { crossValidatedLasso, lasso, relaxedRefit } from "../numerics/lasso.js";
import {
  type Regression,
  momentsOf,
  predictRow,
  regressionOf,
  selectRows,
  withIntercept,
} from "../numerics/least-squares.js";
import { type Random, randomFrom } from "../numerics/random.js";
import { spearman } from "../numerics/rank-correlation.js";
import { fitHierarchical } from "./hierarchical.js";

/** A surrogate's values of one input's masks, such as the log-odds of the fixed output. */
export interface SurrogateValues {
  readonly masks: readonly Mask[];
  readonly values: Float64Array;
}

export interface SurrogateProblem {
  readonly spans: number;
  readonly inputs: readonly SurrogateValues[];
  readonly seed: string;
}

export interface SurrogateExplanation {
  /** Change of the surrogate's value when a span is kept; zeros where its values do not vary. */
  readonly attribution: Float64Array;
  /** 90 % intervals from bootstrap refits; points where every mask was evaluated. */
  readonly intervals: readonly Interval[];
  /** R2 on masks that the fit never saw, its penalty included; null where there are too few masks, no variation or all masks. */
  readonly heldOutR2: number | null;
  /** Mean Spearman correlation of the refits' attributions with the attribution; null where there is nothing to rank. */
  readonly stability: number | null;
}

const FOLDS = 5;
const REFITS = 20;
/** Rows that settle the scales where a surrogate's values are pooled. */
const SCALE_ROWS = 400;
const NORMAL_95 = 1.6448536269514722;
/** Fewest masks that can be split into training and held-out ones. */
const MIN_MASKS = 5;
/** Spans up to which all masks are few enough to evaluate each. */
const ENUMERABLE_SPANS = 8;

/** All 2^spans masks, empty and full included: for 8 spans or fewer the exact way to ask a surrogate. Throws INTERNAL for more. */
export function enumerateMasks(spans: number): Mask[] {
  if (!(spans >= 1 && spans <= ENUMERABLE_SPANS))
    throw new UnderstudyError("INTERNAL", `enumerating all masks of ${spans} spans`);
  return Array.from({ length: 2 ** spans }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => (code >> span) & 1),
  );
}

/**
 * Explains a surrogate's values input by input (docs/methods.md, A4 and A8): Lasso with its penalty by 5-fold cross-validation,
 * least squares on the spans it keeps, 20 bootstrap refits at that penalty for intervals and rank stability. Where all masks of an
 * input were evaluated, least squares on them: exactly the Banzhaf values. Throws INTERNAL where shapes do not fit.
 */
export function explainBySurrogate(problem: SurrogateProblem): {
  readonly perInput: readonly SurrogateExplanation[];
} {
  const { spans, inputs, seed } = problem;
  return {
    perInput: inputs.map((input, index) =>
      explainInput(
        checkedRegression(input, spans),
        randomFrom(`surrogate lasso\n${seed}\n${index}`),
      ),
    ),
  };
}

function checkedRegression(input: SurrogateValues, spans: number): Regression {
  const regression = regressionOf(input.masks, input.values);
  if (regression.columns !== spans)
    throw new UnderstudyError(
      "INTERNAL",
      `masks of ${regression.columns} spans where ${spans} are explained`,
    );
  const bad = input.values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new UnderstudyError("INTERNAL", `a surrogate's value is ${bad}`);
  return regression;
}

function explainInput(regression: Regression, random: Random): SurrogateExplanation {
  if (isConstant(regression.values)) return certain(new Float64Array(regression.columns), null);
  if (isEnumeration(regression)) return certain(exactAttribution(regression), 1);
  const fit = crossValidatedLasso(regression, dealFolds(regression.rows, FOLDS, random));
  const attribution = relaxedRefit(momentsOf(regression), fit.coefficients);
  const refits = bootstrapRefits(regression, fit.alpha, random);
  return {
    attribution,
    intervals: refitIntervals(attribution, refits),
    heldOutR2: heldOutR2(regression, random),
    stability: rankStability(attribution, refits),
  };
}

function certain(attribution: Float64Array, stability: number | null): SurrogateExplanation {
  return {
    attribution,
    intervals: Array.from(attribution, (estimate) => ({ estimate, low: estimate, high: estimate })),
    heldOutR2: null,
    stability,
  };
}

function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

function isEnumeration({ rows, columns, design }: Regression): boolean {
  if (columns > ENUMERABLE_SPANS || rows !== 2 ** columns) return false;
  const seen = new Set(
    Array.from({ length: rows }, (_, row) =>
      design.subarray(row * columns, (row + 1) * columns).join(""),
    ),
  );
  return seen.size === rows;
}

/** Mean value of the masks that keep a span minus mean of those that delete it: least squares on the full factorial. */
function exactAttribution({ rows, columns, design, values }: Regression): Float64Array {
  return Float64Array.from(
    { length: columns },
    (_, span) =>
      values.reduce(
        (sum, value, row) => sum + (design[row * columns + span] === 1 ? value : -value),
        0,
      ) /
      (rows / 2),
  );
}

/** Attributions of resampled masks, penalty as chosen on all. */
function bootstrapRefits(regression: Regression, alpha: number, random: Random): Float64Array[] {
  return Array.from({ length: REFITS }, () => {
    const positions = Array.from({ length: regression.rows }, () =>
      random.integer(regression.rows),
    );
    const moments = momentsOf(selectRows(regression, positions));
    return relaxedRefit(moments, lasso(moments, alpha));
  });
}

/** Attribution +- 1.645 standard deviations of the refits: 20 refits give a deviation, not a 5th percentile. */
function refitIntervals(attribution: Float64Array, refits: readonly Float64Array[]): Interval[] {
  return Array.from(attribution, (estimate, span) => {
    const values = refits.map((refit) => refit[span] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
    );
    return {
      estimate,
      low: estimate - NORMAL_95 * deviation,
      high: estimate + NORMAL_95 * deviation,
    };
  });
}

function rankStability(attribution: Float64Array, refits: readonly Float64Array[]): number | null {
  if (isConstant(attribution)) return null;
  return (
    refits.reduce((sum, refit) => sum + (spearman(attribution, refit) ?? 0), 0) / refits.length
  );
}

/** The whole recipe, penalty included, on each training part: 1 - squared error / squared deviation from the training mean. */
function heldOutR2(regression: Regression, random: Random): number | null {
  if (regression.rows < MIN_MASKS) return null;
  let error = 0;
  let deviation = 0;
  for (const fold of dealFolds(regression.rows, FOLDS, random)) {
    const training = selectRows(regression, outsideFold(regression.rows, fold));
    const moments = momentsOf(training);
    const { coefficients } = crossValidatedLasso(training, dealFolds(training.rows, FOLDS, random));
    const model = withIntercept(moments, relaxedRefit(moments, coefficients));
    for (const row of fold) {
      const value = regression.values[row] as number;
      error += (value - predictRow(model, regression, row)) ** 2;
      deviation += (value - moments.valueMean) ** 2;
    }
  }
  return deviation > 0 ? 1 - error / deviation : null;
}

/**
 * The hierarchical model on the surrogate's own values: attributions that borrow strength across inputs, for use as a prior where
 * an input has few masks (8 to 24): on the simulated templates of bench/hierarchical.ts (16 masks, 24 spans) its LDS is .72 where
 * the Lasso of each input has .40, so this is the one to hand to fitHierarchical. `classes`: the output class of each input. Never sees the oracle's values.
 */
export function poolSurrogateValues(
  problem: SurrogateProblem & { readonly classes: readonly string[] },
): {
  readonly attributions: readonly Float64Array[];
  readonly intervals: readonly (readonly Interval[])[];
} {
  const { spans, inputs, classes } = problem;
  const rows = inputs.flatMap(({ masks, values }, input) =>
    masks.map((mask, row) => ({ input, mask, value: values[row] as number })),
  );
  const intervals = fitHierarchical({
    spans,
    classes,
    rows,
    surrogates: [],
    scaleRows: SCALE_ROWS,
  }).attributions().perInput;
  return {
    intervals,
    attributions: intervals.map((spansOfInput) =>
      Float64Array.from(spansOfInput, ({ estimate }) => estimate),
    ),
  };
}
