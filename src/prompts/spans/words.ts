/** Words, by Unicode text segmentation (UAX 29): each with the punctuation that closes it and the white space after it. */

const WORDS = new Intl.Segmenter("en", { granularity: "word" });
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The segmenter's time grows with the square of a text's length. */
const WINDOW = 2048;
/** Longer than any grapheme cluster of ordinary writing, in UTF-16 units. */
const NEARBY = 64;
/** What holds the parts of a compound, a number with its sign, an address or a `key:value` together. */
const JOINT = /^[-‐‑_.:@&+#~=%$'’\\?!]+$|^:\/\/$/;
const OPENING = /^[\p{Ps}\p{Pi}]/u;

interface Segment {
  readonly start: number;
  readonly text: string;
  readonly isWord: boolean;
}

/**
 * Start offsets of the words of a text, ascending, 0 among them. Punctuation and white space after a word belong to it; what stands
 * between white space and a word, such as an opening bracket, belongs to the word it opens. `e-mail`, `3.5`, `don't` and `a:b` are
 * one word each, `yes/no` two. Scripts without spaces are cut by the segmenter's dictionary (Chinese, Japanese, Thai ...). No word
 * begins inside a surrogate pair or a grapheme cluster. Texts without letters or digits are one word.
 */
export function wordStarts(text: string): number[] {
  const starts = [0];
  let hasWord = false;
  let between: Segment[] = [];
  for (const segment of segmentsOf(text)) {
    if (!segment.isWord) {
      between.push(segment);
      continue;
    }
    const start = hasWord ? startAfter(between, segment) : null;
    if (start !== null && start > 0) starts.push(start);
    hasWord = true;
    between = [];
  }
  return starts.filter((start) => isGraphemeStart(text, start));
}

/** Where the word begins that ends in `word`, from what stands before it; null where it goes on with the one before. */
function startAfter(between: readonly Segment[], word: Segment): number | null {
  const space = between.findLastIndex((segment) => segment.text.trim() === "");
  if (space >= 0) return between[space + 1]?.start ?? word.start;
  if (between.length === 0) return word.start;
  const opening = between.find((segment) => OPENING.test(segment.text));
  if (opening) return opening.start;
  return JOINT.test(between.map((segment) => segment.text).join("")) ? null : word.start;
}

function* segmentsOf(text: string): Generator<Segment> {
  for (let from = 0, size = WINDOW; from < text.length;) {
    const found = [...WORDS.segment(text.slice(from, from + size))];
    const isWhole = from + size >= text.length;
    if (!isWhole && found.length < 3) {
      size *= 2;
      continue;
    }
    // The last two segments may be cut by the window's end.
    const sure = isWhole ? found : found.slice(0, -2);
    for (const segment of sure)
      yield {
        start: from + segment.index,
        text: segment.segment,
        isWord: segment.isWordLike === true,
      };
    from = isWhole ? text.length : from + (found.at(-2)?.index ?? 0);
    size = WINDOW;
  }
}

/** Told from the text nearby: one look at a long text for every word would cost the square of its length. */
function isGraphemeStart(text: string, offset: number): boolean {
  if (offset === 0) return true;
  const from = Math.max(0, offset - NEARBY);
  const near = text.slice(from, offset + NEARBY);
  return GRAPHEMES.segment(near).containing(offset - from)?.index === offset - from;
}
