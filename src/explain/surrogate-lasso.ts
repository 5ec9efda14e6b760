import type { Interval, Mask } from "../domain.js";
import { dealFolds, outsideFold } from "../numerics/cross-validation.js";
import {
  type Regression,
  predictRow,
  selectRows,
  weightedMean,
} from "../numerics/least-squares.js";
import { type Random, randomFrom } from "../numerics/random.js";
import { estimateExactly, isEnumerated } from "./estimators/exact.js";
import { isConstant, regressionOfGame } from "./estimators/game-regression.js";
import { type LassoEstimate, fitLasso } from "./estimators/lasso.js";
import type { Estimate, MeasuredGame } from "./game.js";
import { fitHierarchical } from "./hierarchical.js";
import { measureStability } from "./stability.js";

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
  /** 90 % intervals (see stability.ts); points where every mask was evaluated, null where there are not more masks than spans. */
  readonly intervals: readonly Interval[] | null;
  /** R2 on masks that the fit never saw, its penalty included; null where there are too few masks, no variation or all masks. */
  readonly heldOutR2: number | null;
  /** Mean Spearman correlation of the refits' attributions with the attribution; null where there is nothing to rank. */
  readonly stability: number | null;
}

/** Rows that settle the scales where a surrogate's values are pooled. */
const SCALE_ROWS = 400;
const FOLDS = 5;
/** Fewest masks that can be split into training and held-out ones. */
const MIN_MASKS = 5;

/**
 * Explains a surrogate's values input by input (docs/methods.md, A4 and A8): the Lasso estimator with its stability, and how well its recipe
 * predicts masks it never saw. Where all masks of an input were evaluated, exactly the Banzhaf values. Throws INTERNAL where shapes do not fit.
 */
export function explainBySurrogate(problem: SurrogateProblem): {
  readonly perInput: readonly SurrogateExplanation[];
} {
  const { spans, inputs, seed } = problem;
  return {
    perInput: inputs.map((input, index) =>
      explainGame({ spans, ...input }, randomFrom(`surrogate lasso\n${seed}\n${index}`)),
    ),
  };
}

function explainGame(game: MeasuredGame, random: Random): SurrogateExplanation {
  const regression = regressionOfGame(game);
  if (isEnumerated(game)) return explanationOf(game, estimateExactly(game), { random });
  const { model, alpha } = fitLasso(regression, random);
  const estimate: LassoEstimate = {
    method: "lasso",
    attribution: model.coefficients,
    intercept: model.intercept,
    alpha,
  };
  return explanationOf(game, estimate, { random, regression });
}

function explanationOf(
  game: MeasuredGame,
  estimate: Estimate,
  held: { readonly random: Random; readonly regression?: Regression },
): SurrogateExplanation {
  // The order matters: folds, refits and held-out parts are drawn from one stream.
  const { intervals, rankCorrelation } = measureStability(
    { game, estimate, options: { seed: "" } },
    held.random,
  );
  return {
    attribution: estimate.attribution,
    intervals,
    heldOutR2: held.regression ? heldOutR2(held.regression, held.random) : null,
    stability: rankCorrelation,
  };
}

/** The whole recipe, penalty included, on each training part: 1 - squared error / squared deviation from the training mean. */
function heldOutR2(regression: Regression, random: Random): number | null {
  if (regression.rows < MIN_MASKS || isConstant(regression.values)) return null;
  let error = 0;
  let deviation = 0;
  for (const fold of dealFolds(regression.rows, FOLDS, random)) {
    const training = selectRows(regression, outsideFold(regression.rows, fold));
    const mean = weightedMean(training.values);
    const { model } = fitLasso(training, random);
    for (const row of fold) {
      const value = regression.values[row] as number;
      error += (value - predictRow(model, regression, row)) ** 2;
      deviation += (value - mean) ** 2;
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
