import { UnderstudyError } from "../errors.js";
import type { Cell } from "./hierarchical-kernel.js";
import type { StandardisedRows } from "./hierarchical-likelihood.js";

/** A measured value; MaskedValue fits. */
export interface MeasuredRow extends Cell {
  readonly value: number;
  /** Variance of the value that is known beforehand, such as of sampled log-odds, in squared units of the values; 0 by default. */
  readonly variance?: number;
}

/** Rows as the process sees them, and what turns its numbers back into units of the values. */
export interface Standardisation {
  readonly rows: StandardisedRows;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Rows with mean 0 and standard deviation 1. `noiseFloor` is a variance that every value has at least, such as that of repeats
 * of one question; it is added to each row's own known variance. Values without any variation keep a tiny deviation, so that
 * every effect comes out as 0. Throws INTERNAL for no rows, values that are not finite and variances that are not at least 0.
 */
export function standardise(rows: readonly MeasuredRow[], noiseFloor = 0): Standardisation {
  checkRows(rows, noiseFloor);
  const mean = rows.reduce((sum, row) => sum + row.value, 0) / rows.length;
  const variance = rows.reduce((sum, row) => sum + (row.value - mean) ** 2, 0) / rows.length;
  const deviation = Math.sqrt(variance) + 1e-9;
  return {
    mean,
    deviation,
    rows: {
      cells: rows,
      values: Float64Array.from(rows, (row) => (row.value - mean) / deviation),
      knownVariances: Float64Array.from(
        rows,
        (row) => (noiseFloor + (row.variance ?? 0)) / deviation ** 2,
      ),
    },
  };
}

function checkRows(rows: readonly MeasuredRow[], noiseFloor: number): void {
  if (rows.length === 0)
    throw new UnderstudyError("INTERNAL", "hierarchical attribution of no values");
  for (const { input, value, variance = 0 } of rows) {
    if (!Number.isFinite(value))
      throw new UnderstudyError("INTERNAL", `a measured value of input ${input} is ${value}`);
    if (!(variance >= 0 && variance < Infinity))
      throw new UnderstudyError("INTERNAL", `a value of input ${input} has variance ${variance}`);
  }
  if (!(noiseFloor >= 0 && noiseFloor < Infinity))
    throw new UnderstudyError("INTERNAL", `a noise floor of ${noiseFloor}`);
}
