/** Coarser partitions: sections for a first look, and merged neighbours where there are more leaves than an explanation can carry. */

import type { Granularity, PromptTemplate, Span, SpanPart } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { hull } from "./partition.js";
import { splitLines, type Line } from "./lines.js";

/** More maskable spans than this are merged (methods A1: aim for 8 to 48). */
export const MOST_MASKABLE_SPANS = 48;

/**
 * The template's spans at a granularity. "sentence": the template's own spans. "section": what lies between two headings,
 * rules or top-level tags as one span, headings included where all of it may go; protected spans and examples stay single.
 * The spans are numbered anew; use them through `atGranularity`, never with indices of another partition.
 */
export function spansAt(template: PromptTemplate, granularity: Granularity): readonly Span[] {
  if (granularity === "sentence") return template.spans;
  if (granularity !== "section")
    throw new UnderstudyError("USAGE", `granularity ${granularity} is not supported yet`);
  const boundaries = template.messages.map((message) => sectionStarts(splitLines(message.content)));
  const sectionOf = (span: Span): string => {
    const part = span.parts[0];
    const starts = boundaries[part?.message ?? 0] ?? [];
    return `${part?.message}:${starts.filter((start) => start <= contentStart(span)).length}`;
  };
  return renumber(groupBy(template.spans, sectionOf).flatMap(mergeSection));
}

/** The same template with its spans and demonstrations at a granularity, for masking and rendering. */
export function atGranularity(template: PromptTemplate, granularity: Granularity): PromptTemplate {
  const spans = spansAt(template, granularity);
  const moved = new Map(
    spans
      .filter((span) => span.kind === "example")
      .map((span) => [span.source.startOffset, span.index]),
  );
  const demonstrations = template.demonstrations.map((demonstration) => ({
    ...demonstration,
    span:
      moved.get(template.spans[demonstration.span]?.source.startOffset ?? -1) ?? demonstration.span,
  }));
  return { ...template, spans, demonstrations };
}

/** The start of a span's visible text: its first part begins with the white space of the message's head, if any. */
function contentStart(span: Span): number {
  return (span.parts[0]?.start ?? 0) + (span.text.length - span.text.trimStart().length);
}

/** Offsets at which a section starts: headings, rules, top-level opening tags and what follows a top-level closing tag. */
export function sectionStarts(lines: readonly Line[]): number[] {
  const starts: number[] = [];
  let depth = 0;
  lines.forEach((line) => {
    const opens = line.kind === "tag" && /^<[A-Za-z]/.test(line.text) && !line.text.endsWith("/>");
    const closes = line.kind === "tag" && line.text.startsWith("</");
    const isBreak =
      (line.kind === "heading" && line.level > 0) || line.kind === "rule" || (opens && depth === 0);
    if (isBreak) starts.push(line.start);
    if (opens) depth++;
    if (closes) {
      depth = Math.max(0, depth - 1);
      if (depth === 0) starts.push(line.end);
    }
  });
  return starts;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
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

/** One span where all of a section may go; else runs of maskable sentences between the spans that must stay. */
function mergeSection(section: readonly Span[]): Span[] {
  const removable = section.every(
    (span) =>
      span.kind !== "example" && (span.protection === null || span.protection === "delimiter"),
  );
  if (removable && section.some((span) => span.protection === null) && hasWholeElements(section))
    return [mergeSpans(section, null)];
  return groupBy(section, (span) => (isMergeable(span) ? "run" : `${span.index}`)).flatMap((run) =>
    run.length > 1 ? [mergeSpans(run, null)] : run,
  );
}

/** Every tag that opens on a line of its own closes in the same section, and the other way round. */
function hasWholeElements(section: readonly Span[]): boolean {
  let depth = 0;
  for (const line of section.flatMap((span) => splitLines(span.text))) {
    if (line.kind !== "tag" || line.text.endsWith("/>")) continue;
    depth += line.text.startsWith("</") ? -1 : 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function isMergeable(span: Span): boolean {
  return span.protection === null && span.kind !== "example" && span.parts.length === 1;
}

/** Neighbouring spans of one message as one. */
function mergeSpans(run: readonly Span[], protection: Span["protection"]): Span {
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
    kind: "section",
    parts: [merged],
    text: run.map((span) => span.text).join(""),
    source: hull(run.map((span) => span.source)),
    protection,
  };
}

function renumber(spans: readonly Span[]): Span[] {
  return spans.map((span, index) => ({ ...span, index }));
}

/**
 * Merges neighbouring maskable sentences, shortest together first and never over a heading, until at most `limit` spans are
 * maskable or nothing more can be merged (examples stay single). Returns the spans as they are where they fit.
 */
export function fitToLimit(spans: readonly Span[], limit: number): Span[] {
  const merged = [...spans];
  const costs = merged.map((span, index) => mergeCost(span, merged[index + 1]));
  let maskable = merged.filter((span) => span.protection === null).length;
  for (; maskable > limit; maskable--) {
    const at = indexOfSmallest(costs);
    const pair = merged.slice(at, at + 2);
    if (costs[at] === Infinity || pair.length < 2) break;
    merged.splice(at, 2, mergeSpans(pair, null));
    costs.splice(at, 1);
    for (const changed of [at - 1, at]) {
      const left = merged[changed];
      if (left) costs[changed] = mergeCost(left, merged[changed + 1]);
    }
  }
  return renumber(merged);
}

/** The length of both together, three times that over a blank line; Infinity where they may not be merged. */
function mergeCost(left: Span, right: Span | undefined): number {
  if (!right || !isMergeable(left) || !isMergeable(right)) return Infinity;
  if (left.parts[0]?.message !== right.parts[0]?.message) return Infinity;
  const layout = left.text.slice(left.text.trimEnd().length);
  return (left.text.length + right.text.length) * (layout.split("\n").length > 2 ? 3 : 1);
}

function indexOfSmallest(values: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < values.length; index++)
    if ((values[index] ?? Infinity) < (values[best] ?? Infinity)) best = index;
  return best;
}
