/** Chat messages in YAML: a list of messages, or a mapping with `messages` and perhaps `model`. */

import { LineIndex } from "../decoded-text.js";
import type { SourceFile } from "../source-file.js";
import { entry, messagesOf, outline, textEntry } from "./value-tree.js";
import { openYaml, yamlTree } from "./yaml-tree.js";

/** Reads a YAML file of chat messages. Throws PROMPT_SYNTAX with line and column for anything else. */
export function readChatYaml(path: string, text: string): SourceFile {
  const file = { path, lines: new LineIndex(text) };
  const tree = yamlTree(openYaml(path, text, file.lines));
  const list = tree.kind === "mapping" ? entry(tree, "messages") : tree;
  return {
    path,
    name: null,
    format: "chat-yaml",
    syntax: "any",
    text,
    lines: file.lines,
    messages: messagesOf(file, list ?? tree),
    embeddedInputs: [],
    model: textEntry(tree, "model"),
    notes: [],
    rest: outline(file, tree, tree.kind === "mapping" ? ["messages"] : []),
  };
}
