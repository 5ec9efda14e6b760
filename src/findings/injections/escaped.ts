/** Hostile text inside a sentence of ours: in quotes, on one line, with everything that cannot be seen written out. */

const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Surrogate}\p{Co}]|[^\S ]/gu;
const LONGEST = 80;

/** `text` as a JSON-like string of at most 80 characters; invisible ones as `\u{202E}`, so that what hides is read. */
export function escaped(text: string, longest: number = LONGEST): string {
  const head = Array.from(text.slice(0, 4 * longest), visible);
  let shown = "";
  for (const piece of head) {
    if (shown.length + piece.length > longest) return `"${shown}…"`;
    shown += piece;
  }
  return text.length > 4 * longest ? `"${shown}…"` : `"${shown}"`;
}

function visible(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character === "\n") return String.raw`\n`;
  return character.replace(UNSEEN, (unseen) => codeOf(unseen));
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\\u{${code.toString(16).toUpperCase().padStart(4, "0")}}`;
}

/** "U+202E RIGHT-TO-LEFT OVERRIDE" needs a table of names; the code point alone does not. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
