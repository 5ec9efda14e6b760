import {
  type LinearModel,
  type Regression,
  columnDeviations,
  leastSquaresOn,
  momentsOf,
  predictRow,
  scaleColumns,
  weightedMean,
  withIntercept,
} from "../../numerics/least-squares.js";

export interface WeightedRidgeOptions {
  /** Penalty alpha in scikit-learn's unit: sum of w (y - a - x.b)^2 + alpha |b|^2. */
  readonly alpha: number;
  /** Columns of the fit, the others at 0; all by default. */
  readonly support?: readonly number[];
  /**
   * Penalise spans scaled to unit weighted variance: alpha then shrinks by alpha / (alpha + sum of w) whatever the masks' density.
   * Without it a span that few masks delete is shrunk harder. (Scaling the values changes nothing: ridge is linear in them.)
   */
  readonly standardise?: boolean;
}

/** A linear model and how well it fits the rows it was fitted on. */
export interface LocalFit {
  readonly model: LinearModel;
  /** Weighted R2 on the rows of the fit: self-consistency, never fidelity; null where the values do not vary. */
  readonly selfConsistency: number | null;
}

/** Ridge regression with weights and a free intercept: scikit-learn's Ridge(alpha).fit(X, y, sample_weight=w). */
export function weightedRidge(regression: Regression, options: WeightedRidgeOptions): LocalFit {
  const { rows, weights } = regression;
  const moments = momentsOf(regression);
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? rows;
  const support = options.support ?? [...moments.columnMeans.keys()];
  const scales = options.standardise ? columnDeviations(moments) : null;
  const fitted = leastSquaresOn(
    scales ? scaleColumns(moments, scales) : moments,
    support,
    options.alpha / total,
  );
  const coefficients = scales
    ? fitted.map((coefficient, j) => coefficient / (scales[j] as number))
    : fitted;
  const model = withIntercept(moments, coefficients);
  return { model, selfConsistency: weightedR2(model, regression) };
}

/** 1 - weighted squared error / weighted squared deviation from the mean, as scikit-learn's score; null where values do not vary. */
export function weightedR2(model: LinearModel, regression: Regression): number | null {
  const { rows, values, weights } = regression;
  const mean = weightedMean(values, weights);
  let error = 0;
  let deviation = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights?.[row] ?? 1;
    error += weight * ((values[row] as number) - predictRow(model, regression, row)) ** 2;
    deviation += weight * ((values[row] as number) - mean) ** 2;
  }
  return deviation > 0 ? 1 - error / deviation : null;
}
