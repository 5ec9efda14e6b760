/** Neighbouring spans put together: sections, blocks, and sentences where there are more than an explanation can carry. */

import type { Span, SpanKind, SpanPart } from "../../domain.js";
import { hull } from "./partition.js";

/** More maskable spans than this are merged (methods A1: aim for 8 to 48). */
export const MOST_MASKABLE_SPANS = 48;

/** Runs of neighbours with the same key. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups: T[][] = [];
  let previous: string | null = null;
  for (const item of items) {
    const key = keyOf(item);
    if (key === previous) groups[groups.length - 1]?.push(item);
    else groups.push([item]);
    previous = key;
  }
  return groups;
}

/** Whether a span may become part of a larger one that is masked as a whole: examples and protected spans stay single. */
export function isMergeable(span: Span): boolean {
  return span.protection === null && span.kind !== "example" && span.parts.length === 1;
}

/** Neighbouring spans of one message as one maskable span. Throws RangeError for none. */
export function mergeSpans(run: readonly Span[], kind: SpanKind): Span {
  const first = run[0]?.parts[0];
  const last = run[run.length - 1]?.parts[0];
  if (!first || !last) throw new RangeError("a run of spans is never empty");
  const merged: SpanPart = {
    message: first.message,
    start: first.start,
    end: last.end,
    source: hull([first.source, last.source]),
  };
  return {
    index: run[0]?.index ?? 0,
    kind,
    parts: [merged],
    text: run.map((span) => span.text).join(""),
    source: hull(run.map((span) => span.source)),
    protection: null,
  };
}

/** The spans with their places in the list as indices. */
export function renumber(spans: readonly Span[]): Span[] {
  return spans.map((span, index) => ({ ...span, index }));
}

/**
 * Merges neighbouring maskable spans, shortest together first, never over a heading nor from one group to another, until at most
 * `limit` spans are maskable or nothing more can be merged (examples stay single). Returns the spans as they are where they fit.
 */
export function fitToLimit(
  spans: readonly Span[],
  limit: number,
  groupOf: (span: Span) => number = () => 0,
): Span[] {
  const merged = [...spans];
  const cost = (at: number): number => mergeCost(merged[at], merged[at + 1], groupOf);
  const costs = merged.map((_, index) => cost(index));
  let maskable = merged.filter((span) => span.protection === null).length;
  for (; maskable > limit; maskable--) {
    const at = indexOfSmallest(costs);
    const pair = merged.slice(at, at + 2);
    if (costs[at] === Infinity || pair.length < 2) break;
    const isWords = pair.every((span) => span.kind === "word");
    merged.splice(at, 2, mergeSpans(pair, isWords ? "word" : "section"));
    costs.splice(at, 1);
    for (const changed of [at - 1, at]) if (merged[changed]) costs[changed] = cost(changed);
  }
  return renumber(merged);
}

/** The length of both together, three times that over a blank line; Infinity where they may not be merged. */
function mergeCost(
  left: Span | undefined,
  right: Span | undefined,
  groupOf: (span: Span) => number,
): number {
  if (!left || !right || !isMergeable(left) || !isMergeable(right)) return Infinity;
  if (left.parts[0]?.message !== right.parts[0]?.message) return Infinity;
  if (groupOf(left) !== groupOf(right)) return Infinity;
  const layout = left.text.slice(left.text.trimEnd().length);
  return (left.text.length + right.text.length) * (layout.split("\n").length > 2 ? 3 : 1);
}

function indexOfSmallest(values: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < values.length; index++)
    if ((values[index] ?? Infinity) < (values[best] ?? Infinity)) best = index;
  return best;
}
