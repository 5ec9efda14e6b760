import type { PromptEmbeddings, PromptToken } from "../domain.js";
import type { ModelShape } from "./architecture.js";
import { buildEmbeddingTable } from "./embedding-table.js";
import type { GgufFile } from "./gguf.js";
import { embedFromTable } from "./scorer.js";

/**
 * The input embeddings of tokens straight from the model file. The rotation that the engine puts between its own embeddings and weights in
 * the mode "fast" is left out: it preserves inner products but mixes the dimensions that positions turn in pairs.
 */
export function embedTokens(
  gguf: GgufFile,
  shape: Pick<ModelShape, "hidden" | "headSize" | "ropeBase">,
  tokens: readonly PromptToken[],
): PromptEmbeddings {
  const { hidden, headSize, ropeBase } = shape;
  const ids = Int32Array.from(tokens, ({ id }) => id);
  const table = buildEmbeddingTable(gguf, [{ ids, responseTokens: 0 }], null);
  return { tokens, vectors: embedFromTable({ ...table, hidden })(ids), hidden, headSize, ropeBase };
}
