import { createTwoFilesPatch } from "diff";

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
