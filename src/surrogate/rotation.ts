/**
 * Orthogonal rotations that spread outlier channels before quantisation, without data (in the manner of QuaRot, Ashkboos et al. 2024):
 * random signs, then a Walsh-Hadamard transform over the power-of-two part of the size and an orthonormal DCT-II over the odd part.
 */

/** Beyond 1,024 a longer Hadamard transform spreads no better and the DCT part stays small for the sizes models have. */
const LONGEST_HADAMARD = 1024;

/** An orthogonal map Q of `size` dimensions. */
export interface Rotation {
  readonly size: number;
  /** Replaces the vector values[offset .. offset + size) by Q times it. */
  rotateVector(values: Float32Array, offset: number): void;
  /** Multiplies the matrix [size, columns], row-major, by Q from the left, in place. */
  rotateRows(matrix: Float32Array, columns: number): void;
}

/** Signs from a linear congruential generator with a fixed start: part of the compiled format, never to change. */
function pseudoRandomSigns(size: number): Float64Array {
  const signs = new Float64Array(size);
  let state = 12345;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    signs[i] = (state >> 16) & 1 ? -1 : 1;
  }
  return signs;
}

/** Orthonormal DCT-II, row-major [size, size]. */
function cosineTransform(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      matrix[row * size + column] =
        Math.sqrt((row === 0 ? 1 : 2) / size) * Math.cos((Math.PI * (column + 0.5) * row) / size);
  return matrix;
}

/** Unnormalised Walsh-Hadamard butterflies over `count` blocks of `length` elements, each element a run of `width` numbers. */
function hadamard(
  values: Float32Array,
  offset: number,
  layout: { readonly total: number; readonly length: number; readonly width: number },
): void {
  const end = offset + layout.total * layout.width;
  for (let half = layout.width; half < layout.length * layout.width; half *= 2)
    for (let block = offset; block < end; block += 2 * half)
      for (let i = block; i < block + half; i++) {
        const upper = values[i] as number;
        const lower = values[i + half] as number;
        values[i] = upper + lower;
        values[i + half] = upper - lower;
      }
}

class HadamardCosineRotation implements Rotation {
  readonly #power: number;
  readonly #odd: number;
  readonly #factors: Float64Array;
  readonly #cosines: Float64Array;

  constructor(
    readonly size: number,
    signs: Float64Array,
  ) {
    this.#power = Math.min(size & -size, LONGEST_HADAMARD);
    this.#odd = size / this.#power;
    this.#factors = signs.map((sign) => sign / Math.sqrt(this.#power));
    this.#cosines = cosineTransform(this.#odd);
  }

  rotateVector(values: Float32Array, offset: number): void {
    this.#rotate(values, offset, 1);
  }

  rotateRows(matrix: Float32Array, columns: number): void {
    this.#rotate(matrix, 0, columns);
  }

  #rotate(values: Float32Array, offset: number, width: number): void {
    for (let i = 0, at = offset; i < this.size; i++) {
      const factor = this.#factors[i] as number;
      for (const end = at + width; at < end; at++) values[at] = (values[at] as number) * factor;
    }
    hadamard(values, offset, { total: this.size, length: this.#power, width });
    if (this.#odd > 1) this.#transformOddPart(values, offset, width);
  }

  /** The DCT runs over elements that lie `power` apart; `width` numbers of an element are transformed side by side. */
  #transformOddPart(values: Float32Array, offset: number, width: number): void {
    const odd = this.#odd;
    const stride = this.#power * width;
    const before = new Float64Array(odd);
    for (let start = offset; start < offset + stride; start++) {
      for (let j = 0, at = start; j < odd; j++, at += stride) before[j] = values[at] as number;
      for (let row = 0, at = start; row < odd; row++, at += stride) {
        let sum = 0;
        for (let j = 0, c = row * odd; j < odd; j++, c++)
          sum += (this.#cosines[c] as number) * (before[j] as number);
        values[at] = sum;
      }
    }
  }
}

/** A rotation with fixed pseudo-random signs: for the residual stream and the inputs of the down projection. */
export function randomRotation(size: number): Rotation {
  return new HadamardCosineRotation(size, pseudoRandomSigns(size));
}

/** The same without signs: for the channels of an attention head. */
export function plainRotation(size: number): Rotation {
  return new HadamardCosineRotation(size, new Float64Array(size).fill(1));
}
