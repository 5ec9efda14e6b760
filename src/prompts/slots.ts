/** Placeholders of a template: those that an input can fill, and those that only a template engine could. */

import type { PromptFormat } from "../domain.js";
import type { TextRange } from "./decoded-text.js";

/** A slot in one message's decoded text. */
export interface SlotToken extends TextRange {
  readonly name: string;
}

/** What a message's text holds: slots that inputs fill, and template code that is neither filled nor ever masked. */
export interface TemplateTokens {
  readonly slots: readonly SlotToken[];
  readonly code: readonly TextRange[];
}

const NAME = String.raw`([\p{L}_][\p{L}\p{N}_.\-]*)`;

/**
 * Ways to write a slot, most explicit first. A template speaks one of them: the first that occurs anywhere in it, so that
 * `{x}` in a template with `{{x}}` is plain text.
 */
const DIALECTS: readonly RegExp[] = [
  new RegExp(
    String.raw`\{\{\{\s*\$?${NAME}\s*\}\}\}|\{\{[-~]?\s*\$?([\p{L}\p{N}_][\p{L}\p{N}_.\-]*?)\s*[-~]?\}\}`,
    "gu",
  ),
  new RegExp(String.raw`\$\{${NAME}\}`, "gu"),
  new RegExp(String.raw`%\(${NAME}\)s`, "gu"),
  // Not after a letter, a digit, a backslash or another bracket: that is LaTeX, a path or code.
  new RegExp(String.raw`(?<![\p{L}\p{N}_\\}{$^])\{${NAME}\}(?!\})`, "gu"),
];

/** Expressions that only a template engine could evaluate, and positional placeholders. */
const EXPRESSIONS: readonly RegExp[] = [
  /\{\{\{?[-~]?\s*[#/^>!&]?\s*[\p{L}_@$][^{}\n]*\}\}\}?/gu,
  /(?<![\p{L}\p{N}%])%(?:s|d|r|i)(?![\p{L}\p{N}])/gu,
];

/** Statements and comments of Jinja and its relatives. */
const DELIMITERS: readonly (readonly [string, string])[] = [
  ["{%", "%}"],
  ["{#", "#}"],
];

/** Words that stand in double braces without being a slot. */
const KEYWORDS = new Set(["else", "this", "end"]);

/** Finds the tokens of every message of one template. `.prompt.yml` knows `{{name}}` only; other formats are told by what occurs. */
export function findTemplateTokens(
  texts: readonly string[],
  format: PromptFormat,
): TemplateTokens[] {
  const dialects = format === "prompt-yaml" ? DIALECTS.slice(0, 1) : DIALECTS;
  const perDialect = dialects.map((dialect) => texts.map((text) => slotsIn(text, dialect)));
  const slots =
    perDialect.find((messages) => messages.some((found) => found.length > 0)) ??
    texts.map(() => []);
  return texts.map((text, message) => ({
    slots: slots[message] ?? [],
    code: codeIn(text, slots[message] ?? []),
  }));
}

function slotsIn(text: string, dialect: RegExp): SlotToken[] {
  const found = [...text.matchAll(dialect)].map((match) => ({
    name: match[1] ?? match[2] ?? "",
    start: match.index,
    end: match.index + match[0].length,
  }));
  return found.filter((slot) => !KEYWORDS.has(slot.name));
}

function codeIn(text: string, slots: readonly SlotToken[]): TextRange[] {
  const expressions = EXPRESSIONS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
    })),
  );
  const statements = DELIMITERS.flatMap(([open, close]) => delimited(text, open, close));
  return [...expressions, ...statements]
    .filter((range) => !slots.some((slot) => slot.start < range.end && range.start < slot.end))
    .sort((a, b) => a.start - b.start);
}

/** Stretches from an opening to the next closing delimiter; an opening that is never closed is text. */
function delimited(text: string, open: string, close: string): TextRange[] {
  const found: TextRange[] = [];
  for (let start = text.indexOf(open); start >= 0;) {
    const stop = text.indexOf(close, start + open.length);
    if (stop < 0) break;
    const end = stop + close.length;
    found.push({ start, end });
    start = text.indexOf(open, end);
  }
  return found;
}
