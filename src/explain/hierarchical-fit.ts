import {
  type CholeskyFactor,
  cholesky,
  choleskyInverse,
  logDeterminant,
  solveCholesky,
} from "../numerics/linear-algebra.js";
import { type Evaluation, minimise } from "../numerics/lbfgs.js";
import { randomFrom } from "../numerics/random.js";
import { UnderstudyError } from "../errors.js";
import {
  type Cell,
  type HierarchicalDesign,
  type HierarchicalScales,
  TERMS,
  type Term,
  attributionOf,
  centredProduct,
  covarianceTable,
  surrogateMeanSquare,
  tableIndex,
  tableSize,
  termTable,
} from "./hierarchical-kernel.js";

/** Added to the variance of every value, so that repeated masks without noise still give a definite matrix. */
const JITTER = 1e-6;
/** Standard deviation of the log of a scale under its hyperprior, and of the noise's. */
const LOG_SCALE_SPREAD = 1.5;
const LOG_NOISE_SPREAD = 1;
const TYPICAL_SURROGATE = 0.2;
const TYPICAL_NOISE = 0.3;
/** Values up to which scales are sought on all rows from the start; beyond, inputs are thinned to about this many rows first. */
const WARM_START_ROWS = 240;

/** Rows with standardised values (mean 0, standard deviation 1). */
export interface StandardisedRows {
  readonly cells: readonly Cell[];
  readonly values: Float64Array;
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

/** Which terms take part; surrogates and noise always do. */
export interface TermChoice {
  readonly pairs: boolean;
  readonly pool: boolean;
}

/** Terms that take part: without pooling, only the input's own. */
export function activeTerms(choice: TermChoice): readonly Term[] {
  return TERMS.filter(
    (term) => (choice.pairs || term.shape !== "pair") && (choice.pool || term.name.endsWith("Own")),
  );
}

/** Factors the covariance of the rows at given scales. Throws INTERNAL where it is not positive definite. */
export function processAtScales(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  scales: HierarchicalScales,
): FittedProcess {
  const layout = rowLayout(design, rows.cells);
  const factor = cholesky(
    rowCovariance(layout, covarianceTable(scales, design.spans), scales),
    layout.rows,
  );
  if (factor === null)
    throw new UnderstudyError(
      "INTERNAL",
      "the covariance of measured values is not positive definite",
    );
  const weights = solveCholesky(factor, rows.values);
  return {
    scales,
    factor,
    weights,
    features: layout.features,
    logMarginalLikelihood: logLikelihood(factor, weights, rows.values),
  };
}

export interface ScaleSearch extends TermChoice {
  /** Where to begin, such as the scales of nearly the same rows. */
  readonly start?: HierarchicalScales;
  /** Use about this many rows only; all by default. */
  readonly maxRows?: number;
}

/**
 * Scales that maximise marginal likelihood times hyperprior (log-normal around typical scales), by L-BFGS on their logarithms
 * with the exact gradient. Without a start, many rows begin at the optimum of about
 * WARM_START_ROWS of them, then of twice as many, and so on.
 */
export function optimiseScales(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  search: ScaleSearch,
): HierarchicalScales {
  const parameters = scaleParameters(design, activeTerms(search));
  const used = thinInputs(design, rows, search.maxRows ?? Infinity);
  let start = search.start ? parameters.fromScales(search.start) : parameters.typical;
  for (let few = WARM_START_ROWS; !search.start && few < used.values.length / 1.2; few *= 2) {
    const fewer = thinInputs(design, rows, few);
    start = minimise(objective(design, fewer, parameters), start, COARSE).point;
  }
  return parameters.toScales(minimise(objective(design, used, parameters), start, FINE).point);
}

const COARSE = { maxIterations: 60, gradientTolerance: 0.05, valueTolerance: 1e-5 };
const FINE = { maxIterations: 60, gradientTolerance: 0.01, valueTolerance: 1e-6 };

/** Covariances of all pairs of rows, as table indices (lower triangle, packed by rows), and the surrogates' features. */
interface RowLayout {
  readonly rows: number;
  readonly indices: Uint16Array;
  readonly features: readonly Float64Array[];
}

function rowLayout(design: HierarchicalDesign, cells: readonly Cell[]): RowLayout {
  const rows = cells.length;
  const indices = new Uint16Array((rows * (rows + 1)) / 2);
  let at = 0;
  cells.forEach((cell, row) => {
    for (let other = 0; other <= row; other++)
      indices[at++] = tableIndex(design, cell, cells[other] as Cell);
  });
  const features = design.surrogates.map((prior) =>
    Float64Array.from(cells, (cell) => centredProduct(cell.mask, attributionOf(prior, cell.input))),
  );
  return { rows, indices, features };
}

/** Lower triangle of the rows' covariance, in a square matrix. */
function rowCovariance(
  layout: RowLayout,
  table: Float64Array,
  scales: HierarchicalScales,
): Float64Array {
  const { rows, indices } = layout;
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
    matrix[offset + row] = (matrix[offset + row] as number) + scales.noise + JITTER;
  }
  return matrix;
}

function logLikelihood(
  factor: CholeskyFactor,
  weights: Float64Array,
  values: Float64Array,
): number {
  let fit = 0;
  for (let row = 0; row < values.length; row++)
    fit += (values[row] as number) * (weights[row] as number);
  return -0.5 * (fit + logDeterminant(factor) + values.length * Math.log(2 * Math.PI));
}

/** The logarithms of the active scales as one vector: terms, then surrogates, then noise. */
interface ScaleParameters {
  readonly terms: readonly Term[];
  readonly surrogates: number;
  /** Means and spreads of the hyperprior. */
  readonly typical: Float64Array;
  readonly spread: Float64Array;
  toScales(logarithms: Float64Array): HierarchicalScales;
  fromScales(scales: HierarchicalScales): Float64Array;
}

function scaleParameters(design: HierarchicalDesign, terms: readonly Term[]): ScaleParameters {
  // A surrogate's typical scale is one of explained variance, whatever the unit of its attributions.
  const surrogates = design.surrogates.map(
    (prior) => TYPICAL_SURROGATE / (surrogateMeanSquare(prior) || 1),
  );
  const typical = Float64Array.from(
    [...terms.map((term) => term.typical), ...surrogates, TYPICAL_NOISE],
    Math.log,
  );
  const spread = typical.map((_, index) =>
    index === typical.length - 1 ? LOG_NOISE_SPREAD : LOG_SCALE_SPREAD,
  );
  return {
    terms,
    surrogates: surrogates.length,
    typical,
    spread,
    toScales: (logarithms) => scalesFrom(terms, Array.from(logarithms, Math.exp)),
    fromScales: (scales) =>
      Float64Array.from(
        [...terms.map((term) => scales[term.name]), ...scales.surrogates, scales.noise],
        (scale) => Math.log(Math.max(scale, 1e-12)),
      ),
  };
}

function scalesFrom(terms: readonly Term[], scales: readonly number[]): HierarchicalScales {
  const named: Record<Term["name"], number> = {
    constantOwn: 0,
    constantClass: 0,
    linearTemplate: 0,
    linearClass: 0,
    linearOwn: 0,
    pairTemplate: 0,
    pairClass: 0,
    pairOwn: 0,
  };
  terms.forEach((term, index) => (named[term.name] = scales[index] as number));
  return { ...named, surrogates: scales.slice(terms.length, -1), noise: scales.at(-1) as number };
}

/** Minus log (marginal likelihood x hyperprior) of log-scales, with gradient; Infinity where the covariance is not definite. */
function objective(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  parameters: ScaleParameters,
): (logarithms: Float64Array) => Evaluation {
  const layout = rowLayout(design, rows.cells);
  const tables = parameters.terms.map((term) => termTable(term, design.spans));
  return (logarithms) => {
    const scales = parameters.toScales(logarithms);
    const factor = cholesky(
      rowCovariance(layout, covarianceTable(scales, design.spans), scales),
      layout.rows,
    );
    if (factor === null) return { value: Infinity, gradient: logarithms };
    const weights = solveCholesky(factor, rows.values);
    const surplus = likelihoodSurplus(layout, factor, weights, tableSize(design.spans));
    const slopes = [
      ...tables.map((table) => dot(table, surplus.byTableIndex)),
      ...surplus.byFeature,
      surplus.trace,
    ];
    const gradient = Float64Array.from(
      slopes,
      (slope, index) => 0.5 * Math.exp(logarithms[index] as number) * slope,
    );
    return withHyperprior(
      { value: -logLikelihood(factor, weights, rows.values), gradient },
      logarithms,
      parameters,
    );
  };
}

function withHyperprior(
  likelihood: Evaluation,
  logarithms: Float64Array,
  parameters: ScaleParameters,
): Evaluation {
  const standardised = logarithms.map(
    (value, index) =>
      (value - (parameters.typical[index] as number)) / (parameters.spread[index] as number),
  );
  return {
    value: likelihood.value + 0.5 * dot(standardised, standardised),
    gradient: likelihood.gradient.map(
      (slope, index) =>
        slope + (standardised[index] as number) / (parameters.spread[index] as number),
    ),
  };
}

interface Surplus {
  readonly byTableIndex: Float64Array;
  readonly byFeature: readonly number[];
  readonly trace: number;
}

/**
 * W = K^-1 - weights weights', summed over everything a derivative of K can be: W over cells of one table index, f' W f for
 * each surrogate's feature f, and the trace. The slope of minus log-likelihood along dK is half the sum of W o dK.
 */
function likelihoodSurplus(
  layout: RowLayout,
  factor: CholeskyFactor,
  weights: Float64Array,
  size: number,
): Surplus {
  const { rows, indices, features } = layout;
  const inverse = choleskyInverse(factor);
  const byTableIndex = new Float64Array(size);
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

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** At most about `target` rows: every k-th input of each class with all its rows, the inputs in random order. */
function thinInputs(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  target: number,
): StandardisedRows {
  const stride = Math.ceil(rows.cells.length / target);
  if (stride <= 1) return rows;
  const inputs = [...new Set(rows.cells.map((cell) => cell.input))].sort((a, b) => a - b);
  const shuffled = randomFrom("thinned inputs").shuffle(inputs);
  const classes = [...new Set(design.classes)];
  const byClass = classes.flatMap((name) =>
    shuffled.filter((input) => design.classes[input] === name),
  );
  const kept = new Set(byClass.filter((_, position) => position % stride === 0));
  const positions = [...rows.cells.keys()].filter((position) =>
    kept.has((rows.cells[position] as Cell).input),
  );
  return {
    cells: positions.map((position) => rows.cells[position] as Cell),
    values: Float64Array.from(positions, (position) => rows.values[position] as number),
  };
}
