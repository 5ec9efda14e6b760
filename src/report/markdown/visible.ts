/**
 * Characters that a reader cannot see are shown instead of printed: control characters, bidirectional overrides, zero-width
 * and other default-ignorable characters, lone surrogates. Text that hides something then looks like text that does.
 */

/** An emoji with its usual joiners and selectors, left alone; everything else that is invisible, one character at a time. */
const EMOJI = String.raw`\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?)*|[0-9#*]\uFE0F\u20E3`;
const INVISIBLE = String.raw`\r\n|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Surrogate}]`;
const EMOJI_OR_INVISIBLE = new RegExp(`${EMOJI}|(${INVISIBLE})`, "gu");

const FIRST_CONTROL_PICTURE = 0x2400;
const DELETE = 0x7f;

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === "\n" || character === "\r\n") return "⏎";
  if (character === "\t") return "⇥";
  if (code < 0x20) return String.fromCodePoint(FIRST_CONTROL_PICTURE + code);
  if (code === DELETE) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** The text on one line: a line break becomes ⏎, a tab ⇥, any other invisible character its picture or `⟨U+202E⟩`. */
export function visibleLine(text: string): string {
  return text.replace(EMOJI_OR_INVISIBLE, (whole, invisible?: string) =>
    invisible === undefined ? whole : picture(invisible),
  );
}

/** The text with its lines and tabs kept (CRLF as LF), every other invisible character shown. */
export function visibleBlock(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.split("\t").map(visibleLine).join("\t"))
    .join("\n");
}

/** The beginning of a `⟨U+202E⟩` that was cut. */
const CUT_PICTURE = /⟨(?:U(?:\+[0-9A-F]*)?)?…$/;

/** `truncate(visibleLine(text), limit)`, without reading the megabytes that a hostile text may have past the cut. */
export function visibleExcerpt(text: string, limit: number): string {
  // A character becomes at least half a unit of what is shown (CRLF), so the cut falls well inside of this.
  const excerpt = truncate(visibleLine(text.slice(0, 4 * limit * UNITS_PER_GRAPHEME)), limit);
  return excerpt.replace(CUT_PICTURE, "…");
}

/** UTF-16 units that a text limited to `graphemes` may have at most: a single grapheme can be any number of combining marks. */
const UNITS_PER_GRAPHEME = 4;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** At most `limit` user-perceived characters (and 4 times as many UTF-16 units); a cut is marked by an ellipsis. */
export function truncate(text: string, limit: number): string {
  const units = limit * UNITS_PER_GRAPHEME;
  if (text.length <= limit) return text;
  let kept = "";
  let count = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (count === limit || kept.length + segment.length > units) return `${kept}…`;
    kept += segment;
    count++;
  }
  return kept;
}
