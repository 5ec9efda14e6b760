/** Model files from elsewhere, kept by their checksum. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UnderstudyError } from "../errors.js";
import type { ModelDownload } from "./source.js";

/** The bytes of a file as they come, and how many were announced. */
export interface OpenedDownload {
  readonly bytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  readonly cancel: () => void;
}

export interface FetchModelOptions {
  /** Files lie in it as CHECKSUM/NAME.gguf. */
  readonly folder: string;
  /** Opens a URL by the rules of what may be reached; throws UnderstudyError. */
  readonly open: (url: string) => Promise<OpenedDownload>;
  readonly maxBytes?: number;
  readonly onProgress?: (megabytes: number, total: number) => void;
}

/** Larger than any model that a CPU scores hundreds of prompts with. */
const MAX_BYTES = 16 * 2 ** 30;
const MEGABYTE = 2 ** 20;

/**
 * The path of a model file whose bytes have the given checksum: the kept one, whose checksum is looked at again, or a new download,
 * written beside, verified, and only then given its name. A kill leaves nothing under that name but whole files.
 * @throws UnderstudyError MODEL_FILE for a wrong checksum or too many bytes, FILE where the disk refuses, and what `open` throws.
 */
export async function fetchModel(
  source: ModelDownload,
  options: FetchModelOptions,
): Promise<string> {
  const folder = join(options.folder, source.sha256);
  const path = join(folder, source.file);
  if ((await checksumOfFile(path)) === source.sha256) return path;
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    await onDisk(source, () => mkdir(folder, { recursive: true }));
    const found = await download(source, temporary, options);
    if (found !== source.sha256)
      throw refusal(source, `has the sha256 ${found}, not ${source.sha256}`, {
        fix: "correct the checksum if the file is meant to have changed; nothing was kept of it",
      });
    await onDisk(source, () => rename(temporary, path));
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  return path;
}

/** Sha256 of a regular file, or null where there is none. */
async function checksumOfFile(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest("hex");
  } catch {
    // Whatever cannot be read is fetched again.
    return null;
  }
}

async function download(
  source: ModelDownload,
  path: string,
  options: FetchModelOptions,
): Promise<string> {
  const { maxBytes = MAX_BYTES } = options;
  const opened = await options.open(source.url);
  try {
    if (opened.bytes !== null && opened.bytes > maxBytes) throw tooLarge(source, maxBytes);
    const file = await onDisk(source, () => open(path, "wx"));
    try {
      return await receive(source, { ...options, maxBytes, opened, file });
    } finally {
      await file.close();
    }
  } finally {
    opened.cancel();
  }
}

interface Receiving extends FetchModelOptions {
  readonly maxBytes: number;
  readonly opened: OpenedDownload;
  readonly file: FileHandle;
}

async function receive(
  source: ModelDownload,
  { opened, file, maxBytes, onProgress }: Receiving,
): Promise<string> {
  const hash = createHash("sha256");
  const total = Math.ceil((opened.bytes ?? 0) / MEGABYTE);
  let bytes = 0;
  for await (const chunk of opened.body) {
    bytes += chunk.length;
    // A server may announce less than it sends, or nothing.
    if (bytes > maxBytes) throw tooLarge(source, maxBytes);
    hash.update(chunk);
    await onDisk(source, () => file.writeFile(chunk));
    onProgress?.(Math.floor(bytes / MEGABYTE), total);
  }
  if (opened.bytes !== null && bytes < opened.bytes)
    throw refusal(source, `ended after ${bytes} of ${opened.bytes} bytes`, {
      fix: "run again; nothing was kept of it",
    });
  await onDisk(source, () => file.sync());
  return hash.digest("hex");
}

async function onDisk<Result>(source: ModelDownload, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    throw new UnderstudyError("FILE", `${source.file} cannot be kept: ${messageOf(cause)}`, {
      fix: "make room, or choose another state-folder",
      cause,
    });
  }
}

function tooLarge(source: ModelDownload, maxBytes: number): UnderstudyError {
  return refusal(source, `is larger than ${maxBytes} bytes`, { fix: "use a smaller model" });
}

function refusal(
  source: ModelDownload,
  problem: string,
  details: { readonly fix: string },
): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", `the model file of ${source.url} ${problem}`, details);
}
