/** Texts that say nearly the same, found without comparing every pair. */
import { jaccard, minHash, shingles } from "../numerics/min-hash.js";

/** Two texts by position, first < second, and the exact Jaccard similarity of their shingles. */
export interface NearDuplicate {
  readonly first: number;
  readonly second: number;
  readonly similarity: number;
}

/** Jaccard similarity of 5-character shingles from which two texts count as nearly the same (methods E2). */
export const NEARLY_SAME = 0.8;

/**
 * Signatures are cut into bands of rows; texts that agree in a whole band are compared. At similarity .8 a pair is missed with
 * probability (1 - .8^4)^32 = 4e-13.
 */
const BANDS = 32;
const ROWS = 4;

/**
 * All pairs of texts whose 5-character shingles have Jaccard similarity of at least `least`, by position; similarities are exact, only the
 * pairs to compare are found by MinHash.
 */
export function nearDuplicates(
  texts: readonly string[],
  least = NEARLY_SAME,
): readonly NearDuplicate[] {
  const sets = texts.map((text) => shingles(text));
  const empty = shingles("");
  const pairs = candidatePairs(sets.map((set) => minHash(set, BANDS * ROWS)));
  return pairs.flatMap(([first, second]) => {
    const [left, right] = [sets[first] ?? empty, sets[second] ?? empty];
    const similarity = jaccard(left, right);
    return similarity >= least ? [{ first, second, similarity }] : [];
  });
}

function candidatePairs(
  signatures: readonly Uint32Array[],
): readonly (readonly [number, number])[] {
  const pairs = new Map<string, readonly [number, number]>();
  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<string, number[]>();
    for (const [index, signature] of signatures.entries()) {
      const key = signature.subarray(band * ROWS, (band + 1) * ROWS).join();
      const bucket = buckets.get(key) ?? [];
      for (const other of bucket) pairs.set(`${other}:${index}`, [other, index]);
      bucket.push(index);
      buckets.set(key, bucket);
    }
  }
  return [...pairs.values()].sort(([a, b], [c, d]) => a - c || b - d);
}
