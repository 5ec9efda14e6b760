import { dealFolds } from "../../numerics/cross-validation.js";
import { crossValidatedLasso, lasso, relaxedRefit } from "../../numerics/lasso.js";
import {
  type LinearModel,
  type Regression,
  columnDeviations,
  momentsOf,
  scaleColumns,
  withIntercept,
} from "../../numerics/least-squares.js";
import { type Random, randomFrom } from "../../numerics/random.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { isConstant, regressionOfGame } from "./game-regression.js";

const FOLDS = 5;
/** ContextCite's penalty, for log-odds per token. */
const CONTEXT_CITE_ALPHA = 0.01;

export interface LassoOptions {
  /** Deals the folds of the cross-validation. */
  readonly seed: string;
  /** [mask]: weights of a locality kernel; all equal by default. */
  readonly kernelWeights?: Float64Array;
}

export interface LassoEstimate extends Estimate {
  /** Penalty chosen by cross-validation, in the unit of the values; 0 where no span explains anything. */
  readonly alpha: number;
}

/**
 * The default for a single game (docs/methods.md, A4 and A8; after ContextCite, Cohen-Wang et al. 2024): Lasso with its penalty by 5-fold
 * cross-validation, then least squares on the spans it kept, which takes back the shrinkage of magnitudes. On masks that keep each
 * span with probability 1/2 it estimates Banzhaf values. Takes any masks; zeros where the values do not vary.
 */
export function estimateByLasso(game: MeasuredGame, options: LassoOptions): LassoEstimate {
  const regression = regressionOfGame(game, options.kernelWeights);
  const { model, alpha } = fitLasso(regression, randomFrom(`lasso\n${options.seed}`));
  return { method: "lasso", attribution: model.coefficients, intercept: model.intercept, alpha };
}

/** The recipe on a regression; `random` deals the folds. */
export function fitLasso(
  regression: Regression,
  random: Random,
): { readonly model: LinearModel; readonly alpha: number } {
  if (isConstant(regression.values))
    return {
      model: {
        coefficients: new Float64Array(regression.columns),
        intercept: regression.values[0] as number,
      },
      alpha: 0,
    };
  const { alpha, coefficients } = crossValidatedLasso(
    regression,
    dealFolds(regression.rows, FOLDS, random),
  );
  const moments = momentsOf(regression);
  return { model: withIntercept(moments, relaxedRefit(moments, coefficients)), alpha };
}

/** The same at a penalty that was chosen before, for refits. */
export function refitLasso(regression: Regression, alpha: number): LinearModel {
  const moments = momentsOf(regression);
  return withIntercept(moments, relaxedRefit(moments, lasso(moments, alpha)));
}

/**
 * ContextCite's solver (Cohen-Wang et al. 2024; MadryLab/context-cite, LassoRegression), for comparison: Lasso with alpha 0.01 on masks
 * scaled to unit variance, without a refit. The game's values must be log-odds of the fixed output per token, as the package divides its own;
 * its weights are these attributions times the number of tokens.
 */
export function estimateByContextCite(game: MeasuredGame): Estimate {
  const moments = momentsOf(regressionOfGame(game));
  const scales = columnDeviations(moments);
  const scaled = lasso(scaleColumns(moments, scales), CONTEXT_CITE_ALPHA);
  const model = withIntercept(
    moments,
    scaled.map((coefficient, span) => coefficient / (scales[span] as number)),
  );
  return { method: "lasso", attribution: model.coefficients, intercept: model.intercept };
}
