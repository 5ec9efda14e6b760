/** A token and the text it stands for: [start, end) in UTF-16 units of the encoded text. */
export interface TokenOffsets {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** How many of the bytes are ones that tokens can carry. */
export type CountBytes = (bytes: Uint8Array) => number;

const utf8 = new TextEncoder();

/**
 * Places tokens by walking the text's characters and the tokens' bytes together. The places partition the text: a character
 * whose bytes are spread over several tokens belongs to the last of them, and the earlier ones are empty; a character none of
 * whose bytes has a token goes to the token before it, or to the first.
 */
export function placeTokens(
  text: string,
  tokens: readonly { readonly id: number; readonly bytes: Uint8Array }[],
  countBytes: CountBytes,
): TokenOffsets[] {
  let unit = 0;
  let placed = 0;
  let available = 0;
  return tokens.map(({ id, bytes }) => {
    const start = unit;
    available += countBytes(bytes);
    while (unit < text.length) {
      const character = String.fromCodePoint(text.codePointAt(unit) ?? 0);
      const length = countBytes(utf8.encode(character));
      if (placed + length > available) break;
      placed += length;
      unit += character.length;
    }
    return { id, start, end: unit };
  });
}
