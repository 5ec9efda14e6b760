import { floatTensor } from "./gguf-writer.js";
import type { WrittenGguf, WrittenTensor, WrittenValue } from "./gguf-writer.js";

/** Sizes of the tiny model: 2 layers, 2 heads of 4 sharing 1 key-value head, 12 tokens. */
const HIDDEN = 8;
const HEAD = 4;
const FEED_FORWARD = 16;
const VOCABULARY = 12;
const LAYERS = 2;

const text = (value: string): WrittenValue => ({ type: "string", value });
const integer = (value: number): WrittenValue => ({ type: "uint32", value });

export function tinyMetadata(architecture = "llama"): Record<string, WrittenValue> {
  return {
    "general.architecture": text(architecture),
    "general.name": text("Tiny"),
    "general.license": text("mit"),
    [`${architecture}.block_count`]: integer(LAYERS),
    [`${architecture}.context_length`]: integer(64),
    [`${architecture}.embedding_length`]: integer(HIDDEN),
    [`${architecture}.feed_forward_length`]: integer(FEED_FORWARD),
    [`${architecture}.attention.head_count`]: integer(2),
    [`${architecture}.attention.head_count_kv`]: integer(1),
    [`${architecture}.attention.layer_norm_rms_epsilon`]: { type: "float32", value: 0.5 },
    "tokenizer.ggml.model": text("gpt2"),
    "tokenizer.ggml.pre": text("smollm"),
    "tokenizer.ggml.tokens": {
      type: "strings",
      value: Array.from({ length: VOCABULARY }, (_, id) => `t${id}`),
    },
    "tokenizer.ggml.token_type": {
      type: "int32s",
      value: Array.from({ length: VOCABULARY }, () => 1),
    },
    "tokenizer.ggml.merges": { type: "strings", value: ["t 1"] },
  };
}

export function tinyTensors(): WrittenTensor[] {
  const layers = Array.from({ length: LAYERS }, (_, layer) => [
    floatTensor(`blk.${layer}.attn_norm.weight`, [HIDDEN]),
    floatTensor(`blk.${layer}.attn_q.weight`, [HIDDEN, 2 * HEAD]),
    floatTensor(`blk.${layer}.attn_k.weight`, [HIDDEN, HEAD]),
    floatTensor(`blk.${layer}.attn_v.weight`, [HIDDEN, HEAD]),
    floatTensor(`blk.${layer}.attn_output.weight`, [2 * HEAD, HIDDEN]),
    floatTensor(`blk.${layer}.ffn_norm.weight`, [HIDDEN]),
    floatTensor(`blk.${layer}.ffn_gate.weight`, [HIDDEN, FEED_FORWARD]),
    floatTensor(`blk.${layer}.ffn_up.weight`, [HIDDEN, FEED_FORWARD]),
    floatTensor(`blk.${layer}.ffn_down.weight`, [FEED_FORWARD, HIDDEN]),
  ]).flat();
  return [
    floatTensor("token_embd.weight", [HIDDEN, VOCABULARY]),
    floatTensor("output_norm.weight", [HIDDEN]),
    ...layers,
  ];
}

/** Biases as Qwen2 has them. */
export function tinyBiases(): WrittenTensor[] {
  return Array.from({ length: LAYERS }, (_, layer) => [
    floatTensor(`blk.${layer}.attn_q.bias`, [2 * HEAD]),
    floatTensor(`blk.${layer}.attn_k.bias`, [HEAD]),
    floatTensor(`blk.${layer}.attn_v.bias`, [HEAD]),
  ]).flat();
}

export function tinyModel(): WrittenGguf {
  return { metadata: tinyMetadata(), tensors: tinyTensors() };
}
