/** One door to all formats. */

import { UnderstudyError, assertNever } from "../../errors.js";
import { namedPromptFormat, unsupportedPromptFormat } from "../paths.js";
import type { SourceFile } from "../source-file.js";
import { readChatJson } from "./chat-json.js";
import { readMarkdown } from "./markdown.js";
import { readPlainText } from "./plain-text.js";
import { readPromptYaml } from "./prompt-yaml.js";

/** Reads a prompt file in the format that its name or extension stands for. Throws PROMPT_SYNTAX, also for a name that stands for none. */
export function readSourceFile(path: string, text: string): SourceFile {
  const format = namedPromptFormat(path);
  switch (format) {
    case "prompt-yaml":
      return readPromptYaml(path, text);
    case "markdown":
      return readMarkdown(path, text);
    case "text":
      return readPlainText(path, text);
    case "chat-json":
      return readChatJson(path, text);
    case null:
      return refuse(path);
    default:
      return assertNever(format);
  }
}

function refuse(path: string): never {
  const known = unsupportedPromptFormat(path);
  throw new UnderstudyError(
    "PROMPT_SYNTAX",
    known ? `${known} files are not read yet` : "not a prompt file by its name",
    {
      place: { path },
      fix: "use .prompt.yml, .prompt.md, .prompt.txt, .prompt.json, .messages.json, or Markdown or text in a folder named prompts",
    },
  );
}
