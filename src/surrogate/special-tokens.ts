import type { GgufMetadata } from "./gguf.js";

/** A vocabulary entry that is looked for in the text itself, before any merging. */
export interface SpecialToken {
  readonly id: number;
  readonly text: string;
  /**
   * True for markup that only the model's template may write (roles, turn ends, tool calls): in a message's content it is
   * plain text. False for entries that merely abbreviate text, such as runs of spaces.
   */
  readonly control: boolean;
}

/** Values of `tokenizer.ggml.token_type`. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

/** Files exist whose role markers are marked user-defined, so a user-defined token in the form of a tag counts as markup. */
const TAG = /^<[^\s<>]+>$|^\[[^\s[\]]+\]$/;

/** The special tokens of a model, longest text first, as llama.cpp looks for them. */
export function readSpecialTokens(
  metadata: GgufMetadata,
  tokens: readonly string[],
): readonly SpecialToken[] {
  const types = metadata.has("tokenizer.ggml.token_type")
    ? metadata.numberArray("tokenizer.ggml.token_type")
    : [];
  const special = tokens.flatMap((text, id) => {
    const type = types[id];
    if (text === "" || (type !== UNKNOWN && type !== CONTROL && type !== USER_DEFINED)) return [];
    return [{ id, text, control: type !== USER_DEFINED || TAG.test(text) }];
  });
  return special.sort((a, b) => b.text.length - a.text.length || a.id - b.id);
}

/** A stretch of text: one special token, or text between them. */
export type Fragment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "special"; readonly token: SpecialToken };

/** The text that a fragment stands for. */
export function fragmentText(fragment: Fragment): string {
  return fragment.kind === "text" ? fragment.text : fragment.token.text;
}

/** Cuts `text` at special tokens: the longest token claims its occurrences first, then the next (llama.cpp, tokenizer_st_partition). */
export function splitAtSpecialTokens(
  text: string,
  special: readonly SpecialToken[],
): readonly Fragment[] {
  let fragments: readonly Fragment[] = text === "" ? [] : [{ kind: "text", text }];
  for (const token of special) {
    if (text.includes(token.text))
      fragments = fragments.flatMap((fragment) =>
        fragment.kind === "text" ? splitAt(fragment.text, token) : [fragment],
      );
  }
  return fragments;
}

function splitAt(text: string, token: SpecialToken): Fragment[] {
  return text.split(token.text).flatMap((part, index) => {
    const between: Fragment[] = index === 0 ? [] : [{ kind: "special", token }];
    return part === "" ? between : [...between, { kind: "text", text: part }];
  });
}
