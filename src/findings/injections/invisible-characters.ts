/**
 * Characters without a picture where they have no honest use: inside words of scripts that do not join, in runs, or as
 * variation selectors that vary nothing. Left alone: emoji sequences, joiners of Arabic, Persian and Indic scripts, word breaks
 * of scripts without spaces, single soft hyphens, single variation selectors, a byte order mark at the start.
 */
import { codePoint, escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

const ZERO_WIDTH = String.raw`\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200D\u2060-\u2064\u206A-\u206F\u3164\uFEFF\uFFA0`;
const RUN = new RegExp(`[${ZERO_WIDTH}\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}]+`, "gu");
const SELECTOR = /^[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]$/u;
/** Letters between which nothing invisible belongs. */
const PLAIN_LETTER =
  /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Nd}]/u;
/** Scripts in which joiners and zero-width spaces are part of the spelling. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Mongolian}\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hebrew}]/u;
const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u;
const SOFT_HYPHEN = "\u00AD";
/** Runs from which bytes or bits may be hidden. */
const LONG_RUN = 3;
/** So many in one text are a hidden message even where each of them alone could be an accident of copying. */
const MANY = 12;

export function findInvisible(text: string): readonly Hit[] {
  const runs = [...text.matchAll(RUN)].filter((run) => !isLegitimate(text, run[0], run.index));
  const suspicious = runs.filter((run) => isSuspicious(text, run[0], run.index));
  const total = runs.reduce((sum, [run]) => sum + [...run].length, 0);
  const shown = suspicious.length === 0 && total >= MANY ? runs : suspicious;
  const [first] = shown;
  const last = shown[shown.length - 1];
  if (!first || !last) return [];
  const count = shown.reduce((sum, [run]) => sum + [...run].length, 0);
  const decoded = shown.map(([run]) => decodeSelectors(run)).find((hidden) => hidden !== "") ?? "";
  const spelled = decoded === "" ? "" : `; as bytes they spell ${escaped(decoded)}`;
  const what = `${count} invisible ${count === 1 ? "character" : "characters"} (first: ${codePoint(first[0])}) where nothing calls for them${spelled}`;
  return [
    {
      rule: "invisible characters",
      start: first.index,
      end: last.index + last[0].length,
      what,
    },
  ];
}

function isLegitimate(text: string, run: string, at: number): boolean {
  const characters = [...run];
  const before = lastCharacter(text, at);
  const after = String.fromCodePoint(text.codePointAt(at + run.length) ?? 0x20);
  if (at === 0 && run === "\uFEFF") return true;
  const single = characters.length === 1;
  if (single && SELECTOR.test(run)) return before !== "" && !/\s/u.test(before);
  // Emoji sequences: a selector and a joiner between pictures, and after the last one.
  if (characters.length <= 2 && PICTOGRAPH.test(before))
    return characters.every((one) => one === "\u200D" || one === "\uFE0F" || one === "\uFE0E");
  if (single && (JOINING.test(before) || JOINING.test(after)) && !PLAIN_LETTER.test(after))
    return true;
  return false;
}

function isSuspicious(text: string, run: string, at: number): boolean {
  const characters = [...run];
  if (characters.length >= LONG_RUN) return true;
  if (characters.filter((one) => SELECTOR.test(one)).length >= 2) return true;
  if (characters.length === 1 && run === SOFT_HYPHEN) return false;
  const before = lastCharacter(text, at);
  const after = String.fromCodePoint(text.codePointAt(at + run.length) ?? 0x20);
  return PLAIN_LETTER.test(before) && PLAIN_LETTER.test(after);
}

function lastCharacter(text: string, at: number): string {
  return Array.from(text.slice(at > 1 ? at - 2 : 0, at)).pop() ?? "";
}

/** Variation selectors as bytes (VS1 = 0 ... VS256 = 255), where they spell printable text. */
export function decodeSelectors(run: string): string {
  const bytes = [...run].flatMap((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xfe00 && code <= 0xfe0f) return [code - 0xfe00];
    return code >= 0xe0100 && code <= 0xe01ef ? [code - 0xe0100 + 16] : [];
  });
  const decoded = bytes.map((byte) => String.fromCharCode(byte)).join("");
  return decoded.length >= 2 && /^[\x20-\x7e\n]+$/.test(decoded) ? decoded : "";
}
