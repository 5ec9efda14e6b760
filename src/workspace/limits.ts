import type { Workspace } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** What a workspace reads. */
export interface WorkspaceLimits {
  /** Which changed files are of interest, by path with forward slashes; default all. Others are never opened. */
  readonly include?: (path: string) => boolean;
  /** A file larger than this is an error, never read in part; default 64 MiB. */
  readonly maxBytes?: number;
}

/** A workspace that says what it passed over. */
export interface CheckedWorkspace extends Workspace {
  /** Files of interest that were skipped by `changedFiles`, and why: symbolic links, binary files, other encodings. */
  notices(): readonly string[];
}

export const DEFAULT_MAX_BYTES = 64 * 2 ** 20;

export function tooLarge(path: string, maxBytes: number): UnderstudyError<"FILE"> {
  return new UnderstudyError(
    "FILE",
    `is larger than the ${maxBytes} bytes that are read of one file`,
    { place: { path: shown(path) }, fix: "exclude the file, or raise the limit" },
  );
}

/** A path as it may stand in a message: file names are hostile and may hold newlines. */
export function shown(path: string): string {
  return /^[\p{L}\p{N} ._/\\:@+-]+$/u.test(path) ? path : JSON.stringify(path);
}

/** Code-unit order: the same on every machine, whatever its language. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
