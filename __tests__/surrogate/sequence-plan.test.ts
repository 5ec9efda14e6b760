import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  commonPrefix,
  planSequences,
  reusablePrefix,
  splitPlan,
  type TokenSequence,
} from "../../src/surrogate/sequence-plan.js";

const sequence = (responseTokens: number, ...ids: number[]): TokenSequence => ({
  ids: Int32Array.from(ids),
  responseTokens,
});

/** Few symbols, so that prefixes and duplicates are common. */
const anySequence = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 12 }), fc.nat())
  .map(([ids, draw]) => sequence(1 + (draw % (ids.length - 1)), ...ids));

const keyOf = ({ ids, responseTokens }: TokenSequence): string => `${ids.join()}/${responseTokens}`;

describe("a plan", () => {
  test("runs each distinct sequence once and gives each asked one its place", () => {
    fc.assert(
      fc.property(fc.array(anySequence, { maxLength: 40 }), (asked) => {
        const plan = planSequences(asked);
        expect(new Set(plan.sequences.map(keyOf)).size).toBe(plan.sequences.length);
        expect(plan.sequences.length).toBe(new Set(asked.map(keyOf)).size);
        asked.forEach((one, i) =>
          expect(keyOf(plan.sequences[plan.placeOf[i] ?? -1] ?? sequence(0))).toBe(keyOf(one)),
        );
        expect(plan.tokensAsked).toBe(asked.reduce((sum, one) => sum + one.ids.length, 0));
      }),
    );
  });

  test("puts next to each other what shares most: no earlier sequence shares more than the one before", () => {
    fc.assert(
      fc.property(fc.array(anySequence, { maxLength: 30 }), (asked) => {
        const { sequences } = planSequences(asked);
        sequences.forEach((one, i) => {
          const before = sequences[i - 1];
          if (before)
            for (const earlier of sequences.slice(0, i))
              expect(commonPrefix(earlier.ids, one.ids)).toBeLessThanOrEqual(
                commonPrefix(before.ids, one.ids),
              );
        });
      }),
    );
  });

  test("does not depend on the order asked", () => {
    const asked = [
      sequence(1, 5, 1, 2),
      sequence(2, 5, 1, 2),
      sequence(1, 5, 1),
      sequence(1, 4, 9, 9, 9),
    ];
    const keys = planSequences(asked).sequences.map(keyOf);
    expect(planSequences([...asked].reverse()).sequences.map(keyOf)).toEqual(keys);
    expect(keys).toEqual(["4,9,9,9/1", "5,1/1", "5,1,2/1", "5,1,2/2"]);
  });

  test("counts the tokens that run: whole sequences less reusable prefixes", () => {
    // 6 + (6 - 3) + (6 - 4: the row before the response runs again though 5 tokens are shared)
    const asked = [
      sequence(1, 1, 2, 3, 4, 5, 6),
      sequence(1, 1, 2, 3, 7, 7, 7),
      sequence(1, 1, 2, 3, 7, 7, 8),
    ];
    expect(planSequences(asked)).toMatchObject({ tokensAsked: 18, tokensRun: 6 + 3 + 2 });
  });
});

describe("a reusable prefix", () => {
  test("never reaches the token before the response", () => {
    expect(reusablePrefix(sequence(2, 1, 2, 3, 4, 5), 5)).toBe(2);
    expect(reusablePrefix(sequence(2, 1, 2, 3, 4, 5), 1)).toBe(1);
  });
});

describe("shares", () => {
  test("are contiguous, cover the plan, are never empty and never too many", () => {
    fc.assert(
      fc.property(
        fc.array(anySequence, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (asked, workers) => {
          const { sequences } = planSequences(asked);
          const shares = splitPlan(sequences, workers);
          expect(shares.flat()).toEqual(sequences);
          expect(shares.length).toBeLessThanOrEqual(workers);
          expect(shares.every((share) => share.length > 0)).toBe(true);
        },
      ),
    );
  });

  test("hold about the same number of tokens, not of sequences", () => {
    const long = Array.from({ length: 4 }, (_, i) =>
      sequence(1, 0, i, ...Array<number>(98).fill(7)),
    );
    const short = Array.from({ length: 40 }, (_, i) =>
      sequence(1, 1, i, ...Array<number>(8).fill(7)),
    );
    const { sequences } = planSequences([...short, ...long]);
    expect(splitPlan(sequences, 2).map((share) => share.length)).toEqual([4, 40]);
  });
});
