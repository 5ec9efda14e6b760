/** The languages whose phrases are known, as one trie over letter texts. */
import { foldText } from "../folded-text.js";
import { lettersOf } from "../letter-text.js";
import { arabic, chinese, hindi, japanese, korean } from "./asian.js";
import { polish, russian, turkish, ukrainian } from "./east-european.js";
import { english } from "./english.js";
import type { PhraseLanguage, Terms } from "./phrase-language.js";
import { dutch, french, german, italian, portuguese, spanish } from "./west-european.js";

export const LANGUAGES: readonly PhraseLanguage[] = [
  english,
  german,
  french,
  spanish,
  italian,
  portuguese,
  dutch,
  polish,
  russian,
  ukrainian,
  turkish,
  arabic,
  hindi,
  chinese,
  japanese,
  korean,
];

/** What a term does in a phrase. */
export const TERM_ROLES = [
  "override verb",
  "back",
  "all",
  "noun",
  "certain",
  "suspect",
  "reveal verb",
  "secret",
  "secrecy verb",
  "audience",
  "persona verb",
  "persona",
  "call",
  "model",
  "force verb",
  "regardless",
] as const;
export type TermRole = (typeof TERM_ROLES)[number];

/** A term of a language; `language` and `role` are indices. */
export interface Term {
  readonly language: number;
  readonly role: number;
  /** Whether the word must end where the term does. */
  readonly isWhole: boolean;
}

export interface TrieNode {
  readonly next: Map<number, TrieNode>;
  readonly terms: Term[];
}

function termsOf(language: PhraseLanguage): Readonly<Record<TermRole, Terms>> {
  const { override, reveal, secrecy, persona, address, force } = language;
  return {
    "override verb": override.verbs,
    back: override.back,
    all: override.all,
    noun: override.nouns,
    certain: language.certain,
    suspect: language.suspect,
    "reveal verb": reveal.verbs,
    secret: reveal.secrets,
    "secrecy verb": secrecy.verbs,
    audience: secrecy.audience,
    "persona verb": persona.verbs,
    persona: persona.personas,
    call: address.calls,
    model: address.models,
    "force verb": force.verbs,
    regardless: force.regardless,
  };
}

function insert(root: TrieNode, written: string, term: Omit<Term, "isWhole">): void {
  const isWhole = !written.endsWith("*");
  const bare = isWhole ? written : written.slice(0, -1);
  let node = root;
  const letters = lettersOf(foldText(bare), bare).text;
  for (let at = 0; at < letters.length; at++) {
    const code = letters.charCodeAt(at);
    const next = node.next.get(code) ?? { next: new Map(), terms: [] };
    node.next.set(code, next);
    node = next;
  }
  node.terms.push({ ...term, isWhole });
}

function build(): TrieNode {
  const root: TrieNode = { next: new Map(), terms: [] };
  LANGUAGES.forEach((language, index) => {
    const terms = termsOf(language);
    TERM_ROLES.forEach((name, role) => {
      for (const written of terms[name].split("|"))
        if (written.trim() !== "") insert(root, written.trim(), { language: index, role });
    });
  });
  return root;
}

/** All terms, spelled as `lettersOf` spells texts. */
export const PHRASE_TRIE: TrieNode = build();
