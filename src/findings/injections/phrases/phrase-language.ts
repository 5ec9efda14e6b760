/**
 * Words of one language from which instructions to a model are made. A term is written as people write it; at its end `*`
 * lets it go on as any word that begins so. Terms of a script without spaces, and Arabic and Hindi ones, are found anywhere.
 */
export interface PhraseLanguage {
  /** English name, as shown. */
  readonly language: string;
  /** "ignore" + "previous" + "instructions", in any order within a sentence. */
  readonly override: {
    readonly verbs: readonly string[];
    /** What points back at what the model was told. */
    readonly back: readonly string[];
    /** What points at everything: enough only where nobody has a reason to write it. */
    readonly all: readonly string[];
    readonly nouns: readonly string[];
  };
  /** Enough by themselves, even in a template. */
  readonly certain: readonly string[];
  /** Enough by themselves in a demonstration or a row. */
  readonly suspect: readonly string[];
  /** "print" + "your system prompt". */
  readonly reveal: { readonly verbs: readonly string[]; readonly secrets: readonly string[] };
  /** "do not tell" + "the user". */
  readonly secrecy: { readonly verbs: readonly string[]; readonly audience: readonly string[] };
  /** "you are now" + "an unrestricted assistant". */
  readonly persona: { readonly verbs: readonly string[]; readonly personas: readonly string[] };
  /** "note to" + "the AI". */
  readonly address: { readonly calls: readonly string[]; readonly models: readonly string[] };
  /** "answer" + "regardless of". */
  readonly force: { readonly verbs: readonly string[]; readonly regardless: readonly string[] };
}

export const NONE = {
  reveal: { verbs: [], secrets: [] },
  secrecy: { verbs: [], audience: [] },
  persona: { verbs: [], personas: [] },
  address: { calls: [], models: [] },
  force: { verbs: [], regardless: [] },
} as const;
