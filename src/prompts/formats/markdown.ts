/** A Markdown prompt: YAML front matter, if any, is metadata; the rest is one user message. */

import { isMap, parseDocument } from "yaml";
import { LineIndex } from "../decoded-text.js";
import { syntaxError, type SourceFile } from "../source-file.js";
import { wholeMessage } from "./plain-text.js";

const FRONT_MATTER = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m;

/** Reads a Markdown file. Throws PROMPT_SYNTAX for front matter that is not YAML and for a file without text. */
export function readMarkdown(path: string, text: string): SourceFile {
  const lines = new LineIndex(text);
  const file = { path, lines };
  const front = readFrontMatter(file, text);
  const start = front?.end ?? (text.startsWith("\ufeff") ? 1 : 0);
  return {
    path,
    name: null,
    format: "markdown",
    syntax: "any",
    text,
    lines,
    messages: [wholeMessage(file, text, start)],
    embeddedInputs: [],
    model: front?.model ?? null,
    notes: [],
    rest: text.slice(0, start),
  };
}

/** Front matter opens on the first line and holds a mapping; anything else between rules is text. */
function readFrontMatter(
  file: { readonly path: string; readonly lines: LineIndex },
  text: string,
): { readonly end: number; readonly model: string | null } | null {
  const match = FRONT_MATTER.exec(text);
  if (!match || match.index !== 0) return null;
  const yaml = match[1] ?? "";
  const document = parseDocument(yaml, { prettyErrors: false });
  if (!/^[\w-]+[ \t]*:/m.test(yaml)) return null;
  const [error] = document.errors;
  const at = match[0].indexOf("\n") + 1;
  if (error)
    throw syntaxError(file, at + error.pos[0], {
      message: `the front matter is not valid YAML: ${error.message}`,
      fix: "correct it, or start the file with text instead of `---`",
    });
  if (!isMap(document.contents)) return null;
  const model = document.contents.get("model");
  return { end: match[0].length, model: typeof model === "string" ? model : null };
}
