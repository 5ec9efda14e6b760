/**
 * Character maps of YAML scalars: the decoding rules of YAML 1.2.2 (7.3 flow scalars, 8.1 block scalars) with the source
 * offset of every decoded unit. Follows the reading of the `yaml` package, whose value is what the file means here.
 */

import type { CST } from "yaml";
import { DecodedTextBuilder, type DecodedText, type TextRange } from "../decoded-text.js";

type BlockScalarToken = CST.BlockScalar;
type FlowScalarToken = CST.FlowScalar;

/** A line of a scalar: content without its line break and without the indentation that was asked to be cut. */
interface ScalarLine {
  readonly indent: number;
  readonly start: number;
  readonly end: number;
  /** The line break that ends the line; empty on the last one. */
  readonly lineBreak: TextRange;
}

/**
 * Decodes a scalar token of `source` with its character map. The caller compares the text with the parser's value and
 * must not trust the map where they differ.
 */
export function mapYamlScalar(
  source: string,
  token: BlockScalarToken | FlowScalarToken,
): DecodedText {
  const builder = new DecodedTextBuilder();
  switch (token.type) {
    case "block-scalar":
      decodeBlock(source, token, builder);
      break;
    case "double-quoted-scalar":
      decodeDoubleQuoted(
        source,
        { start: token.offset + 1, end: token.offset + token.source.length - 1 },
        builder,
      );
      break;
    case "single-quoted-scalar":
      decodeFolded(
        source,
        { start: token.offset + 1, end: token.offset + token.source.length - 1 },
        copySingleQuoted,
        builder,
      );
      break;
    case "scalar":
    case "alias":
      decodeFolded(
        source,
        { start: token.offset, end: token.offset + token.source.length },
        (from, to, into) => into.copy(source, from, to),
        builder,
      );
      break;
  }
  return builder.build();

  function copySingleQuoted(from: number, to: number, into: DecodedTextBuilder): void {
    for (let at = from; at < to; at++) {
      const doubled = source[at] === "'" && source[at + 1] === "'" && at + 1 < to;
      into.push(source[at] ?? "", at, at + (doubled ? 2 : 1));
      if (doubled) at++;
    }
  }
}

/** Splits source[start, end) at line feeds; a carriage return before one belongs to the break. */
function splitScalarLines(source: string, range: TextRange): ScalarLine[] {
  const lines: ScalarLine[] = [];
  let start = range.start;
  for (;;) {
    const feed = source.indexOf("\n", start);
    const last = feed < 0 || feed >= range.end;
    const stop = last ? range.end : feed;
    let content = start;
    while (content < stop && source[content] === " ") content++;
    const end = source[stop - 1] === "\r" && stop > content && !last ? stop - 1 : stop;
    lines.push({
      indent: content - start,
      start: content,
      end,
      lineBreak: { start: end, end: last ? end : feed + 1 },
    });
    if (last) return lines;
    start = feed + 1;
  }
}

/** One break folds to a space, n > 1 breaks to n - 1 line feeds. */
function pushFolded(breaks: readonly TextRange[], builder: DecodedTextBuilder): void {
  if (breaks.length > 0)
    pushBreaks(breaks.length === 1 ? " " : "\n".repeat(breaks.length - 1), breaks, builder);
}

/** Spreads `decoded` over the breaks it stands for: first unit from the first break, last unit to the end of the last. */
function pushBreaks(
  decoded: string,
  breaks: readonly TextRange[],
  builder: DecodedTextBuilder,
): void {
  const last = breaks[breaks.length - 1];
  for (let unit = 0; unit < decoded.length; unit++) {
    const lineBreak = breaks[Math.min(unit, breaks.length - 1)];
    if (!lineBreak || !last) return;
    builder.push(
      decoded[unit] ?? "",
      lineBreak.start,
      unit === decoded.length - 1 ? last.end : lineBreak.end,
    );
  }
}

function decodeFolded(
  source: string,
  range: TextRange,
  copy: (from: number, to: number, into: DecodedTextBuilder) => void,
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
      copy(from, to, builder);
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

function decodeDoubleQuoted(source: string, range: TextRange, builder: DecodedTextBuilder): void {
  let at = range.start;
  while (at < range.end) {
    const unit = source[at] ?? "";
    if (unit === "\\") at = decodeEscape(source, at, builder);
    else if (/[ \t\r\n]/.test(unit))
      at = decodeWhitespace(source, { start: at, end: range.end }, builder);
    else builder.push(unit, at, ++at);
  }
}

/** Whitespace of a double-quoted scalar: kept inside a line, folded where it holds line breaks. Returns the offset after it. */
function decodeWhitespace(source: string, range: TextRange, builder: DecodedTextBuilder): number {
  let end = range.start;
  while (end < range.end && /[ \t\r\n]/.test(source[end] ?? "")) end++;
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

interface BlockHeader {
  readonly folded: boolean;
  readonly chomping: "" | "-" | "+";
  readonly explicitIndent: number;
  readonly length: number;
}

function readBlockHeader(token: BlockScalarToken): BlockHeader {
  const header = token.props.map((prop) => ("source" in prop ? prop.source : "")).join("");
  const indicators = /^[|>]([-+0-9]*)/.exec(header)?.[1] ?? "";
  const chomping = indicators.includes("-") ? "-" : indicators.includes("+") ? "+" : "";
  return {
    folded: header.startsWith(">"),
    chomping,
    explicitIndent: Number(/[1-9]/.exec(indicators)?.[0] ?? 0),
    length: header.length,
  };
}

function decodeBlock(source: string, token: BlockScalarToken, builder: DecodedTextBuilder): void {
  const header = readBlockHeader(token);
  const bodyStart = token.offset + header.length;
  const lines = splitScalarLines(source, {
    start: bodyStart,
    end: bodyStart + token.source.length,
  });
  const layout = measureBlock(lines, token.indent, header);
  if (layout.contentEnd === 0) {
    if (header.chomping === "+")
      lines
        .slice(0, Math.max(1, lines.length - 1))
        .forEach((line) => builder.push("\n", line.lineBreak.start, line.lineBreak.end));
    return;
  }
  lines.slice(0, layout.contentStart).forEach((line) => {
    copyFromIndent(source, line, layout.indent, builder);
    builder.push("\n", line.lineBreak.start, line.lineBreak.end);
  });
  const body = lines.slice(layout.contentStart, layout.contentEnd);
  if (header.folded) decodeFoldedBody(source, body, layout.indent, builder);
  else decodeLiteralBody(source, body, layout.indent, builder);
  chomp(
    source,
    { lines, contentEnd: layout.contentEnd, indent: layout.indent, chomping: header.chomping },
    builder,
  );
}

/** Indentation to cut, first line with content, and the line after the last one that chomping leaves alone. */
function measureBlock(
  lines: readonly ScalarLine[],
  parentIndent: number,
  header: BlockHeader,
): { readonly indent: number; readonly contentStart: number; readonly contentEnd: number } {
  let contentEnd = lines.length;
  while (contentEnd > 0 && isEmpty(lines[contentEnd - 1])) contentEnd--;
  if (contentEnd === 0) return { indent: 0, contentStart: 0, contentEnd };
  const contentStart = lines.findIndex((line) => !isEmpty(line));
  const declared = parentIndent + header.explicitIndent;
  const indent = header.explicitIndent > 0 ? declared : (lines[contentStart]?.indent ?? declared);
  for (let index = lines.length - 1; index >= contentEnd; index--)
    if ((lines[index]?.indent ?? 0) > indent) contentEnd = index + 1;
  return { indent, contentStart, contentEnd };
}

function isEmpty(line: ScalarLine | undefined): boolean {
  return line === undefined || line.start === line.end;
}

function copyFromIndent(
  source: string,
  line: ScalarLine,
  indent: number,
  builder: DecodedTextBuilder,
): void {
  builder.copy(source, Math.min(line.start, line.start - line.indent + indent), line.end);
}

function decodeLiteralBody(
  source: string,
  body: readonly ScalarLine[],
  indent: number,
  builder: DecodedTextBuilder,
): void {
  body.forEach((line, index) => {
    const before = body[index - 1];
    if (before) builder.push("\n", before.lineBreak.start, before.lineBreak.end);
    copyFromIndent(source, line, indent, builder);
  });
}

/** Folding (8.1.3): single breaks between lines of the base indentation become spaces; breaks around more-indented lines stay. */
function decodeFoldedBody(
  source: string,
  body: readonly ScalarLine[],
  indent: number,
  builder: DecodedTextBuilder,
): void {
  let breaks: TextRange[] = [];
  let previousMoreIndented = false;
  body.forEach((line, index) => {
    const moreIndented = line.indent > indent || (source[line.start] === "\t" && !isEmpty(line));
    if (moreIndented || !isEmpty(line)) {
      if (index > 0) {
        const kept = moreIndented || previousMoreIndented;
        if (kept) pushBreaks("\n".repeat(breaks.length), breaks, builder);
        else pushFolded(breaks, builder);
      }
      copyFromIndent(source, line, indent, builder);
      previousMoreIndented = moreIndented;
      breaks = [];
    }
    breaks.push(line.lineBreak);
  });
}

function chomp(
  source: string,
  block: {
    readonly lines: readonly ScalarLine[];
    readonly contentEnd: number;
    readonly indent: number;
    readonly chomping: "" | "-" | "+";
  },
  builder: DecodedTextBuilder,
): void {
  const last = block.lines[block.contentEnd - 1];
  if (!last || block.chomping === "-") return;
  if (block.chomping === "") {
    builder.push("\n", last.lineBreak.start, last.lineBreak.end);
    return;
  }
  let ended = false;
  for (let index = block.contentEnd; index < block.lines.length; index++) {
    const before = block.lines[index - 1];
    const line = block.lines[index];
    if (!before || !line) continue;
    builder.push("\n", before.lineBreak.start, before.lineBreak.end);
    copyFromIndent(source, line, block.indent, builder);
    ended = true;
  }
  if (!ended) builder.push("\n", last.lineBreak.start, last.lineBreak.end);
}
