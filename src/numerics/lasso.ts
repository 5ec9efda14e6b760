import { outsideFold } from "./cross-validation.js";
import {
  type LinearModel,
  type Moments,
  type Regression,
  leastSquaresOn,
  momentsOf,
  predictRow,
  selectRows,
  weightedMean,
  withIntercept,
} from "./least-squares.js";

// Looked up once: in a sandboxed context, such as a test runner's, a global costs far more than the sums around it.
const { abs, max, sign } = Math;

const MAX_SWEEPS = 20000;
/** After so many sweeps the support has usually settled, and solving on it is cheaper than sweeping on. */
const SWEEPS_A_SOLUTION = 50;
/** Sweeps end when no coefficient moves its own correlation by more than this share of the largest one. */
const TOLERANCE = 1e-9;
/** The same where only held-out errors are compared. */
const PATH_TOLERANCE = 1e-4;
const PATH_LENGTH = 30;
const PATH_RATIO = 1e-3;

/**
 * Minimises the weighted mean of (y - a - x.b)^2 / 2 + alpha |b|_1 by cyclic coordinate descent on the Gram matrix, the intercept a free
 * (Friedman, Hastie and Tibshirani 2010, covariance updates). Equals scikit-learn's Lasso(alpha), whose
 * sample weights are rescaled to add up to the rows. Columns without variation get 0.
 */
export function lasso(moments: Moments, alpha: number, options: DescentOptions = {}): Float64Array {
  const { columns, gram, correlations } = moments;
  const coefficients = options.start ? Float64Array.from(options.start) : new Float64Array(columns);
  const residual = correlations.map(
    (value, j) => value - rowProduct(gram, columns, j, coefficients),
  );
  const tolerance = (options.tolerance ?? TOLERANCE) * max(alpha, largestAlpha(moments));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let moved = 0;
    for (let j = 0; j < columns; j++)
      moved = max(moved, updateCoordinate(moments, { coefficients, residual, alpha }, j));
    if (moved <= tolerance) break;
    if (sweep % SWEEPS_A_SOLUTION === SWEEPS_A_SOLUTION - 1) {
      const solution = solveOnSupport(moments, alpha, coefficients);
      if (solution !== null) return solution;
    }
  }
  return coefficients;
}

/**
 * The minimiser on the support and with the signs of some coefficients, or null where it is not the minimiser at large (a sign or a
 * Karush-Kuhn-Tucker condition does not hold). Ends what descent along nearly collinear columns would crawl to.
 */
function solveOnSupport(
  moments: Moments,
  alpha: number,
  coefficients: Float64Array,
): Float64Array | null {
  const { columns, gram, correlations } = moments;
  const support = [...coefficients.keys()].filter((j) => coefficients[j] !== 0);
  const signOf = (j: number): number => sign(coefficients[j] as number);
  const shifted = correlations.map((value, j) => value - alpha * signOf(j));
  const solution = leastSquaresOn({ ...moments, correlations: shifted }, support);
  if (support.some((j) => sign(solution[j] as number) !== signOf(j))) return null;
  const slack = TOLERANCE * max(alpha, largestAlpha(moments));
  for (let j = 0; j < columns; j++) {
    const slope = (correlations[j] as number) - rowProduct(gram, columns, j, solution);
    const excess = signOf(j) === 0 ? abs(slope) - alpha : abs(slope - alpha * signOf(j));
    if (excess > slack) return null;
  }
  return solution;
}

export interface DescentOptions {
  /** Coefficients to start from, such as those of a larger alpha. */
  readonly start?: Float64Array;
  /** Largest last move of a coefficient's correlation, relative to the largest correlation; 1e-9 by default. */
  readonly tolerance?: number;
}

interface DescentState {
  readonly coefficients: Float64Array;
  /** X'(y - Xb) / n */
  readonly residual: Float64Array;
  readonly alpha: number;
}

/** Minimises along one coordinate; returns how far its own correlation with the fit moved. */
function updateCoordinate(moments: Moments, state: DescentState, j: number): number {
  const { columns, gram } = moments;
  const { coefficients, residual, alpha } = state;
  const curvature = gram[j * columns + j] as number;
  if (curvature <= 0) return 0;
  const before = coefficients[j] as number;
  const pull = (residual[j] as number) + curvature * before;
  const after = (sign(pull) * max(0, abs(pull) - alpha)) / curvature;
  const change = after - before;
  if (change === 0) return 0;
  coefficients[j] = after;
  for (let k = 0; k < columns; k++)
    residual[k] = (residual[k] as number) - change * (gram[j * columns + k] as number);
  return abs(change) * curvature;
}

function rowProduct(gram: Float64Array, columns: number, j: number, vector: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < columns; k++)
    sum += (gram[j * columns + k] as number) * (vector[k] as number);
  return sum;
}

/** Smallest alpha at which all coefficients are 0. */
export function largestAlpha(moments: Moments): number {
  return moments.correlations.reduce((most, value) => max(most, abs(value)), 0);
}

/** Geometric grid from largestAlpha down to a thousandth of it; empty where no column explains anything. */
export function alphaPath(moments: Moments): Float64Array {
  const largest = largestAlpha(moments);
  if (largest <= 0) return new Float64Array(0);
  return Float64Array.from(
    { length: PATH_LENGTH },
    (_, step) => largest * PATH_RATIO ** (step / (PATH_LENGTH - 1)),
  );
}

export interface CrossValidatedLasso {
  readonly alpha: number;
  readonly coefficients: Float64Array;
  /** Mean squared error of held-out rows at alpha. */
  readonly heldOutError: number;
}

/** Lasso at the alpha of the path whose held-out squared error over the folds is least; as scikit-learn's LassoCV. */
export function crossValidatedLasso(
  regression: Regression,
  folds: readonly (readonly number[])[],
  alphas?: Float64Array,
): CrossValidatedLasso {
  const moments = momentsOf(regression);
  const path = alphas ?? alphaPath(moments);
  if (path.length === 0)
    return {
      alpha: 0,
      coefficients: new Float64Array(regression.columns),
      heldOutError: variance(regression),
    };
  const errors = heldOutErrors(regression, folds, path);
  const best = errors.reduce(
    (least, error, index) => (error < (errors[least] as number) ? index : least),
    0,
  );
  const alpha = path[best] as number;
  return {
    alpha,
    coefficients: lasso(moments, alpha),
    heldOutError: errors[best] as number,
  };
}

/** Mean over folds of the mean squared error, for each alpha. */
function heldOutErrors(
  regression: Regression,
  folds: readonly (readonly number[])[],
  path: Float64Array,
): Float64Array {
  const errors = new Float64Array(path.length);
  for (const fold of folds) {
    const moments = momentsOf(selectRows(regression, outsideFold(regression.rows, fold)));
    let coefficients: Float64Array = new Float64Array(regression.columns);
    path.forEach((alpha, index) => {
      coefficients = lasso(moments, alpha, { start: coefficients, tolerance: PATH_TOLERANCE });
      errors[index] =
        (errors[index] as number) +
        meanSquaredError(withIntercept(moments, coefficients), regression, fold) / folds.length;
    });
  }
  return errors;
}

/** Weighted mean squared error of a model on some rows; 0 where these have no weight. */
export function meanSquaredError(
  model: LinearModel,
  regression: Regression,
  rows: readonly number[],
): number {
  let sum = 0;
  let total = 0;
  for (const row of rows) {
    const weight = regression.weights?.[row] ?? 1;
    sum += weight * ((regression.values[row] as number) - predictRow(model, regression, row)) ** 2;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

/** Least squares on the columns that Lasso kept: takes back the shrinkage of magnitudes (relaxed Lasso, Meinshausen 2007). */
export function relaxedRefit(moments: Moments, coefficients: Float64Array): Float64Array {
  return leastSquaresOn(
    moments,
    [...coefficients.keys()].filter((j) => coefficients[j] !== 0),
  );
}

function variance(regression: Regression): number {
  const intercept = weightedMean(regression.values, regression.weights);
  const mean = { intercept, coefficients: new Float64Array(0) };
  return meanSquaredError(mean, regression, [...regression.values.keys()]);
}
