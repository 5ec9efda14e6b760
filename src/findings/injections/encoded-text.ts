/** Text in Base64, hexadecimal digits or escapes that decodes to an instruction. */
import { escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

const BASE64 = /[A-Za-z0-9+/_-]{20,}={0,2}/g;
const HEX = /(?:[0-9a-fA-F]{2}[ :]?){10,}/g;
/** Percent, entity and Unicode escapes, eight or more in a row. */
const ESCAPES =
  /(?:%[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{1,6};|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}){8,}/g;
const LONGEST = 200_000;

interface Encoded {
  readonly start: number;
  readonly end: number;
  readonly encoding: string;
  readonly decoded: string;
}

/** Encoded pieces whose decoded text `speaks`. */
export function findEncoded(text: string, speaks: (decoded: string) => boolean): readonly Hit[] {
  return [...base64(text), ...hexadecimal(text), ...escapes(text)].flatMap((piece): Hit[] =>
    speaks(piece.decoded)
      ? [
          {
            rule: "encoded instruction",
            start: piece.start,
            end: piece.end,
            what: `${piece.encoding} that decodes to ${escaped(piece.decoded)}`,
          },
        ]
      : [],
  );
}

function base64(text: string): readonly Encoded[] {
  return [...text.matchAll(BASE64)].flatMap(({ 0: run, index }) => {
    const decoded = decodeBase64(run);
    return decoded === null
      ? []
      : [{ start: index, end: index + run.length, encoding: "Base64", decoded }];
  });
}

/** The text that Base64 (also URL-safe) stands for; null where it is not one of printable characters. */
export function decodeBase64(run: string): string | null {
  if (!/[A-Z]/.test(run) || !/[a-z]/.test(run)) return null;
  const bytes = Buffer.from(run.slice(0, LONGEST), "base64");
  return printable(bytes.toString("utf8"));
}

function hexadecimal(text: string): readonly Encoded[] {
  return [...text.matchAll(HEX)].flatMap(({ 0: run, index }) => {
    const digits = run.slice(0, LONGEST).replace(/[ :]/g, "");
    const decoded = printable(Buffer.from(digits, "hex").toString("utf8"));
    return decoded === null
      ? []
      : [{ start: index, end: index + run.length, encoding: "hexadecimal digits", decoded }];
  });
}

function escapes(text: string): readonly Encoded[] {
  return [...text.matchAll(ESCAPES)].flatMap(({ 0: run, index }) => {
    const decoded = printable(decodeEscapes(run.slice(0, LONGEST)));
    return decoded === null
      ? []
      : [{ start: index, end: index + run.length, encoding: "a run of escapes", decoded }];
  });
}

function decodeEscapes(run: string): string {
  const single = run.replace(
    /&#x([0-9a-fA-F]{1,6});|&#([0-9]{1,7});|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})/g,
    (_, hex?: string, decimal?: string, unit?: string, byte?: string) => {
      const code =
        decimal === undefined ? parseInt(hex ?? unit ?? byte ?? "0", 16) : parseInt(decimal, 10);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    },
  );
  const bytes = single.replace(/(?:%[0-9a-fA-F]{2})+/g, (group) =>
    Buffer.from(group.replaceAll("%", ""), "hex").toString("utf8"),
  );
  return bytes;
}

/** `text` where nearly all of it are characters that people write, else null. */
function printable(text: string): string | null {
  if (text.length < 8) return null;
  const odd = [...text].filter(
    (one) => one === "\uFFFD" || /[\p{Cc}\p{Cn}\p{Co}]/u.test(one),
  ).length;
  return odd * 20 <= text.length ? text : null;
}
