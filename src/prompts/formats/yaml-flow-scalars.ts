/** Plain, single-quoted and double-quoted scalars with their character maps (YAML 1.2.2, 7.3). */

import type { DecodedTextBuilder, TextRange } from "../decoded-text.js";
import { pushFolded, splitScalarLines } from "./yaml-lines.js";

/** Appends the content of one line. */
type CopyLine = (source: string, range: TextRange, into: DecodedTextBuilder) => void;

/** Decodes a plain or single-quoted scalar whose text stands in `range`, quotes excluded. */
export function decodeFolded(
  source: string,
  range: TextRange,
  copy: CopyLine,
  builder: DecodedTextBuilder,
): void {
  const lines = splitScalarLines(source, range);
  let breaks: TextRange[] = [];
  lines.forEach((line, index) => {
    const first = index === 0;
    const last = index === lines.length - 1;
    let from = first ? line.start - line.indent : line.start;
    let to = line.end;
    const isBlank = (at: number): boolean => source[at] === " " || source[at] === "\t";
    while (!first && from < to && isBlank(from)) from++;
    while (!last && to > from && isBlank(to - 1)) to--;
    if (first || last || to > from) {
      pushFolded(breaks, builder);
      breaks = [];
      copy(source, { start: from, end: to }, builder);
    }
    if (!last) breaks.push({ start: to, end: line.lineBreak.end });
  });
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  "\t": "\t",
};
const HEX_ESCAPES: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Decodes a double-quoted scalar whose text stands in `range`, quotes excluded. */
export function decodeDoubleQuoted(
  source: string,
  range: TextRange,
  builder: DecodedTextBuilder,
): void {
  let at = range.start;
  while (at < range.end) {
    const unit = source[at] ?? "";
    if (unit === "\\") at = decodeEscape(source, at, builder);
    else if (isFoldable(source, at))
      at = decodeWhitespace(source, { start: at, end: range.end }, builder);
    else builder.copy(source, at, ++at);
  }
}

/** White space that folds; a carriage return only where a line feed follows. */
function isFoldable(source: string, at: number): boolean {
  return /[ \t\n]/.test(source[at] ?? "") || (source[at] === "\r" && source[at + 1] === "\n");
}

/** Whitespace of a double-quoted scalar: kept inside a line, folded where it holds line breaks. Returns the offset after it. */
function decodeWhitespace(source: string, range: TextRange, builder: DecodedTextBuilder): number {
  let end = range.start;
  while (end < range.end && isFoldable(source, end)) end++;
  const feeds: number[] = [];
  for (let at = range.start; at < end; at++) if (source[at] === "\n") feeds.push(at);
  if (feeds.length === 0) builder.copy(source, range.start, end);
  else
    pushFolded(
      feeds.map((feed, index) => ({
        start: index === 0 ? range.start : feed,
        end: index === feeds.length - 1 ? end : feed + 1,
      })),
      builder,
    );
  return end;
}

function decodeEscape(source: string, at: number, builder: DecodedTextBuilder): number {
  const code = source[at + 1] ?? "";
  const digits = HEX_ESCAPES[code];
  if (digits !== undefined) {
    const end = at + 2 + digits;
    builder.push(String.fromCodePoint(Number.parseInt(source.slice(at + 2, end), 16)), at, end);
    return end;
  }
  if (code === "\n" || code === "\r") {
    let end = at + (code === "\r" ? 3 : 2);
    while (source[end] === " " || source[end] === "\t") end++;
    return end;
  }
  builder.push(SIMPLE_ESCAPES[code] ?? source.slice(at, at + 2), at, at + 2);
  return at + 2;
}
