import { UnderstudyError } from "../errors.js";
import type { GgufFile, TensorInfo } from "./gguf.js";

const ARCHITECTURES = ["llama", "qwen2"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** The sizes of a decoder-only transformer with grouped-query attention, rotary positions and a gated MLP. */
export interface ModelShape {
  readonly architecture: Architecture;
  readonly layers: number;
  /** Width of the residual stream. */
  readonly hidden: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Width of one head; the rotary embedding turns all of it. */
  readonly headSize: number;
  readonly feedForward: number;
  readonly normEpsilon: number;
  readonly ropeBase: number;
  /** Positions the model was trained for. */
  readonly contextLength: number;
  /** Rows of the embedding table. */
  readonly vocabulary: number;
  /** True where the output head is the embedding table itself. */
  readonly tiedHead: boolean;
  /** True where the query, key and value projections have biases. */
  readonly hasAttentionBias: boolean;
}

type ModelHeader = Pick<GgufFile, "path" | "metadata" | "tensors">;

/**
 * Reads the sizes from the metadata and checks that the file holds exactly the tensors of such a model, in these sizes: a
 * tensor that the graph would ignore means another computation than the file describes.
 * @throws UnderstudyError MODEL_UNSUPPORTED for other architectures, rope scaling, partial rotation, sliding windows, experts
 * and tensors outside the architecture; MODEL_FILE for missing or misshapen tensors and metadata.
 */
export function modelShape(gguf: ModelHeader): ModelShape {
  const architecture = readArchitecture(gguf);
  refuseVariants(gguf, architecture);
  const shape = readShape(gguf, architecture);
  checkSizes(gguf, shape);
  checkTensors(gguf, shape);
  return shape;
}

function readArchitecture({ path, metadata }: ModelHeader): Architecture {
  const name = metadata.string("general.architecture");
  const found = ARCHITECTURES.find((architecture) => architecture === name);
  if (found) return found;
  throw unsupported(
    path,
    `the model's architecture is ${JSON.stringify(name)}; supported: ${ARCHITECTURES.join(", ")}`,
  );
}

function refuseVariants(
  { path, metadata, tensors }: ModelHeader,
  architecture: Architecture,
): void {
  const scaling = metadata.optionalString(`${architecture}.rope.scaling.type`) ?? "none";
  const factor =
    metadata.optionalNumber(`${architecture}.rope.scaling.factor`) ??
    metadata.optionalNumber(`${architecture}.rope.scale_linear`) ??
    1;
  const isPlain = factor === 1 && (scaling === "none" || scaling === "linear");
  if (!isPlain || tensors.has("rope_freqs.weight")) {
    const how = isPlain ? "per-frequency factors" : `${scaling}, factor ${factor}`;
    throw unsupported(
      path,
      `the model scales its rotary positions (${how}); supported: no rope scaling`,
    );
  }
  if ((metadata.optionalNumber(`${architecture}.expert_count`) ?? 0) > 0)
    throw unsupported(path, "the model is a mixture of experts; supported: one dense MLP a layer");
  if ((metadata.optionalNumber(`${architecture}.attention.sliding_window`) ?? 0) > 0)
    throw unsupported(path, "the model uses sliding-window attention; supported: full attention");
}

function readShape({ metadata, tensors }: ModelHeader, architecture: Architecture): ModelShape {
  const number = (key: string): number => metadata.number(`${architecture}.${key}`);
  const optional = (key: string): number | null =>
    metadata.optionalNumber(`${architecture}.${key}`);
  const hidden = number("embedding_length");
  const heads = number("attention.head_count");
  return {
    architecture,
    layers: number("block_count"),
    hidden,
    heads,
    keyValueHeads: optional("attention.head_count_kv") ?? heads,
    headSize: optional("attention.key_length") ?? hidden / heads,
    feedForward: number("feed_forward_length"),
    normEpsilon: number("attention.layer_norm_rms_epsilon"),
    ropeBase: optional("rope.freq_base") ?? 10000,
    contextLength: number("context_length"),
    vocabulary: tensors.get("token_embd.weight")?.rows ?? 0,
    tiedHead: !tensors.has("output.weight"),
    hasAttentionBias: tensors.has("blk.0.attn_q.bias"),
  };
}

function checkSizes({ path, metadata, tensors }: ModelHeader, shape: ModelShape): void {
  for (const name of [
    "layers",
    "hidden",
    "heads",
    "keyValueHeads",
    "headSize",
    "feedForward",
    "contextLength",
  ] as const) {
    if (!Number.isInteger(shape[name]) || shape[name] < 1)
      throw malformed(path, `the metadata give ${name} = ${shape[name]}`);
  }
  if (shape.layers > tensors.size)
    throw malformed(path, `the metadata give ${shape.layers} layers to ${tensors.size} tensors`);
  if (shape.heads % shape.keyValueHeads !== 0)
    throw malformed(
      path,
      `${shape.heads} heads cannot share ${shape.keyValueHeads} key-value heads`,
    );
  const valueSize =
    metadata.optionalNumber(`${shape.architecture}.attention.value_length`) ?? shape.headSize;
  if (valueSize !== shape.headSize)
    throw unsupported(
      path,
      `heads have keys of ${shape.headSize} and values of ${valueSize}; supported: equal sizes`,
    );
  const rotated =
    metadata.optionalNumber(`${shape.architecture}.rope.dimension_count`) ?? shape.headSize;
  if (rotated !== shape.headSize)
    throw unsupported(
      path,
      `positions rotate ${rotated} of a head's ${shape.headSize} dimensions; supported: all of them`,
    );
}

/** [columns, rows] of every tensor of the model. */
function expectedTensors(shape: ModelShape): ReadonlyMap<string, readonly [number, number]> {
  const { hidden, feedForward, vocabulary } = shape;
  const queries = shape.heads * shape.headSize;
  const keys = shape.keyValueHeads * shape.headSize;
  const expected = new Map<string, readonly [number, number]>([
    ["token_embd.weight", [hidden, vocabulary]],
    ["output_norm.weight", [hidden, 1]],
  ]);
  if (!shape.tiedHead) expected.set("output.weight", [hidden, vocabulary]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const add = (name: string, columns: number, rows: number): unknown =>
      expected.set(`blk.${layer}.${name}`, [columns, rows]);
    add("attn_norm.weight", hidden, 1);
    add("attn_q.weight", hidden, queries);
    add("attn_k.weight", hidden, keys);
    add("attn_v.weight", hidden, keys);
    add("attn_output.weight", queries, hidden);
    add("ffn_norm.weight", hidden, 1);
    add("ffn_gate.weight", hidden, feedForward);
    add("ffn_up.weight", hidden, feedForward);
    add("ffn_down.weight", feedForward, hidden);
    if (!shape.hasAttentionBias) continue;
    add("attn_q.bias", queries, 1);
    add("attn_k.bias", keys, 1);
    add("attn_v.bias", keys, 1);
  }
  return expected;
}

function checkTensors({ path, tensors }: ModelHeader, shape: ModelShape): void {
  const expected = expectedTensors(shape);
  for (const [name, [columns, rows]] of expected) {
    const tensor: TensorInfo | undefined = tensors.get(name);
    if (!tensor) throw malformed(path, `tensor ${name} is missing`);
    if (tensor.columns !== columns || tensor.rows !== rows)
      throw malformed(
        path,
        `tensor ${name} is ${tensor.columns} x ${tensor.rows} where the metadata say ${columns} x ${rows}`,
      );
  }
  const foreign = [...tensors.keys()].find((name) => !expected.has(name));
  if (foreign !== undefined)
    throw unsupported(
      path,
      `tensor ${foreign} has no place in the ${shape.architecture} architecture as the engine computes it`,
    );
}

function unsupported(path: string, problem: string): UnderstudyError {
  return new UnderstudyError("MODEL_UNSUPPORTED", problem, {
    place: { path },
    fix: "use a plain Llama or Qwen2 style model, for instance SmolLM2 or Qwen2.5",
  });
}

function malformed(path: string, problem: string): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", problem, {
    place: { path },
    fix: "download or convert the file again",
  });
}
