/**
 * Cuts text into the pieces that byte-pair merges never cross. The rules are llama.cpp's (llama-vocab.cpp, unicode.cpp) under
 * the names that GGUF files give them in `tokenizer.ggml.pre`. White space is Unicode's White_Space as there, which differs
 * from the `\s` of JavaScript in U+0085 and U+FEFF.
 */
export type PreTokenize = (text: string) => string[];

const GPT2 = pattern(
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
);
const QWEN2 = pattern(afterGpt2(String.raw`\p{N}`));
const LLAMA_BPE = pattern(afterGpt2(String.raw`\p{N}{1,3}`));

/** The family of rules begun by GPT-4's tokenizer; members differ in how many digits stay together. */
function afterGpt2(digits: string): string {
  const contractions = `'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]`;
  return String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
}

/** `\s` and `\S` in the source mean Unicode's White_Space. */
function pattern(source: string): RegExp {
  const unicode = source
    .replaceAll(String.raw`\s`, String.raw`\p{White_Space}`)
    .replaceAll(String.raw`\S`, String.raw`\P{White_Space}`);
  return new RegExp(unicode, "gu");
}

function pieces(text: string, rule: RegExp): string[] {
  return text.match(rule) ?? [];
}

const PRE_TOKENIZERS = {
  "gpt-2": (text) => pieces(text, GPT2),
  // Every digit alone first, then GPT-2's rule between the digits, so that its look-ahead stops at a digit.
  smollm: (text) => text.split(/(\p{N})/u).flatMap((part) => pieces(part, GPT2)),
  qwen2: (text) => pieces(text, QWEN2),
  "llama-bpe": (text) => pieces(text, LLAMA_BPE),
} as const satisfies Record<string, PreTokenize>;

export type PreTokenizerName = keyof typeof PRE_TOKENIZERS;
export const PRE_TOKENIZER_NAMES: readonly PreTokenizerName[] =
  Object.keys(PRE_TOKENIZERS).filter(isPreTokenizerName);

export function isPreTokenizerName(name: string): name is PreTokenizerName {
  return Object.hasOwn(PRE_TOKENIZERS, name);
}

/** The rule of that name. The pieces of a text, joined, are the text. */
export function preTokenizer(name: PreTokenizerName): PreTokenize {
  return PRE_TOKENIZERS[name];
}
