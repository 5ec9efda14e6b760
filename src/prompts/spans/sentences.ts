/** Sentences of a paragraph, by Unicode text segmentation (UAX 29) with the breaks it gets wrong put back together. */

import type { TextRange } from "../decoded-text.js";
import type { Line } from "./lines.js";

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });
const WORDS = new Intl.Segmenter("en", { granularity: "word" });

/** Ends of a piece after which a sentence does not end: titles, initials, numbered steps, Latin abbreviations. */
const NOT_AN_END = [
  /(?:^|[\s("'[])(?:Dr|Mr|Mrs|Ms|Prof|Sr|Jr|St|Mt|vs|cf|Fig|Figs|Eq|Sec|Ch|approx|al|resp|dept|est|min|max)\.$/i,
  /(?:^|[\s("'[])(?:e\.\s?g|i\.\s?e|viz|a\.k\.a|w\.r\.t)\.$/i,
  /(?:^|\s)\p{Lu}\.$/u,
  /(?:^|\s)(?:step|rule|item|example|section|chapter|part|question|option|case|phase|point|task|note)\s+(?:\d{1,3}|[A-Z]|[ivx]{1,4})[.)]$/i,
  /^[\s>*_-]*\(?(?:\d{1,3}|[a-zA-Z])[.)]$/,
];
/** Ends that are none before a number or a lower-case letter. */
const NOT_AN_END_BEFORE_MORE = /(?:^|[\s("'[])(?:No|Nos|etc|Inc|Ltd|Co|Corp|p|pp|ca)\.$/i;

/** As much of a piece as is looked at to tell whether it ends a sentence. */
const LOOK_BACK = 60;
const WINDOW = 8192;
/** A piece with fewer tokens than this does not stand alone. */
const SMALLEST_SENTENCE = 3;

/**
 * Start offsets of the sentences of consecutive prose lines, the first line's start among them. Lines are cut apart first;
 * a hard-wrapped sentence (no end of sentence, next line in lower case) goes on over the break.
 */
export function sentenceStarts(text: string, lines: readonly Line[]): number[] {
  const starts: number[] = [];
  lines.forEach((line, index) => {
    const before = lines[index - 1];
    const lineStarts = startsInLine(text.slice(line.start, line.end)).map(
      (start) => line.start + start,
    );
    if (before && continuesSentence(before, line)) lineStarts.shift();
    starts.push(...lineStarts);
  });
  return mergeFragments(text, starts, lines[lines.length - 1]?.end ?? text.length);
}

/** Start offsets of the sentences of one line; always begins with 0. */
export function startsInLine(line: string): number[] {
  const starts: number[] = [0];
  for (const index of segmentStarts(line).slice(1)) {
    const piece = line.slice(starts.at(-1), index).trimEnd();
    if (!isFalseEnd(piece, line.slice(index, index + LOOK_BACK))) starts.push(index);
  }
  return starts;
}

/** Where the segmenter begins a sentence. Long lines go through windows, for its time grows with the square of the length. */
function segmentStarts(line: string): number[] {
  const starts: number[] = [];
  let from = 0;
  for (let size = WINDOW; from < line.length;) {
    const found = [...SENTENCES.segment(line.slice(from, from + size))].map(({ index }) => index);
    const isWhole = from + size >= line.length;
    if (!isWhole && found.length < 2) {
      size *= 2;
      continue;
    }
    starts.push(...(isWhole ? found : found.slice(0, -1)).map((index) => from + index));
    from = isWhole ? line.length : from + (found.at(-1) ?? 0);
    size = WINDOW;
  }
  return starts;
}

function isFalseEnd(piece: string, next: string): boolean {
  const end = piece.length > LOOK_BACK ? `…${piece.slice(-LOOK_BACK)}` : piece;
  if (NOT_AN_END.some((pattern) => pattern.test(end))) return true;
  return NOT_AN_END_BEFORE_MORE.test(end) && /^[\d\p{Ll}]/u.test(next.trimStart());
}

function continuesSentence(before: Line, line: Line): boolean {
  return !/[.!?:;。！？…]["')\]*_`]*$/u.test(before.text) && /^["'(]*\p{Ll}/u.test(line.text);
}

/** Whether a text has at least `least` words and punctuation marks, by Unicode word segmentation. */
function hasWords(text: string, least: number): boolean {
  let count = 0;
  for (const { segment } of WORDS.segment(text))
    if (segment.trim() !== "" && ++count >= least) return true;
  return false;
}

/** Joins a piece that is too short to its predecessor, or to its successor where it is the first. */
function mergeFragments(text: string, starts: readonly number[], end: number): number[] {
  const kept: number[] = [];
  let carry = false;
  starts.forEach((start, index) => {
    const short = !hasWords(text.slice(start, starts[index + 1] ?? end), SMALLEST_SENTENCE);
    if (kept.length === 0 || (!short && !carry)) kept.push(start);
    carry = short && kept.length === 1 && index === 0;
  });
  return kept;
}

/** The range without the white space at both ends; empty ranges stay where they are. */
export function trimmedRange(text: string, range: TextRange): TextRange {
  const piece = text.slice(range.start, range.end);
  const start = range.start + (piece.length - piece.trimStart().length);
  return { start, end: Math.max(start, range.start + piece.trimEnd().length) };
}
