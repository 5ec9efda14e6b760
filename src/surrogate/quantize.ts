/** Weights of linear layers: gathered from GGUF tensors, folded, rotated, rounded and laid out [inputs, outputs] as the graph wants them. */

import { UnderstudyError } from "../errors.js";
import type { GgufFile, TensorInfo } from "./gguf.js";
import type { Rotation } from "./rotation.js";

/** Rows dequantised at a time: bounds memory, and 64 bytes of a transposed row fill one cache line. */
const TILE_ROWS = 64;
/** Taken out of the loops below: where globals are intercepted (test runners) each look-up costs more than the arithmetic. */
const { abs, floor } = Math;

/** One GGUF tensor [outputs, inputs] of a layer whose outputs are concatenated. */
export interface WeightPart {
  readonly tensor: TensorInfo;
  /** Source row of each output row; null = as stored. */
  readonly rowOrder?: Int32Array | null;
  /** Rotates each run of `size` outputs. */
  readonly outputRotation?: Rotation | null;
}

export interface PackOptions {
  /** null: keep float32. */
  readonly bits: 7 | 8 | null;
  /** Multiplies each input channel: a norm's gain folded into the layer. */
  readonly inputGain?: Float32Array | null;
  /** Rotates each run of `size` inputs (the activations come rotated alike). */
  readonly inputRotation?: Rotation | null;
}

/** A weight matrix [inputs, outputs], row-major; integer weights times `scales[output]` give the real ones. */
export type PackedWeights =
  | {
      readonly kind: "float";
      readonly inputs: number;
      readonly outputs: number;
      readonly weights: Float32Array;
    }
  | {
      readonly kind: "integer";
      readonly inputs: number;
      readonly outputs: number;
      readonly weights: Int8Array;
      readonly scales: Float32Array;
    };

/**
 * Source rows of query and key projections in files of the llama architecture, which store the two halves of each head interleaved:
 * output row h*D + half*D/2 + i is stored row h*D + 2*i + half.
 */
export function interleavedRowOrder(headSize: number, rows: number): Int32Array {
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / headSize);
    const within = row % headSize;
    const half = within < headSize / 2 ? 0 : 1;
    order[row] = head * headSize + 2 * (within - (half * headSize) / 2) + half;
  }
  return order;
}

/** Largest integer magnitude of a signed width: 63 for 7 bits, 127 for 8. */
function largestInteger(bits: 7 | 8): number {
  return 2 ** (bits - 1) - 1;
}

/** Rounds `count` values to integers of at most `largest` in magnitude, half up; returns the scale. */
export function quantizeRow(
  values: Float32Array,
  target: Int8Array,
  options: { readonly offset: number; readonly count: number; readonly bits: 7 | 8 },
): number {
  const end = options.offset + options.count;
  let magnitude = 0;
  let sum = 0;
  for (let i = options.offset; i < end; i++) {
    const value = abs(values[i] as number);
    sum += value;
    if (value > magnitude) magnitude = value;
  }
  // Comparisons pass over NaN; a sum does not.
  if (!Number.isFinite(sum))
    throw new UnderstudyError("MODEL_FILE", "a weight of the model is NaN or infinite", {
      fix: "Get the model file again.",
    });
  const scale = (magnitude === 0 ? 1 : magnitude) / largestInteger(options.bits);
  const inverse = 1 / scale;
  // Int8Array wraps instead of clamping, but |value| <= magnitude keeps the quotient inside after rounding.
  for (let i = options.offset; i < end; i++)
    target[i] = floor((values[i] as number) * inverse + 0.5);
  return scale;
}

/** All rows of a part in output order, rotated along the outputs; null where the rows can be streamed as they are stored. */
function materialise(gguf: GgufFile, part: WeightPart): Float32Array | null {
  const { tensor, rowOrder, outputRotation } = part;
  if (!rowOrder && !outputRotation) return null;
  const stored = gguf.readRows(tensor, 0, tensor.rows);
  const width = tensor.columns;
  const rows = rowOrder ? new Float32Array(stored.length) : stored;
  rowOrder?.forEach((source, row) =>
    rows.set(stored.subarray(source * width, (source + 1) * width), row * width),
  );
  if (outputRotation)
    for (let row = 0; row < tensor.rows; row += outputRotation.size)
      outputRotation.rotateRows(
        rows.subarray(row * width, (row + outputRotation.size) * width),
        width,
      );
  return rows;
}

function foldInputs(tile: Float32Array, count: number, options: PackOptions): void {
  const { inputGain, inputRotation } = options;
  if (inputGain)
    for (let i = 0, channel = 0; i < count; i++) {
      tile[i] = (tile[i] as number) * (inputGain[channel] as number);
      channel = channel + 1 === inputGain.length ? 0 : channel + 1;
    }
  if (inputRotation)
    for (let i = 0; i < count; i += inputRotation.size) inputRotation.rotateVector(tile, i);
}

/** Copies a tile [rows, inputs] into columns `column` onwards of target [inputs, outputs]. */
function transposeInto(
  tile: Float32Array | Int8Array,
  target: Float32Array | Int8Array,
  place: {
    readonly rows: number;
    readonly inputs: number;
    readonly outputs: number;
    readonly column: number;
  },
): void {
  const { rows, inputs, outputs, column } = place;
  for (let input = 0; input < inputs; input++)
    for (
      let row = 0, at = input * outputs + column, from = input;
      row < rows;
      row++, at++, from += inputs
    )
      target[at] = tile[from] as number;
}

/** Calls `visit` with each tile of at most 64 folded rows [count, inputs] of the concatenated parts. The tile is reused. */
function forEachTile(
  gguf: GgufFile,
  parts: readonly WeightPart[],
  options: PackOptions & {
    readonly visit: (tile: Float32Array, firstOutput: number, rows: number) => void;
  },
): void {
  let firstOutput = 0;
  for (const part of parts) {
    const { tensor } = part;
    const whole = materialise(gguf, part);
    const tile = new Float32Array(TILE_ROWS * tensor.columns);
    for (let row = 0; row < tensor.rows; row += TILE_ROWS) {
      const rows = Math.min(TILE_ROWS, tensor.rows - row);
      if (whole) tile.set(whole.subarray(row * tensor.columns, (row + rows) * tensor.columns));
      else gguf.readRows(tensor, row, rows, tile);
      foldInputs(tile, rows * tensor.columns, options);
      options.visit(tile, firstOutput + row, rows);
    }
    firstOutput += tensor.rows;
  }
}

/**
 * Packs the parts side by side along the outputs, with one scale an output.
 * Throws MODEL_UNSUPPORTED where the parts differ in their number of inputs.
 */
export function packWeights(
  gguf: GgufFile,
  parts: readonly WeightPart[],
  options: PackOptions,
): PackedWeights {
  const inputs = parts[0]?.tensor.columns ?? 0;
  const outputs = parts.reduce((sum, part) => sum + part.tensor.rows, 0);
  for (const { tensor } of parts)
    if (tensor.columns !== inputs)
      throw new UnderstudyError(
        "MODEL_UNSUPPORTED",
        `tensor ${tensor.name} has ${tensor.columns} columns where ${inputs} are needed`,
      );
  if (options.bits === null) {
    const weights = new Float32Array(inputs * outputs);
    forEachTile(gguf, parts, {
      ...options,
      visit: (tile, column, rows) =>
        transposeInto(tile, weights, { rows, inputs, outputs, column }),
    });
    return { kind: "float", inputs, outputs, weights };
  }
  const weights = new Int8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  const rounded = new Int8Array(TILE_ROWS * inputs);
  const bits = options.bits;
  const visit = (tile: Float32Array, column: number, rows: number): void => {
    for (let row = 0; row < rows; row++)
      scales[column + row] = quantizeRow(tile, rounded, {
        offset: row * inputs,
        count: inputs,
        bits,
      });
    transposeInto(rounded, weights, { rows, inputs, outputs, column });
  };
  forEachTile(gguf, parts, { ...options, visit });
  return { kind: "integer", inputs, outputs, weights, scales };
}
