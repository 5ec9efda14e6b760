/** promptfoo configurations: prompts written inline, prompts in other files, tests as inputs. */

import type { Input } from "../../domain.js";
import { LineIndex } from "../decoded-text.js";
import { resolvedPath } from "../includes/resolve.js";
import { shown, syntaxError, type SourceFile, type SourceMessage } from "../source-file.js";
import { jsonTree, openJson } from "./json-tree.js";
import { readTests } from "./promptfoo-tests.js";
import { chatInText } from "./text-chat.js";
import {
  describeValue,
  entry,
  outline,
  textEntry,
  type TextValue,
  type TreeFile,
  type ValueTree,
} from "./value-tree.js";
import { openYaml, yamlTree } from "./yaml-tree.js";

/** A prompt that a configuration names: written in it, or in a file beside it. */
export type ConfiguredPrompt =
  | {
      readonly kind: "inline";
      readonly name: string;
      readonly keys: readonly string[];
      readonly value: TextValue;
    }
  | { readonly kind: "file"; readonly path: string; readonly line: number };

export interface PromptfooConfig {
  readonly file: TreeFile;
  readonly tree: ValueTree;
  readonly prompts: readonly ConfiguredPrompt[];
  readonly inputs: readonly Input[];
  /** Prompts that are not read, and tests that are no inputs, as sentences for a person. */
  readonly notes: { readonly prompts: readonly string[]; readonly tests: readonly string[] };
}

/** Reads a configuration in YAML or JSON. Throws PROMPT_SYNTAX with line and column, also where it names no prompts. */
export function readPromptfooConfig(path: string, text: string): PromptfooConfig {
  const file = { path, text, lines: new LineIndex(text) };
  const tree = /\.json$/i.test(path)
    ? jsonTree(file, openJson(file))
    : yamlTree(openYaml(path, text, file.lines));
  const listed = entry(tree, "prompts");
  if (listed === null)
    throw syntaxError(file, tree.range.start, {
      message: "the configuration has no `prompts`",
      fix: "add `prompts:` with a list of texts or of `file://` paths",
    });
  const notes: string[] = [];
  const prompts = entriesOf(file, listed).flatMap((one, index) => {
    const found = configuredPrompt(file, one, index);
    if (typeof found !== "string") return [found];
    notes.push(`line ${file.lines.position(one.value.range.start).line}: ${found}`);
    return [];
  });
  const tests = readTests(file, tree);
  return {
    file,
    tree,
    prompts: withDistinctNames(prompts),
    inputs: tests.inputs,
    notes: { prompts: notes, tests: tests.notes },
  };
}

interface ListedPrompt {
  readonly value: ValueTree;
  readonly keys: readonly string[];
  readonly label: string | null;
}

/** One text, a list of texts or of mappings with `raw` or `id`, or a mapping from paths to labels. */
function entriesOf(file: TreeFile, prompts: ValueTree): readonly ListedPrompt[] {
  if (prompts.kind === "text") return [{ value: prompts, keys: ["prompts"], label: null }];
  if (prompts.kind === "list")
    return prompts
      .items()
      .map((item, index) => listedPrompt(file, item, ["prompts", String(index)]));
  if (prompts.kind === "mapping")
    return prompts.entries().map(([path, label]) => ({
      value: { kind: "text", range: label.range, text: withScheme(path), literal: refuseLiteral },
      keys: ["prompts", path],
      label: label.kind === "text" ? label.text : null,
    }));
  throw syntaxError(file, prompts.range.start, {
    message: `\`prompts\` is ${describeValue(prompts)}`,
    fix: "make it a list of texts or of `file://` paths",
  });
}

function withScheme(path: string): string {
  return path.startsWith("file://") ? path : `file://${path}`;
}

function refuseLiteral(): never {
  throw new RangeError("a path is no prompt");
}

function listedPrompt(file: TreeFile, item: ValueTree, keys: readonly string[]): ListedPrompt {
  if (item.kind === "text") return { value: item, keys, label: null };
  const label = textEntry(item, "label") ?? textEntry(item, "display");
  const raw = entry(item, "raw");
  if (raw?.kind === "text")
    return { value: raw, keys: [...keys, "raw"], label: label ?? textEntry(item, "id") };
  const id = entry(item, "id");
  if (id?.kind === "text") return { value: id, keys: [...keys, "id"], label };
  throw syntaxError(file, item.range.start, {
    message: `a prompt is ${describeValue(item)} without \`raw\` or \`id\``,
    fix: "write a text, a `file://` path, or a mapping with `raw` and `label`",
  });
}

const PATH_ALONE =
  /^[\w./@*-]+\.(?:txt|md|json|jsonl|ya?ml|csv|js|cjs|mjs|ts|py|j2|jinja2?)(?::\w+)?$/;

/** The prompt, or why it is left alone. */
function configuredPrompt(
  file: TreeFile,
  { value, keys, label }: ListedPrompt,
  index: number,
): ConfiguredPrompt | string {
  if (value.kind !== "text") return `the prompt is ${describeValue(value)} and is not read`;
  const { text } = value;
  if (/^(?:exec|python|langfuse|portkey|helicone):/.test(text.trim()))
    return `the prompt ${shown(text)} is made by a program or a service and is not read`;
  const isReference = text.startsWith("file://") || PATH_ALONE.test(text);
  if (!isReference) return { kind: "inline", name: label ?? String(index + 1), keys, value };
  const target = text.replace(/^file:\/\//, "");
  if (/\.(?:c?js|mjs|ts|py)(?::\w+)?$/.test(target))
    return `the prompt ${shown(text)} is a program, which is never run`;
  if (/[*?[\]{}]/.test(target))
    return `the prompt ${shown(text)} names several files; they are reviewed where the setting \`prompts\` names them`;
  if (target.endsWith(".csv"))
    return `the prompt ${shown(text)} is a table, which is not read as prompts`;
  const path = resolvedPath(file.path, target);
  if (path === null) return `the prompt ${shown(text)} lies outside the repository and is not read`;
  return { kind: "file", path, line: file.lines.position(value.range.start).line };
}

/** Two prompts of the same name are told apart by their number. */
function withDistinctNames(prompts: readonly ConfiguredPrompt[]): ConfiguredPrompt[] {
  const names = prompts.flatMap((prompt) => (prompt.kind === "inline" ? [prompt.name] : []));
  return prompts.map((prompt, index) =>
    prompt.kind === "inline" && names.indexOf(prompt.name) !== names.lastIndexOf(prompt.name)
      ? { ...prompt, name: `${prompt.name} (${index + 1})` }
      : prompt,
  );
}

/** One inline prompt of a configuration; without a name the only one. Throws PROMPT_SYNTAX where the name is unknown or needed. */
export function readPromptfoo(path: string, text: string, name: string | null): SourceFile {
  const config = readPromptfooConfig(path, text);
  const inline = config.prompts.filter((prompt) => prompt.kind === "inline");
  const named = inline.filter((prompt) => name === null || prompt.name === name);
  const [prompt, second] = named;
  if (!prompt || second)
    throw syntaxError(config.file, entry(config.tree, "prompts")?.range.start ?? 0, {
      message:
        name === null
          ? `the configuration holds ${inline.length} prompts`
          : `the configuration holds no prompt named ${shown(name)}`,
      fix:
        inline.length === 0
          ? "name one of the files that it refers to"
          : `name one of them: ${inline.map((one) => `${path}#${one.name}`).join(", ")}`,
    });
  return {
    path,
    name: prompt.name,
    format: "promptfoo",
    syntax: "jinja",
    text,
    lines: config.file.lines,
    messages: inlineMessages(config.file, prompt.value),
    embeddedInputs: config.inputs,
    model: null,
    notes: config.notes.tests,
    rest: outline(config.file, config.tree, prompt.keys),
  };
}

function inlineMessages(file: TreeFile, value: TextValue): readonly SourceMessage[] {
  if (value.text.trim() === "")
    throw syntaxError(file, value.range.start, {
      message: "the prompt is empty",
      fix: "write the prompt's text, or remove it from `prompts`",
    });
  const literal = value.literal();
  return chatInText(file, literal) ?? [{ ...literal, role: "user", item: literal.literal }];
}
