/** Phrases made of terms that stand close to each other in a sentence, in any order: one pass, whatever the text. */
import { foldText, type FoldedText } from "./folded-text.js";
import { JOIN, lettersOf, type LetterText } from "./letter-text.js";
import { LANGUAGES, PHRASE_TRIE, TERM_ROLES, type TermRole } from "./phrases/index.js";

export type PhraseRule =
  | "override phrase"
  | "role reassignment"
  | "new instructions"
  | "prompt disclosure"
  | "secrecy"
  | "forced output";

/** A phrase that was found: [start, end) in UTF-16 units of the original text. */
export interface FoundPhrase {
  readonly rule: PhraseRule;
  readonly language: string;
  readonly start: number;
  readonly end: number;
  /** How it was hidden, such as "digits for letters"; empty where it was not. */
  readonly disguises: readonly string[];
  /** Whether it holds only with the terms that are enough in rows, not in templates. */
  readonly isStrictOnly: boolean;
}

/** A text made ready for the search, kept because several rules need it. */
export interface SearchableText {
  readonly original: string;
  readonly folded: FoldedText;
  readonly letters: LetterText;
}

interface Combination {
  readonly rule: PhraseRule;
  readonly roles: readonly TermRole[];
  /** Letters from the first term's begin to the last term's end. */
  readonly window: number;
  readonly isStrictOnly: boolean;
}

const COMBINATIONS: readonly Combination[] = [
  { rule: "override phrase", roles: ["certain"], window: Infinity, isStrictOnly: false },
  {
    rule: "override phrase",
    roles: ["override verb", "back", "noun"],
    window: 60,
    isStrictOnly: false,
  },
  {
    rule: "override phrase",
    roles: ["override verb", "all", "noun"],
    window: 36,
    isStrictOnly: true,
  },
  { rule: "prompt disclosure", roles: ["reveal verb", "secret"], window: 40, isStrictOnly: false },
  { rule: "new instructions", roles: ["suspect"], window: Infinity, isStrictOnly: true },
  { rule: "new instructions", roles: ["call", "model"], window: 34, isStrictOnly: false },
  { rule: "role reassignment", roles: ["persona verb", "persona"], window: 48, isStrictOnly: true },
  { rule: "secrecy", roles: ["secrecy verb", "audience"], window: 40, isStrictOnly: false },
  { rule: "forced output", roles: ["force verb", "regardless"], window: 48, isStrictOnly: false },
];

const ROLES = TERM_ROLES.length;
const BY_ROLE: readonly (readonly {
  readonly combination: Combination;
  readonly roles: readonly number[];
}[])[] = TERM_ROLES.map((role) =>
  COMBINATIONS.filter(({ roles }) => roles.includes(role)).map((combination) => ({
    combination,
    roles: combination.roles.map((name) => TERM_ROLES.indexOf(name)),
  })),
);

export function searchable(original: string): SearchableText {
  const folded = foldText(original);
  return { original, folded, letters: lettersOf(folded, original) };
}

/** All phrases of a text, those of a rule that overlap taken together, in the order of their rules and places. */
export function findPhrases(text: SearchableText): readonly FoundPhrase[] {
  const { letters } = text;
  const { joins } = letters;
  const starts = new Int32Array(LANGUAGES.length * ROLES).fill(-1);
  const ends = new Int32Array(LANGUAGES.length * ROLES).fill(-1);
  const touched: number[] = [];
  const found: Spotted[] = [];
  const length = letters.text.length;
  for (let at = 0; at < length; at++) {
    const join = joins[at] ?? 0;
    if (join === JOIN.inside) continue;
    if (join === JOIN.sentence) {
      for (const key of touched) starts[key] = -1;
      touched.length = 0;
    }
    let node = PHRASE_TRIE.next.get(letters.text.charCodeAt(at));
    for (let end = at + 1; node !== undefined; end++) {
      for (const { language, role, isWhole } of node.terms) {
        if (isWhole && (joins[end] ?? 0) === JOIN.inside) continue;
        const key = language * ROLES + role;
        starts[key] = at;
        ends[key] = end;
        touched.push(key);
        spot({ starts, ends, language, role }, found);
      }
      if (end >= length || joins[end] === JOIN.sentence) break;
      node = node.next.get(letters.text.charCodeAt(end));
    }
  }
  return merged(found).map((spotted) => described(text, spotted));
}

interface Spotted {
  readonly combination: Combination;
  readonly language: number;
  readonly start: number;
  readonly end: number;
}

function spot(
  seen: {
    readonly starts: Int32Array;
    readonly ends: Int32Array;
    readonly language: number;
    readonly role: number;
  },
  found: Spotted[],
): void {
  for (const { combination, roles } of BY_ROLE[seen.role] ?? []) {
    let start = Infinity;
    let end = -1;
    let length = 0;
    let isComplete = true;
    for (const role of roles) {
      const key = seen.language * ROLES + role;
      const own = seen.starts[key] ?? -1;
      if (own < 0) isComplete = false;
      start = own < start ? own : start;
      const ownEnd = seen.ends[key] ?? 0;
      end = ownEnd > end ? ownEnd : end;
      length += ownEnd - own;
    }
    // One word cannot be two terms of a phrase, as "system" and "system prompt" are.
    if (isComplete && end - start <= combination.window && length <= end - start)
      found.push({ combination, language: seen.language, start, end });
  }
}

/** Spotted phrases of one rule that overlap become one; of its readings the least strict counts. */
function merged(found: readonly Spotted[]): readonly Spotted[] {
  const byRule = new Map<PhraseRule, Spotted[]>();
  for (const spotted of found) {
    const list = byRule.get(spotted.combination.rule) ?? [];
    byRule.set(spotted.combination.rule, list);
    list.push(spotted);
  }
  return [...byRule.values()].flatMap((list) => {
    list.sort((left, right) => left.start - right.start || right.end - left.end);
    const kept: Spotted[] = [];
    for (const spotted of list) {
      const last = kept[kept.length - 1];
      if (last && spotted.start < last.end)
        kept[kept.length - 1] = {
          ...(last.combination.isStrictOnly && !spotted.combination.isStrictOnly ? spotted : last),
          start: last.start,
          end: spotted.end > last.end ? spotted.end : last.end,
        };
      else kept.push(spotted);
    }
    return kept;
  });
}

function described(text: SearchableText, spotted: Spotted): FoundPhrase {
  const { folded, letters } = text;
  const first = letters.places[spotted.start] ?? 0;
  // A term may end inside a word ("instruction*"); people are shown whole words.
  let wordEnd = spotted.end;
  while (wordEnd < letters.text.length && letters.joins[wordEnd] === JOIN.inside) wordEnd++;
  const last = letters.places[wordEnd - 1] ?? first;
  const start = folded.starts[first] ?? 0;
  const end = folded.ends[last] ?? start;
  return {
    rule: spotted.combination.rule,
    language: LANGUAGES[spotted.language]?.language ?? "",
    start,
    end,
    disguises: disguisesOf(text, spotted, { start, end, first, last }),
    isStrictOnly: spotted.combination.isStrictOnly,
  };
}

const LATIN_LANGUAGES = new Set(
  LANGUAGES.filter(({ override }) => /^\s*[a-z]/i.test(override.verbs)).map(
    ({ language }) => language,
  ),
);

function disguisesOf(
  { original, folded, letters }: SearchableText,
  spotted: Spotted,
  place: {
    readonly start: number;
    readonly end: number;
    readonly first: number;
    readonly last: number;
  },
): readonly string[] {
  const written = original.slice(place.start, place.end);
  const isLatin = LATIN_LANGUAGES.has(LANGUAGES[spotted.language]?.language ?? "");
  const hidden = folded.hidden.subarray(place.first + 1, place.last + 1).includes(1);
  const joins = letters.joins.subarray(spotted.start + 1, spotted.end);
  return [
    ...(hidden ? ["invisible characters inside"] : []),
    ...(isLatin && /[^\p{Script=Latin}\p{N}\P{L}]/u.test(written)
      ? ["look-alike letters of another script"]
      : []),
    ...(isLatin && /[\u{FF21}-\u{FF5A}\u{1D400}-\u{1D7FF}\u{24B6}-\u{24E9}]/u.test(written)
      ? ["styled letters"]
      : []),
    ...(/\p{L}[0134578@$!|]\p{L}|\b[0134578@$!|]\p{L}/u.test(written)
      ? ["digits for letters"]
      : []),
    ...(isLatin && joins.length > 4 && joins.every((join) => join === JOIN.possible)
      ? ["letters set apart"]
      : []),
  ];
}
