/** Which files are prompts, told by their names. */

import type { PromptFormat } from "../domain.js";

const NOT_A_PROMPT =
  /^(readme|license|licence|changelog|contributing|code_of_conduct|security|notice)(\.|$)/i;

const UNSUPPORTED: readonly { readonly pattern: RegExp; readonly name: string }[] = [
  { pattern: /\.prompty$/i, name: "Prompty (.prompty)" },
  { pattern: /\.prompt$/i, name: "dotprompt (.prompt)" },
  {
    pattern: /(^|\/)promptfooconfig(\.[\w-]+)?\.(ya?ml|json|js|ts)$/i,
    name: "promptfoo configuration",
  },
  {
    pattern: /(^|\/)prompts\/.*\.(j2|jinja|jinja2)$|prompt[^/]*\.(j2|jinja|jinja2)$/i,
    name: "Jinja2 template",
  },
  {
    pattern:
      /(^|\/)prompts\/.*\.(hbs|handlebars|mustache)$|prompt[^/]*\.(hbs|handlebars|mustache)$/i,
    name: "Handlebars or Mustache template",
  },
  {
    pattern: /(^|\/)prompts\/.*\.(toml|liquid)$|prompt[^/]*\.(toml|liquid)$/i,
    name: "TOML or Liquid prompt",
  },
];

/** The format a file name stands for, or null where the name says nothing of a prompt. Separators are `/`. */
export function promptFormatOf(path: string): PromptFormat | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const inPromptFolder = /(^|\/)prompts\//i.test(path) && !NOT_A_PROMPT.test(name);
  if (/\.prompt\.ya?ml$/i.test(name)) return "prompt-yaml";
  if (/\.(prompt|messages)\.json$/i.test(name)) return "chat-json";
  if (/\.prompt\.(md|markdown)$/i.test(name)) return "markdown";
  if (/\.prompt\.txt$/i.test(name)) return "text";
  if (inPromptFolder && /\.(md|markdown)$/i.test(name)) return "markdown";
  if (inPromptFolder && /\.txt$/i.test(name)) return "text";
  return null;
}

/** The format of a file that somebody named as a prompt: by its name, else by its extension alone; null where even that is unknown. */
export function namedPromptFormat(path: string): PromptFormat | null {
  const known = promptFormatOf(path);
  if (known !== null) return known;
  if (/\.(md|markdown)$/i.test(path)) return "markdown";
  if (/\.txt$/i.test(path)) return "text";
  return /\.json$/i.test(path) ? "chat-json" : null;
}

/** Whether `parsePrompt` reads this file: `.prompt.yml`, Markdown and text that the name or a `prompts` folder marks, chat messages in JSON. */
export function isPromptPath(path: string): boolean {
  return promptFormatOf(path) !== null;
}

/** The name of a known prompt format that is not read yet, so that a report can say so; null for every other file. */
export function unsupportedPromptFormat(path: string): string | null {
  if (isPromptPath(path)) return null;
  return UNSUPPORTED.find((format) => format.pattern.test(path))?.name ?? null;
}
