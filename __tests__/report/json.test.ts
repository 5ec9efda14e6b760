import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Report } from "../../src/domain.js";
import {
  parseReport,
  redactReport,
  reportJsonSchema,
  serializeReport,
} from "../../src/report/json.js";
import { cleanReport, sampleReport } from "../fixtures/sample-report.js";

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const SCHEMA = join(REPOSITORY, "schema", "understudy-report.schema.json");
const GOLDEN = join(REPOSITORY, "__tests__", "golden", "understudy-report.json");
const update = process.env["UPDATE_GOLDEN"] === "1";

/** The sample's file with the value at `path` replaced, or removed where it is undefined. */
function tampered(path: readonly (string | number)[], value: unknown): string {
  const replaced = (node: unknown, [key, ...rest]: readonly (string | number)[]): unknown => {
    if (key === undefined) return value;
    if (Array.isArray(node))
      return node.map((item: unknown, index) => (index === key ? replaced(item, rest) : item));
    const fields = new Map(Object.entries(node ?? {}));
    return Object.fromEntries(fields.set(String(key), replaced(fields.get(String(key)), rest)));
  };
  return JSON.stringify(replaced(JSON.parse(serializeReport(sampleReport)), path));
}

const withScore = (score: number): Report => ({
  ...sampleReport,
  ledger: { ...sampleReport.ledger, costReductionRatio: score },
});

describe("the report file", () => {
  test("is the golden one", () => {
    const text = serializeReport(sampleReport);
    if (update) writeFileSync(GOLDEN, text);
    expect(text).toBe(readFileSync(GOLDEN, "utf8"));
  });

  test.each([sampleReport, cleanReport])("is read back as it was written", (report) => {
    expect(parseReport(serializeReport(report))).toEqual(report);
    expect(serializeReport(parseReport(serializeReport(report)))).toBe(serializeReport(report));
  });

  test("has its keys in the schema's order, whatever the order in memory", () => {
    const shuffled = Object.fromEntries(
      Object.entries(sampleReport).reverse(),
    ) as unknown as Report;
    expect(serializeReport(shuffled)).toBe(serializeReport(sampleReport));
    expect(serializeReport(sampleReport)).toMatch(
      /^\{\n {2}"schemaVersion": 1,\n {2}"tool": \{\n {4}"name"/,
    );
    expect(serializeReport(sampleReport)).toMatch(/\}\n$/);
  });

  test("drops digits that a processor may compute differently", () => {
    expect(serializeReport(withScore(0.1 + 0.2))).toBe(serializeReport(withScore(0.3)));
    expect(serializeReport(withScore(0.3000000003))).not.toBe(serializeReport(withScore(0.3)));
    expect(parseReport(serializeReport(withScore(-0))).ledger.costReductionRatio).toBe(0);
    expect(parseReport(serializeReport(withScore(123_456_789_012))).ledger.costReductionRatio).toBe(
      123_456_789_012,
    );
  });

  test("takes rounding errors for what they are", () => {
    const [tickets] = sampleReport.data;
    if (tickets === undefined) throw new Error("the sample has data");
    const agreement = (value: number): string =>
      serializeReport({ ...sampleReport, data: [{ ...tickets, referenceAgreement: value }] });
    expect(agreement(1 + 2e-16)).toBe(agreement(1));
    expect(agreement(-1e-17)).toBe(agreement(0));
    expect(() => agreement(1.01)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });

  test("keeps every number within a relative 5e-10", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e300, noNaN: true }), (value) => {
        const read =
          parseReport(serializeReport(withScore(value))).ledger.costReductionRatio ?? Number.NaN;
        expect(Math.abs(read - value)).toBeLessThanOrEqual(5.0000001e-10 * value);
      }),
    );
  });

  test("is not written with a number that is none", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => serializeReport(withScore(value))).toThrow(
        expect.objectContaining({ code: "INTERNAL" }),
      );
    }
  });
});

describe("a report with secrets", () => {
  const redact = (text: string): string =>
    text.replaceAll("5f0c1e9b", "***").replaceAll("cf-omega", "***");

  test("loses them in every text and nothing else", () => {
    const redacted = redactReport(sampleReport, redact);
    expect(serializeReport(redacted)).toBe(redact(serializeReport(sampleReport)));
    expect(serializeReport(redacted)).not.toMatch(/cf-omega|5f0c1e9b/);
  });

  test("is refused where a secret is a word of the format", () => {
    expect(() =>
      redactReport(sampleReport, (text) => text.replaceAll("hierarchical", "***")),
    ).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("a report of somebody else", () => {
  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["nothing", ""],
    ["an unknown key", tampered(["extra"], 1)],
    [
      "an unknown key deep inside",
      tampered(["prompts", 0, "explanation", "spans", 0, "html"], "<b>"),
    ],
    [
      "a prototype",
      serializeReport(sampleReport).replace(
        '"schemaVersion": 1',
        '"schemaVersion": 1, "__proto__": {"a": 1}',
      ),
    ],
    ["another version", tampered(["schemaVersion"], 2)],
    ["a missing field", tampered(["ledger"], undefined)],
    ["a verdict that is none", tampered(["prompts", 0, "screens", 0, "verdict"], "certified!")],
    ["text where a number stands", tampered(["prompts", 0, "tokens", "head"], "1; rm")],
    ["a negative count", tampered(["data", 0, "rows"], -1)],
    ["half a count", tampered(["data", 0, "rows"], 1.5)],
    ["line 0", tampered(["data", 0, "suspicious", 0, "line"], 0)],
    ["a probability of 2", tampered(["data", 0, "suspicious", 0, "qValue"], 2)],
    [
      "an infinite number",
      serializeReport(sampleReport).replace(
        '"costReductionRatio": 8.124',
        '"costReductionRatio": 1e999',
      ),
    ],
    ["a text of megabytes", tampered(["seed"], "x".repeat(1_000_001))],
    ["a hash that is none", tampered(["surrogate", "sha256"], "../../x")],
  ])("is refused: %s", (_name, text) => {
    expect(() => parseReport(text, "artifact.json")).toThrow(
      expect.objectContaining({ code: "FILE", place: { path: "artifact.json" } }),
    );
  });

  test("is refused in words that show nothing raw and stay short", () => {
    const refused = (): Report =>
      parseReport(tampered([`\u001B[31m\n::error::${"x".repeat(9000)}`], 1));
    expect(refused).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/\p{Cc}(?!\s)|\n::error/u) }),
    );
    expect(refused).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^[^]{1,1500}$/) }),
    );
  });

  test("is refused unread where it is too long", () => {
    expect(() => parseReport(" ".repeat(64_000_001))).toThrow(/at most 64000000/);
  });
});

describe("the published schema", () => {
  test("is the one in the code", () => {
    const text = `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;
    if (update) writeFileSync(SCHEMA, text);
    expect(readFileSync(SCHEMA, "utf8")).toBe(text);
  });

  test("closes every object", () => {
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (
        "type" in value &&
        value.type === "object" &&
        !("additionalProperties" in value && value.additionalProperties === false)
      )
        open.push(path);
      for (const [key, item] of Object.entries(value)) visit(item, `${path}/${key}`);
    };
    visit(reportJsonSchema(), "");
    expect(open).toEqual([]);
  });
});
