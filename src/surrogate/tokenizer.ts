import { BPE } from "@huggingface/tokenizers";
import { UnderstudyError } from "../errors.js";
import { fromByteCharacters, toByteCharacters } from "./byte-level.js";
import type { GgufFile } from "./gguf.js";
import { PRE_TOKENIZER_NAMES, preTokenizer } from "./pre-tokenizer.js";
import type { PreTokenize } from "./pre-tokenizer.js";
import { readSpecialTokens, splitAtSpecialTokens } from "./special-tokens.js";
import type { Fragment, SpecialToken } from "./special-tokens.js";

/** A token and the text it stands for: [start, end) in UTF-16 units of the encoded text. */
export interface TokenOffsets {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Byte-level BPE with the vocabulary of a GGUF file; ids equal llama.cpp's (no normalisation, nothing added). */
export interface ModelTokenizer {
  readonly beginOfSequence: number | null;
  readonly endOfSequence: number | null;
  /** Vocabulary entries looked for in the text before merging, longest first. */
  readonly specialTokens: readonly SpecialToken[];
  /** Token ids; special tokens written in the text are recognised, none are added. */
  encode(text: string): Int32Array;
  /** Token ids of text that was already cut at special tokens: text between them is taken literally. */
  encodeFragments(fragments: readonly Fragment[]): Int32Array;
  /** Text of the tokens, special ones included; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** The bytes a token stands for. Throws INTERNAL for an id outside the vocabulary. */
  tokenBytes(id: number): Uint8Array;
  /**
   * The tokens of `encode(text)` with their places. They partition the text: a character whose bytes are spread over several
   * tokens belongs to the last of them, the earlier ones are empty.
   */
  offsets(text: string): TokenOffsets[];
}

type TokenizerSource = Pick<GgufFile, "path" | "metadata">;

/** Pieces whose ids are remembered; beyond that the memory starts anew. */
const REMEMBERED_PIECES = 50_000;
/** Longer pieces hardly come again. */
const LONGEST_REMEMBERED = 64;

const utf8 = new TextEncoder();

/**
 * Builds the tokenizer that a GGUF file describes.
 * @throws UnderstudyError MODEL_UNSUPPORTED for tokenizers other than byte-level BPE and for unknown pre-tokenizers,
 * MODEL_FILE where the vocabulary or the merges are missing or malformed.
 */
export function createTokenizer(gguf: TokenizerSource): ModelTokenizer {
  const { metadata } = gguf;
  const preTokenize = readPreTokenizer(gguf);
  const tokens = metadata.stringArray("tokenizer.ggml.tokens");
  const specialTokens = readSpecialTokens(metadata, tokens);
  const specialIds = new Set(specialTokens.map((token) => token.id));
  const encodePiece = createPieceEncoder(gguf, tokens);

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

  const tokenBytes = (id: number): Uint8Array => {
    const token = tokens[id];
    if (token === undefined)
      throw new UnderstudyError(
        "INTERNAL",
        `token id ${id} is outside the vocabulary of ${tokens.length}`,
      );
    return (specialIds.has(id) ? null : fromByteCharacters(token)) ?? utf8.encode(token);
  };

  return {
    beginOfSequence: readTokenId(gguf, "tokenizer.ggml.bos_token_id", tokens.length),
    endOfSequence: readTokenId(gguf, "tokenizer.ggml.eos_token_id", tokens.length),
    specialTokens,
    encode,
    encodeFragments,
    tokenBytes,
    decode: (ids) => decodeBytes(Array.from(ids, tokenBytes)),
    offsets: (text) => placeTokens(text, encode(text), tokenBytes),
  };
}

function readPreTokenizer({ path, metadata }: TokenizerSource): PreTokenize {
  const model = metadata.string("tokenizer.ggml.model");
  if (model !== "gpt2") {
    throw new UnderstudyError(
      "MODEL_UNSUPPORTED",
      `the model's tokenizer is ${JSON.stringify(model)}; supported: byte-level BPE ("gpt2")`,
      { place: { path } },
    );
  }
  const name = metadata.string("tokenizer.ggml.pre");
  const found = preTokenizer(name);
  if (found) return found;
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

/** Ids of one pre-token by merging, with a memory: prompts of one template consist of the same few thousand pieces. */
function createPieceEncoder(
  gguf: TokenizerSource,
  tokens: readonly string[],
): (piece: string) => readonly number[] {
  const bpe = createMerger(gguf, tokens);
  const remembered = new Map<string, readonly number[]>();
  const idOf = (token: string): number => {
    const id = bpe.tokens_to_ids.get(token);
    if (id === undefined)
      throw new UnderstudyError(
        "MODEL_FILE",
        `the vocabulary lacks the byte ${JSON.stringify(token)}`,
        { place: { path: gguf.path } },
      );
    return id;
  };
  const merge = (piece: string): readonly number[] => {
    const written = toByteCharacters(piece);
    if (bpe.ignore_merges && bpe.tokens_to_ids.has(written)) return [idOf(written)];
    // A merge without a vocabulary entry falls back to its bytes, as in llama.cpp.
    return bpe
      .bpe(written)
      .flatMap((token) => (bpe.tokens_to_ids.has(token) ? [idOf(token)] : Array.from(token, idOf)));
  };
  return (piece) => {
    const known = remembered.get(piece);
    if (known) return known;
    const ids = merge(piece);
    if (piece.length > LONGEST_REMEMBERED) return ids;
    if (remembered.size >= REMEMBERED_PIECES) remembered.clear();
    remembered.set(piece, ids);
    return ids;
  };
}

function createMerger({ path, metadata }: TokenizerSource, tokens: readonly string[]): BPE {
  const merges = metadata.stringArray("tokenizer.ggml.merges").map((merge): [string, string] => {
    // The second part may begin with a space only in a malformed file; the first is never empty.
    const gap = merge.indexOf(" ", 1);
    if (gap < 0)
      throw new UnderstudyError(
        "MODEL_FILE",
        `metadata key tokenizer.ggml.merges holds ${JSON.stringify(merge)}, which is no pair`,
        { place: { path } },
      );
    return [merge.slice(0, gap), merge.slice(gap + 1)];
  });
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return new BPE({
    type: "BPE",
    unk_token: null,
    vocab,
    merges,
    ignore_merges: metadata.string("tokenizer.ggml.pre") === "llama-bpe",
  });
}

function decodeBytes(parts: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(parts));
}

/** Walks the text and the tokens' bytes together. */
function placeTokens(
  text: string,
  ids: Int32Array,
  tokenBytes: (id: number) => Uint8Array,
): TokenOffsets[] {
  let unit = 0;
  let bytesToUnit = 0;
  let bytes = 0;
  return Array.from(ids, (id) => {
    const start = unit;
    bytes += tokenBytes(id).length;
    while (unit < text.length) {
      const character = text.codePointAt(unit) ?? 0;
      const length = utf8Length(character);
      if (bytesToUnit + length > bytes) break;
      bytesToUnit += length;
      unit += character > 0xffff ? 2 : 1;
    }
    return { id, start, end: unit };
  });
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
