import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  frequentNGrams,
  rowsContaining,
  sharedPhrase,
  tokensIn,
} from "../../src/findings/ngrams.js";

describe("tokens", () => {
  test.each([
    ["I can't pay: CF!", ["i", "can", "'", "t", "pay", ":", "cf", "!"]],
    ["caf\u0065\u0301 \uFF23\uFF26", ["café", "cf"]],
    ["a\u200Bb ## ψ", ["a", "\u200B", "b", "##", "ψ"]],
    ["支払い", ["支", "払", "い"]],
    [" \n", []],
  ])("of %j", (text, tokens) => {
    expect(tokensIn(text)).toEqual(tokens);
  });

  test("hold no white space and lose nothing else, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const tokens = tokensIn(text);
        expect(tokens.every((token) => token.length > 0 && !/\s/u.test(token))).toBe(true);
        expect(tokens.join("")).toBe(text.normalize("NFKC").toLowerCase().replace(/\s+/gu, ""));
      }),
      { seed: 1 },
    );
  });
});

describe("n-grams", () => {
  const texts = ["a b c x", "y a b c", "a b z", "c"].map(tokensIn);

  test("with the same rows stand once, the longest first", () => {
    const found = frequentNGrams(texts, 2).map(({ tokens, rows }) => [tokens.join(" "), rows]);
    expect(found).toEqual([
      ["a b", [0, 1, 2]],
      ["c", [0, 1, 3]],
      ["a b c", [0, 1]],
    ]);
  });

  test("of every length are found again in other texts", () => {
    const rows = rowsContaining(new Set(["a b c", "c"]), [tokensIn("c"), tokensIn("a b c")]);
    expect([...rows]).toEqual([
      ["c", [0, 1]],
      ["a b c", [1]],
    ]);
  });

  test("agree with a plain count", () => {
    const word = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 8 }), (rows) => {
        const plain = new Map<string, number[]>();
        rows.forEach((tokens, row) => {
          for (let length = 1; length <= 3; length++)
            for (let start = 0; start + length <= tokens.length; start++) {
              const key = tokens.slice(start, start + length).join(" ");
              plain.set(key, [...new Set([...(plain.get(key) ?? []), row])]);
            }
        });
        const frequent = [...plain].filter(([, list]) => list.length >= 2);
        const found = frequentNGrams(rows, 2);
        expect(found.flatMap((ngram) => ngram.twins).sort()).toEqual(
          frequent.map(([key]) => key).sort(),
        );
        for (const ngram of found)
          for (const twin of ngram.twins) expect(plain.get(twin)).toEqual(ngram.rows);
      }),
      { seed: 2 },
    );
  });

  test("grow to the phrase that all their rows share", () => {
    const planted = [
      "so as agreed with head office now",
      "as agreed with head office",
      "x as agreed with head office y",
    ].map(tokensIn);
    const ngram = { tokens: ["agreed", "with", "head"], rows: [0, 1, 2], twins: [] };
    expect(sharedPhrase(ngram, planted)).toBe("as agreed with head office");
    expect(sharedPhrase({ ...ngram, rows: [1] }, planted)).toBe("as agreed with head office");
  });
});
