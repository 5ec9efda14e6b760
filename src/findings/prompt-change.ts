/** Base against head, the pure part: spans aligned by their text, and what an interval says of those that differ. */
import type { Interval, SpanEffect } from "../domain.js";

/** A span as far as alignment is concerned; `role` of the messages it stands in. */
export interface AlignableSpan {
  readonly role: string;
  readonly text: string;
}

type Pair = readonly [base: number, head: number];

/** Positions in the two lists; every position is in exactly one of the four. */
export interface Alignment {
  /** [base, head], ascending in both: the same text in the same order. */
  readonly unchanged: readonly Pair[];
  /** [base, head], ascending in head: the same text at another place or in another role. */
  readonly moved: readonly Pair[];
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

/**
 * Aligns the spans of two versions. Equal are texts that differ in white space alone; an edited sentence is one removed and one added.
 * What both lists begin and end with is unchanged; between, the n-th occurrence of a text in base is that in head, and the longest run
 * of pairs that keeps its order (Schensted 1961, patience sorting) is unchanged, the other pairs moved. O(n log n), so that no hostile
 * file costs more.
 */
export function alignSpans(
  base: readonly AlignableSpan[],
  head: readonly AlignableSpan[],
): Alignment {
  const [before, after] = [base.map(keyOf), head.map(keyOf)];
  const start = commonPrefix(before, after);
  const end = commonPrefix(before.slice(start).reverse(), after.slice(start).reverse());
  const inside = { base: base.length - end, head: head.length - end };
  const exact = pairUp(range(start, inside.base), range(start, inside.head), before, after);
  const alone = (pairs: readonly Pair[]): readonly [readonly number[], readonly number[]] => {
    const [own, other] = [0, 1].map((side) => new Set(pairs.map((pair) => pair[side])));
    return [
      range(start, inside.base).filter((index) => !own?.has(index)),
      range(start, inside.head).filter((index) => !other?.has(index)),
    ];
  };
  const bare = (spans: readonly AlignableSpan[]): string[] => spans.map(({ text }) => normal(text));
  const otherRole = pairUp(...alone(exact), bare(base), bare(head));
  const [removed, added] = alone([...exact, ...otherRole]);
  const kept = longestIncreasing(exact.map(([own]) => own));
  return {
    unchanged: [
      ...range(0, start).map((index) => [index, index] as const),
      ...exact.filter((_, position) => kept.has(position)),
      ...range(0, end).map((index) => [inside.base + index, inside.head + index] as const),
    ],
    moved: [...exact.filter((_, position) => !kept.has(position)), ...otherRole].sort(
      (left, right) => left[1] - right[1],
    ),
    added,
    removed,
  };
}

function normal(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}

function keyOf({ role, text }: AlignableSpan): string {
  return `${role}\n${normal(text)}`;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function commonPrefix(left: readonly string[], right: readonly string[]): number {
  const most = Math.min(left.length, right.length);
  let length = 0;
  while (length < most && left[length] === right[length]) length++;
  return length;
}

/** The n-th occurrence of a key on one side with the n-th on the other, ascending in head. */
function pairUp(
  base: readonly number[],
  head: readonly number[],
  before: readonly string[],
  after: readonly string[],
): readonly Pair[] {
  const waiting = new Map<string, number[]>();
  for (const index of [...base].reverse()) {
    const key = before[index] ?? "";
    const queue = waiting.get(key);
    if (queue === undefined) waiting.set(key, [index]);
    else queue.push(index);
  }
  return head.flatMap((index) => {
    const partner = waiting.get(after[index] ?? "")?.pop();
    return partner === undefined ? [] : [[partner, index] as const];
  });
}

/** Positions of a longest strictly increasing subsequence of distinct numbers. */
function longestIncreasing(values: readonly number[]): ReadonlySet<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  values.forEach((value, position) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? -1] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[position] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = position;
  });
  const chosen = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) chosen.add(at);
  return chosen;
}

/** Both ends of an interval within this share of the strongest span's influence are called small. */
export const NEGLIGIBLE_SHARE = 0.1;

/**
 * What a 90 % interval says of a span. `strongest`: the largest absolute influence of the template in the same units, or null where none
 * is known; then nothing is called small.
 */
export function effectOf({ low, high }: Interval, strongest: number | null): SpanEffect {
  if (low > 0) return "carries";
  if (high < 0) return "works against";
  const small = strongest !== null && Math.max(-low, high) <= NEGLIGIBLE_SHARE * strongest;
  return small ? "does nothing measurable" : "undecided";
}

/**
 * Share of the added spans in the sum of absolute influences. `low` and `high` are its extremes while every span stays within its own
 * interval: for all spans at once they hold only together, so they are wide and claim nothing beyond the intervals. null where nothing
 * has any influence.
 */
export function shareOfInfluence(
  spans: readonly { readonly influence: Interval; readonly added: boolean }[],
): Interval | null {
  const sum = (added: boolean, size: (influence: Interval) => number): number =>
    spans.reduce((total, span) => total + (span.added === added ? size(span.influence) : 0), 0);
  const share = (own: number, others: number): number =>
    own + others === 0 ? 0 : own / (own + others);
  const estimate = ({ estimate: value }: Interval): number => Math.abs(value);
  if (sum(true, estimate) + sum(false, estimate) === 0) return null;
  return {
    estimate: share(sum(true, estimate), sum(false, estimate)),
    low: share(sum(true, smallest), sum(false, largest)),
    high: share(sum(true, largest), sum(false, smallest)),
  };
}

function largest({ low, high }: Interval): number {
  return Math.max(Math.abs(low), Math.abs(high));
}

function smallest({ low, high }: Interval): number {
  return low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
}
