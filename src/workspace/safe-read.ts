import { constants } from "node:fs";
import { lstat, open, realpath, type FileHandle } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { messageOf, UnderstudyError } from "../errors.js";
import { shown, tooLarge } from "./limits.js";

/** Without waiting for a writer, should the path be a pipe; links are already resolved when we open. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The bytes of a regular file inside `root`, or null where there is none. `path` is relative, with forward slashes.
 * @throws UnderstudyError FILE for a path or symbolic link that leaves the root or enters `.git`, for what is no regular
 *   file, and for more than `maxBytes`.
 */
export async function readInside(
  root: string,
  path: string,
  maxBytes: number,
): Promise<Buffer | null> {
  assertRelativePath(path);
  const realRoot = await realpath(root);
  const real = await resolved(join(realRoot, path), path);
  if (real === null) return null;
  const inside = relative(realRoot, real);
  if (
    inside.startsWith(`..${sep}`) ||
    inside === ".." ||
    isAbsolute(inside) ||
    entersGit(inside.split(sep))
  ) {
    throw refused(path, "is a symbolic link that leaves the workspace");
  }
  return readRegular(real, path, maxBytes);
}

/** Whether a symbolic link stands at this very path. */
export async function isLinkInside(root: string, path: string): Promise<boolean> {
  try {
    return (await lstat(join(root, path))).isSymbolicLink();
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw unreadable(path, cause);
  }
}

/** The bytes of this very path, not following a symbolic link at its end. */
export async function readRegular(real: string, path: string, maxBytes: number): Promise<Buffer> {
  const file = await opened(real, path);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw refused(path, "is not a regular file");
    if (status.size > maxBytes) throw tooLarge(path, maxBytes);
    const bytes = await file.readFile();
    if (bytes.length > maxBytes) throw tooLarge(path, maxBytes);
    return bytes;
  } finally {
    await file.close();
  }
}

/** @throws UnderstudyError FILE unless the path is relative, stays below its root and out of `.git`. */
export function assertRelativePath(path: string): void {
  const segments = path.split(sep === "\\" ? /[\\/]/ : "/");
  const plain =
    path !== "" &&
    !isAbsolute(path) &&
    !path.includes("\0") &&
    segments.every((segment) => segment !== ".." && segment !== "." && segment !== "");
  if (!plain) throw refused(path, "is not a plain relative path inside the workspace");
  if (entersGit(segments)) throw refused(path, "lies in git's own folder");
}

/** Some file systems ignore case, so `.GIT` is git's folder too. */
function entersGit(segments: readonly string[]): boolean {
  return segments.some((segment) => segment.toLowerCase() === ".git");
}

async function resolved(target: string, path: string): Promise<string | null> {
  try {
    return await realpath(target);
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw unreadable(path, cause);
  }
}

async function opened(real: string, path: string): Promise<FileHandle> {
  try {
    return await open(real, OPEN_FLAGS);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Whether nothing stands at a path, as opposed to something that cannot be read. */
export function isMissing(thrown: unknown): boolean {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "code" in thrown &&
    (thrown.code === "ENOENT" || thrown.code === "ENOTDIR")
  );
}

function unreadable(path: string, cause: unknown): UnderstudyError {
  return new UnderstudyError("FILE", `cannot be read: ${messageOf(cause)}`, {
    place: { path: shown(path) },
    cause,
  });
}

function refused(path: string, problem: string): UnderstudyError {
  return new UnderstudyError("FILE", problem, {
    place: { path: shown(path) },
    fix: "name a regular file inside the workspace",
  });
}
