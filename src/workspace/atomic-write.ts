import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, UnderstudyError } from "../errors.js";
import { shown } from "./limits.js";

/**
 * Replaces a file in one step: readers see the old bytes or the new ones, also after a kill. A symbolic link at the path
 * is replaced, not followed. Makes the folder where it is missing. `mode`: permissions of the file, such as those of the one that it
 * replaces.
 * @throws UnderstudyError FILE where the disk refuses.
 */
export async function writeAtomically(
  path: string,
  content: string,
  mode: number | null = null,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeNew(temporary, content, mode);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new UnderstudyError("FILE", `cannot be written: ${messageOf(cause)}`, {
      place: { path: shown(path) },
      cause,
    });
  }
}

async function writeNew(path: string, content: string, mode: number | null): Promise<void> {
  const file = await open(path, "wx");
  try {
    if (mode !== null) await file.chmod(mode);
    await file.writeFile(content, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @throws UnderstudyError FILE unless this is a plain file name: letters, digits, dot, dash and underscore, not first a dot. */
export function assertFileName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return;
  throw new UnderstudyError("FILE", `${JSON.stringify(name)} is not a plain file name`, {
    fix: "use letters, digits, dots, dashes and underscores",
  });
}
