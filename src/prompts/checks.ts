/** What can be said about a prompt without asking any model. */

import type { Input, PromptTemplate, Span } from "../domain.js";
import { LineIndex } from "./decoded-text.js";
import { findTemplateTokens } from "./slots.js";
import { parsePrompt } from "./parse.js";
import { startsInLine } from "./spans/sentences.js";
import { splitLines } from "./spans/lines.js";

/** Share of common words from which two sentences are called nearly the same. */
const NEAR_DUPLICATE = 0.8;
/** Sentences of fewer words are not compared. */
const FEWEST_WORDS = 5;

/**
 * Problems of a template that need no oracle, as sentences with their line, in a fixed order: slots, template code that is
 * not evaluated, repeated sentences, contradictory and repeated demonstrations, merged spans, included files, what was left alone in the file.
 */
export function checkPrompt(template: PromptTemplate, inputs: readonly Input[]): string[] {
  return [
    ...slotProblems(template, inputs),
    ...codeProblems(template),
    ...repeatedSentences(template),
    ...demonstrationProblems(template),
    ...mergedSpans(template),
    ...includedTexts(template),
    ...template.notes,
  ];
}

/** Slots that inputs leave open and slot values that nothing uses; without inputs there is nothing to compare. */
export function slotProblems(template: PromptTemplate, inputs: readonly Input[]): string[] {
  if (inputs.length === 0) return [];
  const names = [...new Set(template.slots.map((slot) => slot.name))];
  const undefinedSlots = names.flatMap((name) => {
    const lacking = inputs.filter((input) => !Object.hasOwn(input.slots, name));
    const line = template.slots.find((slot) => slot.name === name)?.source.startLine ?? 1;
    const example = lacking[0] ? ` (first: ${quote(lacking[0].id)})` : "";
    return lacking.length === 0
      ? []
      : [
          `line ${line}: the slot ${quote(name)} has no value in ${lacking.length} of ${inputs.length} inputs${example}`,
        ];
  });
  const used = new Set(names);
  const given = [...new Set(inputs.flatMap((input) => Object.keys(input.slots)))].sort();
  return [
    ...undefinedSlots,
    ...given
      .filter((name) => !used.has(name))
      .map((name) => `the inputs give ${quote(name)}, which the prompt does not use`),
  ];
}

function codeProblems(template: PromptTemplate): string[] {
  const tokens = findTemplateTokens({
    texts: template.messages.map((message) => message.content),
    syntax: template.syntax,
    format: template.format,
  });
  return tokens.flatMap(({ code }, message) =>
    code.map((range) => {
      const content = template.messages[message]?.content ?? "";
      return `${placeOf(template, message, range.start)}: ${quote(content.slice(range.start, range.end))} is not evaluated and reaches the model as written; only plain slots such as {{name}} are filled`;
    }),
  );
}

/** "line 7" of a place in a message. */
function placeOf(template: PromptTemplate, message: number, offset: number): string {
  const part = template.spans
    .flatMap((span) => span.parts)
    .find(
      (candidate) =>
        candidate.message === message && candidate.start <= offset && offset < candidate.end,
    );
  if (!part) return `message ${message + 1}`;
  const before = (template.messages[message]?.content ?? "").slice(part.start, offset);
  const within = new LineIndex(before).position(before.length).line - 1;
  const file = part.source.path === undefined ? "" : `${part.source.path}, `;
  return `${file}line ${Math.min(part.source.startLine + within, part.source.endLine)}`;
}

interface Sentence {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  readonly place: string;
}

function repeatedSentences(template: PromptTemplate): string[] {
  const sentences = template.spans
    .filter((span) => span.kind !== "example" && span.protection !== "delimiter")
    .flatMap((span) => sentencesOf(template, span));
  return sentences.flatMap((sentence, index) => {
    const earlier = sentences
      .slice(0, index)
      .find((other) => similarity(sentence.words, other.words) >= NEAR_DUPLICATE);
    if (!earlier) return [];
    const how =
      normal(earlier.text) === normal(sentence.text) ? "repeats" : "says nearly the same as";
    return [
      `${sentence.place}: ${quote(sentence.text)} ${how} ${earlier.place}${how === "repeats" ? "" : ` (${quote(earlier.text)})`}`,
    ];
  });
}

function sentencesOf(template: PromptTemplate, span: Span): Sentence[] {
  const part = span.parts[0];
  if (!part) return [];
  return splitLines(span.text).flatMap((line) => {
    if (line.kind === "code" || line.kind === "table") return [];
    const text = span.text.slice(line.start, line.end);
    const starts = startsInLine(text);
    return starts.flatMap((start, index) => {
      const sentence = text.slice(start, starts[index + 1]).trim();
      const words = new Set(normal(sentence).split(" "));
      return words.size < FEWEST_WORDS
        ? []
        : [
            {
              text: sentence,
              words,
              place: placeOf(template, part.message, part.start + line.start + start),
            },
          ];
    });
  });
}

/** Letters and digits only, in lower case, without a list item's marker. */
function normal(text: string): string {
  return text
    .replace(/^\s*(?:[-*+•]|\(?\w{1,2}[.)])\s/, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** Jaccard similarity of two word sets, in [0, 1]. */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return common / (a.size + b.size - common);
}

function demonstrationProblems(template: PromptTemplate): string[] {
  const shown = template.demonstrations.flatMap(({ input, label, startLine }) =>
    input === null || label === null ? [] : [{ input: normal(input), label, startLine }],
  );
  return shown.flatMap((demonstration, index) => {
    const earlier = shown.slice(0, index).find((other) => other.input === demonstration.input);
    if (!earlier) return [];
    const same = normal(earlier.label) === normal(demonstration.label);
    return [
      same
        ? `line ${demonstration.startLine}: the example repeats the one on line ${earlier.startLine}`
        : `line ${demonstration.startLine}: the example gives ${quote(demonstration.label)} for the input that line ${earlier.startLine} labels ${quote(earlier.label)}`,
    ];
  });
}

function mergedSpans(template: PromptTemplate): string[] {
  const merged = template.spans.filter((span) => span.kind === "section").length;
  if (merged === 0) return [];
  const { name, included } = template;
  const all = parsePrompt(template.path, template.source, {
    name,
    included,
    mostMaskableSpans: Infinity,
  }).spans.filter((span) => span.protection === null).length;
  const now = template.spans.filter((span) => span.protection === null).length;
  return [`${all} sentences and examples are judged in ${now} pieces: neighbours were merged`];
}

/** Text of other files is never proposed for deletion: who includes it too is not known here. */
function includedTexts(template: PromptTemplate): string[] {
  const paths = template.spans.flatMap((span) =>
    span.parts.flatMap((part) => part.source.path ?? []),
  );
  return [...new Set(paths)].map(
    (path) =>
      `the text of ${path} is included and kept whole; review it as a prompt of its own to shorten it`,
  );
}

/** At most 80 characters on one line, in quotes. */
function quote(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 77)}...` : line);
}
