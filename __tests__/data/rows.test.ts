import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Row } from "../../src/domain.js";
import { isDataPath, newRows, parseTextLabelRows } from "../../src/data/rows.js";

describe("text/label rows", () => {
  test.each([
    ["train.jsonl", true],
    ["data/a.JSONL", true],
    ["a.inputs.jsonl", false],
    ["oracle.recording.jsonl", false],
    ["recordings/a.jsonl", false],
    ["a.json", false],
    ["a.csv", false],
  ])("%s: %s", (path, expected) => {
    expect(isDataPath(path)).toBe(expected);
  });

  test("are read with their lines; numbers and booleans as labels are text", () => {
    const read = parseTextLabelRows(
      "a.jsonl",
      '\ufeff{"text":"a","label":1}\r\n\r\n  {"label":true,"text":"b\\nc","id":9}\n{"text":"","label":"x"}\n',
    );
    expect(read).toEqual({
      kind: "rows",
      textField: "text",
      labelField: "label",
      rows: [
        { line: 1, text: "a", label: "1" },
        { line: 3, text: "b\nc", label: "true" },
        { line: 4, text: "", label: "x" },
      ],
    });
  });

  test.each([
    ['{"sentence":"a","category":"b"}', "sentence", "category"],
    ['{"content":"a","intent":"b","id":1}', "content", "intent"],
    ['{"input":"a","class":3}', "input", "class"],
    ['{"title":"t","text":"a","label":"b","intent":"c"}', "text", "label"],
  ])("%s is told by its fields", (line, textField, labelField) => {
    expect(parseTextLabelRows("a.jsonl", line)).toMatchObject({
      kind: "rows",
      textField,
      labelField,
    });
  });

  test.each([
    ["", /no rows/],
    ['{"messages":[]}', /chat fine-tuning/],
    ['{"prompt":"a","completion":"b"}', /prompt\/completion/],
    ['{"instruction":"a","input":"b","output":"c"}', /instruction data/],
    ['{"text":"a"}', /line 1 has no label field/],
    ['{"label":"a","text":3}', /line 1 has no text field/],
    ['{"text":"a","label":"b"}\n{"text":"a"}', /line 2 has no usable "label"/],
    ['{"text":"a","label":"b"}\n{"text":null,"label":"b"}', /line 2 has no usable "text"/],
  ])("%s is none", (text, reason) => {
    const read = parseTextLabelRows("a.jsonl", text);
    expect(read.kind === "not text/label" ? read.reason : "").toMatch(reason);
  });

  test.each([
    ['{"text":"a","label":"b"}\n\n{"text":', 3, /not valid JSON/],
    ["3", 1, /where an object is needed/],
  ])("malformed lines are named", (text, line, message) => {
    const attempt = (): unknown => parseTextLabelRows("d/a.jsonl", text);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(
      expect.objectContaining({ code: "DATA", place: { path: "d/a.jsonl", line } }),
    );
  });
});

describe("new rows", () => {
  const rows = fc.array(
    fc.record({
      line: fc.nat(),
      text: fc.constantFrom("a", "b", "c"),
      label: fc.constantFrom("x", "y"),
    }),
    { maxLength: 30 },
  );
  const counts = (list: readonly Row[]): Map<string, number> => {
    const result = new Map<string, number>();
    for (const { text, label } of list)
      result.set(text + label, (result.get(text + label) ?? 0) + 1);
    return result;
  };

  test("are head minus base as multisets, in head's order", () => {
    fc.assert(
      fc.property(rows, rows, (base, head) => {
        const added = newRows(base, head);
        const [inBase, inAdded] = [counts(base), counts(added)];
        for (const [content, count] of counts(head))
          expect(inAdded.get(content) ?? 0).toBe(Math.max(0, count - (inBase.get(content) ?? 0)));
        expect(head.filter((row) => added.includes(row))).toEqual(added);
      }),
    );
    expect(newRows([], [{ line: 1, text: "a", label: "x" }])).toHaveLength(1);
  });
});
