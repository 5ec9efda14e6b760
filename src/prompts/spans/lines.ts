/** The lines of a message, each told by what it is in a prompt: heading, rule, tag, list item, table row, code or prose. */

import type { TextRange } from "../decoded-text.js";
import { isOnlyKeepComment } from "../source-file.js";
import { isInputName, isOutputName } from "./labels.js";

export type LineKind =
  | "blank"
  | "heading"
  | "rule"
  | "tag"
  | "statement"
  | "item"
  | "table"
  | "code"
  | "prose";

/** text[start, end) with its line feed; `text` is trimmed. */
export interface Line extends TextRange {
  readonly kind: LineKind;
  readonly indent: number;
  readonly text: string;
  /** Level of a heading, from 1; 0 for other lines. */
  readonly level: number;
  /** Lines of one code block share the number of its first line; null outside code. */
  readonly block: number | null;
}

const ATX_HEADING = /^(#{1,6})(?:\s|$)/;
const CAPITALS_HEADING = /^[A-Z][A-Z \d_-]{2,40}:?$/;
const RULE = /^(?:-{3,}|={3,}|\*{3,}|_{3,}|#{3,}|~{4,})$/;
const TAG = /^<\/?[A-Za-z][\w:.-]*(?:\s[^<>]*)?>$|^<\|[\w]+\|>(?:\s*\w+)?$/;
/** A template engine's statements or comments alone on their line. */
const STATEMENT =
  /^(?:\{%[^%]*%\}\s*|\{#[^#]*#\}\s*|\{\{~?[#/^>!][^{}]*\}\}\s*|\{\{~?else\b[^{}]*\}\}\s*)+$/;
const LIST_ITEM = /^(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])\s+\S/;
const TABLE_ROW = /^\|.*\|$/;
/** Capitals count as headings below those of Markdown. */
export const CAPITALS_LEVEL = 7;

/** Cuts a text into its lines; concatenated they give the text back. */
export function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed + 1;
    lines.push(classify(text, { start, end }));
    start = end;
  }
  return withSetextHeadings(withCodeBlocks(lines));
}

function classify(source: string, range: TextRange): Line {
  const raw = source.slice(range.start, range.end);
  const text = raw.trim();
  const heading = headingLevel(text);
  return {
    ...range,
    text,
    indent: raw.length - raw.trimStart().length,
    kind: heading > 0 ? "heading" : kindOf(text),
    level: heading,
    block: null,
  };
}

/** A comment that pins and a label such as `INPUT:` look like headings and are none. */
function headingLevel(text: string): number {
  if (RULE.test(text) || isOnlyKeepComment(text)) return 0;
  const atx = ATX_HEADING.exec(text);
  if (atx?.[1]) return atx[1].length;
  const label = text.endsWith(":") ? text.slice(0, -1).toLowerCase() : null;
  if (label !== null && (isInputName(label) || isOutputName(label))) return 0;
  return CAPITALS_HEADING.test(text) && /[A-Z]{3}/.test(text) ? CAPITALS_LEVEL : 0;
}

function kindOf(text: string): LineKind {
  if (text === "") return "blank";
  if (RULE.test(text)) return "rule";
  if (TAG.test(text)) return "tag";
  if (STATEMENT.test(text)) return "statement";
  if (TABLE_ROW.test(text)) return "table";
  return LIST_ITEM.test(text) ? "item" : "prose";
}

/** A single line of prose over `===` or `---` is a heading, and so is the line under it. */
function withSetextHeadings(lines: readonly Line[]): Line[] {
  return lines.map((line, index) => {
    if (isSetext(lines, index))
      return { ...line, kind: "heading", level: levelOfUnderline(lines[index + 1]) };
    if (isSetext(lines, index - 1)) return { ...line, kind: "heading", level: 0 };
    return line;
  });
}

function isSetext(lines: readonly Line[], index: number): boolean {
  const title = lines[index];
  const under = lines[index + 1];
  const before = lines[index - 1];
  if (!title || !under || title.kind !== "prose" || title.text.length > 80) return false;
  return (
    under.kind === "rule" && /^(?:-+|=+)$/.test(under.text) && (!before || before.kind === "blank")
  );
}

function levelOfUnderline(line: Line | undefined): number {
  return line?.text.startsWith("=") ? 1 : 2;
}

const FENCE = /^(`{3,}|~{3,})/;

/** Marks fenced code and bracketed blocks such as JSON over several lines; what is never closed stays as it is. */
function withCodeBlocks(lines: readonly Line[]): Line[] {
  const result = [...lines];
  const depths = lines.map((line) => bracketDepth(line.text));
  for (let index = 0; index < lines.length; index++) {
    const last = endOfFence(lines, index) ?? endOfBrackets(lines, depths, index);
    if (last === null) continue;
    for (let at = index; at <= last; at++) {
      const line = result[at];
      if (line) result[at] = { ...line, kind: "code", level: 0, block: index };
    }
    index = last;
  }
  return result;
}

function endOfFence(lines: readonly Line[], index: number): number | null {
  const fence = FENCE.exec(lines[index]?.text ?? "")?.[1];
  if (!fence) return null;
  const close = lines.findIndex(
    (line, at) => at > index && line.text.startsWith(fence) && /^[`~]+$/.test(line.text),
  );
  return close < 0 ? null : close;
}

/** Bracketed blocks of more lines than this are read line by line. */
const LONGEST_BLOCK = 500;

/** Brackets that a line opens less those that it closes, outside strings. */
function bracketDepth(line: string): number {
  const text = line.replace(/"(?:[^"\\]|\\.)*"/g, "");
  return (text.match(/[[{]/g)?.length ?? 0) - (text.match(/[\]}]/g)?.length ?? 0);
}

/** The line on which brackets that open at the start of this line are all closed again, if that is a later one. */
function endOfBrackets(
  lines: readonly Line[],
  depths: readonly number[],
  index: number,
): number | null {
  if (!/^(?:\[\s*\{?|\{)\s*$|^[[{]\s*"/.test(lines[index]?.text ?? "")) return null;
  let depth = 0;
  for (let at = index; at < Math.min(lines.length, index + LONGEST_BLOCK); at++) {
    depth += depths[at] ?? 0;
    if (depth <= 0) return at > index ? at : null;
  }
  return null;
}
