/** YAML nodes as the formats need them: aliases followed, places, and descriptions for errors. */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type Scalar,
} from "yaml";
import type { LineIndex, TextRange } from "../decoded-text.js";
import { shown, syntaxError } from "../source-file.js";

/** A file being read. */
export interface YamlFile {
  readonly path: string;
  readonly text: string;
  readonly lines: LineIndex;
  readonly document: Document.Parsed;
}

/** A scalar that is text. */
export type TextScalar = Scalar & { readonly value: string };

export function isTextScalar(node: unknown): node is TextScalar {
  return isScalar(node) && typeof node.value === "string";
}

/** Follows an alias to what it stands for; a missing node is null. */
export function resolve(file: YamlFile, node: unknown): Node | null {
  if (isAlias(node)) return resolveAlias(file, node);
  return isScalar(node) || isMap(node) || isSeq(node) ? node : null;
}

function resolveAlias(file: YamlFile, alias: Alias): Node {
  const target = alias.resolve(file.document);
  if (target) return target;
  throw syntaxError(file, offsetOf(alias), {
    message: `the alias ${shown(`*${alias.source}`)} has no anchor`,
    fix: "define the anchor before it is used",
  });
}

/** Source range of a node, without the white space and comments after it. */
export function rangeOf(node: unknown): TextRange {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : null;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

export function offsetOf(node: unknown): number {
  return rangeOf(node).start;
}

/** What a node is, for an error. */
export function describe(node: unknown): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node)) return "nothing";
  return node.value === null
    ? "empty"
    : typeof node.value === "string"
      ? `the text ${shown(node.value)}`
      : `the ${typeof node.value} ${shown(node.source ?? String(node.value))}`;
}
