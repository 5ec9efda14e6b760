import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  cholesky,
  choleskyInverse,
  choleskyOrThrow,
  logDeterminant,
  solveCholesky,
  whitenRows,
} from "../../src/numerics/linear-algebra.js";
import { randomFrom } from "../../src/numerics/random.js";

/** min(i, j), i and j from 1: its factor is the lower triangle of ones, its determinant 1, its inverse tridiagonal. */
function minimumMatrix(size: number): Float64Array {
  return Float64Array.from(
    { length: size * size },
    (_, index) => Math.min(Math.floor(index / size), index % size) + 1,
  );
}

function randomDefinite(size: number, seed: number): Float64Array {
  const random = randomFrom(`definite ${seed}`);
  const root = Float64Array.from({ length: size * size }, () => random.normal());
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let sum = i === j ? 0.5 * size : 0;
      for (let k = 0; k < size; k++)
        sum += (root[i * size + k] as number) * (root[j * size + k] as number);
      matrix[i * size + j] = sum;
    }
  return matrix;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (b[index] as number))),
    0,
  );
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, index) => {
    let sum = 0;
    for (let k = 0; k < size; k++)
      sum +=
        (a[Math.floor(index / size) * size + k] as number) *
        (b[k * size + (index % size)] as number);
    return sum;
  });
}

// Sizes around the block of 32 columns and the tiles of 2 x 4.
const SIZES = [1, 2, 3, 5, 31, 32, 33, 67, 100];

describe("Cholesky", () => {
  test.each(SIZES)("of min(i, j), size %i, is the triangle of ones", (size) => {
    const factor = choleskyOrThrow(minimumMatrix(size), size);
    const ones = Float64Array.from({ length: size * size }, (_, index) =>
      index % size <= Math.floor(index / size) ? 1 : 0,
    );
    expect(largestDifference(factor.lower, ones)).toBeLessThan(1e-12);
    expect(Math.abs(logDeterminant(factor))).toBeLessThan(1e-12);
  });

  test.each(SIZES)("inverse of min(i, j), size %i, is tridiagonal", (size) => {
    const inverse = choleskyInverse(choleskyOrThrow(minimumMatrix(size), size));
    const expected = Float64Array.from({ length: size * size }, (_, index) => {
      const row = Math.floor(index / size);
      const distance = Math.abs(row - (index % size));
      if (distance > 1) return 0;
      if (distance === 1) return -1;
      return row === size - 1 ? 1 : 2;
    });
    expect(largestDifference(inverse, expected)).toBeLessThan(1e-11);
  });

  test("solves, inverts and whitens random definite matrices of any size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.integer(), (size, seed) => {
        const matrix = randomDefinite(size, seed);
        const factor = choleskyOrThrow(matrix, size);
        const identity = Float64Array.from({ length: size * size }, (_, index) =>
          Math.floor(index / size) === index % size ? 1 : 0,
        );
        expect(
          largestDifference(product(matrix, choleskyInverse(factor), size), identity),
        ).toBeLessThan(1e-9);
        const random = randomFrom(`right ${seed}`);
        const right = Float64Array.from({ length: 3 * size }, () => random.normal());
        const solved = [0, 1, 2].map((k) =>
          solveCholesky(factor, right.subarray(k * size, (k + 1) * size)),
        );
        const whitened = Float64Array.from(right);
        whitenRows(factor, whitened);
        for (let k = 0; k < 3; k++) {
          const direct =
            solved[0]?.reduce(
              (sum, value, row) => sum + value * (right[k * size + row] as number),
              0,
            ) ?? NaN;
          let viaWhite = 0;
          for (let row = 0; row < size; row++)
            viaWhite += (whitened[row] as number) * (whitened[k * size + row] as number);
          expect(Math.abs(direct - viaWhite)).toBeLessThan(1e-9);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("leaves its input alone and reads the lower triangle only", () => {
    const matrix = minimumMatrix(40);
    const spoiled = matrix.map((value, index) =>
      index % 40 > Math.floor(index / 40) ? NaN : value,
    );
    const copy = Float64Array.from(spoiled);
    expect(choleskyOrThrow(spoiled, 40).lower).toEqual(choleskyOrThrow(matrix, 40).lower);
    expect(spoiled).toEqual(copy);
  });

  test("refuses what is not positive definite", () => {
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
    expect(cholesky(Float64Array.of(0), 1)).toBeNull();
    expect(cholesky(Float64Array.of(NaN), 1)).toBeNull();
    const late = minimumMatrix(50);
    late[49 * 50 + 49] = 0;
    expect(cholesky(late, 50)).toBeNull();
    expect(() => choleskyOrThrow(Float64Array.of(-1), 1)).toThrow("positive definite");
  });
});
