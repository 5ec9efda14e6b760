/** Words of Latin letters with look-alikes of another script among them (Unicode Technical Standard 39, mixed-script confusables). */
import { lookalikeOf } from "./confusables.js";
import { escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

const WORD = /\p{L}+/gu;
const LATIN = /\p{Script=Latin}/u;
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u;
/** Shorter words are units, variables and formulas: "μm", "Δt", "kΩ". */
const SHORTEST = 4;
/** Letters of mathematics and units, which stand beside Latin ones without pretending to be any. */
const SYMBOLS = /[αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩµ]/u;

export function findMixedScripts(text: string): readonly Hit[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: word, index }): Hit[] => {
    if (word.length < SHORTEST || !isImpostor(word)) return [];
    const foreign = [...word].filter((letter) => FOREIGN.test(letter));
    const what = `a word of letters from several scripts, ${escaped(word, 40)}, which looks like ${escaped(plain(word), 40)} (${foreign.length} of ${[...word].length} letters are not Latin)`;
    return [{ rule: "mixed scripts", start: index, end: index + word.length, what }];
  });
}

function isImpostor(word: string): boolean {
  if (!LATIN.test(word) || !FOREIGN.test(word)) return false;
  const letters = [...word];
  const foreign = letters.filter((letter) => FOREIGN.test(letter));
  if (!foreign.every((letter) => lookalikeOf(letter) !== null)) return false;
  // "αlpha-blocker" and "βlactam" begin with a symbol that is meant as one; ο, Α and the like are no symbols.
  const first = letters[0] ?? "";
  return !(foreign.length === 1 && foreign[0] === first && SYMBOLS.test(first));
}

function plain(word: string): string {
  return [...word]
    .map((letter) => (FOREIGN.test(letter) ? (lookalikeOf(letter) ?? letter) : letter))
    .join("");
}
