/** Decoded text that remembers where each of its characters stands in the source file. */

import type { SourceRange } from "../domain.js";

/**
 * Text as the model sees it, with a character map to the file as written. UTF-16 unit i of `text` was written as
 * source[starts[i], ends[i]); both arrays are non-decreasing.
 */
export interface DecodedText {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Stretches that stand in other files; `starts` and `ends` of their units give the place of the include itself. */
  readonly included?: readonly IncludedText[];
}

/** text[start, end) was put in from the file `path`: unit start + i stands there at [starts[i], ends[i]). */
export interface IncludedText extends TextRange {
  readonly path: string;
  readonly lines: LineIndex;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Half-open range of UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Collects decoded text with its source ranges. */
export class DecodedTextBuilder {
  private readonly pieces: string[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  /** Appends `decoded`, all of whose units were written as source[start, end). */
  push(decoded: string, start: number, end: number): void {
    this.pieces.push(decoded);
    for (let unit = 0; unit < decoded.length; unit++) {
      this.starts.push(start);
      this.ends.push(end);
    }
  }

  /** Appends source[start, end) as it stands. */
  copy(source: string, start: number, end: number): void {
    this.pieces.push(source.slice(start, end));
    for (let offset = start; offset < end; offset++) {
      this.starts.push(offset);
      this.ends.push(offset + 1);
    }
  }

  build(): DecodedText {
    return {
      text: this.pieces.join(""),
      starts: Int32Array.from(this.starts),
      ends: Int32Array.from(this.ends),
    };
  }
}

/** Text that stands in the file unchanged, from `offset` on. */
export function verbatim(text: string, offset: number): DecodedText {
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  for (let unit = 0; unit < text.length; unit++) {
    starts[unit] = offset + unit;
    ends[unit] = offset + unit + 1;
  }
  return { text, starts, ends };
}

/** Text whose place inside [start, end) of the source is not known more exactly. */
export function opaque(text: string, start: number, end: number): DecodedText {
  return {
    text,
    starts: new Int32Array(text.length).fill(start),
    ends: new Int32Array(text.length).fill(end),
  };
}

/** Line starts of a file, for turning offsets into lines and columns. Lines end at a line feed. */
export class LineIndex {
  private readonly lineStarts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
      this.lineStarts.push(at + 1);
  }

  /** Line and column of an offset, both from 1; columns count UTF-16 units. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.lineStarts[low] ?? 0) + 1 };
  }

  /** Offset of the first character of the line that holds `offset`. */
  lineStart(offset: number): number {
    return this.lineStarts[this.position(offset).line - 1] ?? 0;
  }

  /** The range of source[start, end); its end is the position of the last character's end. */
  range(start: number, end: number): SourceRange {
    const first = this.position(start);
    const last = this.position(Math.max(start, end - 1));
    return {
      startOffset: start,
      endOffset: end,
      startLine: first.line,
      startColumn: first.column,
      endLine: last.line,
      endColumn: last.column + (end > start ? 1 : 0),
    };
  }
}

/** Lines of a text that was decoded out of a file: offsets into it are placed in the file. */
export class LinesThrough extends LineIndex {
  constructor(
    private readonly outer: LineIndex,
    private readonly placeOf: (offset: number) => number,
  ) {
    super("");
  }

  override position(offset: number): { readonly line: number; readonly column: number } {
    return this.outer.position(this.placeOf(offset));
  }
}

/**
 * Where decoded[start, end) stands in the source; a range of no characters stands where the next one begins. What lies within an
 * included stretch, white space around it left out, stands in that stretch's file.
 */
export function sourceRangeOf(
  lines: LineIndex,
  decoded: DecodedText,
  range: TextRange,
): SourceRange {
  const within = includedPlace(decoded, range);
  if (within) return within;
  const start = decoded.starts[range.start] ?? decoded.ends[decoded.ends.length - 1] ?? 0;
  const end = range.end > range.start ? (decoded.ends[range.end - 1] ?? start) : start;
  return lines.range(start, end);
}

function includedPlace(decoded: DecodedText, range: TextRange): SourceRange | null {
  if (!decoded.included) return null;
  const text = decoded.text.slice(range.start, range.end);
  const start = range.start + text.length - text.trimStart().length;
  const end = range.start + text.trimEnd().length;
  const holder = decoded.included.find(
    (stretch) => start < end && stretch.start <= start && end <= stretch.end,
  );
  if (!holder) return null;
  const first = Math.max(range.start, holder.start) - holder.start;
  const last = Math.min(range.end, holder.end) - holder.start - 1;
  const place = holder.lines.range(holder.starts[first] ?? 0, holder.ends[last] ?? 0);
  return { ...place, path: holder.path };
}

/** What was decoded out of another decoded text, with its places in the source behind that one. */
export function composed(inner: DecodedText, outer: DecodedText): DecodedText {
  const last = outer.ends[outer.ends.length - 1] ?? 0;
  return {
    text: inner.text,
    starts: inner.starts.map((at) => outer.starts[at] ?? last),
    ends: inner.ends.map((at) => outer.ends[at - 1] ?? last),
  };
}
