/** A plain text prompt: the whole file is one user message. */

import { LineIndex, verbatim } from "../decoded-text.js";
import { syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";

/** Reads a text file; a byte order mark is not part of the message. Throws PROMPT_SYNTAX where nothing is left to say. */
export function readPlainText(path: string, text: string): SourceFile {
  const lines = new LineIndex(text);
  const messages = [wholeMessage({ path, lines }, text, text.startsWith("\ufeff") ? 1 : 0)];
  return { path, format: "text", text, lines, messages, embeddedInputs: [], model: null };
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
  return {
    role: "user",
    content: verbatim(body, start),
    literal: range,
    item: range,
    pinned: false,
    opaque: false,
  };
}
