/**
 * The alphabet of byte-level BPE (GPT-2, encoder.py, bytes_to_unicode): every byte is written as one printable character,
 * itself where it is printable in Latin-1, else a character from U+0100 on.
 */

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

function alphabet(): readonly string[] {
  let shifted = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : 256 + shifted++),
  );
}

const characters = alphabet();
const bytes = new Map(characters.map((character, byte) => [character, byte]));
const utf8 = new TextEncoder();

/** The character that stands for a byte. */
export function byteCharacter(byte: number): string {
  return characters[byte] ?? "";
}

/** The UTF-8 bytes of a text, one character each; an unpaired surrogate counts as U+FFFD. */
export function toByteCharacters(text: string): string {
  let written = "";
  for (const byte of utf8.encode(text)) written += characters[byte];
  return written;
}

/** The bytes that a vocabulary entry stands for, or null where it is not written in the byte alphabet. */
export function fromByteCharacters(token: string): Uint8Array | null {
  const found = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = bytes.get(token.charAt(i));
    if (byte === undefined) return null;
    found[i] = byte;
  }
  return found;
}
