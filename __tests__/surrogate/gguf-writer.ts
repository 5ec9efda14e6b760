/** A small independent writer of GGUF files for tests (specification: docs/gguf.md of the ggml project). */

export type WrittenValue =
  | { readonly type: "uint32" | "float32" | "uint64"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "int32s"; readonly value: readonly number[] };

export interface WrittenTensor {
  readonly name: string;
  /** Innermost first. */
  readonly dimensions: readonly number[];
  /** Number of the storage format: 0 = F32, 1 = F16, 2 = Q4_0, ... */
  readonly type: number;
  readonly data: Uint8Array;
  /** Place in the tensor data instead of the next free one. */
  readonly offset?: number;
}

export interface WrittenGguf {
  readonly magic?: string;
  readonly version?: number;
  readonly metadata?: Readonly<Record<string, WrittenValue>>;
  readonly tensors?: readonly WrittenTensor[];
}

const ALIGNMENT = 32;
const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9, uint64: 10 } as const;

export function writeGguf({
  magic = "GGUF",
  version = 3,
  metadata = {},
  tensors = [],
}: WrittenGguf): Buffer {
  const entries = Object.entries(metadata);
  const placed = placeTensors(tensors);
  const header = Buffer.concat([
    Buffer.from(magic, "latin1"),
    uint32(version),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.map(([key, value]) => Buffer.concat([string(key), written(value)])),
    ...placed.map(({ tensor, offset }) => tensorEntry(tensor, offset)),
  ]);
  return Buffer.concat([padded(header), ...tensors.map((tensor) => padded(tensor.data))]);
}

/** A tensor of 32-bit floats. */
export function floatTensor(
  name: string,
  dimensions: readonly number[],
  values?: readonly number[],
): WrittenTensor {
  const length = dimensions.reduce((product, dimension) => product * dimension, 1);
  const numbers = Float32Array.from(values ?? Array.from({ length }, (_, index) => index / 8));
  return { name, dimensions, type: 0, data: new Uint8Array(numbers.buffer) };
}

function placeTensors(
  tensors: readonly WrittenTensor[],
): { readonly tensor: WrittenTensor; readonly offset: number }[] {
  let next = 0;
  return tensors.map((tensor) => {
    const offset = tensor.offset ?? next;
    next += padded(tensor.data).length;
    return { tensor, offset };
  });
}

function tensorEntry({ name, dimensions, type }: WrittenTensor, offset: number): Buffer {
  return Buffer.concat([
    string(name),
    uint32(dimensions.length),
    ...dimensions.map(uint64),
    uint32(type),
    uint64(offset),
  ]);
}

function written(entry: WrittenValue): Buffer {
  switch (entry.type) {
    case "uint32":
      return Buffer.concat([uint32(VALUE_TYPES.uint32), uint32(entry.value)]);
    case "uint64":
      return Buffer.concat([uint32(VALUE_TYPES.uint64), uint64(entry.value)]);
    case "float32": {
      const number = Buffer.alloc(4);
      number.writeFloatLE(entry.value);
      return Buffer.concat([uint32(VALUE_TYPES.float32), number]);
    }
    case "string":
      return Buffer.concat([uint32(VALUE_TYPES.string), string(entry.value)]);
    case "strings":
      return Buffer.concat([
        uint32(VALUE_TYPES.array),
        uint32(VALUE_TYPES.string),
        uint64(entry.value.length),
        ...entry.value.map(string),
      ]);
    case "int32s":
      return Buffer.concat([
        uint32(VALUE_TYPES.array),
        uint32(VALUE_TYPES.int32),
        uint64(entry.value.length),
        ...entry.value.map(uint32),
      ]);
  }
}

function padded(bytes: Uint8Array): Buffer {
  const rest = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
  return Buffer.concat([bytes, Buffer.alloc(rest)]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
