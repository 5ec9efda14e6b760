import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Input } from "../../src/domain.js";
import { parseInputs, splitInputs } from "../../src/prompts/index.js";

describe("NAME.inputs.jsonl", () => {
  test("gives inputs with line, text values and an id from their content", () => {
    const inputs = parseInputs(
      "a.inputs.jsonl",
      '\ufeff{"id":"one","slots":{"t":"x"},"expected":"bug"}\r\n\r\n{"slots":{"b":2,"a":true},"expected":null}\n{"slots":{"a":"true","b":"2"},"expected":7}\n',
    );
    expect(inputs.map(({ id, expected, line }) => [id, expected, line])).toEqual([
      ["one", "bug", 1],
      ["7c61c7124585", null, 3],
      ["7c61c7124585", "7", 4],
    ]);
    expect({ ...inputs[1]?.slots }).toEqual({ a: "true", b: "2" });
  });

  test.each([
    ["malformed JSON", '{"slots":{}}\n{"slots":', 2, /not valid JSON/],
    ["a list", "[1]", 1, /a list where an object/],
    ["no slots", '{"id":"a"}', 1, /"slots" is missing/],
    ["slots of another type", '\n{"slots":["a"]}', 2, /"slots" is a list/],
    ["a slot that is a list", '{"slots":{"a":[1]}}', 1, /"a" is a list/],
    ["an id that is a list", '{"id":[1],"slots":{}}', 1, /"id" is a list/],
    ["an expected that is an object", '{"slots":{},"expected":{}}', 1, /"expected" is an object/],
    [
      "an id twice",
      '{"id":"a","slots":{}}\n\n{"id":"a","slots":{"x":"y"}}',
      3,
      /the id "a" stands on line 1 already/,
    ],
  ])("refuses %s with its line", (_, text, line, message) => {
    const attempt = (): unknown => parseInputs("x/a.inputs.jsonl", text);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(
      expect.objectContaining({ code: "INPUTS", place: { path: "x/a.inputs.jsonl", line } }),
    );
  });

  test("takes __proto__ as a name", () => {
    const [input] = parseInputs("a", '{"slots":{"__proto__":"x"}}');
    expect(Object.keys(input?.slots ?? {})).toEqual(["__proto__"]);
  });
});

const someInputs: fc.Arbitrary<Input[]> = fc
  .array(
    fc.record({
      q: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
      r: fc.nat({ max: 9 }),
      expected: fc.option(fc.constantFrom("x", "y")),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map(({ q, r, expected }, index) => ({
      id: `${index}`,
      slots: { q, r: `${r}` },
      expected,
      line: index + 1,
    })),
  );
const key = (input: Input): string => JSON.stringify([input.slots["q"], input.slots["r"]]);

describe("the split", () => {
  test("is disjoint in content, complete, and no larger in A than asked", () => {
    fc.assert(
      fc.property(someInputs, fc.nat({ max: 50 }), (inputs, searchSize) => {
        const set = splitInputs(inputs, { source: "s", searchSize });
        const all = [...set.search, ...set.certify].map(key);
        expect(new Set(all).size).toBe(all.length);
        expect(new Set(all)).toEqual(new Set(inputs.map(key)));
        expect(set.search.length).toBe(Math.min(searchSize, all.length));
      }),
    );
  });

  test("depends on content alone: not on order, ids, lines or the order of slots", () => {
    fc.assert(
      fc.property(someInputs, (inputs) => {
        const shuffled = inputs.toReversed().map((input, index) => ({
          ...input,
          id: `other ${index}`,
          line: index + 100,
          slots: { r: input.slots["r"] ?? "", q: input.slots["q"] ?? "" },
        }));
        const [one, two] = [
          splitInputs(inputs, { source: "s", searchSize: 5 }),
          splitInputs(shuffled, { source: "t", searchSize: 5 }),
        ];
        expect(two.hash).toBe(one.hash);
        expect(two.search.map((input) => [key(input), input.expected])).toEqual(
          one.search.map((input) => [key(input), input.expected]),
        );
      }),
    );
  });

  test("an added input moves at most one other between A and B", () => {
    const inputs = Array.from({ length: 100 }, (_, index): Input => ({
      id: `${index}`,
      slots: { q: `question ${index}` },
      expected: null,
      line: index + 1,
    }));
    const before = new Set(
      splitInputs(inputs.slice(1), { source: "s" }).search.map((input) => input.id),
    );
    const after = splitInputs(inputs, { source: "s" }).search.map((input) => input.id);
    expect(after).toHaveLength(40);
    expect(after.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(1);
  });

  test("refuses a size that is none", () => {
    expect(() => splitInputs([], { source: "s", searchSize: -1 })).toThrow(/-1/);
    expect(splitInputs([], { source: "s" })).toMatchObject({
      search: [],
      certify: [],
      source: "s",
    });
  });
});
