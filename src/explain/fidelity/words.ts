/**
 * The words of a text in order, in lower case and compatibility form (Unicode NFKC), as Unicode segmentation finds them in any
 * script; numbers are words, punctuation and white space are not.
 */
export function wordsOf(text: string): string[] {
  const words = new Intl.Segmenter("und", { granularity: "word" });
  return [...words.segment(text.normalize("NFKC").toLowerCase())].flatMap(
    ({ segment, isWordLike }) => (isWordLike ? [segment] : []),
  );
}

/** The different words of a text that are not English function words. */
export function contentWordsOf(text: string): Set<string> {
  return new Set(wordsOf(text).filter((word) => !FUNCTION_WORDS.has(word)));
}

/** How often the words stand in a row in the list; 0 for no words. */
export function countPhrase(list: readonly string[], words: readonly string[]): number {
  if (words.length === 0) return 0;
  let count = 0;
  for (let start = 0; start + words.length <= list.length; start++)
    if (words.every((word, offset) => list[start + offset] === word)) count++;
  return count;
}

/** Articles, pronouns, prepositions, conjunctions and auxiliaries: words that any two English texts share. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a about after all also am an and any are as at be because been before being both but by can cannot could did do does doing
  each either for from had has have having he her hers him his how i if in into is it its itself may me might more most must my
  no nor not of off on once one only or other our ours out over own same shall she should so some such than that the their theirs
  them themselves then there these they this those through to too under until up very was we were what when where whether which
  while who whom whose why will with would you your yours`.split(/\s+/),
);
