import { UnderstudyError } from "../errors.js";

/** A set of 32-bit numbers, ascending and distinct: what a text is made of, such as the hashes of its shingles. */
export type HashedSet = Uint32Array;

/**
 * Hashes of a text's shingles: runs of `length` characters (Unicode code points) of its NFKC form in lower case, with runs of white space
 * as one blank. A shorter text is its own only shingle. Distinct shingles share a 32-bit hash (FNV-1a over code points, then mixed) with
 * probability about 2^-32.
 */
export function shingles(text: string, length = 5): HashedSet {
  const points = Array.from(
    text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim(),
    (character) => character.codePointAt(0) ?? 0,
  );
  const count = Math.max(1, points.length - length + 1);
  const hashes = new Uint32Array(count);
  for (let start = 0; start < count; start++) {
    let hash = 0x811c9dc5;
    const end = Math.min(points.length, start + length);
    for (let at = start; at < end; at++)
      hash = Math.imul(hash ^ (points[at] as number), 0x01000193);
    hashes[start] = mix(hash);
  }
  return Uint32Array.from(new Set(hashes)).sort();
}

/** Jaccard similarity of two sets, |both| / |either|, exactly; 1 for two empty sets. */
export function jaccard(left: HashedSet, right: HashedSet): number {
  let [i, j, both] = [0, 0, 0];
  while (i < left.length && j < right.length) {
    const [a, b] = [left[i] as number, right[j] as number];
    if (a === b) both++;
    if (a <= b) i++;
    if (b <= a) j++;
  }
  const either = left.length + right.length - both;
  return either === 0 ? 1 : both / either;
}

/**
 * MinHash signature (Broder 1997): the smallest value of each of `functions` random hash functions over the set. Two signatures agree in
 * each place with probability equal to the sets' Jaccard similarity. An empty set has the largest value everywhere.
 */
export function minHash(set: HashedSet, functions = 128): Uint32Array {
  const signature = new Uint32Array(functions).fill(0xffffffff);
  for (let place = 0; place < functions; place++) {
    const seed = mix(Math.imul(place + 1, 0x9e3779b9));
    let least = 0xffffffff;
    for (const value of set) {
      const hashed = mix(value ^ seed);
      if (hashed < least) least = hashed;
    }
    signature[place] = least;
  }
  return signature;
}

/** Share of places in which two signatures agree: estimates Jaccard similarity J with variance J (1 - J) / places. Throws INTERNAL for lengths that differ. */
export function estimatedJaccard(left: Uint32Array, right: Uint32Array): number {
  if (left.length !== right.length || left.length === 0)
    throw new UnderstudyError(
      "INTERNAL",
      `signatures of ${left.length} and ${right.length} places cannot be compared`,
    );
  let agree = 0;
  for (let place = 0; place < left.length; place++) agree += left[place] === right[place] ? 1 : 0;
  return agree / left.length;
}

/** MurmurHash3's finaliser: a bijection of 32-bit numbers in which every bit depends on all bits. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
