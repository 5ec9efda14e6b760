/** Stands in a decoded token where its bytes are only a part of a character. */
const REPLACEMENT = "\uFFFD";
const NOT_ASCII = /[^\0-\x7F]+/g;

/**
 * How many tokens from the start or from the end spell a text, or null where none do. Servers decode each token on its own, so
 * a character that several tokens share shows as replacement characters in each of them, or as nothing in all but its last
 * one: where the text is not met exactly, every run outside ASCII counts as the same. From the end the longest run of tokens
 * is taken, so that such empty first tokens belong to the text.
 */
export function countSpelling(
  tokens: readonly string[],
  text: string,
  from: "start" | "end",
): number | null {
  const exact = countMatching({ tokens, text, from, longest: from === "end" });
  if (exact !== null || !tokens.some((token) => token.includes(REPLACEMENT))) return exact;
  return countMatching({ tokens, text, from, longest: true, form: withoutCharacters });
}

function countMatching(options: {
  readonly tokens: readonly string[];
  readonly text: string;
  readonly from: "start" | "end";
  readonly longest: boolean;
  readonly form?: (text: string) => string;
}): number | null {
  const { tokens, from, longest, form = (text) => text } = options;
  const whole = form(options.text);
  let spelled = "";
  let found: number | null = null;
  for (let count = 1; count <= tokens.length; count += 1) {
    const token = tokens[from === "start" ? count - 1 : tokens.length - count] ?? "";
    spelled = form(from === "start" ? spelled + token : token + spelled);
    if (!(from === "start" ? whole.startsWith(spelled) : whole.endsWith(spelled))) break;
    if (spelled !== whole) continue;
    found = count;
    if (!longest) break;
  }
  return found;
}

function withoutCharacters(text: string): string {
  return text.replace(NOT_ASCII, REPLACEMENT);
}
