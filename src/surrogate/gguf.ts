import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { UnderstudyError, messageOf } from "../errors.js";
import { dequantize } from "./dequantize.js";
import { readGgufHeader, truncated } from "./gguf-header.js";
import type { GgufHeader, OpenedFile } from "./gguf-header.js";
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

/**
 * Opens a local GGUF file (little-endian, version 2 or 3) and reads its header; tensor data stay on disk.
 * @throws UnderstudyError MODEL_FILE where the file is missing, no GGUF file, truncated or inconsistent; MODEL_UNSUPPORTED
 * for other versions, split models and tensor types the engine cannot read, by name.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const file = openFile(path);
  try {
    const header = await readGgufHeader(file);
    refuseSplitModel(path, header.metadata);
    return createGgufFile(file, header);
  } catch (error) {
    closeSync(file.descriptor);
    throw error;
  }
}

function openFile(path: string): OpenedFile {
  const cannotOpen = (problem: string, cause?: unknown): UnderstudyError =>
    new UnderstudyError("MODEL_FILE", `the model file cannot be opened: ${problem}`, {
      place: { path },
      fix: "give the path of a GGUF file",
      cause,
    });
  try {
    const status = statSync(path);
    // Opening a pipe would wait for ever.
    if (!status.isFile()) throw cannotOpen("it is not a regular file");
    return { path, size: status.size, descriptor: openSync(path, "r") };
  } catch (cause) {
    throw cause instanceof UnderstudyError ? cause : cannotOpen(messageOf(cause), cause);
  }
}

function refuseSplitModel(path: string, metadata: GgufMetadata): void {
  const parts = metadata.optionalNumber("split.count") ?? 1;
  if (parts <= 1) return;
  throw new UnderstudyError(
    "MODEL_UNSUPPORTED",
    `the model is split into ${parts} files; supported: one file`,
    { place: { path }, fix: "join the parts with llama-gguf-split --merge" },
  );
}

function createGgufFile({ path, descriptor, size }: OpenedFile, header: GgufHeader): GgufFile {
  let hash: Promise<string> | null = null;
  return {
    path,
    metadata: header.metadata,
    tensors: locateTensors({
      path,
      size,
      dataOffset: header.dataOffset,
      entries: header.tensorEntries,
    }),
    sha256: () => (hash ??= hashFile(path, descriptor)),
    readRows: createRowReader(path, descriptor),
    close: () => closeSync(descriptor),
  };
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
