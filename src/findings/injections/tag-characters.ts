/** Tag characters (U+E0000 to U+E007F): invisible copies of ASCII, legitimate in the flags of three regions only. */
import { escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

const TAGS = /[\u{E0000}-\u{E007F}]+/gu;
const BLACK_FLAG = "\u{1F3F4}";
/** A flag: region of 3 to 6 letters and digits, ended by U+E007F (Unicode Technical Standard 51, emoji tag sequences). */
const FLAG = /^[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}$/u;
const OFFSET = 0xe0000;

export function findTagCharacters(text: string): readonly Hit[] {
  return [...text.matchAll(TAGS)].flatMap(({ 0: run, index }): Hit[] => {
    if (text.slice(0, index).endsWith(BLACK_FLAG) && FLAG.test(run)) return [];
    const hidden = decode(run);
    const what =
      hidden === ""
        ? "tag characters (U+E0000 block), which nobody sees"
        : `tag characters (U+E0000 block), which nobody sees and which spell ${escaped(hidden)}`;
    return [{ rule: "tag characters", start: index, end: index + run.length, what }];
  });
}

/** The ASCII text that tag characters spell. */
export function decode(run: string): string {
  return [...run]
    .map((character) => (character.codePointAt(0) ?? 0) - OFFSET)
    .filter((code) => code >= 0x20 && code < 0x7f)
    .map((code) => String.fromCharCode(code))
    .join("");
}
