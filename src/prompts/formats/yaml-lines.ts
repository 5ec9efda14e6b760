/** Lines and line folding, common to all YAML scalars (YAML 1.2.2, 6.5). */

import type { DecodedTextBuilder, TextRange } from "../decoded-text.js";

/** A line of a scalar: content without its line break and without the indentation that was asked to be cut. */
export interface ScalarLine {
  readonly indent: number;
  readonly start: number;
  readonly end: number;
  /** The line break that ends the line; empty on the last one. */
  readonly lineBreak: TextRange;
}

/** Splits source[start, end) at line feeds; a carriage return before one belongs to the break. */
export function splitScalarLines(source: string, range: TextRange): ScalarLine[] {
  const lines: ScalarLine[] = [];
  let start = range.start;
  for (;;) {
    const feed = source.indexOf("\n", start);
    const last = feed < 0 || feed >= range.end;
    const stop = last ? range.end : feed;
    let content = start;
    while (content < stop && source[content] === " ") content++;
    const end = source[stop - 1] === "\r" && stop > content && !last ? stop - 1 : stop;
    lines.push({
      indent: content - start,
      start: content,
      end,
      lineBreak: { start: end, end: last ? end : feed + 1 },
    });
    if (last) return lines;
    start = feed + 1;
  }
}

/** One break folds to a space, n > 1 breaks to n - 1 line feeds. */
export function pushFolded(breaks: readonly TextRange[], builder: DecodedTextBuilder): void {
  if (breaks.length > 0)
    pushBreaks(breaks.length === 1 ? " " : "\n".repeat(breaks.length - 1), breaks, builder);
}

/** Spreads `decoded` over the breaks it stands for: first unit from the first break, last unit to the end of the last. */
export function pushBreaks(
  decoded: string,
  breaks: readonly TextRange[],
  builder: DecodedTextBuilder,
): void {
  const last = breaks[breaks.length - 1];
  for (let unit = 0; unit < decoded.length; unit++) {
    const lineBreak = breaks[Math.min(unit, breaks.length - 1)];
    if (!lineBreak || !last) return;
    builder.push(
      decoded[unit] ?? "",
      lineBreak.start,
      unit === decoded.length - 1 ? last.end : lineBreak.end,
    );
  }
}
