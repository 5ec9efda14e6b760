/** A folded text as letters alone, with the places where words may begin: what phrases are looked for in. */
import type { FoldedText } from "./folded-text.js";
import { UnitBuffer } from "./unit-buffer.js";

/** How a unit of `LetterText` follows the one before it. */
export const JOIN = {
  /** The same word. */
  inside: 0,
  /** A word may begin here: after an invisible character, at a capital, in spelled-out text, in scripts without spaces. */
  possible: 1,
  word: 2,
  sentence: 3,
} as const;

export interface LetterText {
  /** Letters and digits, folded further: i, l and 1 alike, digits and signs as the letters that they stand for. */
  readonly text: string;
  /** `JOIN` of each unit; one more than there are units: the last is `sentence`. */
  readonly joins: Uint8Array;
  /** Unit of the folded text that each unit was. */
  readonly places: Int32Array;
}

/** Digits and signs that stand for letters ("1gn0r3"), and l, which is told from I and 1 in no font. */
const AS_LETTER = new Uint16Array(0x80).map((_, code) => {
  const place = "01l34578@$!|".indexOf(String.fromCharCode(code));
  return place < 0 ? code : "oiieastbasii".charCodeAt(place);
});
/** Signs that are letters beside a letter, and signs that are only between two. */
const SIGN = /[@$]/;
const INNER_SIGN = /[!|]/;
/** Signs inside a word that do not end it: apostrophes, hyphens, Markdown emphasis. */
const GLUE = /['’`´*_~\-‐‑·]/;
const LETTER = /[\p{L}\p{N}]/u;
/** Scripts that put no spaces between words, or join articles and prepositions to them. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}\p{Script=Devanagari}]/u;
const SENTENCE_END = /[.!?…;。！？；।؟]/;
/** Single letters in a row from which they are taken for one word. */
const SPELLED_OUT = 5;

/** Kinds of units, in the order of how a letter is told from the rest: letters first. */
const KIND = {
  unknown: 0,
  letter: 1,
  unspaced: 2,
  sign: 3,
  innerSign: 4,
  glue: 5,
  newline: 6,
  end: 7,
  other: 8,
} as const;
const kinds = new Uint8Array(0x10000);

function kindOf(code: number): number {
  const known = kinds[code] ?? KIND.other;
  if (known !== KIND.unknown) return known;
  const kind = classify(String.fromCharCode(code));
  kinds[code] = kind;
  return kind;
}

function classify(unit: string): number {
  if (SIGN.test(unit)) return KIND.sign;
  if (INNER_SIGN.test(unit)) return KIND.innerSign;
  if (GLUE.test(unit)) return KIND.glue;
  if (LETTER.test(unit)) return UNSPACED.test(unit) ? KIND.unspaced : KIND.letter;
  if (unit === "\n") return KIND.newline;
  return SENTENCE_END.test(unit) ? KIND.end : KIND.other;
}

function isLetterKind(kind: number): boolean {
  return kind === KIND.letter || kind === KIND.unspaced;
}

/** Takes the letters out of a folded text; `original` tells where capitals begin a word. Linear in the length. */
export function lettersOf(folded: FoldedText, original: string): LetterText {
  const { text, hidden } = folded;
  const letters = new UnitBuffer(text.length);
  const joins = new Uint8Array(text.length + 1);
  const places = new Int32Array(text.length);
  let join: number = JOIN.sentence;
  let newlines = 0;
  let previous: number = KIND.other;
  let kind: number = text.length > 0 ? kindOf(text.charCodeAt(0)) : KIND.other;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const next = at + 1 < text.length ? kindOf(text.charCodeAt(at + 1)) : KIND.other;
    const isBetween = isLetterKind(previous) && isLetterKind(next);
    const isEdgeSign = kind === KIND.sign && (isLetterKind(previous) || isLetterKind(next));
    if (isLetterKind(kind) || isEdgeSign || (kind === KIND.innerSign && isBetween)) {
      const isSoft =
        hidden[at] === 1 ||
        (isEdgeSign && !isBetween) ||
        (previous === KIND.sign && isLetterKind(kind)) ||
        kind === KIND.unspaced ||
        beginsWithCapital(folded, original, at);
      if (join === JOIN.inside && isSoft) join = JOIN.possible;
      joins[letters.length] = join;
      places[letters.length] = at;
      letters.push(code < 0x80 ? (AS_LETTER[code] ?? code) : code);
      join = JOIN.inside;
      newlines = 0;
    } else if (kind === KIND.glue && isBetween) join = max(join, JOIN.possible);
    else {
      if (kind === KIND.newline) newlines++;
      const isMark = kind === KIND.end || (kind === KIND.innerSign && code === EXCLAMATION);
      const ends = newlines >= 2 || (isMark && endsSentence(text, at));
      join = max(join, ends ? JOIN.sentence : JOIN.word);
    }
    previous = kind;
    kind = next;
  }
  const { length } = letters;
  joins[length] = JOIN.sentence;
  joinSpelledOut(joins, length);
  return {
    text: letters.toString(),
    joins: joins.subarray(0, length + 1),
    places: places.subarray(0, length),
  };
}

const { max } = Math;
const EXCLAMATION = 0x21;

/** Whether a capital follows a small letter, as in "IgnoreAll". */
function beginsWithCapital({ starts }: FoldedText, original: string, at: number): boolean {
  if (at === 0) return false;
  return isCapital(original, starts[at] ?? 0) && !isCapital(original, starts[at - 1] ?? 0);
}

function isCapital(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x41 && code <= 0x5a;
}

/** A full stop ends a sentence before white space; ideographic ones do in any place. */
function endsSentence(text: string, at: number): boolean {
  const next = text.charAt(at + 1);
  return next === "" || /[\s"'”’»)\]]/.test(next) || text.charCodeAt(at) > 0x2fff;
}

/** Makes one stretch of each run of at least `SPELLED_OUT` words of one letter; within it a word may begin anywhere. */
function joinSpelledOut(joins: Uint8Array, length: number): void {
  let runStart = 0;
  for (let at = 0; at <= length; at++) {
    const isSingle =
      at < length && (joins[at] ?? 0) >= JOIN.word && (joins[at + 1] ?? 0) >= JOIN.word;
    if (isSingle) continue;
    if (at - runStart >= SPELLED_OUT) {
      for (let unit = runStart + 1; unit < at; unit++) joins[unit] = JOIN.possible;
    }
    runStart = at + 1;
  }
}
