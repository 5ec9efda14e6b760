/** The `.prompt.yml` format: messages, model, test data. Everything else in the file is left alone. */

import { isMap, isSeq, type YAMLMap, type YAMLSeq } from "yaml";
import { LineIndex } from "../decoded-text.js";
import { checkedRole, syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";
import {
  describe,
  isTextScalar,
  offsetOf,
  rangeOf,
  resolve,
  type TextScalar,
  type YamlFile,
} from "./yaml-nodes.js";
import { readTestData } from "./yaml-test-data.js";
import { openYaml, yamlLiteral } from "./yaml-tree.js";

/** Reads a `.prompt.yml` file. Throws PROMPT_SYNTAX with line and column for whatever is not a list of chat messages. */
export function readPromptYaml(path: string, text: string): SourceFile {
  const file = openYaml(path, text, new LineIndex(text));
  const root = file.document.contents;
  if (!isMap(root))
    throw syntaxError(file, offsetOf(root), {
      message: `the file holds ${describe(root)} where a mapping is needed`,
      fix: "start with `messages:` and a list of `role` and `content`",
    });
  const model = root.get("model");
  return {
    path,
    name: null,
    format: "prompt-yaml",
    syntax: "double-brace",
    text,
    lines: file.lines,
    messages: readMessages(file, root),
    embeddedInputs: readTestData(file, root),
    model: typeof model === "string" ? model : null,
    notes: [],
    rest: "",
  };
}

function readMessages(file: YamlFile, root: YAMLMap): SourceMessage[] {
  const list = resolve(file, root.get("messages", true));
  if (list === null)
    throw syntaxError(file, offsetOf(root), {
      message: "no `messages`",
      fix: root.has("template")
        ? "name the value that holds the prompt in the setting `prompts`, such as `FILE#template`"
        : "add `messages:` with a list of `role` (system, user or assistant) and `content`",
    });
  if (!isSeq(list))
    throw syntaxError(file, offsetOf(list), {
      message: `\`messages\` is ${describe(list)}`,
      fix: "make it a list of `role` and `content`",
    });
  if (list.items.length === 0)
    throw syntaxError(file, offsetOf(list), {
      message: "`messages` is empty",
      fix: "add at least one message with `role` and `content`",
    });
  return list.items.map((item) => readMessage(file, list, item));
}

function readMessage(file: YamlFile, list: YAMLSeq, item: unknown): SourceMessage {
  const message = resolve(file, item);
  if (!isMap(message))
    throw syntaxError(file, offsetOf(message ?? list), {
      message: `a message is ${describe(message)}`,
      fix: "make it a mapping with `role` and `content`",
    });
  const role = textOf(file, message, "role");
  const content = textOf(file, message, "content");
  if (content.value.trim() === "")
    throw syntaxError(file, offsetOf(content), {
      message: "a message with empty `content`",
      fix: "write the message's text, or remove the message",
    });
  return {
    ...yamlLiteral(file, content),
    role: checkedRole(file, offsetOf(role), role.value),
    item: rangeOf(item),
  };
}

function textOf(file: YamlFile, map: YAMLMap, key: string): TextScalar {
  const node = resolve(file, map.get(key, true));
  if (node === null)
    throw syntaxError(file, offsetOf(map), {
      message: `a message without \`${key}\``,
      fix: `add \`${key}\`; every message needs \`role\` and \`content\``,
    });
  if (!isTextScalar(node))
    throw syntaxError(file, offsetOf(node), {
      message: `\`${key}\` is ${describe(node)}`,
      fix: "make it text (in quotes where it looks like a number, a date or true/false)",
    });
  return node;
}
