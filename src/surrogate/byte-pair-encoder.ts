import { BPE } from "@huggingface/tokenizers";
import { UnderstudyError } from "../errors.js";
import { toByteCharacters } from "./byte-level.js";
import type { GgufFile } from "./gguf.js";

/** Token ids of one pre-token. */
export type EncodePiece = (piece: string) => readonly number[];

interface PairEncoderSource {
  readonly gguf: Pick<GgufFile, "path" | "metadata">;
  /** Vocabulary in the byte alphabet, by id. */
  readonly tokens: readonly string[];
  /** Whether a piece that is a token as a whole is taken as such, without merging. */
  readonly wholePieces: boolean;
}

/** Pieces whose ids are remembered: prompts of one template consist of the same few thousand. Beyond that, it starts anew. */
const REMEMBERED_PIECES = 50_000;
/** Longer pieces hardly come again. */
const LONGEST_REMEMBERED = 64;

/**
 * Merges the bytes of a piece by the ranks of `tokenizer.ggml.merges`. As in llama.cpp a merge that is no token falls apart into
 * its bytes, and a byte without a token is left out (vocabularies exist that lack unused control characters and byte values).
 * @throws UnderstudyError MODEL_FILE where the merges are missing or malformed.
 */
export function createPairEncoder({ gguf, tokens, wholePieces }: PairEncoderSource): EncodePiece {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const bpe = new BPE({
    type: "BPE",
    unk_token: null,
    vocab,
    merges: readMerges(gguf),
    ignore_merges: wholePieces,
  });
  const idsOf = (token: string): number[] => {
    const id = bpe.tokens_to_ids.get(token);
    if (id !== undefined) return [id];
    return token.length > 1 ? Array.from(token).flatMap(idsOf) : [];
  };
  return remember((piece) => {
    const written = toByteCharacters(piece);
    const isToken = wholePieces && bpe.tokens_to_ids.has(written);
    return isToken ? idsOf(written) : bpe.bpe(written).flatMap(idsOf);
  });
}

function readMerges({ path, metadata }: PairEncoderSource["gguf"]): [string, string][] {
  return metadata.stringArray("tokenizer.ggml.merges").map((merge) => {
    const gap = merge.indexOf(" ");
    if (gap > 0) return [merge.slice(0, gap), merge.slice(gap + 1)];
    throw new UnderstudyError(
      "MODEL_FILE",
      `metadata key tokenizer.ggml.merges holds ${JSON.stringify(merge)}, which is no pair`,
      { place: { path } },
    );
  });
}

function remember(encode: EncodePiece): EncodePiece {
  const known = new Map<string, readonly number[]>();
  return (piece) => {
    const found = known.get(piece);
    if (found) return found;
    const ids = encode(piece);
    if (piece.length > LONGEST_REMEMBERED) return ids;
    if (known.size >= REMEMBERED_PIECES) known.clear();
    known.set(piece, ids);
    return ids;
  };
}
