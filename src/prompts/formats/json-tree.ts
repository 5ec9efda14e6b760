/** JSON documents as value trees. */

import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { DecodedTextBuilder, opaque, type DecodedText } from "../decoded-text.js";
import { shown, syntaxError } from "../source-file.js";
import { jsonRewrites, type SourceLiteral } from "./literals.js";
import type { TreeFile, ValueTree } from "./value-tree.js";

/** A JSON text being read. */
export interface JsonFile extends TreeFile {
  readonly text: string;
}

/** Parses a JSON text. Throws PROMPT_SYNTAX with the place of the first error, and where it is empty. */
export function openJson(file: JsonFile): Node {
  const errors: ParseError[] = [];
  const bare = file.text.startsWith("\ufeff") ? ` ${file.text.slice(1)}` : file.text;
  const root = parseTree(bare, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error)
    throw syntaxError(file, error.offset, {
      message: `not valid JSON: ${printParseErrorCode(error.error)} at ${shown(file.text.slice(error.offset, error.offset + Math.max(1, error.length)))}`,
      fix: "correct the JSON at this place; comments and trailing commas are not allowed",
    });
  if (!root)
    throw syntaxError(file, 0, {
      message: "the file is empty",
      fix: 'use [{"role": "system", "content": "..."}, ...] or {"messages": [...]}',
    });
  return root;
}

/** The tree of a JSON node. Asking for the entries of an object that has a key twice throws PROMPT_SYNTAX. */
export function jsonTree(file: JsonFile, node: Node): ValueTree {
  const range = { start: node.offset, end: node.offset + node.length };
  switch (node.type) {
    case "string":
      return {
        kind: "text",
        range,
        text: String(node.value),
        literal: () => jsonLiteral(file, node),
      };
    case "object":
      return { kind: "mapping", range, entries: () => entriesOf(file, node) };
    case "array":
      return {
        kind: "list",
        range,
        items: () => (node.children ?? []).map((child) => jsonTree(file, child)),
      };
    default:
      return {
        kind: "plain",
        range,
        written: node.type === "null" ? null : file.text.slice(range.start, range.end),
      };
  }
}

function entriesOf(file: JsonFile, object: Node): readonly (readonly [string, ValueTree])[] {
  const seen = new Set<string>();
  return (object.children ?? []).flatMap((pair) => {
    const [key, value] = pair.children ?? [];
    const name = String(key?.value);
    if (seen.has(name))
      throw syntaxError(file, pair.offset, {
        message: `the key "${name}" stands twice in one object`,
        fix: "keep one of the two",
      });
    seen.add(name);
    return value ? [[name, jsonTree(file, value)] as const] : [];
  });
}

/** A JSON string's text with the place of every character; opaque where the map does not give the parser's own value. */
export function jsonLiteral(file: JsonFile, node: Node): SourceLiteral {
  const literal = { start: node.offset, end: node.offset + node.length };
  const decoded = decodeJsonString(file.text, literal.start, literal.end);
  const exact = decoded.text === node.value;
  return {
    content: exact ? decoded : opaque(String(node.value), literal.start, literal.end),
    literal,
    pinned: false,
    opaque: !exact,
    rewrites: jsonRewrites,
  };
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Decodes the string literal source[start, end), quotes included, with its character map (RFC 8259, section 7). */
export function decodeJsonString(source: string, start: number, end: number): DecodedText {
  const builder = new DecodedTextBuilder();
  let at = start + 1;
  while (at < end - 1) {
    const unit = source[at] ?? "";
    const code = source[at + 1] ?? "";
    const length = unit !== "\\" ? 1 : code === "u" ? 6 : 2;
    const decoded =
      unit !== "\\"
        ? unit
        : code === "u"
          ? String.fromCharCode(Number.parseInt(source.slice(at + 2, at + 6), 16))
          : (SIMPLE_ESCAPES[code] ?? "");
    builder.push(decoded, at, at + length);
    at += length;
  }
  return builder.build();
}
