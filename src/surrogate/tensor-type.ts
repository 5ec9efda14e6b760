/** Storage formats of GGUF tensors: which the engine reads, and how many bytes they take. */

/** Elements and bytes of one block; a row is a whole number of blocks. Source: ggml's block structures. */
export interface BlockSize {
  readonly elements: number;
  readonly bytes: number;
}

/** The formats that `dequantize` reads. */
export const BLOCK_SIZES = {
  F32: { elements: 1, bytes: 4 },
  F16: { elements: 1, bytes: 2 },
  BF16: { elements: 1, bytes: 2 },
  Q4_0: { elements: 32, bytes: 18 },
  Q4_1: { elements: 32, bytes: 20 },
  Q5_0: { elements: 32, bytes: 22 },
  Q5_1: { elements: 32, bytes: 24 },
  Q8_0: { elements: 32, bytes: 34 },
  Q4_K: { elements: 256, bytes: 144 },
  Q5_K: { elements: 256, bytes: 176 },
  Q6_K: { elements: 256, bytes: 210 },
} as const satisfies Record<string, BlockSize>;

export type TensorType = keyof typeof BLOCK_SIZES;

export function isTensorType(name: string): name is TensorType {
  return Object.hasOwn(BLOCK_SIZES, name);
}
