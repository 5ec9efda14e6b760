import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { countSpelling } from "../../src/oracle/spelling.js";

describe("tokens that spell a text", () => {
  test.each<[string[], string, number | null]>([
    [["<|user|>", "foo", "\n", "foo", " bar"], "foo bar", 2],
    [["a", "a", "a"], "aa", 2],
    [["x", "y"], "xy", 2],
    [["x", "yz"], "z", null],
    [["x", "y"], "wxy", null],
    [[], "a", null],
    [["\n", "caf", "\uFFFD", "\uFFFD", "!"], "café!", 4],
    [["\n", "\uFFFD", "\uFFFD", "x"], "éx", 3],
    // Servers that write a shared character with its last token.
    [["\n", "", "é", "x"], "éx", 3],
    [["\n", "\uFFFD", "\uFFFD", "x"], "ey", null],
  ])("%j end in %j: %j", (tokens, text, count) => {
    expect(countSpelling(tokens, text, "end")).toBe(count);
  });

  test.each<[string[], string, number | null]>([
    [["foo", " bar", "<|end|>"], "foo bar", 2],
    // The end of the turn may have no text.
    [["foo", "", ""], "foo", 1],
    [["a", "a", "a"], "aa", 2],
    [["\uFFFD", "\uFFFD", "<|end|>"], "é", 2],
    [["foo", " bar"], "foo b", null],
  ])("%j begin with %j: %j", (tokens, text, count) => {
    expect(countSpelling(tokens, text, "start")).toBe(count);
  });

  test("any text cut into any byte tokens after a template is found again, character by character or not", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (content, cuts) => {
        const bytes = Buffer.from(content);
        fc.pre(bytes.toString() === content);
        const edges = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])];
        edges.sort((a, b) => a - b);
        const tokens = edges.slice(1).map((end, at) => bytes.subarray(edges[at], end).toString());
        expect(countSpelling(["<|assistant|>", "\n", ...tokens], content, "end")).toBe(
          tokens.length,
        );
        expect(countSpelling([...tokens, "<|end|>"], content, "start")).toBe(tokens.length);
      }),
      { numRuns: 300 },
    );
  });
});
