/** Chat messages that a file's text holds as JSON or YAML of its own. */

import { UnderstudyError } from "../../errors.js";
import { composed, LinesThrough } from "../decoded-text.js";
import type { SourceMessage } from "../source-file.js";
import { jsonTree, openJson, type JsonFile } from "./json-tree.js";
import type { SourceLiteral } from "./literals.js";
import { isMessageList, messagesOf, type List, type TreeFile } from "./value-tree.js";
import { openYaml, yamlTree } from "./yaml-tree.js";

/**
 * The messages in a text that is a JSON list of messages, or a YAML one that begins with `- role:`; null where it is neither. Every
 * place is one of the file. Throws PROMPT_SYNTAX for a list that holds no proper messages.
 */
export function chatInText(file: TreeFile, outer: SourceLiteral): readonly SourceMessage[] | null {
  if (outer.opaque) return null;
  const { text, starts, ends } = outer.content;
  const last = ends[ends.length - 1] ?? outer.literal.start;
  const lines = new LinesThrough(file.lines, (offset) => starts[offset] ?? last);
  const inner = { path: file.path, text, lines };
  const list = jsonChat(inner) ?? yamlChat(inner);
  return list && messagesOf(inner, list).map((message) => throughText(message, outer));
}

function jsonChat(file: JsonFile): List | null {
  if (!/^\s*\[/.test(file.text)) return null;
  try {
    const tree = jsonTree(file, openJson(file));
    return isMessageList(tree) ? tree : null;
  } catch (thrown) {
    // Text that only begins like a list is text.
    if (thrown instanceof UnderstudyError) return null;
    throw thrown;
  }
}

function yamlChat(file: JsonFile): List | null {
  if (!/^\s*- (?:role|content):/.test(file.text)) return null;
  const tree = yamlTree(openYaml(file.path, file.text, file.lines));
  return tree.kind === "list" ? tree : null;
}

function throughText(message: SourceMessage, outer: SourceLiteral): SourceMessage {
  const { text, starts, ends } = outer.content;
  const { start, end } = message.item;
  return {
    role: message.role,
    content: composed(message.content, outer.content),
    literal: outer.literal,
    item: {
      start: starts[start] ?? outer.literal.start,
      end: ends[end - 1] ?? outer.literal.end,
    },
    pinned: message.pinned || outer.pinned,
    opaque: message.opaque,
    rewrites: (wanted) =>
      message
        .rewrites(wanted)
        .flatMap((written) =>
          outer.rewrites(
            text.slice(0, message.literal.start) + written + text.slice(message.literal.end),
          ),
        ),
  };
}
