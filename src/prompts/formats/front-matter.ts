/** YAML between two lines of `---` at the head of a file. */

import { LineIndex, LinesThrough, type TextRange } from "../decoded-text.js";
import { syntaxError } from "../source-file.js";
import { yamlTree, openYaml } from "./yaml-tree.js";
import type { TreeFile, ValueTree } from "./value-tree.js";

/** Front matter with the places of its values in the whole file, and where the text after it begins. */
export interface FrontMatter {
  readonly tree: ValueTree;
  /** For errors and places of values of `tree`. */
  readonly file: TreeFile;
  readonly bodyStart: number;
}

/**
 * The front matter of a prompt file that is meant to have some: it opens on the first line, or after comment lines (`#`) where
 * `commentsBefore` allows them. null where there is none. Throws PROMPT_SYNTAX where it is never closed, or no YAML mapping.
 */
export function readFrontMatter(
  path: string,
  text: string,
  commentsBefore: boolean,
): FrontMatter | null {
  const lines = new LineIndex(text);
  const fence = frontMatterRange(text, commentsBefore);
  if (fence === null) return null;
  if (fence === "unclosed")
    throw syntaxError({ path, lines }, 0, {
      message: "the front matter is never closed",
      fix: "end it with a line of `---`",
    });
  const { yaml, bodyStart } = fence;
  const shifted = new LinesThrough(lines, (offset) => offset + yaml.start);
  const file = { path, lines: shifted };
  const tree = yamlTree(openYaml(path, text.slice(yaml.start, yaml.end), shifted));
  if (tree.kind === "mapping" || (tree.kind === "plain" && tree.written === null))
    return { tree, file, bodyStart };
  throw syntaxError(file, tree.range.start, {
    message: "the front matter is no mapping",
    fix: "write keys and values, such as `model: NAME`",
  });
}

function frontMatterRange(
  text: string,
  commentsBefore: boolean,
): { readonly yaml: TextRange; readonly bodyStart: number } | "unclosed" | null {
  const opening = commentsBefore
    ? /^\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*---[ \t]*\r?\n/
    : /^\ufeff?\s*---[ \t]*\r?\n/;
  const open = opening.exec(text);
  if (!open) return null;
  const start = open[0].length;
  const closing = /^---[ \t]*(?:\r?\n|$)/gm;
  closing.lastIndex = start;
  const close = closing.exec(text);
  if (!close) return "unclosed";
  return {
    yaml: { start, end: close.index },
    bodyStart: close.index + close[0].length,
  };
}
