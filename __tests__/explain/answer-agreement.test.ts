import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  answerAgreement,
  chooseAnswerCheck,
  jsonAgreement,
  parseAnswerPattern,
} from "../../src/explain/answer-agreement.js";

describe("answerAgreement", () => {
  test("exact minds everything but the white space around", () => {
    expect(answerAgreement({ kind: "exact" }, " Yes.\n", "Yes.")).toBe(1);
    expect(answerAgreement({ kind: "exact" }, "yes.", "Yes.")).toBe(0);
  });

  test("normalised minds words and their order only", () => {
    expect(answerAgreement({ kind: "normalised" }, "ＹＥＳ,  please!", "yes please")).toBe(1);
    expect(answerAgreement({ kind: "normalised" }, "please yes", "yes please")).toBe(0);
  });

  test("words give the F1 of the words", () => {
    // Two of two words of one side are two of four of the other: 2 * 2 / 6.
    expect(answerAgreement({ kind: "words" }, "the cat", "the cat sat down")).toBeCloseTo(
      2 / 3,
      12,
    );
  });
});

describe("jsonAgreement", () => {
  const fixed = '{"city": "Paris", "items": [1, 2], "open": true}';

  test("is the F1 of fields by place and value", () => {
    expect(jsonAgreement('{"open": true, "items": [1, 2], "city": "paris "}', fixed)).toBe(1);
    // Three of four fields agree on both sides.
    expect(jsonAgreement('{"city": "Rome", "items": [1, 2], "open": true}', fixed)).toBe(0.75);
    // Order in a list is a place; one field is missing: 2 * 2 / (3 + 4).
    expect(jsonAgreement('{"city": "Paris", "items": [2, 1], "open": true}', fixed)).toBe(0.5);
    expect(jsonAgreement('{"city": "Paris", "open": true}', fixed)).toBeCloseTo(4 / 6, 12);
    expect(jsonAgreement('{"city": "Paris", "items": ["1", 2], "open": true}', fixed)).toBe(0.75);
  });

  test("looks through a fence, and gives 0 where the answer is not JSON", () => {
    expect(jsonAgreement(`\`\`\`json\n${fixed}\n\`\`\``, fixed)).toBe(1);
    expect(jsonAgreement("The city is Paris", fixed)).toBe(0);
    expect(jsonAgreement("Paris", "Paris in spring")).toBe(0.5);
  });

  test("keeps empty objects and lists, names by any name, and depth in bounds", () => {
    expect(jsonAgreement("{}", "{}")).toBe(1);
    expect(jsonAgreement("{}", "[]")).toBe(0);
    expect(jsonAgreement('{"__proto__": 1}', '{"__proto__": 2}')).toBe(0);
    const deep = "[".repeat(5000) + "]".repeat(5000);
    expect(jsonAgreement(deep, fixed)).toBe(0);
    const nested = (text: string): string => `${"[".repeat(80)}"${text}"${"]".repeat(80)}`;
    // Deeper than fields are told apart: two of three words agree.
    expect(jsonAgreement(nested("a b c"), nested("a b d"))).toBeCloseTo(2 / 3, 12);
  });

  test("lies in [0, 1], is symmetric and 1 for itself", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.json({ maxDepth: 4 }), (a, b) => {
        const found = jsonAgreement(a, b);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
        expect(jsonAgreement(b, a)).toBe(found);
        expect(jsonAgreement(a, a)).toBe(1);
      }),
    );
  });
});

function bySource(source: string): Parameters<typeof answerAgreement>[0] {
  return { kind: "pattern", pattern: parseAnswerPattern(source) };
}

describe("a user's pattern", () => {
  test("with a group compares what it captures", () => {
    const answer = bySource("answer is\\s+(\\w+)");
    expect(answerAgreement(answer, "So the answer is  B.", "The answer is b")).toBe(1);
    expect(answerAgreement(answer, "The answer is C", "The answer is B")).toBe(0);
    expect(answerAgreement(answer, "B", "The answer is B")).toBe(0);
    expect(answerAgreement(answer, "no idea", "No  idea")).toBe(1);
  });

  test("without a group asks for a full match", () => {
    const digits = bySource("\\d+|none");
    expect(answerAgreement(digits, " 42\n", "7")).toBe(1);
    expect(answerAgreement(digits, "42 or so", "7")).toBe(0);
    expect(answerAgreement(bySource("(?:a|b)"), "b", "x")).toBe(1);
  });

  test.each([
    ["(", "CONFIG"],
    [")(", "CONFIG"],
    ["(a)(b)", "CONFIG"],
    ["a".repeat(501), "CONFIG"],
  ])("refuses %s", (source, code) => {
    expect(() => parseAnswerPattern(source)).toThrow(expect.objectContaining({ code }));
  });

  test("sees the beginning of long answers only", () => {
    expect(answerAgreement(bySource("(end)"), `${"x".repeat(20_000)}end`, "end")).toBe(0);
  });
});

describe("chooseAnswerCheck", () => {
  test("fields where every fixed output is structured, words otherwise", () => {
    expect(chooseAnswerCheck(['{"a": 1}', "[1]"]).kind).toBe("json");
    expect(chooseAnswerCheck(['```json\n{"a": 1}\n```']).kind).toBe("json");
    expect(chooseAnswerCheck(['{"a": 1}', "{broken"]).kind).toBe("words");
    expect(chooseAnswerCheck(["1", "2"]).kind).toBe("words");
    expect(chooseAnswerCheck([]).kind).toBe("words");
  });
});
