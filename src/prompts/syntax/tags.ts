/** The tags of a template engine's text, found as that engine finds them. */

import type { TextRange } from "../decoded-text.js";

/** Engines whose tags are scanned. Nunjucks and Jinja2 share one syntax here, Mustache and Handlebars the other. */
export type Engine = "jinja" | "liquid" | "handlebars";

/**
 * text[start, end) is a tag: an output such as `{{ name }}`, a statement such as `{% if x %}` or `{{#each y}}`, or a comment. `body` is
 * what stands between the delimiters, trimmed, without white space control.
 */
export interface TemplateTag extends TextRange {
  readonly kind: "output" | "statement" | "comment";
  readonly body: string;
}

export interface ScannedTags {
  readonly tags: readonly TemplateTag[];
  /** Where a tag opens that nothing closes, and what would close it; null where every tag is closed. */
  readonly unclosed: {
    readonly at: number;
    readonly opening: string;
    readonly closing: string;
  } | null;
}

/** All tags of a text in order. Text inside `raw` blocks holds none. */
export function scanTags(text: string, engine: Engine): ScannedTags {
  const tags: TemplateTag[] = [];
  let at = text.indexOf("{");
  while (at >= 0) {
    const found = engine === "handlebars" ? handlebarsTag(text, at) : jinjaTag(text, at, engine);
    if (found === null) {
      at = text.indexOf("{", at + 1);
      continue;
    }
    if (found.end < 0) return { tags, unclosed: { at, ...found } };
    tags.push(...found.tags);
    at = text.indexOf("{", found.end);
  }
  return { tags, unclosed: null };
}

interface Found {
  readonly tags: readonly TemplateTag[];
  /** Where scanning goes on; negative where the tag is never closed. */
  readonly end: number;
  readonly opening: string;
  readonly closing: string;
}

function jinjaTag(text: string, at: number, engine: "jinja" | "liquid"): Found | null {
  const opening = text.slice(at, at + 2);
  if (opening === "{#" && engine === "jinja") return simpleTag(text, at, ["comment", "{#", "#}"]);
  if (opening === "{{") return simpleTag(text, at, ["output", "{{", "}}"]);
  if (opening !== "{%") return null;
  const found = simpleTag(text, at, ["statement", "{%", "%}"]);
  const [tag] = found.tags;
  if (!tag) return found;
  if (tag.body === "raw") return verbatimBlock(text, tag, "endraw");
  if (engine === "liquid" && tag.body === "comment") return commentBlock(text, tag);
  return found;
}

function simpleTag(
  text: string,
  at: number,
  [kind, opening, closing]: readonly [TemplateTag["kind"], string, string],
): Found {
  const close =
    kind === "comment"
      ? text.indexOf(closing, at + opening.length)
      : closeOutsideQuotes(text, at + opening.length, closing);
  if (close < 0) return { tags: [], end: -1, opening, closing };
  const end = close + closing.length;
  const body = text
    .slice(at + opening.length, close)
    .replace(/^[-+~]|[-+~]$/g, "")
    .trim();
  return { tags: [{ kind, start: at, end, body }], end, opening, closing };
}

/** The next closing delimiter that does not stand in a quoted text; a quote that is not closed on its line is no quote. */
function closeOutsideQuotes(text: string, from: number, closing: string): number {
  const first = text.indexOf(closing, from);
  if (first < 0) return -1;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith(closing, at)) return at;
    const quote = text[at];
    if (quote !== '"' && quote !== "'") continue;
    const stop = endOfQuoted(text, at);
    if (stop >= 0) at = stop;
  }
  return first;
}

function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\n") return -1;
    if (text[at] === "\\") at++;
    else if (text[at] === text[from]) return at;
  }
  return -1;
}

/** `{% raw %}` to its end: two tags with plain text between. */
function verbatimBlock(text: string, open: TemplateTag, name: string): Found {
  const close = closingTag(text, open.end, name);
  const around = { opening: text.slice(open.start, open.end), closing: `{% ${name} %}` };
  if (!close) return { tags: [], end: -1, ...around };
  return { tags: [open, close], end: close.end, ...around };
}

function commentBlock(text: string, open: TemplateTag): Found {
  const close = closingTag(text, open.end, "endcomment");
  const around = { opening: "{% comment %}", closing: "{% endcomment %}" };
  if (!close) return { tags: [], end: -1, ...around };
  const body = text.slice(open.end, close.start).trim();
  return {
    tags: [{ kind: "comment", start: open.start, end: close.end, body }],
    end: close.end,
    ...around,
  };
}

function closingTag(text: string, from: number, name: string): TemplateTag | null {
  const pattern = new RegExp(String.raw`\{%[-+]?\s*${name}\s*[-+]?%\}`, "g");
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match
    ? { kind: "statement", start: match.index, end: match.index + match[0].length, body: name }
    : null;
}

function handlebarsTag(text: string, at: number): Found | null {
  if (!text.startsWith("{{", at)) return null;
  if (text[at - 1] === "\\" && text[at - 2] !== "\\") return escapedTag(text, at);
  if (text.startsWith("{{{{", at)) return rawBlock(text, at);
  if (/^\{\{~?!--/.test(text.slice(at, at + 6))) {
    const close = /--~?\}\}/g;
    close.lastIndex = at + 5;
    const match = close.exec(text);
    const around = { opening: "{{!--", closing: "--}}" };
    if (!match) return { tags: [], end: -1, ...around };
    const end = match.index + match[0].length;
    return { tags: [{ kind: "comment", start: at, end, body: "" }], end, ...around };
  }
  const triple = text.startsWith("{{{", at);
  const isComment = /^\{\{~?!/.test(text.slice(at, at + 4));
  const found = simpleTag(
    text,
    at,
    triple ? ["output", "{{{", "}}}"] : [isComment ? "comment" : "output", "{{", "}}"],
  );
  const [tag] = found.tags;
  if (!tag || triple || isComment) return found;
  const isStatement = /^[#^/>*=]|^else\b/.test(tag.body);
  return isStatement ? { ...found, tags: [{ ...tag, kind: "statement" }] } : found;
}

/** `\{{name}}` is text. */
function escapedTag(text: string, at: number): Found {
  const close = text.indexOf("}}", at);
  return { tags: [], end: close < 0 ? text.length : close + 2, opening: "{{", closing: "}}" };
}

/** `{{{{raw}}}}` to `{{{{/raw}}}}`: two tags with plain text between. */
function rawBlock(text: string, at: number): Found {
  const open = /^\{\{\{\{\s*([\w-]+)[^}]*\}\}\}\}/.exec(text.slice(at, at + 200));
  const closing = `{{{{/${open?.[1] ?? "name"}}}}}`;
  const close = open ? text.indexOf(closing, at) : -1;
  if (!open || close < 0) return { tags: [], end: -1, opening: "{{{{", closing };
  const end = close + closing.length;
  return {
    tags: [
      { kind: "statement", start: at, end: at + open[0].length, body: open[1] ?? "" },
      { kind: "statement", start: close, end, body: open[1] ?? "" },
    ],
    end,
    opening: open[0],
    closing,
  };
}
