import { applyPatch, createTwoFilesPatch } from "diff";

/**
 * Unified diff of one file with the `a/` and `b/` headers that `git apply` and `patch -p1` read; empty where nothing changed.
 * Three lines of context; a missing newline at the end of the file is marked as usual.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return "";
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
  });
  return patch.replace(/^=+\n/, "");
}

/**
 * The text that a diff of `unifiedDiff` leads to; null unless `before` is exactly the text that the diff was made from: nothing is
 * searched for at other lines, and the result gives the same diff again.
 */
export function applyDiff(path: string, before: string, diff: string): string | null {
  try {
    const after = applyPatch(before, diff, { fuzzFactor: 0, autoConvertLineEndings: false });
    return after !== false && unifiedDiff(path, before, after) === diff ? after : null;
  } catch {
    return null;
  }
}
