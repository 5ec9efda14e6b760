/** Chat messages in JSON: a list of messages, or an object with `messages` and perhaps `model`. */

import type { Node } from "jsonc-parser";
import { LineIndex } from "../decoded-text.js";
import {
  checkedRole,
  shown,
  syntaxError,
  type SourceFile,
  type SourceMessage,
} from "../source-file.js";
import { jsonLiteral, openJson, type JsonFile } from "./json-tree.js";

const SHAPE = 'use [{"role": "system", "content": "..."}, ...] or {"messages": [...]}';

/** Reads a JSON file of chat messages. Throws PROMPT_SYNTAX with line and column for anything else. */
export function readChatJson(path: string, text: string): SourceFile {
  const file = { path, text, lines: new LineIndex(text) };
  const root = openJson(file);
  const list = root.type === "object" ? property(file, root, "messages") : root;
  if (!list || list.type !== "array")
    throw syntaxError(file, (list ?? root).offset, {
      message: `found ${describe(list ?? root)} where a list of messages is needed`,
      fix: SHAPE,
    });
  const items = list.children ?? [];
  if (items.length === 0)
    throw syntaxError(file, list.offset, { message: "the list of messages is empty", fix: SHAPE });
  const model = root.type === "object" ? property(file, root, "model") : null;
  return {
    path,
    name: null,
    format: "chat-json",
    syntax: "any",
    text,
    lines: file.lines,
    messages: items.map((item) => readMessage(file, item)),
    embeddedInputs: [],
    model: typeof model?.value === "string" ? model.value : null,
    notes: [],
    rest: "",
  };
}

/** A message object. Throws PROMPT_SYNTAX with the place of what is missing or no text. */
export function readMessage(file: JsonFile, item: Node): SourceMessage {
  if (item.type !== "object")
    throw syntaxError(file, item.offset, { message: `a message is ${describe(item)}`, fix: SHAPE });
  const role = textProperty(file, item, "role");
  const content = textProperty(file, item, "content");
  if (content.value.trim() === "")
    throw syntaxError(file, content.node.offset, {
      message: "a message with empty `content`",
      fix: "write the message's text, or remove the message",
    });
  return {
    ...jsonLiteral(file, content.node),
    role: checkedRole(file, role.node.offset, role.value),
    item: { start: item.offset, end: item.offset + item.length },
  };
}

function textProperty(
  file: JsonFile,
  item: Node,
  key: string,
): { readonly value: string; readonly node: Node } {
  const node = property(file, item, key);
  if (!node)
    throw syntaxError(file, item.offset, { message: `a message without "${key}"`, fix: SHAPE });
  if (typeof node.value !== "string")
    throw syntaxError(file, node.offset, {
      message: `"${key}" is ${describe(node)}`,
      fix: "make it one string; lists of content parts and tool calls are not read",
    });
  return { value: node.value, node };
}

/** The value of a key, or null; a key written twice is an error. */
export function property(file: JsonFile, object: Node, key: string): Node | null {
  const found = (object.children ?? []).filter((pair) => pair.children?.[0]?.value === key);
  const second = found[1];
  if (second)
    throw syntaxError(file, second.offset, {
      message: `the key "${key}" stands twice in one object`,
      fix: "keep one of the two",
    });
  return found[0]?.children?.[1] ?? null;
}

function describe(node: Node): string {
  switch (node.type) {
    case "array":
      return "a list";
    case "object":
      return "an object";
    case "null":
      return "null";
    default:
      return `the ${node.type} ${shown(String(node.value))}`;
  }
}
