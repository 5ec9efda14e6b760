/** The words of a span, each with its place in the source; code and tables in one piece, list markers protected. */

import type { Protection, Span, SpanKind } from "../../domain.js";
import { sourceRangeOf, type TextRange } from "../decoded-text.js";
import type { SourceFile } from "../source-file.js";
import type { Line } from "./lines.js";
import { isMergeable } from "./merge.js";
import { trimmedRange } from "./sentences.js";
import { wordStarts } from "./words.js";

const LIST_MARKER = /^\s*(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])\s+/;

interface WordCut {
  readonly start: number;
  readonly kind: SpanKind;
  readonly protection: Protection | null;
}

/**
 * Cuts a maskable span into words (`wordStarts`). Blocks of code and tables stay whole: without one of its tokens a structure is
 * broken, not shorter. The marker of a list item is a delimiter, so that the item stays an item. Protected spans and examples are
 * returned as they are: an example is one unit at every granularity, and without its label or its field names it would be another.
 */
export function wordSpans(
  span: Span,
  message: { readonly file: SourceFile; readonly lines: readonly Line[] },
): Span[] {
  const part = span.parts[0];
  const content = part && message.file.messages[part.message]?.content;
  if (!part || !content || !isMergeable(span)) return [span];
  const cuts = cutsOf(content.text, part, message.lines);
  return cuts.map((cut, index): Span => {
    const range = {
      start: index === 0 ? part.start : cut.start,
      end: cuts[index + 1]?.start ?? part.end,
    };
    return {
      index: span.index,
      kind: cut.kind,
      parts: [
        {
          ...range,
          message: part.message,
          source: sourceRangeOf(message.file.lines, content, range),
        },
      ],
      text: content.text.slice(range.start, range.end),
      source: sourceRangeOf(message.file.lines, content, trimmedRange(content.text, range)),
      protection: cut.protection,
    };
  });
}

/** Where words begin, in order; the first one begins at the first text of the range. */
function cutsOf(text: string, range: TextRange, lines: readonly Line[]): WordCut[] {
  const inside = lines.filter((line) => line.start < range.end && range.start < line.end);
  const cuts: WordCut[] = [];
  for (let index = 0; index < inside.length; index++) {
    const line = inside[index];
    if (!line || line.kind === "blank") continue;
    const first = index;
    while (continues(line, inside[index + 1])) index++;
    const piece = {
      start: Math.max(range.start, line.start),
      end: Math.min(range.end, inside[index]?.end ?? line.end),
    };
    if (text.slice(piece.start, piece.end).trim() === "") continue;
    const isWhole = line.kind === "code" || line.kind === "table";
    cuts.push(
      ...(isWhole
        ? [{ start: piece.start, kind: "block" as const, protection: null }]
        : wordsOf(text, piece, line.kind === "item" && first === index)),
    );
  }
  return cuts.length > 0 ? cuts : [{ start: range.start, kind: "word", protection: null }];
}

/** Lines that are cut together: those of one paragraph, one table, one block of code. */
function continues(line: Line, next: Line | undefined): boolean {
  if (next?.kind !== line.kind) return false;
  if (line.kind === "code") return line.block === next.block;
  return line.kind === "prose" || line.kind === "table";
}

function wordsOf(text: string, range: TextRange, isItem: boolean): WordCut[] {
  const marker = isItem
    ? (LIST_MARKER.exec(text.slice(range.start, range.end))?.[0].length ?? 0)
    : 0;
  const from = range.start + marker;
  const words = wordStarts(text.slice(from, range.end)).map((start): WordCut => ({
    start: from + start,
    kind: "word",
    protection: null,
  }));
  return marker > 0
    ? [{ start: range.start, kind: "word", protection: "delimiter" }, ...words]
    : words;
}
