import type { Interval } from "../domain.js";
import { dot, whitenRows } from "../numerics/linear-algebra.js";
import type { FittedProcess } from "./hierarchical-likelihood.js";
import {
  type Cell,
  type HierarchicalDesign,
  type SurrogatePrior,
  centredProduct,
  linearUnit,
  attributionOf,
  tableIndex,
} from "./hierarchical-kernel.js";

/** 95th percentile of the standard normal: intervals hold 90 % of the posterior. */
export const NORMAL_95 = 1.6448536269514722;

/** A linear function of the latent process: its prior variance and its covariance with every measured row. */
export interface Functional {
  readonly variance: number;
  readonly covariance: Float64Array;
}

/** Cells that functionals have covariances with: measured rows, or rows that might be measured. */
export interface CovarianceFrame {
  readonly design: HierarchicalDesign;
  readonly cells: readonly Cell[];
  readonly process: Pick<FittedProcess, "scales" | "features">;
}

/** Everything the posterior of a functional needs. */
export interface Posterior extends CovarianceFrame {
  readonly process: FittedProcess;
}

/** Posterior mean and 90 % interval of each functional, in standardised units. Rasmussen and Williams (2006), equations 2.25 and 2.26. */
export function posteriorIntervals(
  posterior: Posterior,
  functionals: readonly Functional[],
): Interval[] {
  const { factor, weights } = posterior.process;
  const rows = new Float64Array(functionals.length * factor.size);
  functionals.forEach((functional, index) => rows.set(functional.covariance, index * factor.size));
  whitenRows(factor, rows);
  return functionals.map((functional, index) => {
    const estimate = dot(functional.covariance, weights);
    const whitened = rows.subarray(index * factor.size, (index + 1) * factor.size);
    const half = NORMAL_95 * Math.sqrt(Math.max(0, functional.variance - dot(whitened, whitened)));
    return { estimate, low: estimate - half, high: estimate + half };
  });
}

/** Posterior mean alone. */
export function posteriorMean(posterior: Posterior, functional: Functional): number {
  return dot(functional.covariance, posterior.process.weights);
}

/** The latent value of a cell under a covariance table (with constants: a value; without: a value up to the input's constant). */
export function cellFunctional(
  frame: CovarianceFrame,
  table: Float64Array,
  cell: Cell,
): Functional {
  const { design, cells, process } = frame;
  const covariance = Float64Array.from(
    cells,
    (row) => table[tableIndex(design, cell, row)] as number,
  );
  let variance = table[tableIndex(design, cell, cell)] as number;
  design.surrogates.forEach((prior, k) => {
    const own = centredProduct(cell.mask, attributionOf(prior, cell.input));
    const scale = process.scales.surrogates[k] as number;
    addScaled(covariance, process.features[k] as Float64Array, scale * own);
    variance += scale * own * own;
  });
  return { variance, covariance };
}

/** The difference of two cells' values of one input: the constant cancels. */
export function differenceFunctional(
  posterior: Posterior,
  table: Float64Array,
  cells: readonly [Cell, Cell],
): Functional {
  const [minuend, subtrahend] = cells;
  const { design, process } = posterior;
  const first = cellFunctional(posterior, table, minuend);
  const second = cellFunctional(posterior, table, subtrahend);
  let shared = table[tableIndex(design, minuend, subtrahend)] as number;
  design.surrogates.forEach((prior, k) => {
    const product =
      centredProduct(minuend.mask, attributionOf(prior, minuend.input)) *
      centredProduct(subtrahend.mask, attributionOf(prior, subtrahend.input));
    shared += (process.scales.surrogates[k] as number) * product;
  });
  return {
    variance: first.variance + second.variance - 2 * shared,
    covariance: first.covariance.map((value, row) => value - (second.covariance[row] as number)),
  };
}

/** One functional a span: the weighted sum over inputs of psi_i (indicator weights: one input; equal weights: the template). */
export function effectFunctionals(
  frame: CovarianceFrame,
  inputWeights: Float64Array,
): Functional[] {
  const { design, cells, process } = frame;
  const { linearTemplate, linearClass, linearOwn, surrogates } = process.scales;
  const unit = linearUnit(design.spans);
  const total = inputWeights.reduce((sum, weight) => sum + weight, 0);
  const byClass = weightByClass(design, inputWeights);
  const shared = Float64Array.from(
    cells,
    ({ input }) =>
      unit *
      (linearTemplate * total +
        linearClass * (byClass.get(design.classes[input] as string) ?? 0) +
        linearOwn * (inputWeights[input] as number)),
  );
  const squares = [...byClass.values()].reduce((sum, weight) => sum + weight * weight, 0);
  const ownVariance =
    unit *
    (linearTemplate * total * total +
      linearClass * squares +
      linearOwn * dot(inputWeights, inputWeights));
  return Array.from({ length: design.spans }, (_, span) => {
    const covariance = Float64Array.from(
      cells,
      ({ mask }, row) => ((mask[span] as number) - 0.5) * (shared[row] as number),
    );
    let variance = ownVariance;
    design.surrogates.forEach((prior, k) => {
      const attribution = weightedAttribution(prior, inputWeights, span);
      const scale = surrogates[k] as number;
      addScaled(covariance, process.features[k] as Float64Array, scale * attribution);
      variance += scale * attribution * attribution;
    });
    return { variance, covariance };
  });
}

/** The factor a_k of a surrogate's attribution. */
export function surrogateFunctional(posterior: Posterior, surrogate: number): Functional {
  const scale = posterior.process.scales.surrogates[surrogate] as number;
  return {
    variance: scale,
    covariance: (posterior.process.features[surrogate] as Float64Array).map(
      (value) => scale * value,
    ),
  };
}

function weightByClass(
  design: HierarchicalDesign,
  inputWeights: Float64Array,
): Map<string, number> {
  const sums = new Map<string, number>();
  design.classes.forEach((name, input) =>
    sums.set(name, (sums.get(name) ?? 0) + (inputWeights[input] as number)),
  );
  return sums;
}

function weightedAttribution(
  prior: SurrogatePrior,
  inputWeights: Float64Array,
  span: number,
): number {
  let sum = 0;
  inputWeights.forEach((weight, input) => {
    if (weight !== 0) sum += weight * (attributionOf(prior, input)[span] as number);
  });
  return sum;
}

/** target + factor x vector, in place. */
export function addScaled(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++)
    target[i] = (target[i] as number) + factor * (vector[i] as number);
}
