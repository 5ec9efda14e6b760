/** A prompt that is one value of a YAML, JSON or TOML file, named by its path of keys, such as `agent.templates.system`. */

import { LineIndex } from "../decoded-text.js";
import { shown, syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";
import { jsonTree, openJson } from "./json-tree.js";
import { readTomlTree } from "./toml-tree.js";
import {
  describeValue,
  isMessageList,
  messagesOf,
  outline,
  type TreeFile,
  type ValueTree,
} from "./value-tree.js";
import { openYaml, yamlTree } from "./yaml-tree.js";

/** Files whose values can be named. */
export function holdsNamedValues(path: string): boolean {
  return /\.(?:ya?ml|json|toml)$/i.test(path);
}

interface Document {
  readonly file: TreeFile;
  readonly tree: ValueTree;
}

function openDocument(path: string, text: string): Document {
  const file = { path, text, lines: new LineIndex(text) };
  if (/\.toml$/i.test(path)) return { file, tree: readTomlTree(path, text, file.lines) };
  if (/\.json$/i.test(path)) return { file, tree: jsonTree(file, openJson(file)) };
  return { file, tree: yamlTree(openYaml(path, text, file.lines)) };
}

/**
 * The prompt at `name`: a text, which becomes one user message, or a list of chat messages. Throws PROMPT_SYNTAX where nothing stands
 * there, or neither.
 */
export function readNamedValue(path: string, text: string, name: string): SourceFile {
  const { file, tree } = openDocument(path, text);
  const [found, second] = valuesAt(tree, name.split("."));
  if (!found) throw unknownKey(file, tree, name);
  if (second)
    throw syntaxError(file, found.value.range.start, {
      message: `${shown(name)} stands for several values`,
      fix: `name one of them, such as ${path}#${found.keys.join(".")}`,
    });
  return {
    path,
    name,
    format: "named-value",
    syntax: "any",
    text,
    lines: file.lines,
    messages: messagesAt(file, found.value, name),
    embeddedInputs: [],
    model: null,
    notes: [],
    rest: outline(file, tree, found.keys),
  };
}

function messagesAt(file: TreeFile, value: ValueTree, name: string): readonly SourceMessage[] {
  if (isMessageList(value)) return messagesOf(file, value);
  if (value.kind === "text" && value.text.trim() !== "") {
    const literal = value.literal();
    return [{ ...literal, role: "user", item: literal.literal }];
  }
  throw syntaxError(file, value.range.start, {
    message: `\`${name}\` is ${value.kind === "text" ? "an empty text" : describeValue(value)}`,
    fix: "name a value that is text, or a list of chat messages",
  });
}

interface FoundValue {
  readonly keys: readonly string[];
  readonly value: ValueTree;
}

/**
 * Values at a path of keys; a number counts the items of a list from 0, `*` stands for every key or item, and a key that holds dots is
 * found by the segments that it is made of.
 */
function valuesAt(
  tree: ValueTree,
  segments: readonly string[],
  keys: readonly string[] = [],
): readonly FoundValue[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [{ keys, value: tree }];
  const children = childrenOf(tree);
  if (segment === "*")
    return children.flatMap(([key, value]) => valuesAt(value, rest, [...keys, key]));
  for (let length = 1; length <= segments.length; length++) {
    const key = segments.slice(0, length).join(".");
    const child = children.find(([name]) => name === key);
    const found = child && valuesAt(child[1], segments.slice(length), [...keys, key]);
    if (found && found.length > 0) return found;
  }
  return [];
}

function childrenOf(tree: ValueTree): readonly (readonly [string, ValueTree])[] {
  if (tree.kind === "mapping") return tree.entries();
  return tree.kind === "list" ? tree.items().map((item, index) => [String(index), item]) : [];
}

/**
 * Names of the prompts that a path of keys stands for, in the order of the file. With `*` only those that are text or chat messages.
 * Throws PROMPT_SYNTAX where there is none.
 */
export function namedValues(path: string, text: string, keyPath: string): readonly string[] {
  const { file, tree } = openDocument(path, text);
  const found = valuesAt(tree, keyPath.split("."));
  const usable = keyPath.split(".").includes("*")
    ? found.filter(({ value }) => isPrompt(value))
    : found;
  if (usable.length === 0) throw unknownKey(file, tree, keyPath);
  return usable.map(({ keys }) => keys.join("."));
}

function isPrompt(value: ValueTree): boolean {
  return isMessageList(value) || (value.kind === "text" && value.text.trim() !== "");
}

/** Values that an error names at most, and how deep they are looked for. */
const MOST_NAMED = 8;
const DEEPEST_NAMED = 4;

function unknownKey(file: TreeFile, tree: ValueTree, name: string): Error {
  const known = textPaths(tree, []).slice(0, MOST_NAMED);
  return syntaxError(file, tree.range.start, {
    message: `no value at ${shown(name)}`,
    fix:
      known.length === 0
        ? "the file holds no text; correct the setting `prompts`"
        : `name one of its texts, such as ${known.join(", ")}`,
  });
}

function textPaths(tree: ValueTree, keys: readonly string[]): string[] {
  if (tree.kind === "text") return tree.text.includes(" ") ? [keys.join(".")] : [];
  if (keys.length >= DEEPEST_NAMED) return [];
  return childrenOf(tree)
    .slice(0, 20)
    .flatMap(([key, value]) => textPaths(value, [...keys, key]));
}
