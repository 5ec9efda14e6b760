/** Runs of letters and digits, single characters of scripts that write no spaces, and runs of anything else. */
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{N}\p{M}_])+|[^\s\p{L}\p{N}\p{M}_]+/gu;
const LONGEST = 3;
/** Longest phrase that a common n-gram is extended to for display. */
const LONGEST_PHRASE = 12;

/** An n-gram and the rows that contain it, ascending. Of several n-grams with the same rows only one, the longest, stands. */
export interface NGram {
  readonly tokens: readonly string[];
  readonly rows: readonly number[];
  /** All n-grams that these rows share and no other row has, this one included. */
  readonly twins: readonly string[];
}

/** Tokens of a text: lower case, NFKC; punctuation, symbols and invisible characters are tokens of their own. */
export function tokensIn(text: string): readonly string[] {
  return text.normalize("NFKC").toLowerCase().match(TOKEN) ?? [];
}

/**
 * The 1- to 3-grams that occur in at least `least` texts, one for every distinct set of texts. Level by level: an n-gram can
 * only be frequent where both its (n - 1)-grams are.
 */
export function frequentNGrams(
  texts: readonly (readonly string[])[],
  least: number,
): readonly NGram[] {
  const bySet = new Map<
    string,
    { longest: readonly string[]; rows: readonly number[]; twins: string[] }
  >();
  let frequent: ReadonlySet<string> | null = null;
  for (let length = 1; length <= LONGEST; length++) {
    const found = rowsOfNGrams({ texts, length, frequent, least });
    for (const [key, rows] of found) {
      const group = bySet.get(rows.join());
      if (group) group.twins.push(key);
      if (group && group.longest.length < length) group.longest = key.split(" ");
      if (!group) bySet.set(rows.join(), { longest: key.split(" "), rows, twins: [key] });
    }
    frequent = new Set(found.keys());
  }
  return [...bySet.values()].map(({ longest, rows, twins }) => ({ tokens: longest, rows, twins }));
}

/** Rows of each of the given n-grams (keys as in `NGram.twins`) in other texts. */
export function rowsContaining(
  keys: ReadonlySet<string>,
  texts: readonly (readonly string[])[],
): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  for (let length = 1; length <= LONGEST; length++)
    collect(rows, texts, (tokens) => keysOf(tokens, length).filter((key) => keys.has(key)));
  return rows;
}

/** The longest phrase around an n-gram that all its rows share. */
export function sharedPhrase(
  { tokens, rows }: NGram,
  texts: readonly (readonly string[])[],
): string {
  const places = rows.map((row) => ({
    text: texts[row] ?? [],
    start: startOf(tokens, texts[row] ?? []),
  }));
  let [before, after] = [0, tokens.length];
  const common = (offset: number): boolean => {
    const first = places[0]?.text[places[0].start + offset];
    return (
      first !== undefined &&
      places.every(({ text, start }) => start + offset >= 0 && text[start + offset] === first)
    );
  };
  while (after - before < LONGEST_PHRASE && common(after)) after++;
  while (after - before < LONGEST_PHRASE && common(before - 1)) before--;
  const place = places[0];
  return place
    ? place.text.slice(place.start + before, place.start + after).join(" ")
    : tokens.join(" ");
}

interface Level {
  readonly texts: readonly (readonly string[])[];
  readonly length: number;
  readonly frequent: ReadonlySet<string> | null;
  readonly least: number;
}

function rowsOfNGrams({
  texts,
  length,
  frequent,
  least,
}: Level): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  collect(rows, texts, (tokens) => {
    const parts = frequent === null ? null : keysOf(tokens, length - 1);
    return keysOf(tokens, length).filter(
      (_, start) =>
        parts === null ||
        (frequent?.has(parts[start] ?? "") && frequent.has(parts[start + 1] ?? "")),
    );
  });
  return new Map([...rows].filter(([, list]) => list.length >= least));
}

function collect(
  into: Map<string, number[]>,
  texts: readonly (readonly string[])[],
  keys: (tokens: readonly string[]) => readonly string[],
): void {
  for (const [row, tokens] of texts.entries()) {
    for (const key of new Set(keys(tokens))) {
      const list = into.get(key);
      if (list) list.push(row);
      else into.set(key, [row]);
    }
  }
}

/** Tokens hold no white space, so a blank joins them without loss. */
function keysOf(tokens: readonly string[], length: number): readonly string[] {
  return Array.from({ length: Math.max(0, tokens.length - length + 1) }, (_, start) =>
    tokens.slice(start, start + length).join(" "),
  );
}

function startOf(tokens: readonly string[], text: readonly string[]): number {
  return keysOf(text, tokens.length).indexOf(tokens.join(" "));
}
