import { UnderstudyError } from "../errors.js";
import { byteCharacter, fromByteCharacters } from "./byte-level.js";
import { createPairEncoder } from "./byte-pair-encoder.js";
import type { GgufFile } from "./gguf.js";
import { PRE_TOKENIZER_NAMES, isPreTokenizerName, preTokenizer } from "./pre-tokenizer.js";
import type { PreTokenizerName } from "./pre-tokenizer.js";
import { fragmentText, readSpecialTokens, splitAtSpecialTokens } from "./special-tokens.js";
import type { Fragment, SpecialToken } from "./special-tokens.js";
import { placeTokens } from "./token-offsets.js";
import type { TokenOffsets } from "./token-offsets.js";

export type { TokenOffsets } from "./token-offsets.js";

/** Byte-level BPE with the vocabulary of a GGUF file; ids equal llama.cpp's (no normalisation, nothing added). */
export interface ModelTokenizer {
  readonly beginOfSequence: number | null;
  readonly endOfSequence: number | null;
  /** Vocabulary entries looked for in the text before merging, longest first. */
  readonly specialTokens: readonly SpecialToken[];
  /** Token ids; special tokens written in the text are recognised, none are added. Unpaired surrogates count as U+FFFD. */
  encode(text: string): Int32Array;
  /** Token ids of text that was already cut at special tokens: text between them is taken literally. */
  encodeFragments(fragments: readonly Fragment[]): Int32Array;
  /** Text of the tokens, special ones included; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** The bytes a token stands for. Throws INTERNAL for an id outside the vocabulary. */
  tokenBytes(id: number): Uint8Array;
  /** The tokens of `encodeFragments(fragments)` with their places in the fragments' joined text. */
  fragmentOffsets(fragments: readonly Fragment[]): TokenOffsets[];
  /** The tokens of `encode(text)` with their places, which partition the text; see `placeTokens`. */
  offsets(text: string): TokenOffsets[];
}

type TokenizerSource = Pick<GgufFile, "path" | "metadata">;

const utf8 = new TextEncoder();

/**
 * Builds the tokenizer that a GGUF file describes.
 * @throws UnderstudyError MODEL_UNSUPPORTED for tokenizers other than byte-level BPE and for unknown pre-tokenizers,
 * MODEL_FILE where the vocabulary or the merges are missing or malformed.
 */
export function createTokenizer(gguf: TokenizerSource): ModelTokenizer {
  const rule = readPreTokenizer(gguf);
  const preTokenize = preTokenizer(rule);
  const tokens = gguf.metadata.stringArray("tokenizer.ggml.tokens");
  const specialTokens = readSpecialTokens(gguf.metadata, tokens);
  // llama.cpp looks whole pieces up for Llama 3's tokenizer only.
  const encodePiece = createPairEncoder({ gguf, tokens, wholePieces: rule === "llama-bpe" });
  const tokenBytes = createByteLookup(tokens, specialTokens);
  const countBytes = createByteCounter(tokens);

  const encodeFragments = (fragments: readonly Fragment[]): Int32Array => {
    const ids: number[] = [];
    for (const fragment of fragments) {
      if (fragment.kind === "special") ids.push(fragment.token.id);
      else
        for (const piece of preTokenize(fragment.text))
          for (const id of encodePiece(piece)) ids.push(id);
    }
    return Int32Array.from(ids);
  };

  const encode = (text: string): Int32Array =>
    encodeFragments(splitAtSpecialTokens(text, specialTokens));

  const fragmentOffsets = (fragments: readonly Fragment[]): TokenOffsets[] =>
    placeTokens(
      fragments.map(fragmentText).join(""),
      Array.from(encodeFragments(fragments), (id) => ({ id, bytes: tokenBytes(id) })),
      countBytes,
    );

  return {
    beginOfSequence: readTokenId(gguf, "tokenizer.ggml.bos_token_id", tokens.length),
    endOfSequence: readTokenId(gguf, "tokenizer.ggml.eos_token_id", tokens.length),
    specialTokens,
    encode,
    encodeFragments,
    tokenBytes,
    decode: (ids) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        Buffer.concat(Array.from(ids, tokenBytes)),
      ),
    fragmentOffsets,
    offsets: (text) => fragmentOffsets(splitAtSpecialTokens(text, specialTokens)),
  };
}

function readPreTokenizer({ path, metadata }: TokenizerSource): PreTokenizerName {
  const model = metadata.string("tokenizer.ggml.model");
  if (model !== "gpt2") {
    throw new UnderstudyError(
      "MODEL_UNSUPPORTED",
      `the model's tokenizer is ${JSON.stringify(model)}; supported: byte-level BPE ("gpt2")`,
      { place: { path } },
    );
  }
  const name = metadata.string("tokenizer.ggml.pre");
  if (isPreTokenizerName(name)) return name;
  throw new UnderstudyError(
    "MODEL_UNSUPPORTED",
    `the model's pre-tokenizer is ${JSON.stringify(name)}; supported: ${PRE_TOKENIZER_NAMES.join(", ")}`,
    { place: { path } },
  );
}

function readTokenId(
  { path, metadata }: TokenizerSource,
  key: string,
  vocabulary: number,
): number | null {
  const id = metadata.optionalNumber(key);
  if (id === null || (Number.isInteger(id) && id >= 0 && id < vocabulary)) return id;
  throw new UnderstudyError(
    "MODEL_FILE",
    `metadata key ${key} is ${id}, outside the vocabulary of ${vocabulary} tokens`,
    { place: { path } },
  );
}

function createByteLookup(
  tokens: readonly string[],
  specialTokens: readonly SpecialToken[],
): (id: number) => Uint8Array {
  const special = new Set(specialTokens.map((token) => token.id));
  return (id) => {
    const token = tokens[id];
    if (token === undefined)
      throw new UnderstudyError(
        "INTERNAL",
        `token id ${id} is outside the vocabulary of ${tokens.length}`,
      );
    return (special.has(id) ? null : fromByteCharacters(token)) ?? utf8.encode(token);
  };
}

/** Counts the bytes that have a token of their own; the others are lost in encoding. */
function createByteCounter(tokens: readonly string[]): (bytes: Uint8Array) => number {
  const vocabulary = new Set(tokens);
  const hasToken = Array.from({ length: 256 }, (_, byte) => vocabulary.has(byteCharacter(byte)));
  return (bytes) => bytes.reduce((count, byte) => count + (hasToken[byte] ? 1 : 0), 0);
}
