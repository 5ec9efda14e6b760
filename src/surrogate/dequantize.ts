import { BLOCK_SIZES } from "./tensor-type.js";
import type { TensorType } from "./tensor-type.js";

/**
 * Turns stored blocks into 32-bit floats, bit-identical to `gguf.quants.dequantize` of the gguf Python package: every product
 * of scale and quant is exact in a double, so the one rounding is the store into the result.
 * `bytes` holds whole blocks; as many numbers as they encode are written to the head of `into`.
 * Layouts: ggml's block structures (blocks of 32, K-quants of 256).
 */
export function dequantize(type: TensorType, bytes: Uint8Array, into: Float32Array): void {
  DECODERS[type](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), into);
}

/** Decodes everything in `data` to the head of `into`. */
type Decoder = (data: DataView, into: Float32Array) => void;
/** Decodes the one block that begins at byte `at` to `into[out]` and the following. */
type BlockDecoder = (data: DataView, at: number, into: Float32Array, out: number) => void;

const halfToFloat = halfPrecisionTable();

/** IEEE binary16 by bit pattern. */
function halfPrecisionTable(): Float32Array {
  return Float32Array.from({ length: 65536 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0
      ? sign * 2 ** -24 * fraction
      : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
  });
}

function half(data: DataView, at: number): number {
  return halfToFloat[data.getUint16(at, true)] ?? NaN;
}

function blockwise(type: TensorType, decode: BlockDecoder): Decoder {
  const { bytes, elements } = BLOCK_SIZES[type];
  return (data, into) => {
    for (let at = 0, out = 0; at < data.byteLength; at += bytes, out += elements)
      decode(data, at, into, out);
  };
}

const decodeF32: Decoder = (data, into) => {
  for (let i = 0; i < data.byteLength / 4; i++) into[i] = data.getFloat32(4 * i, true);
};

const decodeF16: Decoder = (data, into) => {
  for (let i = 0; i < data.byteLength / 2; i++) into[i] = half(data, 2 * i);
};

/** bfloat16 is the upper half of a binary32. */
const decodeBF16: Decoder = (data, into) => {
  const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < data.byteLength / 2; i++) bits[i] = data.getUint16(2 * i, true) << 16;
};

/** scale (f16), 16 bytes: element j in the low nibble of byte j, element j + 16 in the high one; quants are centred on 8. */
const decodeQ4_0: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  for (let j = 0; j < 16; j++) {
    const pair = data.getUint8(at + 2 + j);
    into[out + j] = scale * ((pair & 15) - 8);
    into[out + j + 16] = scale * ((pair >> 4) - 8);
  }
};

/** scale, minimum (f16 each), 16 bytes of nibbles. */
const decodeQ4_1: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  const minimum = half(data, at + 2);
  for (let j = 0; j < 16; j++) {
    const pair = data.getUint8(at + 4 + j);
    into[out + j] = scale * (pair & 15) + minimum;
    into[out + j + 16] = scale * (pair >> 4) + minimum;
  }
};

/** scale, 32 fifth bits, 16 bytes of nibbles; quants are centred on 16. */
const decodeQ5_0: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  const fifthBits = data.getUint32(at + 2, true);
  for (let j = 0; j < 16; j++) {
    const pair = data.getUint8(at + 6 + j);
    into[out + j] = scale * (((pair & 15) | (((fifthBits >>> j) & 1) << 4)) - 16);
    into[out + j + 16] = scale * (((pair >> 4) | (((fifthBits >>> (j + 16)) & 1) << 4)) - 16);
  }
};

/** scale, minimum, 32 fifth bits, 16 bytes of nibbles. */
const decodeQ5_1: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  const minimum = half(data, at + 2);
  const fifthBits = data.getUint32(at + 4, true);
  for (let j = 0; j < 16; j++) {
    const pair = data.getUint8(at + 8 + j);
    into[out + j] = scale * ((pair & 15) | (((fifthBits >>> j) & 1) << 4)) + minimum;
    into[out + j + 16] = scale * ((pair >> 4) | (((fifthBits >>> (j + 16)) & 1) << 4)) + minimum;
  }
};

/** scale, 32 signed bytes. */
const decodeQ8_0: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  for (let j = 0; j < 32; j++) into[out + j] = scale * data.getInt8(at + 2 + j);
};

/** 6-bit scale of group `group` (0 to 7) in the 12 packed bytes at `at`; the minima are packed the same way, see `groupMinimum`. */
function groupScale(data: DataView, at: number, group: number): number {
  if (group < 4) return data.getUint8(at + group) & 63;
  return (data.getUint8(at + group + 4) & 15) | ((data.getUint8(at + group - 4) >> 6) << 4);
}

function groupMinimum(data: DataView, at: number, group: number): number {
  if (group < 4) return data.getUint8(at + group + 4) & 63;
  return (data.getUint8(at + group + 4) >> 4) | ((data.getUint8(at + group) >> 6) << 4);
}

/** scale of scales, scale of minima, 12 bytes of packed 6-bit scales and minima, 128 bytes: 4 runs of 32, low nibbles first. */
const decodeQ4_K: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  const minimumScale = half(data, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupFactor = scale * groupScale(data, at + 4, group);
    const minimum = minimumScale * groupMinimum(data, at + 4, group);
    const run = at + 16 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let j = 0; j < 32; j++)
      into[out + 32 * group + j] = groupFactor * ((data.getUint8(run + j) >> shift) & 15) - minimum;
  }
};

/** As Q4_K, with 32 bytes of fifth bits before the nibbles: bit `group` of byte j belongs to element j of that group. */
const decodeQ5_K: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at);
  const minimumScale = half(data, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupFactor = scale * groupScale(data, at + 4, group);
    const minimum = minimumScale * groupMinimum(data, at + 4, group);
    const run = at + 48 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let j = 0; j < 32; j++) {
      const quant =
        ((data.getUint8(run + j) >> shift) & 15) |
        (((data.getUint8(at + 16 + j) >> group) & 1) << 4);
      into[out + 32 * group + j] = groupFactor * quant - minimum;
    }
  }
};

/** 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed group scales, scale; two halves of 128; centred on 32. */
const decodeQ6_K: BlockDecoder = (data, at, into, out) => {
  const scale = half(data, at + 208);
  for (let quarter = 0; quarter < 8; quarter++) {
    const inHalf = quarter & 3;
    const low = at + 64 * (quarter >> 2) + 32 * (inHalf & 1);
    const high = at + 128 + 32 * (quarter >> 2);
    for (let j = 0; j < 32; j++) {
      const groupFactor = scale * data.getInt8(at + 192 + 2 * quarter + (j >> 4));
      const nibble = (data.getUint8(low + j) >> (4 * (inHalf >> 1))) & 15;
      const upper = (data.getUint8(high + j) >> (2 * inHalf)) & 3;
      into[out + 32 * quarter + j] = groupFactor * ((nibble | (upper << 4)) - 32);
    }
  }
};

const DECODERS: Readonly<Record<TensorType, Decoder>> = {
  F32: decodeF32,
  F16: decodeF16,
  BF16: decodeBF16,
  Q4_0: blockwise("Q4_0", decodeQ4_0),
  Q4_1: blockwise("Q4_1", decodeQ4_1),
  Q5_0: blockwise("Q5_0", decodeQ5_0),
  Q5_1: blockwise("Q5_1", decodeQ5_1),
  Q8_0: blockwise("Q8_0", decodeQ8_0),
  Q4_K: blockwise("Q4_K", decodeQ4_K),
  Q5_K: blockwise("Q5_K", decodeQ5_K),
  Q6_K: blockwise("Q6_K", decodeQ6_K),
};
