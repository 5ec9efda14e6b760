/** Literal and folded block scalars with their character maps (YAML 1.2.2, 8.1). */

import type { CST } from "yaml";
import type { DecodedTextBuilder, TextRange } from "../decoded-text.js";
import { pushBreaks, pushFolded, splitScalarLines, type ScalarLine } from "./yaml-lines.js";

interface BlockHeader {
  readonly folded: boolean;
  readonly chomping: "" | "-" | "+";
  readonly explicitIndent: number;
  readonly length: number;
}

function readBlockHeader(token: CST.BlockScalar): BlockHeader {
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

/** Decodes a block scalar; one without any content gives no text, whatever its chomping. */
export function decodeBlock(
  source: string,
  token: CST.BlockScalar,
  builder: DecodedTextBuilder,
): void {
  const header = readBlockHeader(token);
  const bodyStart = token.offset + header.length;
  const bodyEnd = bodyStart + token.source.length;
  const endsInReturn = source[bodyEnd - 1] === "\r";
  const lines = splitScalarLines(source, {
    start: bodyStart,
    end: endsInReturn ? bodyEnd - 1 : bodyEnd,
  });
  const layout = measureBlock(lines, token.indent, header);
  if (layout.contentEnd === 0) return;
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
