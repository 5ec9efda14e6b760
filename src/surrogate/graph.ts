/**
 * Compiles a GGUF model to an ONNX graph that scores a fixed response: embeddings and past keys and values in, log-probabilities of the
 * response tokens out. Only response rows go through the end of the last block and the head, and logits never leave the graph.
 */

import type { Precision } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { ModelShape } from "./architecture.js";
import type { GgufFile } from "./gguf.js";
import { declareScoreInputs, declareSequenceInputs, INPUTS, OUTPUTS } from "./graph-inputs.js";
import { LinearLayers } from "./linear.js";
import { ModelWeights, rotationsFor } from "./model-weights.js";
import { OnnxGraphWriter } from "./onnx-writer.js";
import { rotaryTables } from "./rotary.js";
import { firstNorm, transformerBlock, type BlockContext } from "./transformer-block.js";
import type { WeightSink } from "./weight-sink.js";

/** Raise with any change of the compiled graph or its weights: caches of other versions are then not read. */
export const GRAPH_VERSION = 2;
/** Rotary tables of this many positions take 2 MB at head size 64. */
const LONGEST_POSITION_TABLE = 4096;
/** What ONNX Runtime's rotary attention takes. */
const HEAD_SIZE_UNIT = 16;

export interface GraphOptions {
  readonly precision: Precision;
  readonly sink: WeightSink;
  /** For benchmarks only: run every row through the head and return logits, as a straightforward implementation does. */
  readonly allLogits?: boolean;
}

/** Longest sequence, prompt and response together, that a compiled model takes. */
export function longestSequence(shape: ModelShape): number {
  return Math.min(shape.contextLength, LONGEST_POSITION_TABLE);
}

/**
 * Writes the graph; its weights go to the sink as they are made, 64 rows dequantised at a time.
 * Throws MODEL_UNSUPPORTED for head sizes that are no multiple of 16, MODEL_FILE where a tensor is missing or a
 * weight is not finite.
 */
export function compileGraph(gguf: GgufFile, shape: ModelShape, options: GraphOptions): Uint8Array {
  if (shape.headSize % HEAD_SIZE_UNIT !== 0)
    throw new UnderstudyError(
      "MODEL_UNSUPPORTED",
      `the model's attention heads have ${shape.headSize} channels; supported: multiples of ${HEAD_SIZE_UNIT}`,
    );
  const graph = new OnnxGraphWriter(options.sink);
  const weights = new ModelWeights(gguf, shape);
  const vocabulary = weights.head().rows;
  declareSequenceInputs(graph, shape);
  if (!options.allLogits) declareScoreInputs(graph, vocabulary);
  const context = blockContext(graph, { gguf, shape, weights, precision: options.precision });
  let stream = firstNorm(context);
  for (let layer = 0; layer < shape.layers; layer++)
    stream = transformerBlock(context, layer, stream, {
      keepOnlyResponse: !options.allLogits && layer === shape.layers - 1,
    });
  const logits = head(context, stream.normalised, options.allLogits ?? false);
  if (options.allLogits)
    graph.output({ name: logits, type: "float", dimensions: [1, "S", vocabulary] });
  else scores(graph, logits, vocabulary);
  return graph.toBytes();
}

function blockContext(
  graph: OnnxGraphWriter,
  model: {
    readonly gguf: GgufFile;
    readonly shape: ModelShape;
    readonly weights: ModelWeights;
    readonly precision: Precision;
  },
): BlockContext {
  const { gguf, shape, weights, precision } = model;
  const positions = longestSequence(shape);
  const tables = rotaryTables({ positions, headSize: shape.headSize, base: shape.ropeBase });
  const dimensions = [positions, shape.headSize / 2];
  return {
    graph,
    shape,
    weights,
    linear: new LinearLayers(graph, gguf, precision),
    rotations: rotationsFor(shape, precision),
    cosines: graph.initializer({ name: "cosines", type: "float", dimensions }, tables.cosines),
    sines: graph.initializer({ name: "sines", type: "float", dimensions }, tables.sines),
  };
}

function head(context: BlockContext, normalised: string, allRows: boolean): string {
  const { weights, rotations, linear, graph } = context;
  const logits = linear.apply(normalised, {
    name: "head",
    parts: [{ tensor: weights.head() }],
    rows: allRows ? "all" : "response",
    inputGain: rotations ? weights.vector("output_norm.weight") : null,
    inputRotation: rotations?.residual ?? null,
  });
  return graph.node("Identity", [logits], { outputs: [OUTPUTS.logits] });
}

/** Log-softmax, the targets' log-probabilities and sum over the vocabulary of p_reference * (log p_reference - log p). */
function scores(graph: OnnxGraphWriter, logits: string, vocabulary: number): void {
  const rows = graph.node("Reshape", [logits, graph.integers([-1, vocabulary])]);
  const logSoftmax = graph.node("LogSoftmax", [rows], {
    outputs: [OUTPUTS.logSoftmax],
    attributes: { axis: -1 },
  });
  graph.output({ name: OUTPUTS.logSoftmax, type: "float", dimensions: ["R", vocabulary] });
  graph.node("GatherElements", [logSoftmax, INPUTS.targets], {
    outputs: [OUTPUTS.logProbabilities],
    attributes: { axis: 1 },
  });
  graph.output({ name: OUTPUTS.logProbabilities, type: "float", dimensions: ["R", "L"] });
  const compared = graph.node("Gather", [logSoftmax, INPUTS.comparedRows], {
    attributes: { axis: 0 },
  });
  const terms = graph.node("Mul", [
    graph.node("Exp", [INPUTS.reference]),
    graph.node("Sub", [INPUTS.reference, compared]),
  ]);
  graph.node("ReduceSum", [terms, graph.integers([1])], {
    outputs: [OUTPUTS.divergence],
    attributes: { keepdims: 1 },
  });
  graph.output({ name: OUTPUTS.divergence, type: "float", dimensions: ["D", 1] });
}
