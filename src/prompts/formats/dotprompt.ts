/** dotprompt: YAML front matter, then Handlebars in which `{{role "system"}}` begins a message. */

import type { Role } from "../../domain.js";
import { LineIndex } from "../decoded-text.js";
import { shown, syntaxError, type SourceFile } from "../source-file.js";
import { scanTags } from "../syntax/tags.js";
import { contentId, slotRecord } from "../inputs-content.js";
import { readFrontMatter, type FrontMatter } from "./front-matter.js";
import { readSections, type RoleMarker } from "./sections.js";
import { entry, flatTexts, textEntry } from "./value-tree.js";

const ROLES: Readonly<Record<string, Role>> = {
  system: "system",
  user: "user",
  model: "assistant",
  assistant: "assistant",
};

/** Reads a `.prompt` file; `input.default` becomes an input where it is text. Throws PROMPT_SYNTAX with line and column. */
export function readDotprompt(path: string, text: string): SourceFile {
  const lines = new LineIndex(text);
  const file = { path, text, lines };
  const front = readFrontMatter(path, text, true);
  const start = front?.bodyStart ?? (text.startsWith("\ufeff") ? 1 : 0);
  const sections = readSections(file, start, {
    markers: roleMarkers(file, start),
    preamble: "user",
    engine: "handlebars",
  });
  if (sections.messages.length === 0)
    throw syntaxError(file, start, {
      message: "the prompt is empty",
      fix: "write the prompt's text, or remove the file",
    });
  return {
    path,
    name: null,
    format: "dotprompt",
    syntax: "handlebars",
    text,
    lines,
    messages: sections.messages,
    embeddedInputs: front === null ? [] : defaultInput(front),
    model: front === null ? null : textEntry(front.tree, "model"),
    notes: sections.notes,
    rest: text.slice(0, sections.messages[0]?.item.start),
  };
}

function roleMarkers(
  file: { readonly path: string; readonly text: string; readonly lines: LineIndex },
  from: number,
): RoleMarker[] {
  const { tags } = scanTags(file.text.slice(from), "handlebars");
  return tags.flatMap((tag) => {
    const name = /^role\s+["'](.*)["']$/.exec(tag.body)?.[1];
    if (tag.kind !== "output" || name === undefined) return [];
    const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
    if (role === undefined)
      throw syntaxError(file, from + tag.start, {
        message: `unknown role ${shown(name)}`,
        fix: `use one of: system, user, model`,
      });
    return [{ start: from + tag.start, end: from + tag.end, role }];
  });
}

function defaultInput({ tree, file }: FrontMatter): SourceFile["embeddedInputs"] {
  const input = entry(tree, "input");
  const given = input && entry(input, "default");
  const values = given && flatTexts(given);
  if (!given || !values || values.length === 0) return [];
  const slots = slotRecord(values);
  const line = file.lines.position(given.range.start).line;
  return [{ id: contentId(slots), slots, expected: null, line }];
}
