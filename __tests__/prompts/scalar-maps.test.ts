import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseTree } from "jsonc-parser";
import { isScalar, parseDocument, type CST } from "yaml";
import type { DecodedText } from "../../src/prompts/decoded-text.js";
import { decodeJsonString } from "../../src/prompts/formats/json-tree.js";
import { mapYamlScalar } from "../../src/prompts/formats/yaml-scalar-map.js";

const ATOMS = [
  "a",
  "b c",
  "é",
  "😀",
  " ",
  "  ",
  "\t",
  "''",
  "\\n",
  '\\"',
  "\\u0041",
  "\\ud83d\\ude00",
  "\\x41",
  "#",
  " #",
  ":",
  "-",
  "{x}",
  "'",
  "\n",
  "\n\n",
  "\\\n",
  "\\\t",
  "\\ ",
  "\r",
];
const STYLES = [
  "|",
  ">",
  "|-",
  ">-",
  "|+",
  ">+",
  "|2",
  ">1-",
  "|  # comment",
  "'",
  '"',
  "plain",
] as const;

/** YAML with one scalar at k[0].c; indentation is mostly right, sometimes more, sometimes less. */
const yamlSource = fc
  .record({
    body: fc.array(fc.constantFrom(...ATOMS), { minLength: 1, maxLength: 9 }),
    style: fc.constantFrom(...STYLES),
    indents: fc.array(fc.constantFrom("    ", "    ", "    ", "      ", "     ", "", " "), {
      minLength: 10,
      maxLength: 10,
    }),
    tail: fc.constantFrom("", "\n", "\n\n", "\n       \n", "\n   d: 1\n"),
    crlf: fc.boolean(),
  })
  .map(({ body, style, indents, tail, crlf }) => {
    const text = body
      .join("")
      .split("\n")
      .map((line, index) => (indents[index % 10] ?? "") + line)
      .join("\n");
    const scalar =
      style === "'" || style === '"'
        ? style + text.trimStart() + style
        : style === "plain"
          ? `a${text.trimStart()}`
          : `${style}\n${text}`;
    const source = `k:\n - c: ${scalar}${tail}`;
    return crlf ? source.replaceAll("\n", "\r\n") : source;
  });

function decodedScalar(
  source: string,
): { readonly value: string; readonly mapped: DecodedText } | null {
  const document = parseDocument(source, { keepSourceTokens: true, prettyErrors: false });
  const node = document.errors.length > 0 ? null : document.getIn(["k", 0, "c"], true);
  if (
    !isScalar(node) ||
    typeof node.value !== "string" ||
    node.value.trim() === "" ||
    !node.srcToken
  )
    return null;
  return {
    value: node.value,
    mapped: mapYamlScalar(source, node.srcToken as CST.FlowScalar | CST.BlockScalar),
  };
}

function expectInOrder({ text, starts, ends }: DecodedText): void {
  const units = Array.from({ length: text.length }, (_, unit) => unit);
  const disordered = units.filter(
    (unit) =>
      (ends[unit] ?? -1) < (starts[unit] ?? 0) ||
      (unit > 0 && (starts[unit] ?? -1) < (starts[unit - 1] ?? 0)),
  );
  expect([starts.length, ends.length, disordered]).toEqual([text.length, text.length, []]);
}

describe("character maps", () => {
  test("decode any YAML scalar to the parser's value, unit by unit and in order", () => {
    let decoded = 0;
    fc.assert(
      fc.property(yamlSource, (source) => {
        const scalar = decodedScalar(source);
        if (!scalar) return;
        decoded++;
        expect(scalar.mapped.text).toBe(scalar.value);
        expectInOrder(scalar.mapped);
      }),
      { numRuns: 1500 },
    );
    expect(decoded).toBeGreaterThan(700);
  });

  test("point at the very character wherever it was not escaped", () => {
    fc.assert(
      fc.property(yamlSource, (source) => {
        const scalar = decodedScalar(source);
        if (!scalar) return;
        for (let unit = 0; unit < scalar.value.length; unit++) {
          const written = source.slice(scalar.mapped.starts[unit], scalar.mapped.ends[unit]);
          const character = scalar.value[unit] ?? "";
          if (/[\w{}é]/.test(character) && !written.startsWith("\\"))
            expect(written).toBe(character);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["|\n    one\n    two\n", "two", "two"],
    [">\n    one\n    two\n", "e t", "e\n    t"],
    [">\n    one\n\n    two\n", "one\ntwo", "one\n\n    two"],
    ['"a\\u0041\\n\\"b"', 'A\n"', '\\u0041\\n\\"'],
    ["'it''s'", "'s", "''s"],
    ["plain\n    goes on", "n g", "n\n    g"],
  ])("%j: %j stands at %j", (scalar, part, written) => {
    const source = `k:\n - c: ${scalar}`;
    const decoded = decodedScalar(source);
    const start = decoded?.value.indexOf(part) ?? -1;
    expect(start).toBeGreaterThanOrEqual(0);
    expect(
      source.slice(decoded?.mapped.starts[start], decoded?.mapped.ends[start + part.length - 1]),
    ).toBe(written);
  });

  test("decode any JSON string, however it is escaped", () => {
    const unit = fc.constantFrom(
      "a",
      "é",
      "😀",
      "\n",
      "\t",
      '"',
      "\\",
      "/",
      "\u2028",
      "\ud800",
      "\b",
    );
    const text = fc.array(fc.tuple(unit, fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(text, (units) => {
        const escape = (value: string): string =>
          value
            .split("")
            .map(
              (character) =>
                `\\u${character.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`,
            )
            .join("");
        const literal = `"${units.map(([value, escaped]) => (escaped ? escape(value) : value === "/" ? "\\/" : JSON.stringify(value).slice(1, -1))).join("")}"`;
        const node = parseTree(`  ${literal} `);
        const mapped = decodeJsonString(`  ${literal} `, 2, 2 + literal.length);
        expect(mapped.text).toBe(node?.value);
        expect(mapped.text).toBe(units.map(([value]) => value).join(""));
        expectInOrder(mapped);
      }),
      { numRuns: 300 },
    );
  });
});
