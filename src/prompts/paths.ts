/** Which files are prompts, told by their names. */

import type { PromptFormat } from "../domain.js";
import { holdsNamedValues } from "./formats/named-value.js";

const NOT_A_PROMPT =
  /^(readme|license|licence|changelog|contributing|code_of_conduct|security|notice)(\.|$)/i;

/** Names that only prompts have, first match wins. */
const BY_NAME: readonly { readonly pattern: RegExp; readonly format: PromptFormat }[] = [
  { pattern: /\.prompt\.ya?ml$/i, format: "prompt-yaml" },
  { pattern: /\.(prompt|messages)\.json$/i, format: "chat-json" },
  { pattern: /\.(prompt|messages)\.jsonl$/i, format: "chat-jsonl" },
  { pattern: /\.prompt\.(md|markdown)$/i, format: "markdown" },
  { pattern: /\.prompt\.txt$/i, format: "text" },
  { pattern: /[^/]\.prompty$/i, format: "prompty" },
  { pattern: /[^/]\.prompt$/i, format: "dotprompt" },
  { pattern: /(^|\/)promptfooconfig(\.[\w-]+)?\.(ya?ml|json)$/i, format: "promptfoo" },
  { pattern: /(^|\/)\.gemini\/commands\/.*\.toml$/i, format: "named-value" },
];

/** Extensions that mean a prompt in a folder named `prompts`, or where `prompt` stands in the file's name if `inName` says so. */
const BY_FOLDER: readonly {
  readonly extension: RegExp;
  readonly inName: boolean;
  readonly format: PromptFormat;
}[] = [
  { extension: /\.(md|markdown)$/i, inName: false, format: "markdown" },
  { extension: /\.txt$/i, inName: false, format: "text" },
  { extension: /\.(j2|jinja|jinja2)$/i, inName: true, format: "jinja" },
  { extension: /\.(hbs|handlebars|mustache)$/i, inName: true, format: "handlebars" },
  { extension: /\.liquid$/i, inName: true, format: "liquid" },
];

/** What an extension means in a file that somebody named as a prompt. */
const BY_EXTENSION: readonly { readonly pattern: RegExp; readonly format: PromptFormat }[] = [
  ...BY_FOLDER.map(({ extension, format }) => ({ pattern: extension, format })),
  { pattern: /\.json$/i, format: "chat-json" },
  { pattern: /\.jsonl$/i, format: "chat-jsonl" },
  { pattern: /\.ya?ml$/i, format: "chat-yaml" },
];

/** The format a file name stands for, or null where the name says nothing of a prompt. Separators are `/`. */
export function promptFormatOf(path: string): PromptFormat | null {
  const named = BY_NAME.find(({ pattern }) => pattern.test(path));
  if (named) return named.format;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (NOT_A_PROMPT.test(name)) return null;
  const inFolder = /(^|\/)prompts\//i.test(path);
  const found = BY_FOLDER.find(
    ({ extension, inName }) =>
      extension.test(name) && (inFolder || (inName && /prompt/i.test(name))),
  );
  return found?.format ?? null;
}

/** Formats of which one file may hold several prompts, each with a name of its own. */
const SEVERAL: ReadonlySet<PromptFormat> = new Set(["promptfoo", "chat-jsonl"]);

/**
 * The format of a prompt that somebody named: a file by its name, else by its extension alone; one value of a YAML, JSON or TOML file
 * where `name` is a path of keys. null where even that is unknown.
 */
export function namedPromptFormat(path: string, name: string | null = null): PromptFormat | null {
  const format =
    promptFormatOf(path) ?? BY_EXTENSION.find(({ pattern }) => pattern.test(path))?.format ?? null;
  if (name === null || (format !== null && SEVERAL.has(format))) return format;
  return holdsNamedValues(path) ? "named-value" : null;
}

/** The key whose value is the prompt, in files whose names say so: commands of the Gemini CLI. */
export function usualKey(path: string): string | null {
  return promptFormatOf(path) === "named-value" ? "prompt" : null;
}

/** Whether a file is reviewed as a prompt without being named in a setting. */
export function isPromptPath(path: string): boolean {
  return promptFormatOf(path) !== null;
}

/** Why a file whose name speaks of prompts is not read as one, with what to do about it; null for every other file. */
export function unreadPromptReason(path: string): string | null {
  if (isPromptPath(path)) return null;
  if (/(^|\/)promptfooconfig(\.[\w-]+)?\.[cm]?[jt]s$/i.test(path))
    return "a promptfoo configuration that is a program is never run; write it in YAML to have it reviewed";
  if (/(^|\/)prompts\/.*\.toml$|prompt[^/]*\.toml$/i.test(path))
    return `a TOML file may hold a prompt in any of its values; name the value in the setting \`prompts\`, such as ${path}#prompt`;
  return null;
}
