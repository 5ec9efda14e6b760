import { UnderstudyError } from "../errors.js";
import { choleskyOrThrow, solveCholesky } from "./linear-algebra.js";

/** Rows of a regression: `design` is rows x columns, row-major. */
export interface Regression {
  readonly rows: number;
  readonly columns: number;
  readonly design: Float64Array;
  readonly values: Float64Array;
  /** [row]: how much a row counts, at least 0, not all 0; 1 each where absent. */
  readonly weights?: Float64Array;
}

/** Second moments about the means, rows weighted: all that least squares, ridge and Lasso with an intercept need. */
export interface Moments {
  readonly columns: number;
  readonly columnMeans: Float64Array;
  readonly valueMean: number;
  /** X'WX / sum of W, of the centred columns (columns x columns). */
  readonly gram: Float64Array;
  /** X'Wy / sum of W. */
  readonly correlations: Float64Array;
}

/** value = intercept + row . coefficients */
export interface LinearModel {
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

/** Relative ridge that makes exactly collinear columns share their effect instead of failing. */
const COLLINEAR_RIDGE = 1e-10;

/**
 * Rows with one value each and, where given, one weight each. Throws INTERNAL for shapes that do not fit and for weights that are
 * negative, not finite or all 0.
 */
export function regressionOf(
  rows: readonly ArrayLike<number>[],
  values: ArrayLike<number>,
  weights?: Float64Array,
): Regression {
  const columns = rows[0]?.length ?? 0;
  if (
    rows.length === 0 ||
    rows.length !== values.length ||
    rows.some((row) => row.length !== columns)
  )
    throw new UnderstudyError(
      "INTERNAL",
      `a regression of ${values.length} values on ${rows.length} rows of unequal or no columns`,
    );
  const design = new Float64Array(rows.length * columns);
  rows.forEach((row, index) => design.set(row, index * columns));
  const regression = {
    rows: rows.length,
    columns,
    design,
    values: Float64Array.from(values),
  };
  return weights === undefined
    ? regression
    : { ...regression, weights: checkedWeights(weights, rows.length) };
}

function checkedWeights(weights: Float64Array, rows: number): Float64Array {
  const bad = weights.find((weight) => !(weight >= 0 && weight < Infinity));
  if (weights.length !== rows || bad !== undefined || weights.every((weight) => weight === 0))
    throw new UnderstudyError(
      "INTERNAL",
      bad === undefined
        ? `${weights.length} weights, or only zeros, for the ${rows} rows of a regression`
        : `a row of a regression weighs ${bad}`,
    );
  return weights;
}

/** The rows at the given positions, which may repeat. */
export function selectRows(regression: Regression, positions: readonly number[]): Regression {
  const { columns, weights } = regression;
  const design = new Float64Array(positions.length * columns);
  positions.forEach((position, index) =>
    design.set(
      regression.design.subarray(position * columns, (position + 1) * columns),
      index * columns,
    ),
  );
  const pick = (from: Float64Array): Float64Array =>
    Float64Array.from(positions, (position) => from[position] as number);
  const selected = { rows: positions.length, columns, design, values: pick(regression.values) };
  return weights === undefined ? selected : { ...selected, weights: pick(weights) };
}

export function momentsOf(regression: Regression): Moments {
  const { rows, columns, design, values } = regression;
  const divisors = rowDivisors(regression);
  const valueMean = weightedMean(values, regression.weights);
  const columnMeans = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const divisor = divisors[row] as number;
    for (let j = 0; j < columns; j++)
      columnMeans[j] = (columnMeans[j] as number) + (design[row * columns + j] as number) / divisor;
  }
  const gram = new Float64Array(columns * columns);
  const correlations = new Float64Array(columns);
  const centred = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const divisor = divisors[row] as number;
    for (let j = 0; j < columns; j++)
      centred[j] = (design[row * columns + j] as number) - (columnMeans[j] as number);
    for (let j = 0; j < columns; j++) {
      const scaled = (centred[j] as number) / divisor;
      correlations[j] =
        (correlations[j] as number) + scaled * ((values[row] as number) - valueMean);
      for (let k = 0; k <= j; k++)
        gram[j * columns + k] = (gram[j * columns + k] as number) + scaled * (centred[k] as number);
    }
  }
  for (let j = 0; j < columns; j++)
    for (let k = 0; k < j; k++) gram[k * columns + j] = gram[j * columns + k] as number;
  return { columns, columnMeans, valueMean, gram, correlations };
}

/** [row]: sum of the weights over the row's own, so that dividing by it averages; the number of rows where all weigh the same. */
function rowDivisors({ rows, weights }: Regression): Float64Array {
  if (weights === undefined) return new Float64Array(rows).fill(rows);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => total / weight);
}

/** Weighted mean; all weights 1 where there are none. */
export function weightedMean(values: Float64Array, weights?: Float64Array): number {
  if (weights === undefined) return values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, row) => sum + (weights[row] as number) * value, 0) / total;
}

/** Weighted standard deviation of each column; 1 where it does not vary. */
export function columnDeviations({ columns, gram }: Moments): Float64Array {
  return Float64Array.from(
    { length: columns },
    (_, j) => Math.sqrt(gram[j * columns + j] as number) || 1,
  );
}

/** Moments of the columns divided by `scales`. */
export function scaleColumns(moments: Moments, scales: Float64Array): Moments {
  const { columns, gram, correlations } = moments;
  const scale = (j: number): number => scales[j] as number;
  return {
    ...moments,
    gram: gram.map((value, at) => value / (scale(Math.floor(at / columns)) * scale(at % columns))),
    correlations: correlations.map((value, j) => value / scale(j)),
  };
}

export function withIntercept(moments: Moments, coefficients: Float64Array): LinearModel {
  return {
    coefficients,
    intercept:
      moments.valueMean -
      coefficients.reduce(
        (sum, coefficient, j) => sum + coefficient * (moments.columnMeans[j] as number),
        0,
      ),
  };
}

export function predictRow(model: LinearModel, regression: Regression, row: number): number {
  const { columns, design } = regression;
  return model.coefficients.reduce(
    (sum, coefficient, j) => sum + coefficient * (design[row * columns + j] as number),
    model.intercept,
  );
}

/**
 * Minimises the weighted mean of (y - a - x.b)^2 + penalty |b|^2, the intercept a free. A penalty of 0 is ordinary least squares.
 * (scikit-learn's Ridge has alpha = sum of the weights x penalty.)
 */
export function ridge(moments: Moments, penalty: number): Float64Array {
  return leastSquaresOn(
    moments,
    Array.from({ length: moments.columns }, (_, j) => j),
    penalty,
  );
}

/** Least squares on some columns, the others at 0; exactly collinear columns share their effect. */
export function leastSquaresOn(
  moments: Moments,
  support: readonly number[],
  penalty = 0,
): Float64Array {
  const { columns, gram, correlations } = moments;
  const coefficients = new Float64Array(columns);
  const size = support.length;
  const trace = support.reduce((sum, j) => sum + (gram[j * columns + j] as number), 0);
  if (size === 0 || trace === 0) return coefficients;
  const matrix = new Float64Array(size * size);
  support.forEach((j, row) => {
    support.forEach((k, column) => (matrix[row * size + column] = gram[j * columns + k] as number));
    matrix[row * size + row] =
      (matrix[row * size + row] as number) + penalty + (COLLINEAR_RIDGE * trace) / size;
  });
  const solution = solveCholesky(
    choleskyOrThrow(matrix, size),
    Float64Array.from(support, (j) => correlations[j] as number),
  );
  support.forEach((j, index) => (coefficients[j] = solution[index] as number));
  return coefficients;
}
