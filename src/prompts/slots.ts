/** Placeholders of a template: those that an input can fill, and those that only a template engine could. */

import type { PromptFormat, TemplateSyntax } from "../domain.js";
import type { TextRange } from "./decoded-text.js";
import { analyseTemplate, type AnalysedTemplate } from "./syntax/blocks.js";
import type { SlotToken, TemplateTokens } from "./syntax/tokens.js";

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

/** A template as far as its slots go: the texts of its messages, how it is written, and in which format. */
export interface SlotSource {
  readonly texts: readonly string[];
  readonly syntax: TemplateSyntax;
  readonly format: PromptFormat;
}

/** Names that dotprompt gives a meaning of its own. */
const DOTPROMPT_NAMES: ReadonlySet<string> = new Set(["history"]);

/** Images and references of Prompty, which are resolved by whoever runs the prompt. */
const PROMPTY_REFERENCES = /!\[[^\]\n]*\]\([^)\n]*\)|\$\{(?:file|env):[^}\n]*\}/gi;

/**
 * Finds the tokens of every message of one template. A template engine's tags are scanned as the engine does, and what it would refuse
 * is the problem; other texts speak the dialect that occurs in them, `.prompt.yml` `{{name}}` only.
 */
export function analyseTokens({ texts, syntax, format }: SlotSource): AnalysedTemplate {
  if (syntax === "any" || syntax === "double-brace")
    return { tokens: tokensByDialect(texts, syntax), problem: null };
  const reserved = format === "dotprompt" ? DOTPROMPT_NAMES : undefined;
  const analysed = analyseTemplate(texts, syntax, reserved);
  if (format !== "prompty") return analysed;
  return {
    ...analysed,
    tokens: analysed.tokens.map(({ slots, code }, message) => ({
      slots,
      code: [...code, ...matchesOf(texts[message] ?? "", PROMPTY_REFERENCES)]
        .filter((range) => !slots.some((slot) => overlap(slot, range)))
        .sort((a, b) => a.start - b.start),
    })),
  };
}

/** The tokens alone: of a template that was read, and so has no problem. */
export function findTemplateTokens(source: SlotSource): readonly TemplateTokens[] {
  return analyseTokens(source).tokens;
}

function tokensByDialect(
  texts: readonly string[],
  syntax: "any" | "double-brace",
): TemplateTokens[] {
  const dialects = syntax === "double-brace" ? DIALECTS.slice(0, 1) : DIALECTS;
  const perDialect = dialects.map((dialect) => texts.map((text) => slotsIn(text, dialect)));
  const slots =
    perDialect.find((messages) => messages.some((found) => found.length > 0)) ??
    texts.map(() => []);
  return texts.map((text, message) => ({
    slots: slots[message] ?? [],
    code: codeIn(text, slots[message] ?? []),
  }));
}

function matchesOf(text: string, pattern: RegExp): TextRange[] {
  return [...text.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function overlap(a: TextRange, b: TextRange): boolean {
  return a.start < b.end && b.start < a.end;
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
  const expressions = EXPRESSIONS.flatMap((pattern) => matchesOf(text, pattern));
  const statements = DELIMITERS.flatMap(([open, close]) => delimited(text, open, close));
  return [...expressions, ...statements]
    .filter((range) => !slots.some((slot) => overlap(slot, range)))
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
