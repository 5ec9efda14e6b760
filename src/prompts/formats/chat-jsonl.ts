/** Chat messages in JSON Lines: a message a line is one prompt, a list of messages a line is a prompt a line. */

import type { Node } from "jsonc-parser";
import { LineIndex, LinesThrough } from "../decoded-text.js";
import { shown, syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";
import { property, readMessage } from "./chat-json.js";
import { openJson, type JsonFile } from "./json-tree.js";

const SHAPE =
  'write one message a line, {"role": "user", "content": "..."}, or one prompt a line, {"messages": [...]}';

interface JsonLine {
  readonly start: number;
  readonly file: JsonFile;
  readonly root: Node;
}

/** Numbers of the prompts in the file, as names; null where all of its lines are one prompt. Throws PROMPT_SYNTAX. */
export function jsonlPrompts(path: string, text: string): readonly string[] | null {
  const lines = openLines(path, text);
  return lines.some(({ root }) => isMessage(root))
    ? null
    : lines.map((_, index) => String(index + 1));
}

/** Reads a file, or the prompt of this number in it. Throws PROMPT_SYNTAX with line and column. */
export function readChatJsonl(path: string, text: string, name: string | null): SourceFile {
  const lines = openLines(path, text);
  const file = { path, lines: new LineIndex(text) };
  const isOne = lines.some(({ root }) => isMessage(root));
  const line = isOne ? undefined : lines[name === null ? 0 : Number(name) - 1];
  if (!isOne && (!line || (name === null && lines.length > 1)))
    throw syntaxError(file, 0, {
      message:
        name === null
          ? `the file holds ${lines.length} prompts`
          : `the file holds no prompt numbered ${shown(name)}`,
      fix: `name one of them: ${path}#1 to ${path}#${lines.length}`,
    });
  const messages = line ? messagesOfLine(line) : lines.map((one) => shifted(one, one.root));
  const chosen = lines.filter((one) => one !== line && !isOne);
  return {
    path,
    name: line && lines.length > 1 ? (name ?? "1") : null,
    format: "chat-jsonl",
    syntax: "any",
    text,
    lines: file.lines,
    messages,
    embeddedInputs: [],
    model: null,
    notes: [],
    rest: JSON.stringify(chosen.map((one) => one.file.text)),
  };
}

function openLines(path: string, text: string): JsonLine[] {
  const lines = new LineIndex(text);
  const found: JsonLine[] = [];
  let start = 0;
  for (const row of text.split("\n")) {
    const at = start;
    start += row.length + 1;
    if (row.replace("\ufeff", "").trim() === "") continue;
    const shiftedLines = new LinesThrough(lines, (offset) => at + offset);
    const file = { path, text: row, lines: shiftedLines };
    const root = openJson(file);
    if (root.type !== "object")
      throw syntaxError(file, root.offset, { message: "a line that is no object", fix: SHAPE });
    found.push({ start: at, file, root });
  }
  if (found.length === 0)
    throw syntaxError({ path, lines }, 0, { message: "the file is empty", fix: SHAPE });
  return found;
}

function isMessage(root: Node): boolean {
  return (root.children ?? []).some((pair) => pair.children?.[0]?.value === "role");
}

function messagesOfLine(line: JsonLine): SourceMessage[] {
  const list = property(line.file, line.root, "messages");
  const items = list?.type === "array" ? (list.children ?? []) : [];
  if (items.length === 0)
    throw syntaxError(line.file, (list ?? line.root).offset, {
      message: "a line without messages",
      fix: SHAPE,
    });
  return items.map((item) => shifted(line, item));
}

/** A message with its places in the whole file. */
function shifted(line: JsonLine, item: Node): SourceMessage {
  const message = readMessage(line.file, item);
  const { content, literal, item: whole } = message;
  const by = line.start;
  return {
    ...message,
    content: {
      text: content.text,
      starts: content.starts.map((at) => at + by),
      ends: content.ends.map((at) => at + by),
    },
    literal: { start: literal.start + by, end: literal.end + by },
    item: { start: whole.start + by, end: whole.end + by },
  };
}
