/** One block of a llama or qwen2 transformer: grouped-query attention, then a gated feed-forward network, each added to the residual. */

import type { ModelShape } from "./architecture.js";
import { INPUTS, pastKey, pastValue, presentKey, presentValue } from "./graph-inputs.js";
import type { LinearLayers, RowGroup } from "./linear.js";
import type { ModelWeights, Rotations } from "./model-weights.js";
import type { OnnxGraphWriter } from "./onnx-writer.js";
import type { Rotation } from "./rotation.js";

/** What all blocks of one graph share. */
export interface BlockContext {
  readonly graph: OnnxGraphWriter;
  readonly linear: LinearLayers;
  readonly weights: ModelWeights;
  readonly shape: ModelShape;
  readonly rotations: Rotations | null;
  /** Names of the rotary tables. */
  readonly cosines: string;
  readonly sines: string;
}

/** The residual stream and its normalised form, names of [1, rows, hidden]. */
export interface Stream {
  readonly residual: string;
  readonly normalised: string;
}

/** What a norm must be told: its own gain in the graph, or ones where the next weights carry the gain because the stream is rotated. */
function normGain(context: BlockContext, tensor: string): Float32Array {
  return context.rotations
    ? new Float32Array(context.shape.hidden).fill(1)
    : context.weights.vector(tensor);
}

/** The gain to fold into the weights after a norm, or null where the norm applies it. */
function foldedGain(context: BlockContext, tensor: string): Float32Array | null {
  return context.rotations ? context.weights.vector(tensor) : null;
}

/** Root-mean-square norm of the embeddings before the first block. */
export function firstNorm(context: BlockContext): Stream {
  const { graph, shape } = context;
  const gain = graph.initializer(
    { name: "first_norm", type: "float", dimensions: [shape.hidden] },
    normGain(context, "blk.0.attn_norm.weight"),
  );
  const attributes = { axis: -1, epsilon: { float: shape.normEpsilon } };
  return {
    residual: INPUTS.embeddings,
    normalised: graph.node("SimplifiedLayerNormalization", [INPUTS.embeddings, gain], {
      attributes,
    }),
  };
}

/** residual + change, and its root-mean-square norm with the gain named. */
function addAndNormalise(
  context: BlockContext,
  change: string,
  next: { readonly residual: string; readonly gain: string; readonly name: string },
): Stream {
  const { graph, shape } = context;
  const gain = graph.initializer(
    { name: next.name, type: "float", dimensions: [shape.hidden] },
    normGain(context, next.gain),
  );
  const outputs = [`${next.name}.normalised`, "", "", `${next.name}.residual`] as const;
  graph.microsoft("SkipSimplifiedLayerNormalization", [change, next.residual, gain], {
    outputs,
    attributes: { epsilon: { float: shape.normEpsilon } },
  });
  return { residual: outputs[3], normalised: outputs[0] };
}

/** Attention outputs [1, S, heads * headSize]; declares the layer's present keys and values as outputs. */
function attention(context: BlockContext, layer: number, normalised: string): string {
  const { graph, shape, weights } = context;
  const head = context.rotations?.head ?? null;
  const packed = context.linear.apply(normalised, {
    name: `layer${layer}.attention_inputs`,
    parts: weights.attentionInputs(layer, head),
    rows: "all",
    inputGain: foldedGain(context, `blk.${layer}.attn_norm.weight`),
    inputRotation: context.rotations?.residual ?? null,
    bias: weights.attentionBias(layer, head),
  });
  const outputs = [`layer${layer}.attended`, presentKey(layer), presentValue(layer)];
  for (const name of outputs.slice(1))
    graph.output({
      name,
      type: "float",
      dimensions: [1, shape.keyValueHeads, "T", shape.headSize],
    });
  const inputs = [
    packed,
    "",
    "",
    pastKey(layer),
    pastValue(layer),
    INPUTS.lastPosition,
    INPUTS.totalLength,
    context.cosines,
    context.sines,
  ];
  return graph.microsoft("GroupQueryAttention", inputs, {
    outputs,
    attributes: { num_heads: shape.heads, kv_num_heads: shape.keyValueHeads, do_rotary: 1 },
  });
}

/** down(silu(gate(x)) * up(x)); SiLU is QuickGelu with alpha 1. */
function feedForward(
  context: BlockContext,
  layer: number,
  input: { readonly normalised: string; readonly rows: RowGroup },
): string {
  const { graph, linear, weights, rotations } = context;
  const inputGain = foldedGain(context, `blk.${layer}.ffn_norm.weight`);
  const inputRotation = rotations?.residual ?? null;
  const project = (role: "gate" | "up"): string =>
    linear.apply(input.normalised, {
      name: `layer${layer}.${role}`,
      parts: [{ tensor: weights.tensor(`blk.${layer}.ffn_${role}.weight`) }],
      rows: input.rows,
      inputGain,
      inputRotation,
    });
  const gated = graph.node("Mul", [
    graph.microsoft("QuickGelu", [project("gate")], { attributes: { alpha: { float: 1 } } }),
    project("up"),
  ]);
  const rotated = rotations?.down ? rotateActivations(context, gated, rotations.down) : gated;
  const part = {
    tensor: weights.tensor(`blk.${layer}.ffn_down.weight`),
    outputRotation: rotations?.residual ?? null,
  };
  return linear.apply(rotated, {
    name: `layer${layer}.down`,
    parts: [part],
    rows: input.rows,
    inputRotation: rotations?.down ?? null,
  });
}

/** Multiplies each run of `rotation.size` channels by the rotation: a small matrix product at run time. */
function rotateActivations(context: BlockContext, values: string, rotation: Rotation): string {
  const { graph, shape } = context;
  const size = rotation.size;
  // Row i holds Q e_i, so that x (row vector) times the matrix is (Q x)^T.
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) {
    matrix[i * size + i] = 1;
    rotation.rotateVector(matrix, i * size);
  }
  const name = graph.shared("down_rotation", (fresh) =>
    graph.initializer({ name: fresh, type: "float", dimensions: [size, size] }, matrix),
  );
  const runs = graph.node("Reshape", [values, graph.integers([-1, size])]);
  return graph.node("Reshape", [
    graph.node("MatMul", [runs, name]),
    graph.integers([1, -1, shape.feedForward]),
  ]);
}

/** Adds one block; from the attention of `select`ed blocks on only the response rows go further. */
export function transformerBlock(
  context: BlockContext,
  layer: number,
  stream: Stream,
  options: { readonly keepOnlyResponse: boolean },
): Stream {
  const { graph, shape, linear, weights, rotations } = context;
  const select = (value: string): string =>
    options.keepOnlyResponse
      ? graph.node("Gather", [value, INPUTS.responseRows], { attributes: { axis: 1 } })
      : value;
  const rows: RowGroup = options.keepOnlyResponse ? "response" : "all";
  const attended = select(attention(context, layer, stream.normalised));
  const residual = select(stream.residual);
  const part = {
    tensor: weights.tensor(`blk.${layer}.attn_output.weight`),
    outputRotation: rotations?.residual ?? null,
  };
  const projected = linear.apply(attended, {
    name: `layer${layer}.attention_output`,
    parts: [part],
    rows,
    inputRotation: rotations?.head ?? null,
  });
  const middle = addAndNormalise(context, projected, {
    residual,
    gain: `blk.${layer}.ffn_norm.weight`,
    name: `layer${layer}.middle`,
  });
  const change = feedForward(context, layer, { normalised: middle.normalised, rows });
  const nextGain =
    layer + 1 < shape.layers ? `blk.${layer + 1}.attn_norm.weight` : "output_norm.weight";
  return addAndNormalise(context, change, {
    residual: middle.residual,
    gain: nextGain,
    name: `layer${layer}.end`,
  });
}
