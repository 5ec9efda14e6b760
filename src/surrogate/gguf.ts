import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { gguf as parseHeader } from "@huggingface/gguf";
import { UnderstudyError, messageOf } from "../errors.js";
import { dequantize } from "./dequantize.js";
import { createGgufMetadata } from "./gguf-metadata.js";
import type { GgufMetadata } from "./gguf-metadata.js";
import { locateTensors } from "./tensor-table.js";
import type { TensorInfo } from "./tensor-table.js";

export type { GgufMetadata } from "./gguf-metadata.js";
export type { TensorInfo } from "./tensor-table.js";

/** An open GGUF file: header in memory, tensor bytes read on demand. */
export interface GgufFile {
  readonly path: string;
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Lower-case hexadecimal hash of the whole file, streamed and computed once. */
  sha256(): Promise<string>;
  /**
   * Rows [firstRow, firstRow + count) of a tensor as count x columns numbers, row after row, read synchronously.
   * Fills the head of `into` where it is given, else a new array.
   * @throws UnderstudyError MODEL_FILE where the file ends early or cannot be read, INTERNAL for rows outside the tensor.
   */
  readRows(tensor: TensorInfo, firstRow: number, count: number, into?: Float32Array): Float32Array;
  close(): void;
}

const ANOTHER_FILE = "give the path of a complete GGUF file of version 2 or 3";
/** Magic, version, number of tensors, number of metadata entries. */
const PREAMBLE_BYTES = 24;
/** The shortest a tensor entry (name length, dimensions, type, offset) and a metadata entry (key length, type, value) can be. */
const SMALLEST_TENSOR_ENTRY = 24;
const SMALLEST_METADATA_ENTRY = 13;

/**
 * Opens a local GGUF file (little-endian, version 2 or 3) and reads its header; tensor data stay on disk.
 * @throws UnderstudyError MODEL_FILE where the file is missing, no GGUF file, truncated or inconsistent; MODEL_UNSUPPORTED
 * for other versions, split models and tensor types the engine cannot read, by name.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const descriptor = openFile(path);
  try {
    const size = checkPreamble(path, descriptor);
    return await readHeader(path, descriptor, size);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new UnderstudyError(
      "MODEL_FILE",
      `the model file cannot be opened: ${messageOf(cause)}`,
      { place: { path }, fix: ANOTHER_FILE, cause },
    );
  }
}

/** Refuses what is no GGUF file of a known version before the parser sees it; returns the size in bytes. */
function checkPreamble(path: string, descriptor: number): number {
  const status = fstatSync(descriptor);
  if (!status.isFile())
    throw new UnderstudyError("MODEL_FILE", "the model is not a regular file", {
      place: { path },
      fix: ANOTHER_FILE,
    });
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  const length = readSync(descriptor, preamble, 0, PREAMBLE_BYTES, 0);
  if (length < 4 || preamble.toString("latin1", 0, 4) !== "GGUF") {
    throw new UnderstudyError(
      "MODEL_FILE",
      "this is not a GGUF file: it does not begin with the letters GGUF",
      { place: { path }, fix: ANOTHER_FILE },
    );
  }
  if (length < PREAMBLE_BYTES) throw truncated(path, "inside the header");
  const version = preamble.readUInt32LE(4);
  if (version !== 2 && version !== 3) {
    const bigEndian = (version & 0xffff) === 0 ? " (a big-endian file)" : "";
    throw new UnderstudyError(
      "MODEL_UNSUPPORTED",
      `GGUF version ${version}${bigEndian} is not supported; supported: little-endian 2 and 3`,
      { place: { path }, fix: ANOTHER_FILE },
    );
  }
  const entries =
    Number(preamble.readBigUInt64LE(8)) * SMALLEST_TENSOR_ENTRY +
    Number(preamble.readBigUInt64LE(16)) * SMALLEST_METADATA_ENTRY;
  if (entries > status.size) throw truncated(path, "inside the header");
  return status.size;
}

async function readHeader(path: string, descriptor: number, size: number): Promise<GgufFile> {
  const header = await parse(path);
  // The parser pads its last chunk with zeros and reads on, so only the end of the header tells a truncated one.
  if (header.tensorInfoByteRange[1] > size) throw truncated(path, "inside the header");
  const metadata = createGgufMetadata(path, new Map(Object.entries(header.metadata)));
  refuseSplitModel(path, metadata);
  const tensors = locateTensors({
    path,
    size,
    dataOffset: Number(header.tensorDataOffset),
    entries: header.tensorInfos,
  });
  let hash: Promise<string> | null = null;
  return {
    path,
    metadata,
    tensors,
    sha256: () => (hash ??= hashFile(path, descriptor)),
    readRows: createRowReader(path, descriptor),
    close: () => closeSync(descriptor),
  };
}

async function parse(path: string): ReturnType<typeof parseHeader> {
  try {
    // An absolute path: the parser would fetch anything that begins with a URL scheme.
    return await parseHeader(resolve(path), { allowLocalFile: true });
  } catch (cause) {
    if (cause instanceof RangeError) throw truncated(path, "inside the header", cause);
    throw new UnderstudyError("MODEL_FILE", `the GGUF header is malformed: ${messageOf(cause)}`, {
      place: { path },
      fix: ANOTHER_FILE,
      cause,
    });
  }
}

function refuseSplitModel(path: string, metadata: GgufMetadata): void {
  const parts = metadata.optionalNumber("split.count") ?? 1;
  if (parts <= 1) return;
  throw new UnderstudyError(
    "MODEL_UNSUPPORTED",
    `the model is split into ${parts} files; supported: one file`,
    {
      place: { path },
      fix: "join the parts with llama-gguf-split --merge",
    },
  );
}

function createRowReader(path: string, descriptor: number): GgufFile["readRows"] {
  let bytes = new Uint8Array(0);
  return (tensor, firstRow, count, into) => {
    const elements = count * tensor.columns;
    const values = into ?? new Float32Array(elements);
    if (firstRow < 0 || count < 0 || firstRow + count > tensor.rows || values.length < elements) {
      throw new UnderstudyError(
        "INTERNAL",
        `rows ${firstRow} to ${firstRow + count} of ${tensor.name} (${tensor.rows} rows) into ${values.length} numbers`,
      );
    }
    const length = count * tensor.bytesPerRow;
    if (bytes.length < length) bytes = new Uint8Array(length);
    readFully(path, descriptor, {
      into: bytes,
      length,
      position: tensor.offset + firstRow * tensor.bytesPerRow,
    });
    dequantize(tensor.type, bytes.subarray(0, length), values);
    return values;
  };
}

function readFully(
  path: string,
  descriptor: number,
  what: { readonly into: Uint8Array; readonly length: number; readonly position: number },
): void {
  for (let done = 0; done < what.length;) {
    const count = readSync(descriptor, what.into, done, what.length - done, what.position + done);
    if (count === 0)
      throw truncated(path, "inside the tensor data; it has changed since it was opened");
    done += count;
  }
}

async function hashFile(path: string, descriptor: number): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, {
      fd: descriptor,
      autoClose: false,
      start: 0,
      highWaterMark: 1 << 20,
    }))
      hash.update(chunk);
  } catch (cause) {
    throw new UnderstudyError("MODEL_FILE", `the model file cannot be read: ${messageOf(cause)}`, {
      place: { path },
      cause,
    });
  }
  return hash.digest("hex");
}

function truncated(path: string, where: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", `the GGUF file is truncated: it ends ${where}`, {
    place: { path },
    fix: "download or convert the file again",
    cause,
  });
}
