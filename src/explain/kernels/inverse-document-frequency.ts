/**
 * Inverse document frequency of each token among documents, ln((1 + n) / (1 + documents with the token)) + 1, smoothed so that unseen tokens
 * count and common ones never count nothing (Sparck Jones 1972; the smoothing of scikit-learn's TfidfTransformer). As weights of RoPE-RWMD
 * the documents are the prompts of all inputs, so that the template's words count less than the input's own.
 */
export function inverseDocumentFrequency(
  documents: readonly Int32Array[],
  tokens: Int32Array,
): Float64Array {
  const containing = new Map<number, number>();
  for (const document of documents)
    for (const id of new Set(document)) containing.set(id, (containing.get(id) ?? 0) + 1);
  return Float64Array.from(
    tokens,
    (id) => Math.log((1 + documents.length) / (1 + (containing.get(id) ?? 0))) + 1,
  );
}
