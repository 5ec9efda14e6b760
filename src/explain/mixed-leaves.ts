/** One explanation from looks at several granularities: every piece of the prompt at the finest one at which it was looked at. */
import type { Granularity, Interval, Span } from "../domain.js";

/** What one look found: its maskable spans in order, with their attributions. */
export interface LevelFinding {
  readonly granularity: Granularity;
  readonly spans: readonly Span[];
  readonly intervals: readonly Interval[];
}

/** A span that was not split further. */
export interface MixedLeaf {
  readonly span: Span;
  readonly granularity: Granularity;
  readonly influence: Interval;
  /** Influence of the span of the level before that was split into this one and others; null at the first level. */
  readonly parent: Interval | null;
}

/**
 * The spans inside which no finer one was looked at, in the order of the text. Levels are coarsest first.
 *
 * Influences of pieces do not have to add up to the influence of what they are pieces of: words of a sentence may each be spared where
 * the sentence may not, and the other way round. All are in the unit of the values, each the change when this leaf goes.
 */
export function mixedLeaves(levels: readonly LevelFinding[]): readonly MixedLeaf[] {
  const leaves = levels.flatMap((level, depth) =>
    level.spans.flatMap((span, position): MixedLeaf[] => {
      const influence = level.intervals[position];
      const isSplit = levels
        .slice(depth + 1)
        .some((finer) => finer.spans.some((piece) => isWithin(piece, span)));
      if (!influence || isSplit) return [];
      return [
        { span, granularity: level.granularity, influence, parent: parentOf(levels, depth, span) },
      ];
    }),
  );
  return leaves.sort((a, b) => compareByPlace(a.span, b.span));
}

function parentOf(levels: readonly LevelFinding[], depth: number, span: Span): Interval | null {
  const before = levels[depth - 1];
  const at = before?.spans.findIndex((candidate) => isWithin(span, candidate)) ?? -1;
  return before?.intervals[at] ?? null;
}

/** Whether every part of a span lies in a part of another. */
export function isWithin(piece: Span, whole: Span): boolean {
  return piece.parts.every((part) =>
    whole.parts.some(
      (range) =>
        range.message === part.message && range.start <= part.start && part.end <= range.end,
    ),
  );
}

function compareByPlace(a: Span, b: Span): number {
  const [first, second] = [a.parts[0], b.parts[0]];
  return (
    (first?.message ?? 0) - (second?.message ?? 0) || (first?.start ?? 0) - (second?.start ?? 0)
  );
}

/**
 * The leaves' influence over the spans of any partition, such as all words: a leaf's influence is spread over the characters it
 * covers. Spans in no leaf get 0. By this, words rank across leaves of different size: a word that was looked at by its own influence, a
 * word of a section that was not split by its share of the section's.
 */
export function spreadOver(leaves: readonly MixedLeaf[], spans: readonly Span[]): Float64Array {
  return Float64Array.from(spans, (span) =>
    leaves.reduce(
      (sum, leaf) =>
        sum + (leaf.influence.estimate * sharedLength(leaf.span, span)) / lengthOf(leaf.span),
      0,
    ),
  );
}

function sharedLength(a: Span, b: Span): number {
  let length = 0;
  for (const one of a.parts)
    for (const other of b.parts)
      if (one.message === other.message)
        length += Math.max(0, Math.min(one.end, other.end) - Math.max(one.start, other.start));
  return length;
}

function lengthOf(span: Span): number {
  return Math.max(
    1,
    span.parts.reduce((sum, part) => sum + part.end - part.start, 0),
  );
}
