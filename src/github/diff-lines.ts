/** Where a review comment may stand: the right-hand lines of a pull request's diff, hunk by hunk. */

/** One line of the head side within a hunk. */
interface RightLine {
  readonly line: number;
  readonly text: string;
  /** Whether deleted lines stand between this line and the one before it. */
  readonly afterDeleted: boolean;
}

/** The head side of one hunk, its lines ascending without gaps. */
export type RightHunk = readonly RightLine[];

const HEADER = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** The hunks of a file's `patch` as GitHub's list of a pull request's files gives it: no file headers. */
export function rightHunks(patch: string): readonly RightHunk[] {
  const hunks: RightLine[][] = [];
  let [line, afterDeleted] = [0, false];
  for (const row of patch.split("\n")) {
    const header = HEADER.exec(row);
    if (header !== null) {
      hunks.push([]);
      [line, afterDeleted] = [Number(header[1]), false];
      continue;
    }
    if (row.startsWith("-")) afterDeleted = true;
    if (!row.startsWith("+") && !row.startsWith(" ")) continue;
    hunks.at(-1)?.push({ line: line++, text: bare(row.slice(1)), afterDeleted });
    afterDeleted = false;
  }
  return hunks;
}

function bare(text: string): string {
  return text.replace(/\r$/, "");
}

/** Whether lines can carry a suggestion, and if not why. */
export type Placement =
  | { readonly kind: "in the diff" }
  | { readonly kind: "outside"; readonly reason: string };

/**
 * Whether all of these lines stand on the right-hand side of one hunk, with the very text they have in the file that was reviewed. Lines
 * between which the diff deletes others are left out: GitHub does not apply suggestions on deleted lines.
 */
export function placeLines(
  hunks: readonly RightHunk[],
  run: { readonly startLine: number; readonly before: readonly string[] },
): Placement {
  const outside = (reason: string): Placement => ({ kind: "outside", reason });
  const hunk = hunks.find((lines) => lines.some(({ line }) => line === run.startLine));
  const from = hunk?.findIndex(({ line }) => line === run.startLine) ?? -1;
  const lines = hunk?.slice(from, from + run.before.length) ?? [];
  if (from < 0 || lines.length < run.before.length) return outside("not in this diff");
  if (lines.some(({ text }, index) => text !== bare(run.before[index] ?? "")))
    return outside("the pull request's diff has other text there");
  if (lines.slice(1).some(({ afterDeleted }) => afterDeleted))
    return outside("the diff deletes lines between them");
  return { kind: "in the diff" };
}
