/** The lines of a message, each told by what it is in a prompt: heading, rule, tag, list item, table row, fence or prose. */

import type { TextRange } from "../decoded-text.js";

export type LineKind = "blank" | "heading" | "rule" | "tag" | "item" | "table" | "fenced" | "prose";

/** text[start, end) with its line feed; `text` is trimmed. */
export interface Line extends TextRange {
  readonly kind: LineKind;
  readonly indent: number;
  readonly text: string;
  /** Level of a heading, from 1; 0 for other lines. */
  readonly level: number;
}

const ATX_HEADING = /^(#{1,6})(?:\s|$)/;
const CAPITALS_HEADING = /^[A-Z][A-Z \d_-]{2,40}:?$/;
const RULE = /^(?:-{3,}|={3,}|\*{3,}|_{3,}|#{3,}|~{4,})$/;
const TAG = /^<\/?[A-Za-z][\w:.-]*(?:\s+[^<>]*)?\/?>$|^<\|[\w]+\|>(?:\s*\w+)?$/;
const LIST_ITEM = /^(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])\s+\S/;
const TABLE_ROW = /^\|.*\|$/;
const FENCE = /^(`{3,}|~{3,})/;

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
  return withSetextHeadings(withFences(lines));
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
  };
}

function headingLevel(text: string): number {
  const atx = RULE.test(text) ? null : ATX_HEADING.exec(text);
  if (atx?.[1]) return atx[1].length;
  return CAPITALS_HEADING.test(text) && /[A-Z]{3}/.test(text) ? 2 : 0;
}

function kindOf(text: string): LineKind {
  if (text === "") return "blank";
  if (RULE.test(text)) return "rule";
  if (TAG.test(text)) return "tag";
  if (TABLE_ROW.test(text)) return "table";
  return LIST_ITEM.test(text) ? "item" : "prose";
}

/** Lines from an opening fence to its closing one; an opening fence that is never closed is prose. */
function withFences(lines: readonly Line[]): Line[] {
  const result = [...lines];
  for (let index = 0; index < result.length; index++) {
    const fence = FENCE.exec(lines[index]?.text ?? "")?.[1];
    if (!fence) continue;
    const close = lines.findIndex(
      (line, at) => at > index && line.text.startsWith(fence) && /^[`~]+$/.test(line.text),
    );
    if (close < 0) continue;
    for (let at = index; at <= close; at++) {
      const line = result[at];
      if (line) result[at] = { ...line, kind: "fenced", level: 0 };
    }
    index = close;
  }
  return result;
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
