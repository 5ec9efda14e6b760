/** Few-shot examples as alternating label lines: `Input: ... Output: ...`, `Q: ... A: ...`, or any pair of labels that repeats. */

import type { TextRange } from "../decoded-text.js";
import { inputAndLabel, type ExampleBlock, type Field } from "./fields.js";
import { openingsOf, slotsWithin, unitsOf, type SearchedText, type Unit } from "./label-units.js";
import { isInputName, isOutputName } from "./labels.js";

/** Examples, and the query block that has the same skeleton (first label to the end of its paragraph), if any. */
export interface FoundExamples {
  readonly blocks: readonly ExampleBlock[];
  readonly query: TextRange | null;
}

/** A pair of labels and what it makes of the text. */
interface Skeleton {
  readonly units: readonly Unit[];
  readonly complete: number;
  /** Both labels have names that inputs and outputs have. */
  readonly known: boolean;
}

/** Labels beyond these are not tried as part of a skeleton. */
const MOST_LABELS = 24;

/**
 * The repeating pair of labels with the most complete examples; no blocks where none repeats often enough to be certain:
 * known names twice, other names three times, once less where the query has the same skeleton.
 */
export function findLabelledExamples(searched: SearchedText): FoundExamples {
  const certain = skeletonsOf(searched).filter(isCertain);
  certain.sort((a, b) => Number(b.known) - Number(a.known) || b.complete - a.complete);
  const best = certain[0];
  if (!best) return { blocks: [], query: null };
  const blocks = best.units.filter(isComplete).map((unit) => blockOf(searched, unit));
  const open = best.units.find((unit) => unit.isQuery);
  return { blocks, query: open ? queryOf(searched, open) : null };
}

function isComplete(unit: Unit): boolean {
  return unit.output !== null && !unit.isQuery;
}

function isCertain(skeleton: Skeleton): boolean {
  const needed = (skeleton.known ? 2 : 3) - (skeleton.units.some((unit) => unit.isQuery) ? 1 : 0);
  return skeleton.complete >= needed;
}

/** All ordered pairs of labels that occur at least twice. */
function skeletonsOf(searched: SearchedText): Skeleton[] {
  const labels = repeatedLabels(searched.fields);
  return labels.flatMap((first) => {
    const openings = openingsOf(searched, first);
    return labels
      .filter((second) => second !== first)
      .map((second) => {
        const units = unitsOf(searched, openings, second);
        const known = isInputName(first) && isOutputName(second);
        return { units, complete: units.filter(isComplete).length, known };
      });
  });
}

function repeatedLabels(fields: readonly Field[]): string[] {
  const counts = new Map<string, number>();
  for (const field of fields) counts.set(field.name, (counts.get(field.name) ?? 0) + 1);
  const repeated = [...counts].filter(([, count]) => count >= 2).map(([name]) => name);
  return repeated.slice(0, MOST_LABELS);
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
  const lastSlot = slotsWithin(searched.slots, { start, end: stop }).at(-1)?.end ?? stop;
  const blank = searched.lines.find((line) => line.start >= lastSlot && line.kind === "blank");
  return { start, end: Math.min(stop, blank?.start ?? stop) };
}
