import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { StateStore } from "../domain.js";
import { assertFileName, writeAtomically } from "./atomic-write.js";
import { decode, textOf } from "./content.js";
import { DEFAULT_MAX_BYTES } from "./limits.js";
import { isMissing, readRegular } from "./safe-read.js";

/**
 * State as files of one folder, a name a file, replaced in one step. The folder is made by the first write.
 * Throws UnderstudyError FILE for a name that is no plain file name, and for what is no regular text file.
 */
export function fileStateStore(folder: string): StateStore {
  return {
    async read(name) {
      assertFileName(name);
      const path = join(folder, name);
      return (await isAbsent(path))
        ? null
        : textOf(path, decode(await readRegular(path, path, DEFAULT_MAX_BYTES)));
    },
    async write(name, content) {
      assertFileName(name);
      await writeAtomically(join(folder, name), content);
    },
  };
}

/**
 * Writes a run's output files into a folder, each in one step. Names are checked before the first byte is written.
 * @throws UnderstudyError FILE.
 */
export async function writeOutputs(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = Object.entries(files);
  for (const [name] of entries) assertFileName(name);
  for (const [name, content] of entries) await writeAtomically(join(folder, name), content);
}

async function isAbsent(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (cause) {
    if (isMissing(cause)) return true;
    throw cause;
  }
}
