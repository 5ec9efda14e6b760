/** TOML documents as value trees. */

import { parseTOML, ParseError, type AST } from "toml-eslint-parser";
import { messageOf } from "../../errors.js";
import { opaque, type LineIndex, type TextRange } from "../decoded-text.js";
import { syntaxError } from "../source-file.js";
import { tomlRewrites, type SourceLiteral } from "./literals.js";
import { decodeTomlString } from "./toml-strings.js";
import type { ValueTree } from "./value-tree.js";

/** A table while its keys are collected: they may stand in several places of the file. */
interface OpenTable {
  readonly range: TextRange;
  readonly values: Map<string, OpenTable | OpenTable[] | ValueTree>;
}

/** The tree of a TOML file. Throws PROMPT_SYNTAX with the place of the first error. */
export function readTomlTree(path: string, text: string, lines: LineIndex): ValueTree {
  const bare = text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text;
  const program = parsed(path, bare, lines);
  const root: OpenTable = { range: { start: 0, end: text.length }, values: new Map() };
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") put(text, root, node);
    else {
      const table = tableAt(root, node);
      for (const pair of node.body) put(text, table, pair);
    }
  }
  return closed(root);
}

function parsed(path: string, text: string, lines: LineIndex): AST.TOMLProgram {
  try {
    return parseTOML(text);
  } catch (thrown) {
    const at = thrown instanceof ParseError ? thrown.index : 0;
    throw syntaxError({ path, lines }, at, {
      message: `not valid TOML: ${messageOf(thrown)}`,
      fix: "correct the TOML at this place; any TOML 1.0 document is allowed",
    });
  }
}

/** The table that a header such as `[a.b]` or `[[a.b]]` opens; `resolvedKey` counts the tables of an array. */
function tableAt(root: OpenTable, node: AST.TOMLTable): OpenTable {
  let table = root;
  const keys = node.resolvedKey;
  keys.forEach((key, index) => {
    if (typeof key === "number") return;
    const following = keys[index + 1];
    table =
      typeof following === "number"
        ? nthTable(table, key, { node, index: following })
        : subtable(table, key, range(node));
  });
  return table;
}

function nthTable(
  table: OpenTable,
  key: string,
  { node, index }: { readonly node: AST.TOMLTable; readonly index: number },
): OpenTable {
  const existing = table.values.get(key);
  const list = Array.isArray(existing) ? existing : [];
  if (list !== existing) table.values.set(key, list);
  while (list.length <= index) list.push({ range: range(node), values: new Map() });
  return list[index] ?? table;
}

function subtable(table: OpenTable, key: string, place: TextRange): OpenTable {
  const existing = table.values.get(key);
  if (existing && !Array.isArray(existing) && "values" in existing) return existing;
  const made: OpenTable = { range: place, values: new Map() };
  table.values.set(key, made);
  return made;
}

/** Puts `a.b.c = value` into a table. */
function put(source: string, table: OpenTable, pair: AST.TOMLKeyValue): void {
  const keys = pair.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  const last = keys.pop() ?? "";
  const holder = keys.reduce((inner, key) => subtable(inner, key, range(pair)), table);
  holder.values.set(last, valueOf(source, pair.value));
}

function valueOf(source: string, node: AST.TOMLContentNode): ValueTree {
  switch (node.type) {
    case "TOMLArray":
      return {
        kind: "list",
        range: range(node),
        items: () => node.elements.map((element) => valueOf(source, element)),
      };
    case "TOMLInlineTable": {
      const table: OpenTable = { range: range(node), values: new Map() };
      for (const pair of node.body) put(source, table, pair);
      return closed(table);
    }
    case "TOMLValue":
      return node.kind === "string"
        ? {
            kind: "text",
            range: range(node),
            text: node.value,
            literal: () => tomlLiteral(source, node),
          }
        : { kind: "plain", range: range(node), written: source.slice(...node.range) };
  }
}

function tomlLiteral(source: string, node: AST.TOMLStringValue): SourceLiteral {
  const literal = range(node);
  const mapped = decodeTomlString(source, literal);
  const exact = mapped.text === node.value;
  return {
    content: exact ? mapped : opaque(node.value, literal.start, literal.end),
    literal,
    pinned: false,
    opaque: !exact,
    rewrites: (wanted) => tomlRewrites(source, source.slice(literal.start, literal.end), wanted),
  };
}

function closed(table: OpenTable | OpenTable[] | ValueTree): ValueTree {
  if (Array.isArray(table))
    return {
      kind: "list",
      range: table[0]?.range ?? { start: 0, end: 0 },
      items: () => table.map(closed),
    };
  if (!("values" in table)) return table;
  return {
    kind: "mapping",
    range: table.range,
    entries: () => [...table.values].map(([key, value]) => [key, closed(value)] as const),
  };
}

function range(node: { readonly range: readonly [number, number] }): TextRange {
  return { start: node.range[0], end: node.range[1] };
}
