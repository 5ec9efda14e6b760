/** What the scoring graph takes and gives, by name. Sizes: S rows run, P positions for which past tensors have room, R response tokens, L targets each, D rows compared. */

import type { ModelShape } from "./architecture.js";
import type { OnnxGraphWriter } from "./onnx-writer.js";

export const INPUTS = {
  /** float [1, S, hidden]: embeddings of the tokens after the reused prefix. */
  embeddings: "embeddings",
  /** int32 [1]: length of the whole sequence less one. */
  lastPosition: "last_position",
  /** int32 []: length of the whole sequence. */
  totalLength: "total_length",
  /** int64 [R]: rows, counted among the S, that predict the response tokens. */
  responseRows: "response_rows",
  /** int64 [R, L]: tokens whose log-probabilities are wanted at each response row; with L = 1 the response tokens themselves. */
  targets: "targets",
  /** float [D, vocabulary]: log-softmax of the reference run; D is R, or 0 where no divergence is wanted. */
  reference: "reference",
  /** int64 [D]: response rows to compare with the rows of `reference`. */
  comparedRows: "compared_rows",
} as const;

export const OUTPUTS = {
  /** float [R, L]: log-probability of each target, natural log. */
  logProbabilities: "log_probabilities",
  /** float [R, vocabulary]: log-softmax, fetched from the reference run only. */
  logSoftmax: "log_softmax",
  /** float [D, 1]: KL(reference || this run) of each compared row, nats. */
  divergence: "divergence",
  /** float [1, S, vocabulary]: only in the benchmark's straightforward graph. */
  logits: "logits",
} as const;

export const pastKey = (layer: number): string => `past_key_${layer}`;
export const pastValue = (layer: number): string => `past_value_${layer}`;
export const presentKey = (layer: number): string => `present_key_${layer}`;
export const presentValue = (layer: number): string => `present_value_${layer}`;

/**
 * Declares the inputs of the transformer: a sequence's rows, and past keys and values, float [1, keyValueHeads, P, headSize]. Of the past
 * positions the first total_length - S count; the rest is room.
 */
export function declareSequenceInputs(graph: OnnxGraphWriter, shape: ModelShape): void {
  graph.input({ name: INPUTS.embeddings, type: "float", dimensions: [1, "S", shape.hidden] });
  graph.input({ name: INPUTS.lastPosition, type: "int32", dimensions: [1] });
  graph.input({ name: INPUTS.totalLength, type: "int32", dimensions: [] });
  const dimensions = [1, shape.keyValueHeads, "P", shape.headSize];
  for (let layer = 0; layer < shape.layers; layer++) {
    graph.input({ name: pastKey(layer), type: "float", dimensions });
    graph.input({ name: pastValue(layer), type: "float", dimensions });
  }
}

/** Declares what is to be scored: rows, target tokens, and the reference distribution. */
export function declareScoreInputs(graph: OnnxGraphWriter, vocabulary: number): void {
  graph.input({ name: INPUTS.responseRows, type: "int64", dimensions: ["R"] });
  graph.input({ name: INPUTS.targets, type: "int64", dimensions: ["R", "L"] });
  graph.input({ name: INPUTS.reference, type: "float", dimensions: ["D", vocabulary] });
  graph.input({ name: INPUTS.comparedRows, type: "int64", dimensions: ["D"] });
}
