import type { Mask } from "../domain.js";
import type { Random } from "../numerics/random.js";

/** Masks that keep about half of the spans, and masks that delete few: two questions to the same template. */
export interface MaskPool {
  readonly dense: readonly Mask[];
  readonly sparse: readonly Mask[];
}

/** Spans up to which a pool may simply hold every mask there is. */
const ENUMERABLE_SPANS = 8;
const ATTEMPTS = 200;

/** Largest number of spans that a Sparse-K mask deletes: a quarter of them, at least 2 (docs/methods.md, A5). */
export function largestDeletion(spans: number): number {
  return Math.min(spans - 1, Math.max(2, Math.ceil(spans / 4)));
}

/**
 * About `size` distinct masks over `spans` >= 2 spans, half dense and half Sparse-K, without the empty and the full one; fewer
 * where there are not that many, and all of them where they fit.
 */
export function drawPool(spans: number, size: number, random: Random): MaskPool {
  if (spans <= ENUMERABLE_SPANS && 2 ** spans - 2 <= size) return enumeratedPool(spans, random);
  const seen = new Set<string>();
  const sparse = sparseMasks(spans, Math.floor(size / 2), seen, random);
  return { sparse, dense: denseMasks(spans, size - sparse.length, seen, random) };
}

function enumeratedPool(spans: number, random: Random): MaskPool {
  const all = Array.from({ length: 2 ** spans - 2 }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => ((code + 1) >> span) & 1),
  );
  const few = largestDeletion(spans);
  const shuffled = random.shuffle(all);
  return {
    sparse: shuffled.filter((mask) => deletions(mask) <= few),
    dense: shuffled.filter((mask) => deletions(mask) > few),
  };
}

/** Number of spans that a mask deletes. */
export function deletions(mask: Mask): number {
  return mask.reduce((count, kept) => count + 1 - kept, 0);
}

/**
 * Bernoulli(1/2) masks, balanced: every span is deleted in half of the rows. Row and column totals otherwise vary as they
 * would in independent draws; rows that are empty, full or taken are exchanged by swaps that keep the columns' totals.
 */
export function denseMasks(
  spans: number,
  count: number,
  seen: Set<string>,
  random: Random,
): Mask[] {
  const rows = Array.from({ length: count }, () => new Uint8Array(spans));
  for (let span = 0; span < spans; span++) {
    // Odd counts: the spare deletion goes to every other span.
    const kept = Math.floor((count + (span % 2)) / 2);
    random.shuffle(rows).forEach((row, position) => (row[span] = position < kept ? 1 : 0));
  }
  const accepted: Mask[] = [];
  rows.forEach((row, position) => {
    for (let attempt = 0; attempt < ATTEMPTS && !admissible(row, seen); attempt++)
      swapBits(row, rows.slice(position + 1), random);
    if (admissible(row, seen)) accepted.push(take(row, seen));
  });
  return accepted;
}

/** Exchanges two different bits of a row with a later row, column totals unchanged; flips a bit where no such row is left. */
function swapBits(row: Mask, later: readonly Mask[], random: Random): void {
  const span = random.integer(row.length);
  const other = later.filter((candidate) => candidate[span] !== row[span]);
  const partner = other[random.integer(Math.max(1, other.length))];
  if (partner) partner[span] = row[span] as number;
  row[span] = 1 - (row[span] as number);
}

/**
 * Sparse-K, balanced: the number K of deleted spans is uniform in 1 .. largest; the K spans deleted least often so far go, ties
 * at random. A mask that is taken is drawn again with more and more disorder.
 */
export function sparseMasks(
  spans: number,
  count: number,
  seen: Set<string>,
  random: Random,
): Mask[] {
  const largest = largestDeletion(spans);
  const deleted = new Float64Array(spans);
  const masks: Mask[] = [];
  for (let attempt = 0; masks.length < count && attempt < ATTEMPTS; attempt++) {
    const disorder = 1 + attempt / 10;
    const order = Array.from(deleted, (times, span) => ({
      span,
      rank: times + disorder * random.uniform(),
    })).sort((a, b) => a.rank - b.rank);
    const mask = new Uint8Array(spans).fill(1);
    for (const { span } of order.slice(0, 1 + random.integer(largest))) mask[span] = 0;
    if (!admissible(mask, seen)) continue;
    masks.push(take(mask, seen));
    mask.forEach((kept, span) => (deleted[span] = (deleted[span] as number) + 1 - kept));
    attempt = -1;
  }
  return masks;
}

function admissible(mask: Mask, seen: ReadonlySet<string>): boolean {
  const deleted = deletions(mask);
  return deleted > 0 && deleted < mask.length && !seen.has(mask.join(""));
}

function take(mask: Mask, seen: Set<string>): Mask {
  seen.add(mask.join(""));
  return mask;
}
