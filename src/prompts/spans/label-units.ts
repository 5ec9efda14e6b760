/** Label lines read as a sequence of units: each opens with one label and is answered by another. */

import type { TextRange } from "../decoded-text.js";
import type { Field } from "./fields.js";
import type { Line } from "./lines.js";

/** A message being searched. */
export interface SearchedText {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly fields: readonly Field[];
  /** Places of slots, in order: the block that holds one is the query, not an example. */
  readonly slots: readonly TextRange[];
}

/** Where a label that may open examples stands: lines [start, limit) reach to the next one, `start` includes a header. */
export interface Opening {
  readonly line: number;
  readonly start: number;
  readonly limit: number;
  /** The label lines after it, before the next opening. */
  readonly fields: readonly Field[];
}

/** Lines [first, end) that begin with an opening; `output` is the answering label, null where there is not exactly one. */
export interface Unit {
  readonly first: number;
  readonly output: Field | null;
  readonly end: number;
  /** A slot stands in it. */
  readonly isQuery: boolean;
}

const EXAMPLE_HEADER =
  /^(?:#{1,6}\s*)?\W{0,3}(?:example|sample|case|shot|demonstration)\s*(?:#\s*)?\d{1,3}\b[^A-Za-z]{0,6}$/i;

/** The openings with a label, in order. */
export function openingsOf(searched: SearchedText, label: string): Opening[] {
  const indices = searched.fields.flatMap((field, index) => (field.name === label ? [index] : []));
  const lines = indices.map((index) => searched.fields[index]?.line ?? 0);
  const hasHeadings = everyLineHasHeading(searched.lines, lines);
  const starts = lines.map((line) => withHeader(searched.lines, line, hasHeadings));
  return lines.map((line, at) => ({
    line,
    start: starts[at] ?? line,
    limit: starts[at + 1] ?? searched.lines.length,
    fields: searched.fields.slice((indices[at] ?? 0) + 1, indices[at + 1]),
  }));
}

/** The units that these openings and an answering label make. */
export function unitsOf(
  searched: SearchedText,
  openings: readonly Opening[],
  answer: string,
): Unit[] {
  const isLast = (at: number): boolean => {
    const next = openings[at + 1];
    return next === undefined || holdsSlot(searched, next.start, next.limit);
  };
  return openings.map((opening, at) => {
    const output = answerOf(searched, opening, answer);
    const end =
      output === null
        ? opening.limit
        : endOfExample(searched, { output, limit: opening.limit, last: isLast(at) });
    return { first: opening.start, output, end, isQuery: holdsSlot(searched, opening.start, end) };
  });
}

/** The only answering label of an opening, with no heading and no tag between the two. */
function answerOf(searched: SearchedText, opening: Opening, answer: string): Field | null {
  const [output, second] = opening.fields.filter((field) => field.name === answer);
  if (!output || second) return null;
  const between = searched.lines.slice(opening.line, output.line);
  return between.every((line) => line.kind !== "heading" && line.kind !== "tag") ? output : null;
}

/** The line of an `Example 3` header right above, or of the heading where every example has a like one, or the line itself. */
function withHeader(lines: readonly Line[], line: number, hasHeadings: boolean): number {
  const above = filledAbove(lines, line);
  const isHeader = hasHeadings || EXAMPLE_HEADER.test(lines[above]?.text ?? "");
  return above >= 0 && isHeader ? above : line;
}

/** Two lines or more, each under a heading that begins with the same word. */
function everyLineHasHeading(lines: readonly Line[], openings: readonly number[]): boolean {
  const words = openings.map((line) => {
    const heading = lines[filledAbove(lines, line)];
    return heading?.kind === "heading" ? (/^#+\s*\W*(\w+)/.exec(heading.text)?.[1] ?? null) : null;
  });
  return words.length >= 2 && words[0] !== null && words.every((word) => word === words[0]);
}

function filledAbove(lines: readonly Line[], line: number): number {
  let above = line - 1;
  while (lines[above]?.kind === "blank") above--;
  return above;
}

function holdsSlot(searched: SearchedText, first: number, end: number): boolean {
  const start = searched.lines[first]?.start ?? Infinity;
  const stop = searched.lines[end - 1]?.end ?? start;
  return slotsWithin(searched.slots, { start, end: stop }).length > 0;
}

/** The slots that stand wholly in a range. */
export function slotsWithin(slots: readonly TextRange[], range: TextRange): TextRange[] {
  return slots.filter((slot) => slot.start >= range.start && slot.end <= range.end);
}

/**
 * An example goes to the next one; the last before the query or the end of the text goes to the first blank line after its
 * output, for what follows may be instructions. A heading or a tag always ends it, a rule only where no example follows.
 */
function endOfExample(
  searched: SearchedText,
  unit: { readonly output: Field; readonly limit: number; readonly last: boolean },
): number {
  let end = unit.output.line + 1;
  let said = contentAfterLabel(searched, unit.output);
  for (; end < unit.limit; end++) {
    const line = searched.lines[end];
    if (!line || line.kind === "heading" || line.kind === "tag") break;
    if (line.kind === "rule" && unit.last && !rulePrecedes(searched.lines, end, unit.limit)) break;
    if (
      line.kind === "blank" &&
      unit.last &&
      said &&
      !onlyRulesUntil(searched.lines, end, unit.limit)
    )
      break;
    if (line.kind !== "blank" && line.kind !== "rule") said = true;
  }
  while (searched.lines[end]?.kind === "blank" && end < unit.limit) end++;
  return end;
}

function contentAfterLabel(searched: SearchedText, field: Field): boolean {
  return searched.text.slice(field.contentStart, searched.lines[field.line]?.end).trim() !== "";
}

function rulePrecedes(lines: readonly Line[], rule: number, limit: number): boolean {
  return limit < lines.length && onlyRulesUntil(lines, rule, limit);
}

function onlyRulesUntil(lines: readonly Line[], from: number, limit: number): boolean {
  return (
    limit < lines.length &&
    lines.slice(from, limit).every((line) => line.kind === "blank" || line.kind === "rule")
  );
}
