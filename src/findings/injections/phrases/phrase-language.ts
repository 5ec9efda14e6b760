/**
 * Terms separated by `|`, each as people write it; at its end `*` lets it go on as any word that begins so. Terms of a script
 * without spaces, and Arabic and Hindi ones, are found anywhere.
 */
export type Terms = string;

/** Words of one language from which instructions to a model are made. */
export interface PhraseLanguage {
  /** English name, as shown. */
  readonly language: string;
  /** "ignore" + "previous" + "instructions", in any order within a sentence. */
  readonly override: {
    readonly verbs: Terms;
    /** What points back at what the model was told. */
    readonly back: Terms;
    /** What points at everything: enough only where nobody has a reason to write it. */
    readonly all: Terms;
    readonly nouns: Terms;
  };
  /** Enough by themselves, even in a template. */
  readonly certain: Terms;
  /** Enough by themselves in a demonstration or a row. */
  readonly suspect: Terms;
  /** "print" + "your system prompt". */
  readonly reveal: { readonly verbs: Terms; readonly secrets: Terms };
  /** "do not tell" + "the user". */
  readonly secrecy: { readonly verbs: Terms; readonly audience: Terms };
  /** "you are now" + "an unrestricted assistant". */
  readonly persona: { readonly verbs: Terms; readonly personas: Terms };
  /** "note to" + "the AI". */
  readonly address: { readonly calls: Terms; readonly models: Terms };
  /** "answer" + "regardless of". */
  readonly force: { readonly verbs: Terms; readonly regardless: Terms };
}

export const NONE = {
  reveal: { verbs: "", secrets: "" },
  secrecy: { verbs: "", audience: "" },
  persona: { verbs: "", personas: "" },
  address: { calls: "", models: "" },
  force: { verbs: "", regardless: "" },
} as const;
