import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { ChangedFile } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";
import {
  ABSENT,
  changeOf,
  DAMAGED_NAME,
  decode,
  isDamaged,
  textOf,
  type Content,
} from "./content.js";
import {
  byCodeUnits,
  DEFAULT_MAX_BYTES,
  shown,
  type CheckedWorkspace,
  type WorkspaceLimits,
} from "./limits.js";
import { readInside } from "./safe-read.js";

export interface FoldersWorkspaceOptions extends WorkspaceLimits {
  /** The folder as it was, and as it is. */
  readonly base: string;
  readonly head: string;
}

type Entry = "file" | "link";

/**
 * The files that differ between two folders, in code-unit order of their paths. Folders called `.git` are passed over,
 * symbolic links are never followed. A file that moved is absent on one side under either name.
 * Methods throw UnderstudyError FILE for a folder or file that cannot or must not be read.
 */
export function foldersWorkspace(options: FoldersWorkspaceOptions): CheckedWorkspace {
  const { base, head, include = () => true, maxBytes = DEFAULT_MAX_BYTES } = options;
  const notices = new Set<string>();
  return {
    async changedFiles() {
      const [before, after] = [await listFiles(base), await listFiles(head)];
      const paths = [...new Set([...before.keys(), ...after.keys()])]
        .filter((path) => include(path))
        .sort(byCodeUnits);
      const files: ChangedFile[] = [];
      for (const path of paths) {
        const sides = {
          base: await contentOf({ root: base, path, entry: asBase(before.get(path)), maxBytes }),
          head: await contentOf({ root: head, path, entry: after.get(path), maxBytes }),
        };
        const file = changeOf(path, sides, (text) => notices.add(text));
        if (file) files.push(file);
      }
      return files;
    },
    async read(path) {
      const bytes = await readInside(head, path, maxBytes);
      return bytes === null ? null : textOf(path, decode(bytes));
    },
    notices: () => [...notices],
  };
}

/** A file that takes the place of a link is a new file. */
function asBase(entry: Entry | undefined): Entry | undefined {
  return entry === "link" ? undefined : entry;
}

interface Location {
  readonly root: string;
  readonly path: string;
  readonly entry: Entry | undefined;
  readonly maxBytes: number;
}

async function contentOf({ root, path, entry, maxBytes }: Location): Promise<Content> {
  if (entry === undefined) return ABSENT;
  if (isDamaged(path)) return DAMAGED_NAME;
  if (entry === "link") return { kind: "skipped", reason: "is a symbolic link" };
  const bytes = await readInside(root, path, maxBytes);
  return bytes === null ? { kind: "skipped", reason: "vanished while it was read" } : decode(bytes);
}

/** Every regular file and symbolic link below a folder, by path with forward slashes. */
async function listFiles(root: string): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>();
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = `${prefix}${entry.name}`;
      if (entry.name.toLowerCase() === ".git") continue;
      if (entry.isDirectory()) await visit(join(folder, entry.name), `${path}/`);
      else if (entry.isSymbolicLink()) found.set(path, "link");
      else if (entry.isFile()) found.set(path, "file");
    }
  };
  try {
    await visit(await realpath(root), "");
  } catch (cause) {
    throw new UnderstudyError("FILE", `cannot list the folder: ${messageOf(cause)}`, {
      place: { path: shown(root) },
      cause,
    });
  }
  return found;
}
