import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Mask } from "../../src/domain.js";
import { largestDeletion } from "../../src/explain/mask-pool.js";
import { type MaskDesignOptions, designMasks } from "../../src/explain/masks.js";

const key = (mask: Mask): string => mask.join("");
const deleted = (mask: Mask): number => mask.filter((kept) => kept === 0).length;

const designs = fc.record({
  spans: fc.integer({ min: 2, max: 40 }),
  inputs: fc.integer({ min: 1, max: 50 }),
  masksPerInput: fc.integer({ min: 1, max: 16 }),
  poolSize: fc.integer({ min: 16, max: 64 }),
  seed: fc.string(),
});

function dropCounts(masks: readonly Mask[], spans: number): number[] {
  return Array.from(
    { length: spans },
    (_, span) => masks.filter((mask) => mask[span] === 0).length,
  );
}

function holds(check: (options: MaskDesignOptions) => void, runs = 60): void {
  fc.assert(fc.property(designs, check), { numRuns: runs });
}

describe("designMasks", () => {
  test("draws different masks, none empty, none full, of the right length", () =>
    holds((options) => {
      const { pool } = designMasks(options);
      expect(new Set(pool.map(key)).size).toBe(pool.length);
      for (const mask of pool) {
        expect(mask).toHaveLength(options.spans);
        expect([...mask].every((kept) => kept === 0 || kept === 1)).toBe(true);
        expect(deleted(mask)).toBeGreaterThan(0);
        expect(deleted(mask)).toBeLessThan(options.spans);
      }
    }));

  test("deals every input as many different masks of the pool as asked, or all there are", () =>
    holds((options) => {
      const { pool, assignment } = designMasks(options);
      const known = new Set(pool);
      for (let input = 0; input < options.inputs; input++) {
        const own = assignment.filter((dealt) => dealt.input === input).map(({ mask }) => mask);
        expect(own).toHaveLength(Math.min(options.masksPerInput, pool.length));
        expect(new Set(own).size).toBe(own.length);
        expect(own.every((mask) => known.has(mask))).toBe(true);
      }
      expect(assignment.map(({ input }) => input)).toEqual(
        assignment.map(({ input }) => input).sort((a, b) => a - b),
      );
    }));

  test("uses every mask for several inputs, about equally often", () =>
    holds((options) => {
      fc.pre(options.spans > 8 && options.inputs >= 4);
      const { pool, assignment } = designMasks(options);
      const uses = pool.map((mask) => assignment.filter((dealt) => dealt.mask === mask).length);
      expect(Math.min(...uses)).toBeGreaterThanOrEqual(2);
      // Sparse-K masks come first; each half is dealt evenly.
      const half = Math.floor(pool.length / 2);
      for (const counts of [uses.slice(0, half), uses.slice(half)])
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }));

  test("asks half dense and half Sparse-K questions", () =>
    holds((options) => {
      fc.pre(options.spans >= 12 && options.inputs >= 8 && options.masksPerInput >= 4);
      const { pool, assignment } = designMasks(options);
      const few = largestDeletion(options.spans);
      // A dense mask deletes few spans only by chance: never mind which half such a mask came from.
      const sparse = pool.slice(0, Math.floor(pool.length / 2));
      expect(sparse.every((mask) => deleted(mask) <= few)).toBe(true);
      const share =
        assignment.filter(({ mask }) => sparse.includes(mask)).length / assignment.length;
      expect(Math.abs(share - 0.5)).toBeLessThan(0.1);
    }));

  test("deletes every span about equally often", () =>
    holds((options) => {
      fc.pre(
        options.spans > 8 &&
          options.inputs * options.masksPerInput >= 128 &&
          options.masksPerInput >= 4,
      );
      const { pool, assignment } = designMasks(options);
      const inPool = dropCounts(pool, options.spans);
      // Two halves, each balanced to one deletion but where a mask had to be exchanged.
      expect(Math.max(...inPool) - Math.min(...inPool)).toBeLessThanOrEqual(5);
      const dealt = dropCounts(
        assignment.map(({ mask }) => mask),
        options.spans,
      );
      expect(Math.max(...dealt) / Math.min(...dealt)).toBeLessThan(1.6);
    }));

  test("exchanges doubled dense masks without unbalancing the spans", () => {
    const spreads = Array.from({ length: 40 }, (_, seed) => {
      const { pool } = designMasks({
        spans: 8,
        inputs: 40,
        masksPerInput: 8,
        poolSize: 64,
        seed: `${seed}`,
      });
      expect(pool).toHaveLength(64);
      const counts = dropCounts(pool.slice(32), 8);
      return Math.max(...counts) - Math.min(...counts);
    });
    // An exchange without a partner, at the end, may leave one span out of step.
    expect(spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length).toBeLessThan(1.2);
  });

  test("takes all masks there are where the pool holds them", () => {
    for (const spans of [2, 3, 4, 5]) {
      const { pool } = designMasks({
        spans,
        inputs: 40,
        masksPerInput: 4,
        poolSize: 32,
        seed: "all",
      });
      expect(pool).toHaveLength(2 ** spans - 2);
    }
  });

  test("is the same for the same seed and another for another", () => {
    const options = { spans: 20, inputs: 30, masksPerInput: 8, poolSize: 48, seed: "one" };
    expect(designMasks(options)).toEqual(designMasks(options));
    expect(designMasks({ ...options, seed: "two" })).not.toEqual(designMasks(options));
  });

  test("refuses a single span", () => {
    expect(() =>
      designMasks({ spans: 1, inputs: 5, masksPerInput: 4, poolSize: 32, seed: "" }),
    ).toThrow("at least 2");
  });

  test("Sparse-K deletes up to a quarter of the spans, two at least, never all", () => {
    expect([2, 3, 6, 8, 9, 24, 48].map(largestDeletion)).toEqual([1, 2, 2, 2, 3, 6, 12]);
  });
});
