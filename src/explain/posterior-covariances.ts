import { dot, whitenRows } from "../numerics/linear-algebra.js";
import { type Cell, covarianceTable, tableIndex } from "./hierarchical-kernel.js";
import { JITTER, surrogateFeatures } from "./hierarchical-likelihood.js";
import type { CovarianceFrame, Functional, Posterior } from "./hierarchical-posterior.js";

export interface CovarianceProblem {
  readonly posterior: Posterior;
  /** The functionals, against whatever cells. */
  readonly functionals: (frame: CovarianceFrame) => readonly Functional[];
  /** Rows that might be measured. */
  readonly candidates: readonly Cell[];
  /** Variance of a candidate's noise that is known beforehand, in standardised units. */
  readonly knownVariance: number;
  /** How many candidates will be imagined at most. */
  readonly capacity: number;
}

/**
 * Posterior covariances of functionals and candidates, in standardised units, that follow as candidates are imagined measured.
 * A value's own number moves means and never variances, so none is needed (Rasmussen and Williams 2006, equation 2.26).
 */
export interface PosteriorCovariances {
  /** Posterior mean of each functional; imagining leaves it. */
  readonly means: Float64Array;
  /** Posterior variance of each functional, after what was imagined. */
  readonly variances: Float64Array;
  /** By how much measuring a candidate would lower the summed variance of some functionals. */
  reduction(candidate: number, functionals: readonly number[]): number;
  imagine(candidate: number): void;
}

/**
 * With L L' = K of the rows and a_f = L^-1 k_f, the posterior covariance of f and g is k(f, g) - a_f . a_g; imagining a row
 * appends one coordinate cov(f, row) / sd(row) to every a_f: the next row of the Cholesky factor.
 */
export function openCovariances(problem: CovarianceProblem): PosteriorCovariances {
  const { posterior, candidates } = problem;
  const frame: CovarianceFrame = {
    design: posterior.design,
    cells: candidates,
    process: {
      scales: posterior.process.scales,
      features: surrogateFeatures(posterior.design, candidates),
    },
  };
  const onRows = problem.functionals(posterior);
  const onCandidates = problem.functionals(frame);
  const table = covarianceTable(posterior.process.scales, posterior.design.spans);
  const covariance = cellCovariance(table);
  const rows = whitenedCandidates(posterior, frame, covariance, problem.capacity);
  const whitened = whitenedFunctionals(posterior, onRows);
  const variances = Float64Array.from(onRows, ({ variance }, f) => {
    const own = whitened[f] as Float64Array;
    return variance - dot(own, own);
  });
  const cross = onCandidates.map((functional, f) =>
    functional.covariance.map(
      (value, candidate) => value - dot(whitened[f] as Float64Array, rows.of(candidate)),
    ),
  );
  const noise = posterior.process.scales.noise + problem.knownVariance + JITTER;
  const spread = Float64Array.from(candidates, (_, candidate) => {
    const own = rows.of(candidate);
    return covariance(frame, candidate, frame, candidate) - dot(own, own) + noise;
  });
  return {
    means: Float64Array.from(onRows, (functional) =>
      dot(functional.covariance, posterior.process.weights),
    ),
    variances,
    reduction: (candidate, functionals) =>
      functionals.reduce((sum, f) => sum + (cross[f]?.[candidate] as number) ** 2, 0) /
      (spread[candidate] as number),
    imagine: (chosen) => {
      const deviation = Math.sqrt(spread[chosen] as number);
      const row = rows.of(chosen).slice();
      const step = Float64Array.from(
        candidates,
        (_, candidate) =>
          (covariance(frame, candidate, frame, chosen) - dot(row, rows.of(candidate))) / deviation,
      );
      rows.append(step);
      step.forEach((value, candidate) => {
        spread[candidate] = (spread[candidate] as number) - value * value;
      });
      cross.forEach((own, f) => {
        const coordinate = (own[chosen] as number) / deviation;
        variances[f] = (variances[f] as number) - coordinate * coordinate;
        step.forEach((value, candidate) => {
          own[candidate] = (own[candidate] as number) - coordinate * value;
        });
      });
    },
  };
}

type CellCovariance = (
  left: CovarianceFrame,
  cell: number,
  right: CovarianceFrame,
  other: number,
) => number;

/** Prior covariance of two cells' values, noise left out. */
function cellCovariance(table: Float64Array): CellCovariance {
  return (left, cell, right, other) => {
    const index = tableIndex(left.design, left.cells[cell] as Cell, right.cells[other] as Cell);
    let value = table[index] as number;
    left.process.features.forEach((feature, k) => {
      const product = (feature[cell] as number) * (right.process.features[k]?.[other] as number);
      value += (left.process.scales.surrogates[k] as number) * product;
    });
    return value;
  };
}

interface GrowingRows {
  /** The coordinates of a candidate so far. */
  of(candidate: number): Float64Array;
  append(step: Float64Array): void;
}

function whitenedCandidates(
  posterior: Posterior,
  frame: CovarianceFrame,
  covariance: CellCovariance,
  capacity: number,
): GrowingRows {
  const size = posterior.cells.length;
  const width = size + capacity;
  const storage = new Float64Array(frame.cells.length * width);
  const whitened = new Float64Array(frame.cells.length * size);
  frame.cells.forEach((_, candidate) => {
    for (let other = 0; other < size; other++)
      whitened[candidate * size + other] = covariance(frame, candidate, posterior, other);
  });
  whitenRows(posterior.process.factor, whitened);
  frame.cells.forEach((_, candidate) =>
    storage.set(whitened.subarray(candidate * size, (candidate + 1) * size), candidate * width),
  );
  let used = size;
  return {
    of: (candidate) => storage.subarray(candidate * width, candidate * width + used),
    append: (step) => {
      step.forEach((value, candidate) => (storage[candidate * width + used] = value));
      used++;
    },
  };
}

function whitenedFunctionals(
  posterior: Posterior,
  functionals: readonly Functional[],
): readonly Float64Array[] {
  return functionals.map(({ covariance }) => {
    const row = covariance.slice();
    whitenRows(posterior.process.factor, row);
    return row;
  });
}
