/** The prompts of a file: which there are, by what name, and where each one's inputs come from. */

import { UnderstudyError } from "../errors.js";
import type { Input } from "../domain.js";
import { jsonlPrompts } from "./formats/chat-jsonl.js";
import { holdsNamedValues, namedValues } from "./formats/named-value.js";
import { readPromptfooConfig } from "./formats/promptfoo.js";
import { namedPromptFormat } from "./paths.js";

/** A prompt by its file and its name in it; null where the file is the prompt. */
export interface PromptReference {
  readonly path: string;
  readonly name: string | null;
  /** Inputs that another file, such as a promptfoo configuration, gives it; null where none does. */
  readonly given: { readonly source: string; readonly inputs: readonly Input[] } | null;
}

export interface PromptListing {
  readonly prompts: readonly PromptReference[];
  /** What the file names as prompts and what is not read, as sentences for a person. */
  readonly notes: readonly string[];
}

/**
 * The prompts of a file. `keyPaths` are the paths of keys that settings name in it: then only these values are prompts. A promptfoo
 * configuration lists what is written in it and the files that it refers to. Throws PROMPT_SYNTAX where the file cannot be read.
 */
export function listPrompts(
  path: string,
  text: string,
  keyPaths: readonly string[] = [],
): PromptListing {
  if (keyPaths.length > 0) {
    const names = keyPaths.flatMap((keyPath) => namedValues(path, text, keyPath));
    return { prompts: [...new Set(names)].map((name) => ({ path, name, given: null })), notes: [] };
  }
  const format = namedPromptFormat(path);
  if (format === "promptfoo") return configuredPrompts(path, text);
  const names = format === "chat-jsonl" ? jsonlPrompts(path, text) : null;
  return {
    prompts: (names ?? [null]).map((name) => ({ path, name, given: null })),
    notes: [],
  };
}

function configuredPrompts(path: string, text: string): PromptListing {
  const config = readPromptfooConfig(path, text);
  const given = config.inputs.length === 0 ? null : { source: path, inputs: config.inputs };
  return {
    prompts: config.prompts.map((prompt) =>
      prompt.kind === "inline"
        ? { path, name: prompt.name, given: null }
        : { path: prompt.path, name: null, given },
    ),
    notes: config.notes.prompts,
  };
}

/** A prompt as people write it: `path`, or `path#name`. */
export function promptLabel(prompt: {
  readonly path: string;
  readonly name: string | null;
}): string {
  return prompt.name === null ? prompt.path : `${prompt.path}#${prompt.name}`;
}

/** A setting or operand that names a prompt: a path or glob, and the name or path of keys after `#`, null where there is none. */
export function splitPromptLabel(label: string): {
  readonly path: string;
  readonly name: string | null;
} {
  const mark = label.indexOf("#");
  return mark < 0
    ? { path: label, name: null }
    : { path: label.slice(0, mark), name: label.slice(mark + 1) };
}

/** An entry of the setting `prompts`: a glob of files, and the path of keys to values in them. */
export interface PromptSetting {
  readonly glob: string;
  readonly keyPath: string | null;
}

/** Reads the setting `prompts`. Throws CONFIG for a path of keys that is empty or into files that hold no named values. */
export function promptSettings(entries: readonly string[]): readonly PromptSetting[] {
  return entries.map((entry) => {
    const { path, name } = splitPromptLabel(entry);
    if (name !== null && (name === "" || name.split(".").includes("") || !holdsNamedValues(path)))
      throw new UnderstudyError("CONFIG", `prompts: ${JSON.stringify(entry)} names no value`, {
        fix: "write the keys after `#`, with dots between, in a YAML, JSON or TOML file, such as config/default.yaml#agent.templates.system",
      });
    return { glob: path, keyPath: name };
  });
}
