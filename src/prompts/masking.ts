/** Which stretches of the messages stay when spans are deleted. */

import { UnderstudyError } from "../errors.js";
import type { Granularity, Mask, PromptTemplate, SpanPart } from "../domain.js";
import type { TextRange } from "./decoded-text.js";
import { spansAt } from "./spans/granularity.js";
import { finalTurn } from "./spans/examples.js";

/** One byte a span of `maskable` (indices into the template's spans): 1 = kept. Spans not listed are kept. */
export interface SpanMask {
  readonly mask: Mask;
  readonly maskable: readonly number[];
}

/**
 * Indices of the spans that may be masked, ascending: into `template.spans` where no granularity is given, else into
 * `spansAt(template, granularity)`, to be rendered with `atGranularity(template, granularity)`.
 */
export function maskableSpans(
  template: PromptTemplate,
  granularity: Granularity = "sentence",
): readonly number[] {
  return spansAt(template, granularity)
    .filter((span) => span.protection === null)
    .map((span) => span.index);
}

/**
 * What stays of every message: ranges of its content in order, or null where the message goes because nothing is left of
 * it. The turn that asks never goes.
 *
 * A deleted span takes its text with it, not the layout around it: where deleted spans end in a stronger break than the
 * kept text before them (a space against nothing, a line end against a space, a blank line against a line end), the kept text ends in that break
 * instead, and at a message's end in the message's own last white space. So a list stays a list when the sentence before it goes.
 */
export function keptRanges(
  template: PromptTemplate,
  deleted: ReadonlySet<number>,
): (readonly TextRange[] | null)[] {
  const turn = finalTurn(template.messages.map((message) => message.role));
  const pieces = template.messages.map((): Piece[] => []);
  for (const span of template.spans)
    for (const part of span.parts)
      pieces[part.message]?.push({
        part,
        kept: !deleted.has(span.index),
        whole: span.protection === "included",
      });
  return template.messages.map((message, index) => {
    const kept = keptOf(message.content, pieces[index] ?? []);
    return kept.length === 0 && index !== turn ? null : kept;
  });
}

interface Piece {
  readonly part: SpanPart;
  readonly kept: boolean;
  /** Another file's text, which keeps its own layout. */
  readonly whole: boolean;
}

function keptOf(content: string, pieces: readonly Piece[]): TextRange[] {
  const ranges: TextRange[] = [];
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index];
    if (!piece?.kept) continue;
    let next = index + 1;
    while (next < pieces.length && pieces[next]?.kept === false) next++;
    const core = { start: piece.part.start, end: endOfText(content, piece.part) };
    const run = pieces
      .slice(index, next)
      .map(({ part }) => ({ start: endOfText(content, part), end: part.end }));
    if (piece.whole) {
      pushRange(ranges, piece.part);
      if (next < pieces.length) pushRange(ranges, missingBreak(content, run));
      continue;
    }
    pushRange(ranges, core);
    pushRange(ranges, next === pieces.length ? run[run.length - 1] : strongest(content, run));
  }
  return ranges;
}

/** The first of the breaks with the most line feeds; any break is stronger than none. */
function strongest(content: string, breaks: readonly TextRange[]): TextRange | undefined {
  const strength = (range: TextRange): number =>
    range.end > range.start ? content.slice(range.start, range.end).split("\n").length : 0;
  return breaks.reduce<TextRange | undefined>(
    (best, range) => (best === undefined || strength(range) > strength(best) ? range : best),
    undefined,
  );
}

/** What the strongest break has in line feeds more than the first one, where that is kept whole. */
function missingBreak(content: string, run: readonly TextRange[]): TextRange | undefined {
  const [own] = run;
  const best = strongest(content, run);
  if (!own || !best || best === own) return undefined;
  const feeds = content.slice(own.start, own.end).split("\n").length - 1;
  let start = best.start;
  for (let index = 0; index < feeds; index++) start = content.indexOf("\n", start) + 1;
  return { start, end: best.end };
}

function endOfText(content: string, part: TextRange): number {
  return part.start + content.slice(part.start, part.end).trimEnd().length;
}

/** Appends a range, joined to the last one where they touch; empty ranges are left out. */
function pushRange(ranges: TextRange[], range: TextRange | undefined): void {
  if (!range || range.end <= range.start) return;
  const last = ranges[ranges.length - 1];
  if (last && last.end === range.start)
    ranges[ranges.length - 1] = { start: last.start, end: range.end };
  else ranges.push(range);
}

/** The spans that a mask deletes. Throws INTERNAL for a mask of another length or for indices outside the template. */
export function deletedSpans(template: PromptTemplate, kept: SpanMask): Set<number> {
  if (kept.mask.length !== kept.maskable.length)
    throw new UnderstudyError(
      "INTERNAL",
      `a mask of ${kept.mask.length} entries for ${kept.maskable.length} maskable spans`,
    );
  const outside = kept.maskable.find((span) => template.spans[span] === undefined);
  if (outside !== undefined)
    throw new UnderstudyError(
      "INTERNAL",
      `span ${outside} of a template with ${template.spans.length} spans`,
    );
  return new Set(kept.maskable.filter((_, index) => kept.mask[index] === 0));
}
