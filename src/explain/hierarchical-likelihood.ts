import { UnderstudyError } from "../errors.js";
import {
  type CholeskyFactor,
  cholesky,
  choleskyInverse,
  dot,
  logDeterminant,
  solveCholesky,
} from "../numerics/linear-algebra.js";
import {
  type Cell,
  type HierarchicalDesign,
  type HierarchicalScales,
  attributionOf,
  centredProduct,
  covarianceTable,
  tableIndex,
  tableSize,
} from "./hierarchical-kernel.js";

/** Added to the variance of every value, so that repeated masks without noise still give a definite matrix. */
export const JITTER = 1e-6;

/** Rows with standardised values (mean 0, standard deviation 1). */
export interface StandardisedRows {
  readonly cells: readonly Cell[];
  readonly values: Float64Array;
  /** Variance of each row's noise that is known beforehand, in standardised units; it comes on top of the common noise. */
  readonly knownVariances: Float64Array;
}

/** A fitted process: covariance of the rows factored, and weights = K^-1 values. */
export interface FittedProcess {
  readonly scales: HierarchicalScales;
  /** log p(values | scales) of the standardised values, without the hyperprior. */
  readonly logMarginalLikelihood: number;
  readonly factor: CholeskyFactor;
  readonly weights: Float64Array;
  /** [surrogate][row]: zt . phi. */
  readonly features: readonly Float64Array[];
}

/** Factors the covariance of the rows at given scales. Throws INTERNAL where it is not positive definite. */
export function processAtScales(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  scales: HierarchicalScales,
): FittedProcess {
  const layout = rowLayout(design, rows);
  const solution = solveRows(layout, rows.values, scales);
  if (solution === null)
    throw new UnderstudyError(
      "INTERNAL",
      "the covariance of measured values is not positive definite",
    );
  return { scales, features: layout.features, ...solution };
}

/** Covariances of all pairs of rows, as table indices (lower triangle, packed by rows), the surrogates' features and known noise. */
export interface RowLayout {
  readonly spans: number;
  readonly rows: number;
  readonly indices: Uint16Array;
  readonly features: readonly Float64Array[];
  readonly knownVariances: Float64Array;
}

export function rowLayout(
  design: HierarchicalDesign,
  { cells, knownVariances }: Omit<StandardisedRows, "values">,
): RowLayout {
  const rows = cells.length;
  const indices = new Uint16Array((rows * (rows + 1)) / 2);
  let at = 0;
  cells.forEach((cell, row) => {
    for (let other = 0; other <= row; other++)
      indices[at++] = tableIndex(design, cell, cells[other] as Cell);
  });
  const features = surrogateFeatures(design, cells);
  return { spans: design.spans, rows, indices, features, knownVariances };
}

/** [surrogate][cell]: zt . phi. */
export function surrogateFeatures(
  design: HierarchicalDesign,
  cells: readonly Cell[],
): Float64Array[] {
  return design.surrogates.map((prior) =>
    Float64Array.from(cells, (cell) => centredProduct(cell.mask, attributionOf(prior, cell.input))),
  );
}

/** Lower triangle of the rows' covariance, in a square matrix. */
function rowCovariance(layout: RowLayout, scales: HierarchicalScales): Float64Array {
  const { rows, indices } = layout;
  const table = covarianceTable(scales, layout.spans);
  const matrix = new Float64Array(rows * rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const offset = row * rows;
    for (let other = 0; other <= row; other++)
      matrix[offset + other] = table[indices[at++] as number] as number;
    layout.features.forEach((feature, k) => {
      const factor = (scales.surrogates[k] as number) * (feature[row] as number);
      for (let other = 0; other <= row; other++)
        matrix[offset + other] =
          (matrix[offset + other] as number) + factor * (feature[other] as number);
    });
    const noise = scales.noise + (layout.knownVariances[row] as number) + JITTER;
    matrix[offset + row] = (matrix[offset + row] as number) + noise;
  }
  return matrix;
}

/** Covariance factored and weights at given scales; null where it is not positive definite. */
export function solveRows(
  layout: RowLayout,
  values: Float64Array,
  scales: HierarchicalScales,
): Pick<FittedProcess, "factor" | "weights" | "logMarginalLikelihood"> | null {
  const factor = cholesky(rowCovariance(layout, scales), layout.rows);
  if (factor === null) return null;
  const weights = solveCholesky(factor, values);
  const constant = logDeterminant(factor) + layout.rows * Math.log(2 * Math.PI);
  return { factor, weights, logMarginalLikelihood: -0.5 * (dot(values, weights) + constant) };
}

export interface LikelihoodSurplus {
  readonly byTableIndex: Float64Array;
  readonly byFeature: readonly number[];
  readonly trace: number;
}

/**
 * W = K^-1 - weights weights', summed over everything a derivative of K can be: W over cells of one table index, f' W f for
 * each surrogate's feature f, and the trace. The slope of minus log-likelihood along dK is half the sum of W o dK.
 */
export function likelihoodSurplus(
  layout: RowLayout,
  factor: CholeskyFactor,
  weights: Float64Array,
): LikelihoodSurplus {
  const { rows, indices, features } = layout;
  const inverse = choleskyInverse(factor);
  const byTableIndex = new Float64Array(tableSize(layout.spans));
  let trace = 0;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights[row] as number;
    for (let other = 0; other < row; other++) {
      const index = indices[at++] as number;
      byTableIndex[index] =
        (byTableIndex[index] as number) +
        2 * ((inverse[row * rows + other] as number) - weight * (weights[other] as number));
    }
    const own = (inverse[row * rows + row] as number) - weight * weight;
    const index = indices[at++] as number;
    byTableIndex[index] = (byTableIndex[index] as number) + own;
    trace += own;
  }
  return {
    byTableIndex,
    trace,
    byFeature: features.map(
      (feature) => quadraticForm(inverse, feature) - dot(weights, feature) ** 2,
    ),
  };
}

function quadraticForm(matrix: Float64Array, vector: Float64Array): number {
  const size = vector.length;
  let sum = 0;
  for (let row = 0; row < size; row++)
    sum += (vector[row] as number) * dot(matrix.subarray(row * size, (row + 1) * size), vector);
  return sum;
}
