import { GGMLQuantizationType } from "@huggingface/gguf";
import type { GGUFTensorInfo } from "@huggingface/gguf";
import { UnderstudyError } from "../errors.js";
import { BLOCK_SIZES, isTensorType } from "./tensor-type.js";
import type { TensorType } from "./tensor-type.js";

/** Where a tensor lies in its file and how it is stored; dimensions in GGUF order, innermost first. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly dimensions: readonly number[];
  /** dimensions[0]: elements of a row, contiguous in the file. */
  readonly columns: number;
  /** Product of the other dimensions; 1 for a vector. */
  readonly rows: number;
  readonly bytesPerRow: number;
  readonly byteLength: number;
  /** Position of the first byte from the start of the file. */
  readonly offset: number;
}

/** A parsed tensor directory. */
interface TensorDirectory {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Start of the tensor data in the file. */
  readonly dataOffset: number;
  readonly entries: readonly GGUFTensorInfo[];
}

/**
 * The tensors of a file by name.
 * @throws UnderstudyError MODEL_FILE where an entry is inconsistent or its data lie beyond the end of the file,
 * MODEL_UNSUPPORTED for a storage format the engine cannot read.
 */
export function locateTensors(directory: TensorDirectory): ReadonlyMap<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const entry of directory.entries) {
    if (tensors.has(entry.name))
      throw malformed(directory.path, `tensor ${entry.name} occurs twice`);
    tensors.set(entry.name, locateTensor(directory, entry));
  }
  return tensors;
}

function locateTensor(
  { path, size, dataOffset }: TensorDirectory,
  entry: GGUFTensorInfo,
): TensorInfo {
  const type = tensorType(path, entry);
  const dimensions = entry.shape.map(Number);
  const [columns = 0, ...others] = dimensions;
  const rows = others.reduce((product, dimension) => product * dimension, 1);
  const block = BLOCK_SIZES[type];
  const bytesPerRow = (columns / block.elements) * block.bytes;
  const byteLength = rows * bytesPerRow;
  const offset = dataOffset + Number(entry.offset);
  if (columns === 0 || rows === 0) throw malformed(path, `tensor ${entry.name} is empty`);
  if (columns % block.elements !== 0)
    throw malformed(
      path,
      `tensor ${entry.name} has rows of ${columns} elements, which is no multiple of ${block.elements} as ${type} needs`,
    );
  if (!(offset + byteLength <= size))
    throw malformed(
      path,
      `the GGUF file is truncated: it has ${size} bytes, and tensor ${entry.name} ends at ${offset + byteLength}`,
    );
  return { name: entry.name, type, dimensions, columns, rows, bytesPerRow, byteLength, offset };
}

function tensorType(path: string, entry: GGUFTensorInfo): TensorType {
  const name: string | undefined = GGMLQuantizationType[entry.dtype];
  if (name !== undefined && isTensorType(name)) return name;
  throw new UnderstudyError(
    "MODEL_UNSUPPORTED",
    `tensor ${entry.name} is stored as ${name ?? `type number ${entry.dtype}`}, which the engine does not read; supported: ${Object.keys(BLOCK_SIZES).join(", ")}`,
    {
      place: { path },
      fix: "use another quantisation of the same model, for instance Q8_0 or Q4_K_M",
    },
  );
}

function malformed(path: string, problem: string): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", problem, {
    place: { path },
    fix: "download or convert the file again",
  });
}
