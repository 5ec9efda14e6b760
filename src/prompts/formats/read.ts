/** One door to all formats. */

import type { PromptFormat, PromptTemplate } from "../../domain.js";
import { UnderstudyError, assertNever } from "../../errors.js";
import { sourceRangeOf } from "../decoded-text.js";
import { expandIncludes, type IncludedFiles } from "../includes/expand.js";
import { namedPromptFormat, unreadPromptReason, usualKey } from "../paths.js";
import { analyseTokens } from "../slots.js";
import type { SourceFile } from "../source-file.js";
import { readChatJson } from "./chat-json.js";
import { readChatJsonl } from "./chat-jsonl.js";
import { readChatYaml } from "./chat-yaml.js";
import { readDotprompt } from "./dotprompt.js";
import { readMarkdown } from "./markdown.js";
import { readNamedValue } from "./named-value.js";
import { readPlainText } from "./plain-text.js";
import { readPromptYaml } from "./prompt-yaml.js";
import { readPromptfoo } from "./promptfoo.js";
import { readPrompty } from "./prompty.js";
import { readTemplateFile } from "./template-file.js";

export interface ReadOptions {
  /** Which of the prompts in the file; null where there is one, or the file itself is the prompt. */
  readonly name?: string | null;
  /** Texts of files that it may include. */
  readonly included?: IncludedFiles;
}

/** A file that was read, and the files that it includes but was not given. */
export type ReadFile = SourceFile & { readonly wanted: readonly string[] };

/**
 * Reads a prompt in the format that its name or extension stands for, with its includes put in. Throws PROMPT_SYNTAX, also for a name
 * that stands for no format and for templates that their engine would refuse.
 */
export function readSourceFile(path: string, text: string, options: ReadOptions = {}): ReadFile {
  const name = options.name ?? null;
  const written = readAs(namedPromptFormat(path, name), { path, text, name });
  const expanded = written.messages.map((message) =>
    message.opaque
      ? { content: message.content, wanted: [], notes: [] }
      : expandIncludes(written, message.content, options.included ?? new Map()),
  );
  const file = {
    ...written,
    messages: written.messages.map((message, index) => {
      const content = expanded[index]?.content ?? message.content;
      // Writing the text anew would write what is included into this file.
      return content.included
        ? { ...message, content, rewrites: () => [] }
        : { ...message, content };
    }),
    notes: [...written.notes, ...expanded.flatMap(({ notes }) => notes)],
    wanted: [...new Set(expanded.flatMap(({ wanted }) => wanted))],
  };
  refuseProblem(file);
  return file;
}

/** The file behind a template, read once more in the same way. */
export function readAgain(template: PromptTemplate): SourceFile {
  const { path, source, name, included } = template;
  return readSourceFile(path, source, { name, included });
}

function readAs(
  format: PromptFormat | null,
  {
    path,
    text,
    name,
  }: { readonly path: string; readonly text: string; readonly name: string | null },
): SourceFile {
  switch (format) {
    case "prompt-yaml":
      return readPromptYaml(path, text);
    case "chat-yaml":
      return readChatYaml(path, text);
    case "chat-json":
      return readChatJson(path, text);
    case "chat-jsonl":
      return readChatJsonl(path, text, name);
    case "prompty":
      return readPrompty(path, text);
    case "dotprompt":
      return readDotprompt(path, text);
    case "promptfoo":
      return readPromptfoo(path, text, name);
    case "jinja":
    case "handlebars":
    case "liquid":
      return readTemplateFile(path, text, format);
    case "named-value":
      return readNamedValue(path, text, name ?? usualKey(path) ?? "");
    case "markdown":
      return readMarkdown(path, text);
    case "text":
      return readPlainText(path, text);
    case null:
      return refuse(path, name);
    default:
      return assertNever(format);
  }
}

function refuse(path: string, name: string | null): never {
  throw new UnderstudyError(
    "PROMPT_SYNTAX",
    name === null
      ? (unreadPromptReason(path) ?? "not a prompt file by its name")
      : `a file of this kind holds no prompt named ${JSON.stringify(name)}`,
    {
      place: { path },
      fix:
        name === null
          ? "use one of the names of docs/prompt-formats.md, such as .prompt.yml, .prompty, .prompt, .prompt.md, .prompt.txt, .messages.json or promptfooconfig.yaml; or name a value of a YAML, JSON or TOML file, such as config.yaml#prompts.system"
          : "name the file alone, or a value of a YAML, JSON or TOML file by its keys",
    },
  );
}

/** What the template engine would refuse is refused here, with its place. */
function refuseProblem(file: SourceFile): void {
  const texts = file.messages.map((message) => message.content.text);
  const { problem } = analyseTokens({ texts, syntax: file.syntax, format: file.format });
  const content = problem && file.messages[problem.message]?.content;
  if (!problem || !content) return;
  const place = sourceRangeOf(file.lines, content, { start: problem.at, end: problem.at + 1 });
  throw new UnderstudyError("PROMPT_SYNTAX", problem.problem, {
    place: { path: place.path ?? file.path, line: place.startLine, column: place.startColumn },
    fix: problem.fix,
  });
}
