/** Partitions of a template that are coarser or finer than its own, over all of it or inside chosen spans. */

import type { Granularity, PromptTemplate, Span } from "../../domain.js";
import { UnderstudyError, assertNever } from "../../errors.js";
import { readAgain } from "../formats/read.js";
import { blockStarts } from "./blocks.js";
import { splitLines, type Line } from "./lines.js";
import { fitToLimit, groupBy, isMergeable, mergeSpans, renumber } from "./merge.js";
import { mergeSection, sectionStarts } from "./sections.js";
import { wordSpans } from "./word-leaves.js";

/**
 * The template's spans at a granularity, numbered anew; use them through `atGranularity`, never with indices of another partition.
 * - section: what lies between two headings, rules or top-level tags as one span, headings included where all of it may go
 * - block: paragraphs, list items, tables, blocks of code
 * - example: the template's own spans, of which only few-shot examples are maskable
 * - sentence: the template's own spans
 * - word: words with the punctuation and white space after them
 * From section to word each partition refines the one before. Few-shot examples and protected spans are the same in all of them, and
 * what is protected at one is maskable at no finer one. (A section that may go takes its headings along; finer, they are protected.)
 */
export function spansAt(template: PromptTemplate, granularity: Granularity): readonly Span[] {
  switch (granularity) {
    case "section":
      return renumber(sectionsOf(template).flatMap(mergeSection));
    case "block":
      return renumber(blocksOf(template));
    case "example":
      return template.spans.map((span) => (span.kind === "example" ? span : outOfSight(span)));
    case "sentence":
      return template.spans;
    case "word":
      return renumber(wordsOf(template, () => true));
    default:
      return assertNever(granularity);
  }
}

/** The same template with its spans and demonstrations at a granularity, for masking and rendering. */
export function atGranularity(template: PromptTemplate, granularity: Granularity): PromptTemplate {
  return withSpans(template, spansAt(template, granularity));
}

/** Where a template is cut finely, and how. */
export interface PartialCut {
  /** Spans of any coarser partition of the same template, or all of it. */
  readonly parents: readonly Span[] | "all";
  readonly granularity: Granularity;
  /** Neighbours inside one parent are merged until at most this many spans are maskable. Default: no limit. */
  readonly mostMaskableSpans?: number;
}

/**
 * The partition at a granularity of which only what lies inside `parents` is maskable: everything else that was maskable is protected
 * as "granularity", and not cut into words. Merged neighbours never lie in two parents.
 * Throws INTERNAL for a parent that does not begin and end where spans of the partition do.
 */
export function spansWithin(template: PromptTemplate, cut: PartialCut): readonly Span[] {
  const parentOf = cut.parents === "all" ? () => 0 : parentFinder(template, cut.parents);
  const spans =
    cut.granularity === "word"
      ? wordsOf(template, (span) => parentOf(span) >= 0)
      : spansAt(template, cut.granularity);
  if (cut.parents !== "all") checkCovered(cut.parents, spans);
  return fitToLimit(
    spans.map((span) => (parentOf(span) < 0 ? outOfSight(span) : span)),
    cut.mostMaskableSpans ?? Infinity,
    parentOf,
  );
}

/** The same template with its spans and demonstrations cut inside chosen spans only, for masking and rendering. */
export function templateWithin(template: PromptTemplate, cut: PartialCut): PromptTemplate {
  return withSpans(template, spansWithin(template, cut));
}

function outOfSight(span: Span): Span {
  return { ...span, protection: span.protection ?? "granularity" };
}

/** The template with another partition of its messages, numbered anew, and its demonstrations where they are now. */
export function withPartition(template: PromptTemplate, spans: readonly Span[]): PromptTemplate {
  return withSpans(template, renumber(spans));
}

function withSpans(template: PromptTemplate, spans: readonly Span[]): PromptTemplate {
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

/** Names the stretch between two of a message's starts in which a span's text begins. */
function stretchFinder(
  template: PromptTemplate,
  startsOf: (lines: readonly Line[]) => readonly number[],
): (span: Span) => string {
  const boundaries = template.messages.map((message) => startsOf(splitLines(message.content)));
  return (span) => {
    const message = span.parts[0]?.message ?? 0;
    const starts = boundaries[message] ?? [];
    return `${message}:${starts.filter((start) => start <= contentStart(span)).length}`;
  };
}

function sectionsOf(template: PromptTemplate): Span[][] {
  return groupBy(template.spans, stretchFinder(template, sectionStarts));
}

function blocksOf(template: PromptTemplate): Span[] {
  const blockOf = stretchFinder(template, blockStarts);
  const runOf = (span: Span): string => (isMergeable(span) ? blockOf(span) : `span ${span.index}`);
  return sectionsOf(template)
    .flatMap((section) => groupBy(section, runOf))
    .flatMap((run) => (run.length > 1 ? [mergeSpans(run, "block")] : run));
}

function wordsOf(template: PromptTemplate, isCut: (span: Span) => boolean): Span[] {
  const file = readAgain(template);
  const lines = template.messages.map((message) => splitLines(message.content));
  return template.spans.flatMap((span) =>
    isCut(span)
      ? wordSpans(span, { file, lines: lines[span.parts[0]?.message ?? 0] ?? [] })
      : [span],
  );
}

/** The parent that holds a span, by its place in the list; -1 where none does. */
function parentFinder(template: PromptTemplate, parents: readonly Span[]): (span: Span) => number {
  const byMessage = template.messages.map((_, message) =>
    parents.flatMap((parent, index) =>
      parent.parts.filter((part) => part.message === message).map((part) => ({ ...part, index })),
    ),
  );
  return (span) => {
    const part = span.parts[0];
    const holder = byMessage[part?.message ?? -1]?.find(
      (range) => part && range.start <= part.start && part.end <= range.end,
    );
    return holder?.index ?? -1;
  };
}

function checkCovered(parents: readonly Span[], spans: readonly Span[]): void {
  const edge = (message: number, offset: number): string => `${message}:${offset}`;
  const parts = spans.flatMap((span) => span.parts);
  const starts = new Set(parts.map((part) => edge(part.message, part.start)));
  const ends = new Set(parts.map((part) => edge(part.message, part.end)));
  const stray = parents
    .flatMap((parent) => parent.parts)
    .find(
      (part) =>
        !starts.has(edge(part.message, part.start)) || !ends.has(edge(part.message, part.end)),
    );
  if (stray)
    throw new UnderstudyError(
      "INTERNAL",
      `no spans begin at ${stray.start} and end at ${stray.end} of message ${stray.message}`,
    );
}
