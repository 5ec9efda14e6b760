import type { ChangedFile } from "../domain.js";
import { changeOf, textOf } from "./content.js";
import { parseRawDiff, type Change, type Side } from "./git-changes.js";
import { committedSide, contentOf, type GitFolder } from "./git-content.js";
import { mergeBase, outputOf, resolveCommit, runGit } from "./git.js";
import {
  byCodeUnits,
  DEFAULT_MAX_BYTES,
  type CheckedWorkspace,
  type WorkspaceLimits,
} from "./limits.js";
import { assertRelativePath } from "./safe-read.js";

export interface GitWorkspaceOptions extends WorkspaceLimits {
  /** Folder of the checkout; paths are relative to it, also where it is a part of the repository. */
  readonly root: string;
  /** Branch, tag or commit that the work is compared with, from the point where the two parted. */
  readonly baseRef: string;
  /** Commit to look at; without it the working tree, with files git does not know yet, but none that it ignores. */
  readonly headRef?: string | null;
}

const ON_DISK: Side = { kind: "on disk" };

/** Lists of changes are bounded by the size of a repository, not of a file. */
const MAX_LISTING_BYTES = 256 * 2 ** 20;

/**
 * The changes of a branch since it parted from its base, in code-unit order of the paths. No shell, hook or diff program
 * runs. A renamed file is compared with what it was; a file of the same content (moved, new mode) is no change.
 * Methods throw UnderstudyError GIT for refs that do not resolve and FILE for what must not be read.
 */
export function gitWorkspace(options: GitWorkspaceOptions): CheckedWorkspace {
  const { root, headRef = null, include = () => true, maxBytes = DEFAULT_MAX_BYTES } = options;
  const folder: GitFolder = { root, maxBytes };
  const notices = new Set<string>();
  return {
    async changedFiles() {
      const changes = (await changesOf(options)).filter(({ path }) => include(path));
      const files: ChangedFile[] = [];
      for (const { path, base, head } of changes.sort((a, b) => byCodeUnits(a.path, b.path))) {
        const sides = {
          base: await contentOf(folder, path, base),
          head: await contentOf(folder, path, head),
        };
        const file = changeOf(path, sides, (text) => notices.add(text));
        if (file) files.push(file);
      }
      return files;
    },
    async read(path) {
      assertRelativePath(path);
      const side =
        headRef === null
          ? { kind: "named" as const }
          : await committedSide(folder, path, await resolveCommit(root, headRef));
      return textOf(path, await contentOf(folder, path, side));
    },
    notices: () => [...notices],
  };
}

async function changesOf({
  root,
  baseRef,
  headRef = null,
}: GitWorkspaceOptions): Promise<Change[]> {
  const base = await resolveCommit(root, baseRef);
  const head = await resolveCommit(root, headRef ?? "HEAD");
  const from = await mergeBase(root, base, head);
  const flags = [
    "--raw",
    "-z",
    "--no-abbrev",
    "--find-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=all",
    "--relative",
  ];
  const ends = headRef === null ? [from] : [from, head];
  const output = outputOf(
    await runGit(root, ["diff", ...flags, ...ends, "--"], MAX_LISTING_BYTES),
    "comparing with the base",
  );
  const committed = parseRawDiff(output);
  if (headRef !== null) return [...committed];
  const changes = new Map(
    committed.map((change) => [change.path, { ...change, head: asOnDisk(change.head) }]),
  );
  for (const path of await untracked(root)) {
    changes.set(path, { path, base: changes.get(path)?.base ?? null, head: ON_DISK });
  }
  return [...changes.values()];
}

/** For a renamed file in the working tree git prints the hash its content would have, but stores no such object. */
function asOnDisk(side: Side | null): Side | null {
  return side?.kind === "blob" ? ON_DISK : side;
}

/** Files that git neither knows nor ignores. A repository inside this one is listed as a folder: its files are not ours. */
async function untracked(root: string): Promise<string[]> {
  const listing = outputOf(
    await runGit(
      root,
      ["ls-files", "--others", "--exclude-standard", "-z", "--"],
      MAX_LISTING_BYTES,
    ),
    "listing new files",
  );
  return listing
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "" && !path.endsWith("/"));
}
