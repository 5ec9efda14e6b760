/** Names of the tensors in a GGUF file of the llama and qwen2 architectures, and how they are folded for a precision. */

import type { Precision } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { ModelShape } from "./architecture.js";
import type { GgufFile, TensorInfo } from "./gguf.js";
import { interleavedRowOrder, type WeightPart } from "./quantize.js";
import { plainRotation, randomRotation, type Rotation } from "./rotation.js";

const LONGEST_DOWN_ROTATION = 64;

/** The rotations of the fast mode (exact in real arithmetic): the same places multiply weights and activations. */
export interface Rotations {
  /** Of the residual stream, [hidden]. */
  readonly residual: Rotation;
  /** Of value heads and the inputs of the output projection, [headSize]. */
  readonly head: Rotation;
  /** Before the down projection, at run time; null where the layer's width is odd. */
  readonly down: Rotation | null;
}

/** The rotations of a precision, or null where there are none. The embeddings must go through `residual` as well. */
export function rotationsFor(shape: ModelShape, precision: Precision): Rotations | null {
  if (precision !== "fast") return null;
  const downSize = Math.min(shape.feedForward & -shape.feedForward, LONGEST_DOWN_ROTATION);
  return {
    residual: randomRotation(shape.hidden),
    head: plainRotation(shape.headSize),
    down: downSize > 1 ? randomRotation(downSize) : null,
  };
}

/** Reads weights by their role. */
export class ModelWeights {
  readonly #gguf: GgufFile;
  readonly #shape: ModelShape;

  constructor(gguf: GgufFile, shape: ModelShape) {
    this.#gguf = gguf;
    this.#shape = shape;
  }

  /** Throws MODEL_FILE where the file lacks the tensor. */
  tensor(name: string): TensorInfo {
    const tensor = this.#gguf.tensors.get(name);
    if (!tensor)
      throw new UnderstudyError("MODEL_FILE", `the model has no tensor ${JSON.stringify(name)}`, {
        fix: "Get the file again, or another conversion of the model.",
      });
    return tensor;
  }

  /** A one-dimensional tensor: gain of a norm, or a bias. */
  vector(name: string): Float32Array {
    return this.#gguf.readRows(this.tensor(name), 0, 1);
  }

  /** The projections to queries, keys and values of a layer, in this order. */
  attentionInputs(layer: number, rotation: Rotation | null): WeightPart[] {
    const part = (letter: string): TensorInfo => this.tensor(`blk.${layer}.attn_${letter}.weight`);
    return [
      { tensor: part("q"), rowOrder: this.#rowOrder(this.#shape.heads) },
      { tensor: part("k"), rowOrder: this.#rowOrder(this.#shape.keyValueHeads) },
      { tensor: part("v"), outputRotation: rotation },
    ];
  }

  /** The biases that go with `attentionInputs`, or null where the model has none. */
  attentionBias(layer: number, rotation: Rotation | null): Float32Array | null {
    if (!this.#shape.hasAttentionBias) return null;
    const { heads, keyValueHeads, headSize } = this.#shape;
    const query = this.vector(`blk.${layer}.attn_q.bias`);
    const key = this.vector(`blk.${layer}.attn_k.bias`);
    const value = Float32Array.from(this.vector(`blk.${layer}.attn_v.bias`));
    if (rotation)
      for (let head = 0; head < keyValueHeads; head++)
        rotation.rotateVector(value, head * headSize);
    const bias = new Float32Array((heads + 2 * keyValueHeads) * headSize);
    bias.set(this.#reorder(query, this.#rowOrder(heads)));
    bias.set(this.#reorder(key, this.#rowOrder(keyValueHeads)), heads * headSize);
    bias.set(value, (heads + keyValueHeads) * headSize);
    return bias;
  }

  /** The matrix from hidden states to logits: the embeddings where the model ties them. */
  head(): TensorInfo {
    return this.tensor(this.#shape.tiedHead ? "token_embd.weight" : "output.weight");
  }

  #rowOrder(heads: number): Int32Array | null {
    return this.#shape.architecture === "llama"
      ? interleavedRowOrder(this.#shape.headSize, heads * this.#shape.headSize)
      : null;
  }

  #reorder(values: Float32Array, order: Int32Array | null): Float32Array {
    return order ? Float32Array.from(order, (source) => values[source] as number) : values;
  }
}
