/** Templates in files of their own: Jinja2, with or without role lines, Handlebars, Mustache, Liquid. */

import { LineIndex } from "../decoded-text.js";
import type { SourceFile } from "../source-file.js";
import { wholeMessage } from "./plain-text.js";
import { readSections, roleLines } from "./sections.js";

/**
 * Reads a template. One whose first line that is no comment is a role line, such as `system:` or `# system:`, is a chat as promptflow
 * has it; any other is one user message. Throws PROMPT_SYNTAX where nothing is left to say.
 */
export function readTemplateFile(
  path: string,
  text: string,
  engine: "jinja" | "handlebars" | "liquid",
): SourceFile {
  const lines = new LineIndex(text);
  const start = text.startsWith("\ufeff") ? 1 : 0;
  const { messages, notes } = (engine === "jinja"
    ? readChat({ path, text, lines }, start)
    : null) ?? {
    messages: [wholeMessage({ path, lines }, text, start)],
    notes: [],
  };
  return {
    path,
    name: null,
    format: engine,
    syntax: engine,
    text,
    lines,
    messages,
    embeddedInputs: [],
    model: null,
    notes,
    rest: text.slice(0, messages[0]?.item.start),
  };
}

function readChat(
  file: { readonly path: string; readonly text: string; readonly lines: LineIndex },
  from: number,
): ReturnType<typeof readSections> | null {
  const opening = /^\s*(?:\{#[\s\S]*?#\}\s*|\{%[\s\S]*?%\}\s*)*/.exec(file.text.slice(from));
  const first = from + (opening?.[0].length ?? 0);
  if (
    !/^[ \t]*(?:#[ \t]*)?(?:system|user|assistant)[ \t]*:[ \t]*(?:\r?\n|$)/i.test(
      file.text.slice(first),
    )
  )
    return null;
  const sections = readSections(file, from, {
    markers: roleLines(file, from),
    preamble: "user",
    engine: "jinja",
  });
  return sections.messages.length > 0 ? sections : null;
}
