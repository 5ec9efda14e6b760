import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { UnderstudyError } from "../../src/errors.js";
import { parseValuesDocument } from "../../src/explain/values-document.js";

const PROPER = {
  spans: ["be kind", "be brief"],
  inputs: [
    { id: "a", output: "yes" },
    { id: "b", output: "no" },
  ],
  rows: [
    { input: 0, mask: [1, 0], value: 1.5 },
    { input: 0, mask: [1, 0], value: 1.25 },
    { input: 1, mask: [0, 1], value: -2 },
  ],
  surrogates: {
    small: [
      [0.5, 0],
      [1, -1],
    ],
  },
};

function parse(document: unknown): ReturnType<typeof parseValuesDocument> {
  return parseValuesDocument("values.json", JSON.stringify(document));
}

/** The message of the refusal, which must be one that a user can act on. */
function refusalOf(text: string): string {
  try {
    parseValuesDocument("values.json", text);
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "DATA") return thrown.message;
    throw thrown;
  }
  throw new Error("it was taken");
}

describe("parseValuesDocument", () => {
  test("reads what the issue describes; rows of one mask may repeat and inputs may have none", () => {
    expect(
      parse({ ...PROPER, inputs: [...PROPER.inputs, { id: "c", output: "no" }], surrogates: {} }),
    ).toEqual({
      spans: PROPER.spans,
      inputs: [...PROPER.inputs, { id: "c", output: "no" }],
      rows: PROPER.rows.map((row) => ({ ...row, mask: Uint8Array.from(row.mask) })),
      surrogates: [],
      ignored: [],
    });
    expect(parse(PROPER).surrogates).toEqual([
      { name: "small", attributions: [Float64Array.of(0.5, 0), Float64Array.of(1, -1)] },
    ]);
  });

  test("surrogates may be absent; numbers serve as ids and outputs; what has no meaning is named", () => {
    const { surrogates: _, ...bare } = PROPER;
    const inputs = [
      { id: 7, output: 1 },
      { id: "b", output: true, note: "x" },
    ];
    const document = parse({ ...bare, inputs, about: "recorded today" });
    expect(document.inputs).toEqual([
      { id: "7", output: "1" },
      { id: "b", output: "true" },
    ]);
    expect(document.ignored).toEqual(["about"]);
    expect(document.surrogates).toEqual([]);
  });

  test("a row's known variance is kept", () => {
    const rows = [{ input: 0, mask: [1, 1], value: 0, variance: 0.5 }];
    expect(parse({ ...PROPER, rows }).rows[0]?.variance).toBe(0.5);
  });

  test("surrogates may have any name", () => {
    const text = JSON.stringify(PROPER).replace('"small"', '"__proto__"');
    expect(parseValuesDocument("v", text).surrogates.map(({ name }) => name)).toEqual([
      "__proto__",
    ]);
  });

  test.each<[string, Record<string, unknown>, readonly string[]]>([
    ["no spans", { spans: [] }, ["spans is a list of 0", "1 to 2000 texts"]],
    ["a span that is no text", { spans: ["a", 3] }, ["spans[1] is 3; allowed: text"]],
    ["no inputs", { inputs: [] }, ["inputs is a list of 0"]],
    [
      "an input without output",
      { inputs: [{ id: "a" }] },
      ["inputs[0].output is missing; allowed: text"],
    ],
    ["no rows", { rows: [] }, ["rows is a list of 0"]],
    ["rows that are no list", { rows: "none" }, ['rows is "none"']],
    [
      "a null value",
      { rows: [{ input: 0, mask: [0, 1], value: null }] },
      ["rows[0].value is null", "number"],
    ],
    [
      "a value in quotes",
      { rows: [{ input: 0, mask: [0, 1], value: "1" }] },
      ['rows[0].value is "1"'],
    ],
    ["a huge value", { rows: [{ input: 0, mask: [0, 1], value: 1e300 }] }, ["1e+300", "1e+100"]],
    [
      "half a mask bit",
      { rows: [{ input: 0, mask: [0, 0.5], value: 1 }] },
      ["rows[0].mask[1] is 0.5; allowed: 0 or 1"],
    ],
    [
      "a mask of truths",
      { rows: [{ input: 0, mask: [true, 1], value: 1 }] },
      ["rows[0].mask[0] is true; allowed: 0 or 1"],
    ],
    [
      "a short mask",
      { rows: [{ input: 0, mask: [0], value: 1 }] },
      ["rows[0].mask is a list of 1; allowed: a list of 2 entries"],
    ],
    [
      "an input beyond the last",
      { rows: [{ input: 2, mask: [0, 1], value: 1 }] },
      ["rows[0].input is 2; allowed: an index from 0 to 1"],
    ],
    [
      "a negative input",
      { rows: [{ input: -1, mask: [0, 1], value: 1 }] },
      ["rows[0].input is -1"],
    ],
    [
      "a broken input",
      { rows: [{ input: 0.5, mask: [0, 1], value: 1 }] },
      ["rows[0].input is 0.5"],
    ],
    [
      "a negative variance",
      { rows: [{ input: 0, mask: [0, 1], value: 1, variance: -1 }] },
      ["rows[0].variance is -1"],
    ],
    ["surrogates in a list", { surrogates: [] }, ["surrogates is a list of 0; allowed: an object"]],
    ["no surrogates as null", { surrogates: null }, ["surrogates is null"]],
    [
      "a surrogate for one input",
      { surrogates: { s: [[1, 2]] } },
      ["surrogates.s is a list of 1; allowed: a list of 2 lists"],
    ],
    [
      "a surrogate of one span",
      { surrogates: { s: [[1], [1, 2]] } },
      ["surrogates.s[0] is a list of 1"],
    ],
    [
      "a surrogate of words",
      {
        surrogates: {
          "a b": [
            [1, "x"],
            [1, 2],
          ],
        },
      },
      ['surrogates["a b"][0][1] is "x"'],
    ],
  ])("refuses %s", (_, change, expected) => {
    const message = refusalOf(JSON.stringify({ ...PROPER, ...change }));
    for (const part of ["values.json: ", "fix:", ...expected]) expect(message).toContain(part);
  });

  test("refuses numbers beyond doubles, and what is not JSON or no object", () => {
    expect(refusalOf(JSON.stringify(PROPER).replace("1.5", "1e999"))).toContain("Infinity");
    expect(refusalOf(JSON.stringify(PROPER).replace("1.5", "NaN"))).toContain("not valid JSON");
    expect(refusalOf("[]")).toContain("the document is a list of 0; allowed: an object");
    expect(refusalOf("null")).toContain("the document is null");
  });

  test("tells every problem at once, and how many more there are", () => {
    const rows = Array.from({ length: 20 }, () => ({ input: 0, mask: [0, 1], value: null }));
    const message = refusalOf(JSON.stringify({ ...PROPER, spans: "no", rows }));
    expect(message).toContain('spans is "no"');
    expect(message).toContain("rows[10].value is null");
    expect(message).toContain("and 9 more such problems");
  });

  test("shows hostile text shortened and escaped", () => {
    const message = refusalOf(JSON.stringify({ ...PROPER, spans: `\u001b[2J${"x".repeat(500)}` }));
    expect(message).not.toContain("\u001b");
    expect(message.length).toBeLessThan(600);
  });

  test("never throws anything but a refusal", () => {
    const anything = fc.json({ maxDepth: 4 });
    const changed = fc
      .record({
        field: fc.constantFrom("spans", "inputs", "rows", "surrogates"),
        value: fc.jsonValue(),
      })
      .map(({ field, value }) => JSON.stringify({ ...PROPER, [field]: value }));
    fc.assert(
      fc.property(fc.oneof(anything, changed), (text) => {
        try {
          parseValuesDocument("values.json", text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "DATA" });
        }
      }),
    );
  });
});
