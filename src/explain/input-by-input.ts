import type { Mask } from "../domain.js";
import { dealFolds, outsideFold } from "../numerics/cross-validation.js";
import { crossValidatedLasso, meanSquaredError } from "../numerics/lasso.js";
import {
  type Regression,
  momentsOf,
  regressionOf,
  ridge,
  selectRows,
  withIntercept,
} from "../numerics/least-squares.js";
import type { Random } from "../numerics/random.js";

const FOLDS = 5;
/** Ridge penalties in units of mean squared residual, for columns of variance 1/4. */
const PENALTIES = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];

/**
 * One input explained from its own values alone, as every surrogate-free explainer does it: ridge or Lasso, whichever predicts
 * held-out masks of that input better. The change of the value when a span is kept; zeros where nothing can be learnt.
 */
export function explainInputAlone(
  masks: readonly Mask[],
  values: Float64Array,
  random: Random,
): Float64Array {
  const regression = regressionOf(masks, values);
  const folds = dealFolds(masks.length, FOLDS, random);
  if (folds.length < 2) return new Float64Array(regression.columns);
  const sparse = crossValidatedLasso(regression, folds);
  const dense = bestRidge(regression, folds);
  return dense.heldOutError < sparse.heldOutError ? dense.coefficients : sparse.coefficients;
}

function bestRidge(
  regression: Regression,
  folds: readonly (readonly number[])[],
): { readonly coefficients: Float64Array; readonly heldOutError: number } {
  const errors = PENALTIES.map((penalty) => heldOutError(regression, folds, penalty));
  const least = Math.min(...errors);
  return {
    heldOutError: least,
    coefficients: ridge(momentsOf(regression), PENALTIES[errors.indexOf(least)] as number),
  };
}

function heldOutError(
  regression: Regression,
  folds: readonly (readonly number[])[],
  penalty: number,
): number {
  const errors = folds.map((fold) => {
    const moments = momentsOf(selectRows(regression, outsideFold(regression.rows, fold)));
    return meanSquaredError(withIntercept(moments, ridge(moments, penalty)), regression, fold);
  });
  return errors.reduce((sum, error) => sum + error, 0) / folds.length;
}
