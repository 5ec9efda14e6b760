import { UnderstudyError } from "../errors.js";
import { subtractRowProducts } from "./row-products.js";

/**
 * Dense symmetric positive definite systems. Matrices are square, row-major Float64Array; only the lower triangle is read.
 * Everything is arranged as dot products of rows (A B'), which run along memory, in 2 x 4 register tiles over blocks of columns.
 */

/** Columns that are factored together: two blocks of rows of 1,000 columns stay in the second-level cache. */
const BLOCK = 32;

/** A lower triangular factor L with L L' = A. The upper triangle of `lower` is zero. */
export interface CholeskyFactor {
  readonly size: number;
  readonly lower: Float64Array;
}

/**
 * Cholesky factor of a symmetric positive definite matrix (size x size, lower triangle read, input untouched);
 * null where it is not positive definite to working precision. Golub and Van Loan, Matrix Computations, 4.2.9, left-looking.
 */
export function cholesky(matrix: Float64Array, size: number): CholeskyFactor | null {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row++)
    lower.set(matrix.subarray(row * size, row * size + row + 1), row * size);
  for (let start = 0; start < size; start += BLOCK) {
    const end = Math.min(size, start + BLOCK);
    const columns = { rowStart: start, rowEnd: end, from: 0, to: start };
    subtractRowProducts(lower, lower, size, { ...columns, targetStart: start, targetEnd: end });
    if (!factorDiagonalBlock(lower, size, start, end)) return null;
    // The block above the diagonal of the first tile was touched by the tile product; the factor is lower triangular.
    for (let row = start; row < end; row++) lower.fill(0, row * size + row + 1, row * size + end);
    subtractRowProducts(lower, lower, size, { ...columns, targetStart: end, targetEnd: size });
    solveBlock(lower, lower, size, { start, end, rowStart: end, rowEnd: size });
  }
  return { size, lower };
}

/** Sum of products; the second vector may be longer. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** log det A = 2 sum log L_ii. */
export function logDeterminant(factor: CholeskyFactor): number {
  let sum = 0;
  for (let row = 0; row < factor.size; row++)
    sum += Math.log(factor.lower[row * factor.size + row] as number);
  return 2 * sum;
}

/** x with A x = b. */
export function solveCholesky(factor: CholeskyFactor, right: Float64Array): Float64Array {
  const { size, lower } = factor;
  const x = Float64Array.from(right);
  for (let row = 0; row < size; row++) {
    let sum = x[row] as number;
    for (let k = 0; k < row; k++) sum -= (lower[row * size + k] as number) * (x[k] as number);
    x[row] = sum / (lower[row * size + row] as number);
  }
  for (let row = size - 1; row >= 0; row--) {
    const value = (x[row] as number) / (lower[row * size + row] as number);
    x[row] = value;
    for (let k = 0; k < row; k++)
      x[k] = (x[k] as number) - (lower[row * size + k] as number) * value;
  }
  return x;
}

/** Replaces every row r of `rows` (count x size, row-major) by L^-1 r: dot products of these rows are then r' A^-1 s. */
export function whitenRows(factor: CholeskyFactor, rows: Float64Array): void {
  const { size, lower } = factor;
  const count = size === 0 ? 0 : rows.length / size;
  for (let start = 0; start < size; start += BLOCK) {
    const end = Math.min(size, start + BLOCK);
    subtractRowProducts(rows, lower, size, {
      targetStart: 0,
      targetEnd: count,
      rowStart: start,
      rowEnd: end,
      from: 0,
      to: start,
    });
    solveBlock(rows, lower, size, { start, end, rowStart: 0, rowEnd: count });
  }
}

/** A^-1, both triangles (size x size). */
export function choleskyInverse(factor: CholeskyFactor): Float64Array {
  const { size } = factor;
  const whitened = inverseTransposed(factor);
  const inverse = new Float64Array(size * size);
  for (let first = 0; first < size; first += BLOCK) {
    const targetEnd = Math.min(size, first + BLOCK);
    for (let start = 0; start <= first; start += BLOCK) {
      const rowEnd = Math.min(size, start + BLOCK);
      // Row i of the transposed inverse factor is zero before column i, so products start at the later of the two blocks.
      subtractRowProducts(inverse, whitened, size, {
        targetStart: first,
        targetEnd,
        rowStart: start,
        rowEnd,
        from: first,
        to: size,
        left: whitened,
      });
    }
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const value = -(inverse[row * size + column] as number);
      inverse[row * size + column] = value;
      inverse[column * size + row] = value;
    }
  }
  return inverse;
}

/** (L^-1)' : row j is the solution of L x = e_j. */
function inverseTransposed(factor: CholeskyFactor): Float64Array {
  const { size, lower } = factor;
  const rows = new Float64Array(size * size);
  for (let row = 0; row < size; row++) rows[row * size + row] = 1;
  for (let start = 0; start < size; start += BLOCK) {
    const end = Math.min(size, start + BLOCK);
    for (let first = 0; first < start; first += BLOCK) {
      subtractRowProducts(rows, lower, size, {
        targetStart: first,
        targetEnd: first + BLOCK,
        rowStart: start,
        rowEnd: end,
        from: first,
        to: start,
      });
    }
    solveBlock(rows, lower, size, { start, end, rowStart: 0, rowEnd: end });
  }
  return rows;
}

/** Unblocked Cholesky of lower[start..end)[start..end), in place; false where a pivot is not positive. */
function factorDiagonalBlock(
  lower: Float64Array,
  size: number,
  start: number,
  end: number,
): boolean {
  for (let column = start; column < end; column++) {
    let pivot = lower[column * size + column] as number;
    for (let k = start; k < column; k++) pivot -= (lower[column * size + k] as number) ** 2;
    if (!(pivot > 0) || pivot === Infinity) return false;
    const root = Math.sqrt(pivot);
    lower[column * size + column] = root;
    for (let row = column + 1; row < end; row++) {
      let sum = lower[row * size + column] as number;
      for (let k = start; k < column; k++)
        sum -= (lower[row * size + k] as number) * (lower[column * size + k] as number);
      lower[row * size + column] = sum / root;
    }
  }
  return true;
}

interface BlockRange {
  /** Columns of the block. */
  readonly start: number;
  readonly end: number;
  /** Rows of the right-hand sides. */
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** Forward substitution with the diagonal block of `lower`, for each row of right-hand sides, in place. */
function solveBlock(
  rows: Float64Array,
  lower: Float64Array,
  size: number,
  range: BlockRange,
): void {
  const { start, end } = range;
  for (let row = range.rowStart; row < range.rowEnd; row++) {
    const offset = row * size;
    for (let column = start; column < end; column++) {
      const pivotRow = column * size;
      let sum = rows[offset + column] as number;
      for (let k = start; k < column; k++)
        sum -= (rows[offset + k] as number) * (lower[pivotRow + k] as number);
      rows[offset + column] = sum / (lower[pivotRow + column] as number);
    }
  }
}

/** Throws unless a matrix is positive definite: for callers that added a ridge and may rely on it. */
export function choleskyOrThrow(matrix: Float64Array, size: number): CholeskyFactor {
  const factor = cholesky(matrix, size);
  if (factor === null)
    throw new UnderstudyError(
      "INTERNAL",
      `a ${size} x ${size} matrix that must be positive definite is not`,
    );
  return factor;
}
