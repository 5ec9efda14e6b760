import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of pseudo-random numbers. The same seed text gives the same stream on every machine; drawing advances it. */
export interface Random {
  /** Uniform in [0, 1), multiples of 2^-53. */
  uniform(): number;
  /** Uniform in 0 .. below - 1; `below` must be at least 1. */
  integer(below: number): number;
  /** Standard normal. */
  normal(): number;
  /** True with the given probability. */
  bernoulli(probability: number): boolean;
  /** A copy of the array in uniformly random order (Fisher-Yates). */
  shuffle<Item>(array: readonly Item[]): Item[];
}

/** The stream that belongs to a text: sha256 of the text is the state of a xoroshiro128+ generator. */
export function randomFrom(seedText: string): Random {
  const digest = createHash("sha256").update(seedText, "utf8").digest();
  const generator = xoroshiro128plusFromState([
    digest.readInt32LE(0),
    digest.readInt32LE(4),
    digest.readInt32LE(8),
    digest.readInt32LE(12),
  ]);
  const uniform = (): number => uniformFloat64(generator);
  const integer = (below: number): number => uniformInt(generator, 0, below - 1);
  return {
    uniform,
    integer,
    normal: normalSource(uniform),
    bernoulli: (probability) => uniform() < probability,
    shuffle: (array) => shuffled(array, integer),
  };
}

/** Marsaglia's polar method; it makes normals in pairs, so the second waits for the next call. */
function normalSource(uniform: () => number): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        spare = y * factor;
        return x * factor;
      }
    }
  };
}

function shuffled<Item>(array: readonly Item[], integer: (below: number) => number): Item[] {
  const copy = [...array];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = integer(last + 1);
    [copy[last], copy[other]] = [copy[other] as Item, copy[last] as Item];
  }
  return copy;
}
