import { UnderstudyError } from "../errors.js";

/** What stands at a path on one side of a change, and where its content is. */
export type Side =
  /** A file in git's store, by its hash. */
  | { readonly kind: "blob"; readonly object: string }
  /** A file in the working tree that a listing gave us; were it a symbolic link, nobody asked to follow it. */
  | { readonly kind: "on disk" }
  /** A file in the working tree that somebody asked for; links inside the workspace are followed. */
  | { readonly kind: "named" }
  | { readonly kind: "link" }
  | { readonly kind: "folder" };

/** A path that differs between two trees; null = absent on that side. */
export interface Change {
  readonly path: string;
  readonly base: Side | null;
  readonly head: Side | null;
}

const RAW = /^:(\d{6}) (\d{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*$/;

/**
 * Reads `git diff --raw -z --no-abbrev`. A renamed file comes under its new name with the old file as base.
 * Paths that are not UTF-8 come out with replacement characters.
 * @throws UnderstudyError GIT for output that has another form.
 */
export function parseRawDiff(output: Buffer): readonly Change[] {
  const fields = output.toString("utf8").split("\0");
  const changes: Change[] = [];
  for (let at = 0; at < fields.length - 1;) {
    const match = RAW.exec(fields[at] ?? "");
    if (!match)
      throw new UnderstudyError(
        "GIT",
        `git diff printed ${JSON.stringify(fields[at])} where a change was expected`,
      );
    const [, baseMode = "", headMode = "", baseObject = "", headObject = "", status = ""] = match;
    const names = status === "R" || status === "C" ? 2 : 1;
    const path = fields[at + names] ?? "";
    at += names + 1;
    // Unmerged paths come a second time with their real difference.
    if (status !== "U")
      changes.push({
        path,
        base: asBase(sideOf(baseMode, baseObject)),
        head: sideOf(headMode, headObject),
      });
  }
  return changes;
}

/** Reads `git ls-tree -z` for one path: what the tree has there, null for nothing. */
export function parseTreeEntry(output: Buffer, path: string): Side | null {
  const match = /^(\d{6}) \w+ ([0-9a-f]{40,64})\t([^\0]*)\0/.exec(output.toString("utf8"));
  return match && match[3] === path ? sideOf(match[1] ?? "", match[2] ?? "") : null;
}

/** A file that takes the place of a link or submodule is a new file. */
function asBase(side: Side | null): Side | null {
  return side?.kind === "blob" ? side : null;
}

function sideOf(mode: string, object: string): Side | null {
  switch (mode) {
    case "000000":
      return null;
    case "120000":
      return { kind: "link" };
    case "040000":
    case "160000":
      return { kind: "folder" };
    default:
      return /^0+$/.test(object) ? { kind: "on disk" } : { kind: "blob", object };
  }
}
