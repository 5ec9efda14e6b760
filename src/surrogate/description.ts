import type { GgufFile } from "./gguf.js";
import type { TensorType } from "./tensor-type.js";

/** What `model info` shows of a GGUF file. */
export interface ModelDescription {
  readonly path: string;
  readonly sha256: string;
  readonly name: string | null;
  readonly architecture: string;
  /** Elements of all tensors. */
  readonly parameters: number;
  /** Tensors and bytes a storage format, most bytes first. */
  readonly tensorTypes: readonly {
    readonly type: TensorType;
    readonly tensors: number;
    readonly bytes: number;
  }[];
  readonly contextLength: number;
  readonly vocabulary: number;
  /** Model and pre-tokenizer as the file names them. */
  readonly tokenizer: { readonly model: string; readonly preTokenizer: string | null };
  readonly hasChatTemplate: boolean;
  /** As declared by the file's author; null = the file does not say. */
  readonly licence: {
    readonly identifier: string | null;
    readonly name: string | null;
    readonly link: string | null;
  };
}

/**
 * Describes a file from its header, whether or not the engine can run the model; reads the whole file once for its hash.
 * @throws UnderstudyError MODEL_FILE where architecture, context length or vocabulary are missing.
 */
export async function describeModel(gguf: GgufFile): Promise<ModelDescription> {
  const { metadata, path } = gguf;
  const architecture = metadata.string("general.architecture");
  return {
    path,
    sha256: await gguf.sha256(),
    name: metadata.optionalString("general.name"),
    architecture,
    parameters: [...gguf.tensors.values()].reduce(
      (sum, tensor) => sum + tensor.rows * tensor.columns,
      0,
    ),
    tensorTypes: countTensorTypes(gguf),
    contextLength: metadata.number(`${architecture}.context_length`),
    vocabulary: metadata.stringArray("tokenizer.ggml.tokens").length,
    tokenizer: {
      model: metadata.string("tokenizer.ggml.model"),
      preTokenizer: metadata.optionalString("tokenizer.ggml.pre"),
    },
    hasChatTemplate: metadata.has("tokenizer.chat_template"),
    licence: {
      identifier: metadata.optionalString("general.license"),
      name: metadata.optionalString("general.license.name"),
      link: metadata.optionalString("general.license.link"),
    },
  };
}

function countTensorTypes({ tensors }: GgufFile): ModelDescription["tensorTypes"] {
  const counts = new Map<TensorType, { tensors: number; bytes: number }>();
  for (const { type, byteLength } of tensors.values()) {
    const count = counts.get(type) ?? { tensors: 0, bytes: 0 };
    counts.set(type, { tensors: count.tensors + 1, bytes: count.bytes + byteLength });
  }
  return [...counts].map(([type, count]) => ({ type, ...count })).sort((a, b) => b.bytes - a.bytes);
}
