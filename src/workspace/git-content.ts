import { UnderstudyError } from "../errors.js";
import { ABSENT, DAMAGED_NAME, decode, isDamaged, type Content } from "./content.js";
import { parseTreeEntry, type Side } from "./git-changes.js";
import { outputOf, runGit } from "./git.js";
import { shown, tooLarge } from "./limits.js";
import { isLinkInside, readInside } from "./safe-read.js";

export interface GitFolder {
  readonly root: string;
  readonly maxBytes: number;
}

/**
 * The content of one side of a path.
 * @throws UnderstudyError FILE for what must not be read or is too large, GIT where git fails.
 */
export async function contentOf(
  folder: GitFolder,
  path: string,
  side: Side | null,
): Promise<Content> {
  if (side === null) return ABSENT;
  if (isDamaged(path)) return DAMAGED_NAME;
  switch (side.kind) {
    case "blob":
      return decode(await blob(folder, path, side.object));
    case "link":
      return { kind: "skipped", reason: "is a symbolic link" };
    case "folder":
      return { kind: "skipped", reason: "is a folder or submodule" };
    case "on disk":
      return (await isLinkInside(folder.root, path))
        ? { kind: "skipped", reason: "is a symbolic link" }
        : fromDisk(folder, path);
    case "named":
      return fromDisk(folder, path);
  }
}

/** What a commit has at a path, null for nothing. */
export async function committedSide(
  { root }: GitFolder,
  path: string,
  commit: string,
): Promise<Side | null> {
  const output = outputOf(
    await runGit(root, ["ls-tree", "-z", commit, "--", path], 2 ** 20),
    `looking for ${shown(path)}`,
  );
  return parseTreeEntry(output, path);
}

async function fromDisk({ root, maxBytes }: GitFolder, path: string): Promise<Content> {
  const bytes = await readInside(root, path, maxBytes);
  return bytes === null ? ABSENT : decode(bytes);
}

async function blob({ root, maxBytes }: GitFolder, path: string, object: string): Promise<Buffer> {
  const result = await runGit(root, ["cat-file", "blob", object], maxBytes);
  if (result.kind === "output") return result.output;
  if (result.tooLarge) throw tooLarge(path, maxBytes);
  throw new UnderstudyError("GIT", `cannot read ${shown(path)} from git: ${result.said}`);
}
