/** Chat messages in JSON: a list of messages, or an object with `messages` and perhaps `model`. */

import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { DecodedTextBuilder, LineIndex, opaque, type DecodedText } from "../decoded-text.js";
import {
  checkedRole,
  shown,
  syntaxError,
  type SourceFile,
  type SourceMessage,
} from "../source-file.js";

interface JsonFile {
  readonly path: string;
  readonly text: string;
  readonly lines: LineIndex;
}

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
    format: "chat-json",
    text,
    lines: file.lines,
    messages: items.map((item) => readMessage(file, item)),
    embeddedInputs: [],
    model: typeof model?.value === "string" ? model.value : null,
  };
}

function openJson(file: JsonFile): Node {
  const errors: ParseError[] = [];
  const bare = file.text.startsWith("\ufeff") ? ` ${file.text.slice(1)}` : file.text;
  const root = parseTree(bare, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error)
    throw syntaxError(file, error.offset, {
      message: `not valid JSON: ${printParseErrorCode(error.error)} at ${shown(file.text.slice(error.offset, error.offset + Math.max(1, error.length)))}`,
      fix: "correct the JSON at this place; comments and trailing commas are not allowed",
    });
  if (!root) throw syntaxError(file, 0, { message: "the file is empty", fix: SHAPE });
  return root;
}

function readMessage(file: JsonFile, item: Node): SourceMessage {
  if (item.type !== "object")
    throw syntaxError(file, item.offset, { message: `a message is ${describe(item)}`, fix: SHAPE });
  const role = textProperty(file, item, "role");
  const content = textProperty(file, item, "content");
  if (content.value.trim() === "")
    throw syntaxError(file, content.offset, {
      message: "a message with empty `content`",
      fix: "write the message's text, or remove the message",
    });
  const literal = { start: content.offset, end: content.offset + content.length };
  const decoded = decodeJsonString(file.text, literal.start, literal.end);
  const exact = decoded.text === content.value;
  return {
    role: checkedRole(file, role.offset, role.value),
    content: exact ? decoded : opaque(content.value, literal.start, literal.end),
    literal,
    item: { start: item.offset, end: item.offset + item.length },
    pinned: false,
    opaque: !exact,
  };
}

function textProperty(
  file: JsonFile,
  item: Node,
  key: string,
): { readonly value: string; readonly offset: number; readonly length: number } {
  const node = property(file, item, key);
  if (!node)
    throw syntaxError(file, item.offset, { message: `a message without "${key}"`, fix: SHAPE });
  if (typeof node.value !== "string")
    throw syntaxError(file, node.offset, {
      message: `"${key}" is ${describe(node)}`,
      fix: "make it one string; lists of content parts and tool calls are not read",
    });
  return { value: node.value, offset: node.offset, length: node.length };
}

/** The value of a key, or null; a key written twice is an error. */
function property(file: JsonFile, object: Node, key: string): Node | null {
  const found = (object.children ?? []).filter((pair) => pair.children?.[0]?.value === key);
  const second = found[1];
  if (second)
    throw syntaxError(file, second.offset, {
      message: `the key "${key}" stands twice in one object`,
      fix: "keep one of the two",
    });
  return found[0]?.children?.[1] ?? null;
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
