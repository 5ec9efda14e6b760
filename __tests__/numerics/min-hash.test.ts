import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { estimatedJaccard, jaccard, minHash, shingles } from "../../src/numerics/min-hash.js";
import { randomFrom } from "../../src/numerics/random.js";
import "../property-seed.js";

const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 40 });
const setOf = (values: readonly number[]): Uint32Array => Uint32Array.from(values).sort();

describe("shingles", () => {
  test("are the distinct runs of five characters, whatever case, width and white space", () => {
    expect(shingles("abcabcabc")).toHaveLength(3);
    expect(shingles("Close  my\taccount ")).toEqual(shingles("close my account"));
    expect(shingles("ＡＢＣＤＥ")).toEqual(shingles("abcde"));
    expect(shingles("abc")).toHaveLength(1);
    expect(shingles("")).toEqual(shingles("  "));
    expect(shingles("🙂🙂🙂🙂🙂🙂")).toHaveLength(1);
  });
});

describe("Jaccard similarity", () => {
  test("is that of the sets", () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const both = left.filter((value) => right.includes(value)).length;
        const either = new Set([...left, ...right]).size;
        expect(jaccard(setOf(left), setOf(right))).toBe(either === 0 ? 1 : both / either);
      }),
    );
  });

  test("estimated by signatures has the binomial's mean and spread", () => {
    const [functions, pairs] = [256, 60];
    const deviations = Array.from({ length: pairs }, (_, pair) => {
      const random = randomFrom(`min hash ${pair}`);
      const draw = (count: number): number[] =>
        Array.from({ length: count }, () => random.integer(2 ** 31));
      const [shared, own, other] = [draw(10 + random.integer(200)), draw(50), draw(50)];
      const [left, right] = [setOf([...shared, ...own]), setOf([...shared, ...other])];
      const exact = jaccard(left, right);
      const estimate = estimatedJaccard(minHash(left, functions), minHash(right, functions));
      return (estimate - exact) / Math.sqrt((exact * (1 - exact)) / functions);
    });
    const mean = deviations.reduce((sum, z) => sum + z, 0) / pairs;
    const square = deviations.reduce((sum, z) => sum + z * z, 0) / pairs;
    // A mean of 60 standard normals strays by .13, their mean square by .18: four of each.
    expect(Math.abs(mean)).toBeLessThan(0.52);
    expect(Math.abs(square - 1)).toBeLessThan(0.73);
  });

  test("of a set with itself is 1, of signatures of other lengths not defined", () => {
    const signature = minHash(shingles("When will my card arrive?"));
    expect(estimatedJaccard(signature, signature)).toBe(1);
    expect(() => estimatedJaccard(signature, signature.subarray(1))).toThrow(/compared/);
  });
});
