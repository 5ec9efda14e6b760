/** One view of YAML, JSON and TOML documents: texts with their places, in mappings and lists. */

import { UnderstudyError } from "../../errors.js";
import type { LineIndex, TextRange } from "../decoded-text.js";
import { checkedRole, shown, syntaxError, type SourceMessage } from "../source-file.js";
import type { SourceLiteral } from "./literals.js";

/** A node; what lies below a mapping or a list is read when it is asked for, so that no alias is expanded unasked. */
export type ValueTree = TextValue | Mapping | List | PlainValue;

export interface TextValue {
  readonly kind: "text";
  readonly range: TextRange;
  readonly text: string;
  /** The text with the place of each of its characters. */
  readonly literal: () => SourceLiteral;
}

export interface Mapping {
  readonly kind: "mapping";
  readonly range: TextRange;
  readonly entries: () => readonly (readonly [string, ValueTree])[];
}

export interface List {
  readonly kind: "list";
  readonly range: TextRange;
  readonly items: () => readonly ValueTree[];
}

/** A number, a date, true, false or nothing; `written` as in the file, null for nothing. */
export interface PlainValue {
  readonly kind: "plain";
  readonly range: TextRange;
  readonly written: string | null;
}

/** The file that a tree was read from, for errors. */
export interface TreeFile {
  readonly path: string;
  readonly lines: LineIndex;
}

/** The value of a key, or null where it is absent. */
export function entry(tree: ValueTree, key: string): ValueTree | null {
  if (tree.kind !== "mapping") return null;
  return tree.entries().find(([name]) => name === key)?.[1] ?? null;
}

/** The text of a key, or null where it is absent or no text. */
export function textEntry(tree: ValueTree, key: string): string | null {
  const value = entry(tree, key);
  return value?.kind === "text" ? value.text : null;
}

/** A text, a number or a truth value as text; nothing as no text; null for lists and mappings. */
export function scalarText(tree: ValueTree): string | null {
  if (tree.kind === "text") return tree.text;
  return tree.kind === "plain" ? (tree.written ?? "") : null;
}

/** What a node is, for an error. */
export function describeValue(tree: ValueTree): string {
  switch (tree.kind) {
    case "text":
      return `the text ${shown(tree.text)}`;
    case "mapping":
      return "a mapping";
    case "list":
      return "a list";
    case "plain":
      return tree.written === null ? "empty" : shown(tree.written);
  }
}

/** Whether a node is a list of chat messages. */
export function isMessageList(tree: ValueTree): tree is List {
  if (tree.kind !== "list") return false;
  const items = tree.items();
  return items.length > 0 && items.every((item) => entry(item, "role") !== null);
}

const SHAPE = "use a list whose items have `role` and `content`";

/** Chat messages of a list. Throws PROMPT_SYNTAX with the place of what is no message of text. */
export function messagesOf(file: TreeFile, list: ValueTree): SourceMessage[] {
  if (list.kind !== "list")
    throw syntaxError(file, list.range.start, {
      message: `found ${describeValue(list)} where a list of messages is needed`,
      fix: SHAPE,
    });
  const items = list.items();
  if (items.length === 0)
    throw syntaxError(file, list.range.start, {
      message: "the list of messages is empty",
      fix: SHAPE,
    });
  return items.map((item) => messageOf(file, item));
}

function messageOf(file: TreeFile, item: ValueTree): SourceMessage {
  const role = entry(item, "role");
  const content = entry(item, "content");
  if (role?.kind !== "text")
    throw syntaxError(file, (role ?? item).range.start, {
      message: role
        ? `\`role\` is ${describeValue(role)}`
        : `a message without \`role\`: ${describeValue(item)}`,
      fix: SHAPE,
    });
  if (content?.kind !== "text")
    throw syntaxError(file, (content ?? item).range.start, {
      message: content ? `\`content\` is ${describeValue(content)}` : "a message without `content`",
      fix: "make `content` one text; lists of content parts and tool calls are not read",
    });
  if (content.text.trim() === "")
    throw syntaxError(file, content.range.start, {
      message: "a message with empty `content`",
      fix: "write the message's text, or remove the message",
    });
  return {
    ...content.literal(),
    role: checkedRole(file, role.range.start, role.text),
    item: item.range,
  };
}

/** A value's texts by dotted names, such as `customer.name`; null where a list stands in it, which fills no slot. */
export function flatTexts(
  tree: ValueTree,
  prefix = "",
): readonly (readonly [string, string])[] | null {
  const scalar = scalarText(tree);
  if (scalar !== null) return prefix === "" ? null : [[prefix, scalar]];
  if (tree.kind !== "mapping") return null;
  const parts = tree
    .entries()
    .map(([key, value]) => flatTexts(value, prefix === "" ? key : `${prefix}.${key}`));
  return parts.some((part) => part === null) ? null : parts.flatMap((part) => part ?? []);
}

/** Documents of more values than this are refused: an alias may stand for many. */
const MOST_VALUES = 50_000;
const DEEPEST = 64;

/**
 * All that a document says, as text that is the same for the same content, without what stands at `omitted`. Throws PROMPT_SYNTAX for
 * documents that grow without end.
 */
export function outline(file: TreeFile, root: ValueTree, omitted: readonly string[]): string {
  let values = 0;
  const walk = (tree: ValueTree, path: readonly string[]): unknown => {
    if (++values > MOST_VALUES || path.length > DEEPEST)
      throw new UnderstudyError("PROMPT_SYNTAX", "the document is too large or too deep", {
        place: { path: file.path, ...file.lines.position(tree.range.start) },
        fix: `keep it under ${MOST_VALUES} values, aliases counted as what they stand for, and ${DEEPEST} levels`,
      });
    if (path.length === omitted.length && path.every((key, at) => key === omitted[at])) return null;
    switch (tree.kind) {
      case "text":
        return tree.text;
      case "plain":
        return { written: tree.written };
      case "mapping":
        return tree.entries().map(([key, value]) => [key, walk(value, [...path, key])]);
      case "list":
        return tree.items().map((item, index) => walk(item, [...path, String(index)]));
    }
  };
  return JSON.stringify(walk(root, []));
}
