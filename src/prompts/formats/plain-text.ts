/** A plain text prompt: the whole file is one user message. */

import { LineIndex, verbatim } from "../decoded-text.js";
import { verbatimLiteral } from "./literals.js";
import { syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";

/** Reads a text file; a byte order mark is not part of the message. Throws PROMPT_SYNTAX where nothing is left to say. */
export function readPlainText(path: string, text: string): SourceFile {
  const lines = new LineIndex(text);
  const messages = [wholeMessage({ path, lines }, text, text.startsWith("\ufeff") ? 1 : 0)];
  return {
    path,
    name: null,
    format: "text",
    syntax: "any",
    text,
    lines,
    messages,
    embeddedInputs: [],
    model: null,
    notes: [],
    rest: text.slice(0, messages[0]?.item.start),
  };
}

/** source[start..] as the one user message of a file. */
export function wholeMessage(
  file: { readonly path: string; readonly lines: LineIndex },
  text: string,
  start: number,
): SourceMessage {
  const body = text.slice(start);
  if (body.trim() === "")
    throw syntaxError(file, start, {
      message: "the prompt is empty",
      fix: "write the prompt's text, or remove the file",
    });
  const range = { start, end: text.length };
  return { ...verbatimLiteral(verbatim(body, start), range), role: "user", item: range };
}
