import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { plainRotation, randomRotation, type Rotation } from "../../src/surrogate/rotation.js";

/** Row i: Q e_i. */
function imagesOfUnitVectors(rotation: Rotation): Float32Array[] {
  return Array.from({ length: rotation.size }, (_, i) => {
    const unit = new Float32Array(rotation.size);
    unit[i] = 1;
    rotation.rotateVector(unit, 0);
    return unit;
  });
}

function dot(first: Float32Array, second: Float32Array): number {
  return first.reduce((sum, value, i) => sum + value * (second[i] ?? 0), 0);
}

/** Powers of two, odd sizes, and products: residual streams of SmolLM2 (576 = 64 * 9) and Qwen2.5 (896 = 128 * 7) among them. */
const SIZES = [1, 2, 7, 9, 64, 80, 96, 576, 896];

describe.each(SIZES)("a rotation of %i dimensions", (size) => {
  test.each([
    ["with signs", randomRotation(size)],
    ["without signs", plainRotation(size)],
  ])("%s is orthogonal", (_, rotation) => {
    const images = imagesOfUnitVectors(rotation);
    let worst = 0;
    images.forEach((first, i) => {
      for (let j = i; j < size; j += 1 + (size >> 4))
        worst = Math.max(worst, Math.abs(dot(first, images[j] ?? first) - (i === j ? 1 : 0)));
    });
    expect(worst).toBeLessThan(2e-6);
  });

  test("turns columns of a matrix as it turns vectors, and nothing around its place", () => {
    const rotation = randomRotation(size);
    const columns = 3;
    const matrix = Float32Array.from({ length: size * columns }, (_, i) => Math.sin(i));
    const padded = (column: number): Float32Array => {
      const vector = new Float32Array(size + 2).fill(5);
      for (let row = 0; row < size; row++) vector[row + 1] = matrix[row * columns + column] ?? 0;
      return vector;
    };
    const expected = [0, 1, 2].map((column) => {
      const vector = padded(column);
      rotation.rotateVector(vector, 1);
      expect([vector[0], vector[size + 1]]).toEqual([5, 5]);
      return vector;
    });
    rotation.rotateRows(matrix, columns);
    for (let row = 0; row < size; row++)
      for (let column = 0; column < columns; column++)
        expect(matrix[row * columns + column]).toBeCloseTo(
          expected[column]?.[row + 1] ?? Number.NaN,
          5,
        );
  });
});

describe("rotations", () => {
  test("keep products of any two vectors", () => {
    const rotation = randomRotation(96);
    const vector = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), {
      minLength: 96,
      maxLength: 96,
    });
    fc.assert(
      fc.property(vector, vector, (first, second) => {
        const a = Float32Array.from(first);
        const b = Float32Array.from(second);
        const before = dot(a, b);
        rotation.rotateVector(a, 0);
        rotation.rotateVector(b, 0);
        expect(Math.abs(dot(a, b) - before)).toBeLessThan(
          1e-5 * (1 + Math.sqrt(dot(a, a) * dot(b, b))),
        );
      }),
    );
  });

  test("spread a single channel over all of them", () => {
    const outlier = new Float32Array(576);
    outlier[17] = 100;
    randomRotation(576).rotateVector(outlier, 0);
    const largest = outlier.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // sqrt(2/9) / sqrt(64) * 100, the largest entry of the cosine part over the Hadamard part
    expect(largest).toBeLessThanOrEqual(100 * Math.sqrt(2 / 9 / 64) + 1e-4);
  });

  test("are the same in every process: part of the compiled format", () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    randomRotation(6).rotateVector(values, 0);
    // Worked out apart from this code: signs + + - + - -, butterflies of two, then a cosine transform of three.
    const expected = [-2.8577, -2.8577, 7, -1, -2.8868, 4.0415];
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4));
  });
});
