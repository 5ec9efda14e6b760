/** The finest partition of one message: leaves that cover it from its first unit to its last, each with its protection. */

import type { Protection, SpanKind } from "../../domain.js";
import type { TextRange } from "../decoded-text.js";
import { asksToKeep, isOnlyKeepComment } from "../source-file.js";
import type { TemplateTokens } from "../syntax/tokens.js";
import type { ExampleBlock } from "./fields.js";
import type { Line, LineKind } from "./lines.js";
import { sentenceStarts } from "./sentences.js";

export interface Leaf extends TextRange {
  readonly kind: SpanKind;
  readonly protection: Protection | null;
  readonly example: ExampleBlock | null;
}

/** A message with all that bears on its leaves. */
export interface SegmentedMessage {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly tokens: TemplateTokens;
  readonly examples: readonly ExampleBlock[];
  /** Stretches of other files. */
  readonly included: readonly TextRange[];
  /** The query block of running text, if one was found. */
  readonly query: TextRange | null;
  /** The turn that asks; in it a slot makes a query. */
  readonly isFinalTurn: boolean;
}

/** A leaf before protection: where it starts and which lines it came from. */
interface Cut {
  readonly start: number;
  readonly lineKind: LineKind | "example";
  readonly example: ExampleBlock | null;
}

/** Cuts a message into leaves. White space after a leaf up to its line's end belongs to it, the indentation of a line to that line. */
export function cutLeaves(message: SegmentedMessage): Leaf[] {
  const cuts = withoutCutsInTokens(message, withIncludedCuts(message, findCuts(message)));
  const pinned = pinnedRanges(message);
  return cuts.map((cut, index) => {
    const range = {
      start: index === 0 ? 0 : cut.start,
      end: cuts[index + 1]?.start ?? message.text.length,
    };
    return {
      ...range,
      kind: cut.example ? "example" : "sentence",
      protection: protectionOf(message, { range, cut, pinned, isLast: index === cuts.length - 1 }),
      example: cut.example,
    };
  });
}

function findCuts(message: SegmentedMessage): Cut[] {
  const cuts: Cut[] = [];
  let index = 0;
  while (index < message.lines.length) {
    const line = message.lines[index];
    if (!line) break;
    const example = message.examples.find((block) => block.start === line.start);
    if (example) {
      cuts.push({ start: line.start, lineKind: "example", example });
      while ((message.lines[index]?.start ?? Infinity) < example.end) index++;
      continue;
    }
    const next = endOfBlock(message, index);
    if (line.kind === "prose")
      for (const start of sentenceStarts(message.text, message.lines.slice(index, next)))
        cuts.push({ start, lineKind: "prose", example: null });
    else if (line.kind !== "blank")
      cuts.push({ start: line.start, lineKind: line.kind, example: null });
    index = next;
  }
  return cuts.length > 0 ? cuts : [{ start: 0, lineKind: "prose", example: null }];
}

/** The line after the block that begins here: a paragraph, a list item with its continuation lines, a table, a block of code, one line of anything else. */
function endOfBlock(message: SegmentedMessage, from: number): number {
  const first = message.lines[from];
  let end = from + 1;
  if (
    !first ||
    first.kind === "heading" ||
    first.kind === "tag" ||
    first.kind === "rule" ||
    first.kind === "statement" ||
    first.kind === "blank"
  )
    return end;
  for (; end < message.lines.length; end++) {
    const line = message.lines[end];
    if (!line || message.examples.some((block) => block.start === line.start)) break;
    const continues =
      first.kind === "item"
        ? line.kind === "prose" && line.indent > first.indent
        : line.kind === first.kind && line.block === first.block;
    if (!continues) break;
  }
  return end;
}

/** A stretch of another file begins a leaf, and what follows it another; white space after it belongs to it. */
function withIncludedCuts(message: SegmentedMessage, cuts: readonly Cut[]): Cut[] {
  if (message.included.length === 0) return [...cuts];
  const { text } = message;
  const edges = message.included.flatMap(({ start, end }) => {
    const next = end + text.slice(end).length - text.slice(end).trimStart().length;
    return text.slice(0, start).trim() === "" ? [next] : [start, next];
  });
  const added = edges
    .filter((edge) => edge < text.length && !cuts.some((cut) => cut.start === edge))
    .map((start): Cut => ({ start, lineKind: "prose", example: null }));
  return [...cuts, ...added]
    .sort((a, b) => a.start - b.start)
    .filter((cut, index, all) => index === 0 || cut.start > (all[index - 1]?.start ?? -1));
}

/** No leaf ends inside a slot or template code. */
function withoutCutsInTokens(message: SegmentedMessage, cuts: readonly Cut[]): Cut[] {
  const tokens = [...message.tokens.slots, ...message.tokens.code];
  return cuts.filter(
    (cut, index) =>
      index === 0 || !tokens.some((token) => token.start < cut.start && cut.start < token.end),
  );
}

/** Stretches that the author pinned with `understudy: keep`: the line, or the next one where the comment stands alone, or a heading's section. */
function pinnedRanges(message: SegmentedMessage): TextRange[] {
  return message.lines.flatMap((line, index) => {
    if (!asksToKeep(line.text)) return [];
    const end =
      line.kind === "heading"
        ? endOfSection(message.lines, index)
        : isOnlyKeepComment(line.text)
          ? index + 1 + nextFilled(message.lines, index + 1)
          : index + 1;
    return [{ start: line.start, end: message.lines[end - 1]?.end ?? line.end }];
  });
}

function nextFilled(lines: readonly Line[], from: number): number {
  const found = lines.slice(from).findIndex((line) => line.kind !== "blank");
  return found < 0 ? 0 : found + 1;
}

function endOfSection(lines: readonly Line[], heading: number): number {
  const level = lines[heading]?.level ?? 1;
  const next = lines.findIndex(
    (line, index) =>
      index > heading && line.kind === "heading" && line.level > 0 && line.level <= level,
  );
  return next < 0 ? lines.length : next;
}

interface LeafContext {
  readonly range: TextRange;
  readonly cut: Cut;
  readonly pinned: readonly TextRange[];
  readonly isLast: boolean;
}

function protectionOf(message: SegmentedMessage, leaf: LeafContext): Protection | null {
  const { range, cut } = leaf;
  if (message.included.some((stretch) => overlaps(stretch, range))) return "included";
  if (leaf.pinned.some((pin) => overlaps(pin, trimmedEnd(message.text, range)))) return "pinned";
  if (message.tokens.slots.some((slot) => overlaps(slot, range)))
    return message.isFinalTurn ? "query" : "slot";
  if (message.tokens.code.some((code) => overlaps(code, range))) return "slot";
  if (cut.example) return null;
  if (message.query && overlaps(message.query, trimmedEnd(message.text, range))) return "query";
  if (cut.lineKind === "heading" || cut.lineKind === "rule" || cut.lineKind === "tag")
    return "delimiter";
  return isDelimiterLine(message, leaf) ? "delimiter" : null;
}

/** An answer prefix at the end of the turn that asks, or a short label right above a slot. */
function isDelimiterLine(message: SegmentedMessage, leaf: LeafContext): boolean {
  const text = message.text.slice(leaf.range.start, leaf.range.end).trim();
  if (!/^[^\n]{1,40}:["'`*_]*$/.test(text) || text.split(/\s+/).length > 4) return false;
  const next = message.text.slice(leaf.range.end);
  return (
    (leaf.isLast && message.isFinalTurn) ||
    message.tokens.slots.some(
      (slot) =>
        message.text.slice(leaf.range.end, slot.start).trim() === "" &&
        slot.start >= leaf.range.end &&
        next.length > 0,
    )
  );
}

function trimmedEnd(text: string, range: TextRange): TextRange {
  return {
    start: range.start,
    end: range.start + text.slice(range.start, range.end).trimEnd().length,
  };
}

function overlaps(a: TextRange, b: TextRange): boolean {
  return a.start < b.end && b.start < a.end;
}
