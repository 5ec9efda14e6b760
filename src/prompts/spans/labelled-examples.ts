/** Few-shot examples as alternating label lines: `Input: ... Output: ...`, `Q: ... A: ...`, or any pair of labels that repeats. */

import type { TextRange } from "../decoded-text.js";
import { inputAndLabel, type ExampleBlock, type Field } from "./fields.js";
import { isInputName, isOutputName } from "./labels.js";
import type { Line } from "./lines.js";

/** A message being searched. */
export interface SearchedText {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly fields: readonly Field[];
  /** Places of slots: the block that holds one is the query, not an example. */
  readonly slots: readonly TextRange[];
}

/** Examples, and the query block that has the same skeleton (first label to the end of its paragraph), if any. */
export interface FoundExamples {
  readonly blocks: readonly ExampleBlock[];
  readonly query: TextRange | null;
}

/** Lines [first, end) that open with the skeleton's first label; complete where the second label has content. */
interface Unit {
  readonly first: number;
  readonly output: number | null;
  readonly end: number;
  readonly isQuery: boolean;
}

const EXAMPLE_HEADER =
  /^(?:#{1,6}\s*)?\W{0,3}(?:example|sample|case|shot|demonstration)\s*(?:#\s*)?\d{1,3}\b[^A-Za-z]{0,6}$/i;

/** The repeating pair of labels with the most complete examples; no blocks where none repeats often enough to be certain. */
export function findLabelledExamples(searched: SearchedText): FoundExamples {
  const candidates = labelPairs(searched.fields).map(([first, second]) =>
    unitsOf(searched, first, second),
  );
  const accepted = candidates.filter((candidate) => candidate.certain);
  accepted.sort((a, b) => Number(b.known) - Number(a.known) || b.complete - a.complete);
  const best = accepted[0];
  if (!best) return { blocks: [], query: null };
  const complete = best.units.filter((unit) => unit.output !== null && !unit.isQuery);
  const blocks = complete.map((unit) => blockOf(searched, unit));
  const open = best.units.find((unit) => unit.isQuery);
  return { blocks, query: open ? queryOf(searched, open) : null };
}

/** Ordered pairs of different labels of which the first occurs at least twice, in order of appearance. */
function labelPairs(fields: readonly Field[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const field of fields) counts.set(field.name, (counts.get(field.name) ?? 0) + 1);
  const repeated = [...counts]
    .filter(([, count]) => count >= 2)
    .map(([name]) => name)
    .slice(0, 24);
  return repeated.flatMap((first) =>
    repeated
      .filter((second) => second !== first)
      .map((second): [string, string] => [first, second]),
  );
}

function unitsOf(
  searched: SearchedText,
  first: string,
  second: string,
): {
  readonly units: readonly Unit[];
  readonly complete: number;
  readonly known: boolean;
  readonly certain: boolean;
} {
  const openings = searched.fields.filter((field) => field.name === first);
  const hasHeadings = everyOpeningHasHeading(searched.lines, openings);
  const starts = openings.map((field) => withHeader(searched.lines, field.line, hasHeadings));
  const units = openings.map((opening, index) => {
    const limit = starts[index + 1] ?? searched.lines.length;
    const outputs = searched.fields.filter(
      (field) => field.name === second && field.line > opening.line && field.line < limit,
    );
    const output =
      outputs.length === 1 && isNear(searched.lines, opening.line, outputs[0]?.line)
        ? (outputs[0]?.line ?? null)
        : null;
    const end =
      output === null
        ? limit
        : endOfExample(searched, {
            output,
            limit,
            last:
              index === openings.length - 1 ||
              isQueryUnit(
                searched,
                starts[index + 1] ?? limit,
                starts[index + 2] ?? searched.lines.length,
              ),
          });
    const start = starts[index] ?? opening.line;
    return { first: start, output, end, isQuery: isQueryUnit(searched, start, end) };
  });
  const complete = units.filter((unit) => unit.output !== null && !unit.isQuery).length;
  const known = isInputName(first) && isOutputName(second);
  const hasQuery = units.some((unit) => unit.isQuery);
  return {
    units,
    complete,
    known,
    certain: known ? complete >= 2 || (complete === 1 && hasQuery) : complete >= (hasQuery ? 2 : 3),
  };
}

/** The line of an `Example 3` header right above, or of the heading where every example has a like one, or the line itself. */
function withHeader(lines: readonly Line[], line: number, hasHeadings: boolean): number {
  const above = filledAbove(lines, line);
  const isHeader = hasHeadings || EXAMPLE_HEADER.test(lines[above]?.text ?? "");
  return above >= 0 && isHeader ? above : line;
}

/** Two examples or more, each under a heading that begins with the same word. */
function everyOpeningHasHeading(lines: readonly Line[], openings: readonly Field[]): boolean {
  const words = openings.map((field) => {
    const heading = lines[filledAbove(lines, field.line)];
    return heading?.kind === "heading" ? (/^#+\s*\W*(\w+)/.exec(heading.text)?.[1] ?? null) : null;
  });
  return words.length >= 2 && words[0] !== null && words.every((word) => word === words[0]);
}

function filledAbove(lines: readonly Line[], line: number): number {
  let above = line - 1;
  while (lines[above]?.kind === "blank") above--;
  return above;
}

/** No heading and no tag stands between a label and its counterpart. */
function isNear(lines: readonly Line[], from: number, to: number | undefined): boolean {
  return (
    to !== undefined &&
    lines.slice(from, to).every((line) => line.kind !== "heading" && line.kind !== "tag")
  );
}

function isQueryUnit(searched: SearchedText, first: number, end: number): boolean {
  const start = searched.lines[first]?.start ?? Infinity;
  const stop = searched.lines[end - 1]?.end ?? start;
  return searched.slots.some((slot) => slot.start >= start && slot.end <= stop);
}

/**
 * An example goes to the next one; the last before the query or the end of the text goes to the first blank line after its
 * output, for what follows may be instructions. A heading or a tag always ends it, a rule only where no example follows.
 */
function endOfExample(
  searched: SearchedText,
  unit: { readonly output: number; readonly limit: number; readonly last: boolean },
): number {
  let end = unit.output + 1;
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

function contentAfterLabel(searched: SearchedText, line: number): boolean {
  const field = searched.fields.find((candidate) => candidate.line === line);
  const end = searched.lines[line]?.end ?? 0;
  return field !== undefined && searched.text.slice(field.contentStart, end).trim() !== "";
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

function blockOf(searched: SearchedText, unit: Unit): ExampleBlock {
  const range = {
    start: searched.lines[unit.first]?.start ?? 0,
    end: searched.lines[unit.end - 1]?.end ?? 0,
  };
  return {
    ...range,
    ...inputAndLabel(searched.text, searched.fields, { ...range, lines: searched.lines }),
  };
}

/** From the query's first label to the blank line after its last slot. */
function queryOf(searched: SearchedText, unit: Unit): TextRange {
  const start = searched.lines[unit.first]?.start ?? 0;
  const stop = searched.lines[unit.end - 1]?.end ?? searched.text.length;
  const lastSlot = Math.max(
    ...searched.slots
      .filter((slot) => slot.start >= start && slot.end <= stop)
      .map((slot) => slot.end),
  );
  const blank = searched.lines.find((line) => line.start >= lastSlot && line.kind === "blank");
  return { start, end: Math.min(stop, blank?.start ?? stop) };
}
