/** TOML strings with their character maps (TOML 1.0, "String"). */

import { DecodedTextBuilder, type DecodedText, type TextRange } from "../decoded-text.js";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

/**
 * Decodes the string that stands in `range` of the source, quotes included. The caller compares the text with the parser's value and
 * must not trust the map where they differ.
 */
export function decodeTomlString(source: string, range: TextRange): DecodedText {
  const quote = source[range.start] ?? "";
  const isMultiline =
    source.startsWith(quote.repeat(3), range.start) && range.end - range.start >= 6;
  const width = isMultiline ? 3 : 1;
  const builder = new DecodedTextBuilder();
  const end = range.end - width;
  let at = range.start + width;
  if (isMultiline) at = afterLineBreak(source, at) ?? at;
  while (at < end) {
    const feed = isMultiline ? afterLineBreak(source, at) : null;
    if (feed !== null) {
      builder.push("\n", at, feed);
      at = feed;
    } else if (quote === '"' && source[at] === "\\") at = decodeEscape(source, at, builder);
    else builder.copy(source, at, ++at);
  }
  return builder.build();
}

/** The offset after a line break at `at`; null where there is none. */
function afterLineBreak(source: string, at: number): number | null {
  if (source[at] === "\n") return at + 1;
  return source[at] === "\r" && source[at + 1] === "\n" ? at + 2 : null;
}

function decodeEscape(source: string, at: number, builder: DecodedTextBuilder): number {
  const code = source[at + 1] ?? "";
  const simple = SIMPLE_ESCAPES[code];
  if (simple !== undefined) {
    builder.push(simple, at, at + 2);
    return at + 2;
  }
  if (code === "u" || code === "U") {
    const end = at + (code === "u" ? 6 : 10);
    const point = Number.parseInt(source.slice(at + 2, end), 16);
    builder.push(point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd", at, end);
    return end;
  }
  // A backslash at a line's end takes all white space up to the next character with it.
  let end = at + 1;
  while (/[ \t\r\n]/.test(source[end] ?? "")) end++;
  return end;
}
