/** The `.prompt.yml` format: messages, model, test data. Everything else in the file is left alone. */

import {
  isMap,
  isSeq,
  parseDocument,
  type CST,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { LineIndex, opaque, type DecodedText } from "../decoded-text.js";
import {
  asksToKeep,
  checkedRole,
  syntaxError,
  type SourceFile,
  type SourceMessage,
} from "../source-file.js";
import {
  describe,
  isTextScalar,
  offsetOf,
  rangeOf,
  resolve,
  type TextScalar,
  type YamlFile,
} from "./yaml-nodes.js";
import { mapYamlScalar } from "./yaml-scalar-map.js";
import { readTestData } from "./yaml-test-data.js";

/** Reads a `.prompt.yml` file. Throws PROMPT_SYNTAX with line and column for whatever is not a list of chat messages. */
export function readPromptYaml(path: string, text: string): SourceFile {
  const file = openYaml(path, text);
  const root = file.document.contents;
  if (!isMap(root))
    throw syntaxError(file, offsetOf(root), {
      message: `the file holds ${describe(root)} where a mapping is needed`,
      fix: "start with `messages:` and a list of `role` and `content`",
    });
  const model = root.get("model");
  return {
    path,
    format: "prompt-yaml",
    text,
    lines: file.lines,
    messages: readMessages(file, root),
    embeddedInputs: readTestData(file, root),
    model: typeof model === "string" ? model : null,
  };
}

function openYaml(path: string, text: string): YamlFile {
  const lines = new LineIndex(text);
  const document = parseDocument(text, {
    keepSourceTokens: true,
    prettyErrors: false,
    version: "1.2",
  });
  const [error] = document.errors;
  if (error)
    throw syntaxError({ path, lines }, error.pos[0], {
      message: `not valid YAML: ${error.message}`,
      fix: fixOf(error.code),
    });
  return { path, text, lines, document };
}

function fixOf(code: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "keep one of the two keys";
    case "TAB_AS_INDENT":
      return "indent with spaces";
    case "BAD_INDENT":
    case "MISSING_CHAR":
      return "check the indentation and the quotes around this line; put text with `: ` or `#` in quotes or in a block (`|`)";
    default:
      return "correct the YAML at this place; any YAML 1.2 document is allowed";
  }
}

function readMessages(file: YamlFile, root: YAMLMap): SourceMessage[] {
  const list = resolve(file, root.get("messages", true));
  if (list === null)
    throw syntaxError(file, offsetOf(root), {
      message: "no `messages`",
      fix: "add `messages:` with a list of `role` (system, user or assistant) and `content`",
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
  const decoded = decodeScalar(file, content);
  return {
    role: checkedRole(file, offsetOf(role), role.value),
    content: decoded.text,
    literal: rangeOf(content),
    item: rangeOf(item),
    pinned: asksToKeep(`${content.comment ?? ""}\n${headerComment(content)}`),
    opaque: decoded.opaque,
  };
}

/** The comment beside a block scalar's header, which the parser keeps with the scalar's own token. */
function headerComment(scalar: Scalar): string {
  const token = scalar.srcToken;
  if (token?.type !== "block-scalar") return "";
  return token.props.map((prop) => ("source" in prop ? prop.source : "")).join("");
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

function decodeScalar(
  file: YamlFile,
  scalar: TextScalar,
): { readonly text: DecodedText; readonly opaque: boolean } {
  const token = scalar.srcToken;
  if (token && (token.type === "block-scalar" || isFlowToken(token))) {
    const mapped = mapYamlScalar(file.text, token);
    if (mapped.text === scalar.value) return { text: mapped, opaque: false };
  }
  const range = rangeOf(scalar);
  return { text: opaque(scalar.value, range.start, range.end), opaque: true };
}

function isFlowToken(token: CST.Token): token is CST.FlowScalar {
  return (
    token.type === "scalar" ||
    token.type === "single-quoted-scalar" ||
    token.type === "double-quoted-scalar"
  );
}
