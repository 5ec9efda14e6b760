/** Embeddings of the tokens a job uses, in memory that all workers share: the whole matrix never leaves the file. */

import { UnderstudyError } from "../errors.js";
import type { GgufFile } from "./gguf.js";
import type { Rotation } from "./rotation.js";
import type { TokenSequence } from "./sequence-plan.js";
import type { EmbeddingTable } from "./worker-protocol.js";

const EMBEDDING_TENSOR = "token_embd.weight";

/** Reads one row for each distinct token, through the rotation of the residual stream where there is one. */
export function buildEmbeddingTable(
  gguf: GgufFile,
  sequences: readonly TokenSequence[],
  rotation: Rotation | null,
): EmbeddingTable {
  const tensor = gguf.tensors.get(EMBEDDING_TENSOR);
  if (!tensor)
    throw new UnderstudyError("MODEL_FILE", `the model has no tensor ${EMBEDDING_TENSOR}`, {
      place: { path: gguf.path },
    });
  const distinct = new Set<number>();
  for (const { ids } of sequences) for (const id of ids) distinct.add(id);
  const ids = Int32Array.from(distinct).sort();
  const rows = new Float32Array(
    new SharedArrayBuffer(ids.length * tensor.columns * Float32Array.BYTES_PER_ELEMENT),
  );
  ids.forEach((id, row) => {
    gguf.readRows(tensor, id, 1, rows.subarray(row * tensor.columns, (row + 1) * tensor.columns));
    rotation?.rotateVector(rows, row * tensor.columns);
  });
  return { ids, rows };
}
