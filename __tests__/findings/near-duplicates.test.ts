import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pairDemonstrations } from "../../src/findings/demonstration-pairs.js";
import { nearDuplicates } from "../../src/findings/near-duplicates.js";
import { jaccard, shingles } from "../../src/numerics/min-hash.js";
import { randomFrom } from "../../src/numerics/random.js";
import "../property-seed.js";

const text = fc.stringMatching(/^[ab ]{12,24}$/);

describe("near-duplicates", () => {
  test("are the pairs that a comparison of all pairs finds", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const pairs = texts.flatMap((left, first) =>
          texts.flatMap((right, second) => {
            const similarity = jaccard(shingles(left), shingles(right));
            return second > first && similarity >= 0.8 ? [{ first, second, similarity }] : [];
          }),
        );
        expect(nearDuplicates(texts)).toEqual(pairs);
      }),
      { numRuns: 60 },
    );
  });

  test("are found just above the limit too", () => {
    const random = randomFrom("near the limit");
    const letters = (count: number): string =>
      Array.from({ length: count }, () => String.fromCodePoint(97 + random.integer(26))).join("");
    const texts = Array.from({ length: 40 }, () => {
      const shared = letters(180);
      return [shared + letters(18), shared + letters(18)];
    }).flat();
    const found = nearDuplicates(texts);
    expect(found.map(({ first, second }) => [first, second])).toEqual(
      Array.from({ length: 40 }, (_, pair) => [2 * pair, 2 * pair + 1]),
    );
    for (const { similarity } of found) expect(similarity).toBeLessThan(0.86);
  });

  test("of demonstrations are redundant with one label and contradict each other with two", () => {
    const shown = (input: string, label: string, at: number) => ({
      span: at,
      startLine: 10 * at,
      input,
      label,
    });
    const pairs = pairDemonstrations([
      shown("I lost my card on the way to the office, please block it.", "SECURITY", 1),
      shown("What is the fee for a transfer to France?", "BILLING", 2),
      shown("I lost my card on the way to the office, please block it!", "SECURITY", 3),
      shown("what is the fee  for a transfer to France?", "TRANSFERS", 4),
    ]);
    expect(pairs.redundant).toEqual([{ lines: [10, 30], similarity: expect.closeTo(0.96, 1) }]);
    expect(pairs.contradictions).toEqual([
      [],
      [{ span: 4, startLine: 40, label: "TRANSFERS", similarity: 1 }],
      [],
      [{ span: 2, startLine: 20, label: "BILLING", similarity: 1 }],
    ]);
  });
});
