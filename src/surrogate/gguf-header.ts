import { readSync } from "node:fs";
import { resolve } from "node:path";
import { gguf as parseHeader } from "@huggingface/gguf";
import type { GGUFParseOutput, GGUFTensorInfo, GGUFTypedMetadata } from "@huggingface/gguf";
import { UnderstudyError, messageOf } from "../errors.js";
import { createGgufMetadata } from "./gguf-metadata.js";
import type { GgufMetadata } from "./gguf-metadata.js";
import { metadataLength } from "./metadata-length.js";

/** What stands in a GGUF file before the tensor data. */
export interface GgufHeader {
  readonly metadata: GgufMetadata;
  readonly tensorEntries: readonly GGUFTensorInfo[];
  /** Start of the tensor data in the file. */
  readonly dataOffset: number;
}

/** A file that was opened, of `size` bytes. */
export interface OpenedFile {
  readonly path: string;
  readonly descriptor: number;
  readonly size: number;
}

/** Magic, version, number of tensors, number of metadata entries. */
const PREAMBLE_BYTES = 24;
/** The least that a tensor entry (name length, dimensions, type, offset) and a metadata entry (key length, type, value) take. */
const SMALLEST_TENSOR_ENTRY = 24;
const SMALLEST_METADATA_ENTRY = 13;

/**
 * Reads the header of a little-endian GGUF file of version 2 or 3.
 * @throws UnderstudyError MODEL_FILE where it is no GGUF file, truncated or malformed, MODEL_UNSUPPORTED for other versions.
 */
export async function readGgufHeader(file: OpenedFile): Promise<GgufHeader> {
  checkPreamble(file);
  const parsed = await parse(file.path);
  checkLength(file, parsed);
  return {
    metadata: createGgufMetadata(file.path, new Map(Object.entries(parsed.metadata))),
    tensorEntries: parsed.tensorInfos,
    dataOffset: Number(parsed.tensorDataOffset),
  };
}

/** The error of a file that ends too early. */
export function truncated(path: string, where: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", `the GGUF file is truncated: it ends ${where}`, {
    place: { path },
    fix: "download or convert the file again",
    cause,
  });
}

/** Refuses what is no GGUF file of a known version, or cannot hold the entries it announces, before the parser sees it. */
function checkPreamble({ path, descriptor, size }: OpenedFile): void {
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  const length = readSync(descriptor, preamble, 0, PREAMBLE_BYTES, 0);
  if (length < 4 || preamble.toString("latin1", 0, 4) !== "GGUF") {
    throw notReadable(
      "MODEL_FILE",
      path,
      "this is not a GGUF file: it does not begin with the letters GGUF",
    );
  }
  if (length < PREAMBLE_BYTES) throw truncated(path, "inside the header");
  const version = preamble.readUInt32LE(4);
  if (version !== 2 && version !== 3) {
    const bigEndian = (version & 0xffff) === 0 ? " (a big-endian file)" : "";
    const problem = `GGUF version ${version}${bigEndian} is not supported; supported: little-endian 2 and 3`;
    throw notReadable("MODEL_UNSUPPORTED", path, problem);
  }
  const tensors = Number(preamble.readBigUInt64LE(8)) * SMALLEST_TENSOR_ENTRY;
  const metadata = Number(preamble.readBigUInt64LE(16)) * SMALLEST_METADATA_ENTRY;
  if (PREAMBLE_BYTES + tensors + metadata > size) throw truncated(path, "inside the header");
}

type ParsedHeader = GGUFParseOutput & { readonly typedMetadata: GGUFTypedMetadata };

async function parse(path: string): Promise<ParsedHeader> {
  try {
    // An absolute path: the parser would fetch anything that begins with a URL scheme.
    return await parseHeader(resolve(path), { allowLocalFile: true, typedMetadata: true });
  } catch (cause) {
    if (cause instanceof RangeError) throw truncated(path, "inside the header", cause);
    throw notReadable(
      "MODEL_FILE",
      path,
      `the GGUF header is malformed: ${messageOf(cause)}`,
      cause,
    );
  }
}

/** The parser pads what it reads with zeros and reads on, so only the lengths tell a truncated or misread header. */
function checkLength({ path, size }: OpenedFile, parsed: ParsedHeader): void {
  const [metadataEnd, headerEnd] = parsed.tensorInfoByteRange;
  if (headerEnd > size) throw truncated(path, "inside the header");
  const length = metadataLength(parsed.typedMetadata);
  const written = metadataEnd - PREAMBLE_BYTES;
  if (length === null || length === written) return;
  throw new UnderstudyError(
    "MODEL_FILE",
    `the metadata cannot be read as written: the values take ${length} bytes of ${written}, so a text in them was cut or is no UTF-8`,
    { place: { path }, fix: "convert the model again with any change to its metadata" },
  );
}

function notReadable(
  code: "MODEL_FILE" | "MODEL_UNSUPPORTED",
  path: string,
  problem: string,
  cause?: unknown,
): UnderstudyError {
  return new UnderstudyError(code, problem, {
    place: { path },
    fix: "give the path of a complete GGUF file of version 2 or 3",
    cause,
  });
}
