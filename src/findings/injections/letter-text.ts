/** A folded text as letters alone, with the places where words may begin: what phrases are looked for in. */
import type { FoldedText } from "./folded-text.js";

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
  /** Whether a run of single letters was set apart, such as "i g n o r e". */
  readonly isSpelledOut: boolean;
}

/** Digits and signs that stand for letters ("1gn0r3"), and l, which is told from I and 1 in no font. */
const AS_LETTER: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  l: "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "@": "a",
  $: "s",
  "!": "i",
  "|": "i",
};
/** Signs that are letters only between letters. */
const SIGN = /[@$!|]/;
/** Signs inside a word that do not end it: apostrophes, hyphens, Markdown emphasis. */
const GLUE = /['’`´*_~\-‐‑·]/;
const LETTER = /[\p{L}\p{N}]/u;
/** Scripts that put no spaces between words, or join articles and prepositions to them. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}\p{Script=Devanagari}]/u;
const SENTENCE_END = /[.!?…;。！？；।؟]/;
/** Single letters in a row from which they are taken for one word. */
const SPELLED_OUT = 5;

const kinds = new Map<string, Kind>();
type Kind = "letter" | "unspaced" | "sign" | "glue" | "space" | "end" | "other";

function kindOf(unit: string): Kind {
  const known = kinds.get(unit);
  if (known !== undefined) return known;
  const kind = SIGN.test(unit)
    ? "sign"
    : GLUE.test(unit)
      ? "glue"
      : UNSPACED.test(unit) && LETTER.test(unit)
        ? "unspaced"
        : LETTER.test(unit)
          ? "letter"
          : SENTENCE_END.test(unit)
            ? "end"
            : /\s/.test(unit)
              ? "space"
              : "other";
  if (kinds.size < 70_000) kinds.set(unit, kind);
  return kind;
}

function isLetterKind(kind: Kind): boolean {
  return kind === "letter" || kind === "unspaced";
}

/** Takes the letters out of a folded text; `original` tells where capitals begin a word. Linear in the length. */
export function lettersOf(folded: FoldedText, original: string): LetterText {
  const { text, hidden } = folded;
  const letters: string[] = [];
  const joins = new Uint8Array(text.length + 1);
  const places = new Int32Array(text.length);
  let length = 0;
  let join: number = JOIN.sentence;
  let newlines = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at);
    const kind = kindOf(unit);
    const previous = at > 0 ? kindOf(text.charAt(at - 1)) : "other";
    const isBetween =
      isLetterKind(previous) && at + 1 < text.length && isLetterKind(kindOf(text.charAt(at + 1)));
    if (isLetterKind(kind) || (kind === "sign" && isBetween)) {
      if (join === JOIN.inside && beginsSoftly(folded, original, at, kind)) join = JOIN.possible;
      letters.push(AS_LETTER[unit] ?? unit);
      joins[length] = join;
      places[length] = at;
      length++;
      join = JOIN.inside;
      newlines = 0;
    } else if (kind === "glue" && isBetween) join = Math.max(join, JOIN.possible);
    else {
      if (unit === "\n") newlines++;
      const ends =
        newlines >= 2 ||
        ((kind === "end" || kind === "sign") && endsSentence(text, at) && unit !== "|");
      join = Math.max(join, ends ? JOIN.sentence : JOIN.word);
    }
    if (hidden[at] === 1 && isLetterKind(kind) && (joins[length - 1] ?? 0) === JOIN.inside)
      joins[length - 1] = JOIN.possible;
  }
  joins[length] = JOIN.sentence;
  const isSpelledOut = joinSpelledOut(joins, length);
  return {
    text: letters.join(""),
    joins: joins.subarray(0, length + 1),
    places: places.subarray(0, length),
    isSpelledOut,
  };
}

function beginsSoftly(folded: FoldedText, original: string, at: number, kind: Kind): boolean {
  if (kind === "unspaced") return true;
  const own = original.charAt(folded.starts[at] ?? 0);
  const before = original.charAt(folded.starts[at - 1] ?? 0);
  return isCapital(own) && !isCapital(before);
}

function isCapital(unit: string): boolean {
  return unit >= "A" && unit <= "Z";
}

/** A full stop ends a sentence before white space; ideographic ones do in any place. */
function endsSentence(text: string, at: number): boolean {
  const next = text.charAt(at + 1);
  return next === "" || /[\s"'”’»)\]]/.test(next) || text.charCodeAt(at) > 0x2fff;
}

/** Makes one stretch of each run of at least `SPELLED_OUT` words of one letter; within it a word may begin anywhere. */
function joinSpelledOut(joins: Uint8Array, length: number): boolean {
  let found = false;
  let runStart = 0;
  for (let at = 0; at <= length; at++) {
    const isSingle =
      at < length && (joins[at] ?? 0) >= JOIN.word && (joins[at + 1] ?? 0) >= JOIN.word;
    if (isSingle) continue;
    if (at - runStart >= SPELLED_OUT) {
      found = true;
      for (let unit = runStart + 1; unit < at; unit++) joins[unit] = JOIN.possible;
    }
    runStart = at + 1;
  }
  return found;
}
