import { choleskyInverse, choleskyOrThrow } from "./linear-algebra.js";
import {
  type LinearModel,
  type Moments,
  type Regression,
  momentsOf,
  predictRow,
  withIntercept,
} from "./least-squares.js";

/** Ridge, relative to the mean variance of the columns, that keeps the step finite where columns outnumber rows. */
const STEP_RIDGE = 1e-3;
/** Leverage counts no higher than this: HC3 divides residuals by 1 - leverage. */
const LARGEST_LEVERAGE = 0.95;

export interface DebiasedFit {
  /** [column]: coefficients without the bias of penalty and selection. */
  readonly coefficients: Float64Array;
  /** [column]: standard errors that hold for a misspecified model and unequal variances. */
  readonly standardErrors: Float64Array;
}

/**
 * Takes the bias of a penalty or of a selection out of coefficients by one Newton step of weighted least squares from them (the one-step or
 * desparsified estimator: Javanmard and Montanari 2014, van de Geer et al. 2014, with the ridge-stabilised inverse of the Gram matrix), and
 * gives its standard errors by the sandwich with HC3 residuals (MacKinnon and White 1985), scores summed within clusters of rows.
 * `clusters`: rows whose residuals may depend on each other, such as a mask and its complement; each row is in exactly one.
 */
export function debias(
  regression: Regression,
  coefficients: Float64Array,
  clusters: readonly (readonly number[])[],
): DebiasedFit {
  const moments = momentsOf(regression);
  const inverse = stabilisedInverse(moments);
  const corrected = newtonStep(moments, inverse, coefficients);
  const model = withIntercept(moments, corrected);
  const variances = new Float64Array(moments.columns);
  const shares = weightShares(regression);
  for (const cluster of clusters)
    clusterScore({ regression, shares, moments, inverse, model }, cluster).forEach(
      (value, j) => (variances[j] = (variances[j] as number) + value * value),
    );
  return { coefficients: corrected, standardErrors: variances.map(Math.sqrt) };
}

function stabilisedInverse({ columns, gram }: Moments): Float64Array {
  const matrix = Float64Array.from(gram);
  let trace = 0;
  for (let j = 0; j < columns; j++) trace += gram[j * columns + j] as number;
  const ridge = (STEP_RIDGE * trace) / columns || 1;
  for (let j = 0; j < columns; j++)
    matrix[j * columns + j] = (matrix[j * columns + j] as number) + ridge;
  return choleskyInverse(choleskyOrThrow(matrix, columns));
}

/** b + inverse (X'Wy - X'WX b) / sum of W */
function newtonStep(
  { columns, gram, correlations }: Moments,
  inverse: Float64Array,
  coefficients: Float64Array,
): Float64Array {
  const gradient = correlations.map((value, j) => value - product(gram, coefficients, j * columns));
  return coefficients.map((value, j) => value + product(inverse, gradient, j * columns));
}

interface ScoreParts {
  readonly regression: Regression;
  /** [row]: share of the total weight. */
  readonly shares: Float64Array;
  readonly moments: Moments;
  readonly inverse: Float64Array;
  readonly model: LinearModel;
}

/**
 * Influence of a cluster's rows on the coefficients: the sum of share of the weight x inverse x centred row x residual, over 1 - leverage
 * of the cluster (the sum of its rows', exact for a mask with its complement, whose centred rows are opposite).
 */
function clusterScore(parts: ScoreParts, cluster: readonly number[]): Float64Array {
  const { regression, shares, moments, inverse, model } = parts;
  const { columns, design, values } = regression;
  const score = new Float64Array(columns);
  let leverage = 0;
  for (const row of cluster) {
    const share = shares[row] as number;
    const centred = moments.columnMeans.map(
      (mean, j) => (design[row * columns + j] as number) - mean,
    );
    const pull = centred.map((_, j) => product(inverse, centred, j * columns));
    leverage += share * (1 + product(pull, centred, 0));
    const residual = (values[row] as number) - predictRow(model, regression, row);
    pull.forEach((value, j) => (score[j] = (score[j] as number) + share * value * residual));
  }
  return score.map((value) => value / (1 - Math.min(LARGEST_LEVERAGE, leverage)));
}

/** matrix[start ..] . vector */
function product(matrix: Float64Array, vector: Float64Array, start: number): number {
  let sum = 0;
  for (let k = 0; k < vector.length; k++)
    sum += (matrix[start + k] as number) * (vector[k] as number);
  return sum;
}

function weightShares({ rows, weights }: Regression): Float64Array {
  if (weights === undefined) return new Float64Array(rows).fill(1 / rows);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
