import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { UnderstudyError } from "../../src/errors.js";
import { modelShape } from "../../src/surrogate/architecture.js";
import type { ModelShape } from "../../src/surrogate/architecture.js";
import { describeModel } from "../../src/surrogate/description.js";
import { openGguf } from "../../src/surrogate/gguf.js";
import { embeddedModel } from "./embedded-model.js";
import { floatTensor, writeGguf } from "./gguf-writer.js";
import type { WrittenGguf, WrittenTensor, WrittenValue } from "./gguf-writer.js";
import { tinyBiases, tinyMetadata, tinyModel, tinyTensors } from "./tiny-model.js";

const path = join(mkdtempSync(join(tmpdir(), "understudy-shape-")), "model.gguf");
afterAll(() => rmSync(join(path, ".."), { recursive: true }));

async function shapeOf(model: WrittenGguf): Promise<ModelShape> {
  writeFileSync(path, writeGguf(model));
  const gguf = await openGguf(path);
  try {
    return modelShape(gguf);
  } finally {
    gguf.close();
  }
}

const integer = (value: number): WrittenValue => ({ type: "uint32", value });
const withMetadata = (changes: Readonly<Record<string, WrittenValue>>): WrittenGguf => ({
  ...tinyModel(),
  metadata: { ...tinyMetadata(), ...changes },
});
const withTensors = (tensors: readonly WrittenTensor[]): WrittenGguf => ({
  ...tinyModel(),
  tensors,
});

const TINY: ModelShape = {
  architecture: "llama",
  layers: 2,
  hidden: 8,
  heads: 2,
  keyValueHeads: 1,
  headSize: 4,
  feedForward: 16,
  normEpsilon: 0.5,
  ropeBase: 10000,
  contextLength: 64,
  vocabulary: 12,
  tiedHead: true,
  hasAttentionBias: false,
};

describe("the shape of a model", () => {
  test("is read from metadata and tensors", async () => {
    expect(await shapeOf(tinyModel())).toEqual(TINY);
  });

  test("has an untied head and attention biases where there are such tensors", async () => {
    const tensors = [...tinyTensors(), ...tinyBiases(), floatTensor("output.weight", [8, 12])];
    const shape = await shapeOf({ metadata: tinyMetadata("qwen2"), tensors });
    expect(shape).toEqual({
      ...TINY,
      architecture: "qwen2",
      tiedHead: false,
      hasAttentionBias: true,
    });
  });

  test("accepts a scaling of the positions that does nothing", async () => {
    const changes = {
      "llama.rope.scaling.type": { type: "string", value: "linear" },
      "llama.rope.dimension_count": integer(4),
    } as const;
    expect(await shapeOf(withMetadata(changes))).toEqual(TINY);
  });

  test.each<[string, WrittenGguf, "MODEL_FILE" | "MODEL_UNSUPPORTED", RegExp]>([
    [
      "another architecture",
      { ...tinyModel(), metadata: tinyMetadata("gemma3") },
      "MODEL_UNSUPPORTED",
      /architecture is "gemma3"; supported: llama, qwen2/,
    ],
    [
      "rope scaling by name",
      withMetadata({ "llama.rope.scaling.type": { type: "string", value: "yarn" } }),
      "MODEL_UNSUPPORTED",
      /scales its rotary positions \(yarn, factor 1\)/,
    ],
    [
      "rope scaling by factor",
      withMetadata({ "llama.rope.scaling.factor": { type: "float32", value: 4 } }),
      "MODEL_UNSUPPORTED",
      /factor 4/,
    ],
    [
      "rope scaling by frequency",
      withTensors([...tinyTensors(), floatTensor("rope_freqs.weight", [2])]),
      "MODEL_UNSUPPORTED",
      /per-frequency factors/,
    ],
    [
      "partial rotation",
      withMetadata({ "llama.rope.dimension_count": integer(2) }),
      "MODEL_UNSUPPORTED",
      /rotate 2 of a head's 4 dimensions/,
    ],
    [
      "experts",
      withMetadata({ "llama.expert_count": integer(8) }),
      "MODEL_UNSUPPORTED",
      /mixture of experts/,
    ],
    [
      "a sliding window",
      withMetadata({ "llama.attention.sliding_window": integer(16) }),
      "MODEL_UNSUPPORTED",
      /sliding-window/,
    ],
    [
      "values of another size than keys",
      withMetadata({ "llama.attention.value_length": integer(2) }),
      "MODEL_UNSUPPORTED",
      /keys of 4 and values of 2/,
    ],
    [
      "a tensor the graph would ignore",
      withTensors([...tinyTensors(), floatTensor("blk.0.attn_q_norm.weight", [4])]),
      "MODEL_UNSUPPORTED",
      /tensor blk\.0\.attn_q_norm\.weight has no place in the llama architecture/,
    ],
    [
      "a missing tensor",
      withTensors(tinyTensors().filter(({ name }) => name !== "blk.1.ffn_up.weight")),
      "MODEL_FILE",
      /tensor blk\.1\.ffn_up\.weight is missing/,
    ],
    [
      "no embedding",
      withTensors(tinyTensors().slice(1)),
      "MODEL_FILE",
      /tensor token_embd\.weight is missing/,
    ],
    [
      "a misshapen tensor",
      withTensors(
        tinyTensors().map((tensor) =>
          tensor.name === "output_norm.weight" ? floatTensor(tensor.name, [4]) : tensor,
        ),
      ),
      "MODEL_FILE",
      /output_norm\.weight is 4 x 1 where the metadata say 8 x 1/,
    ],
    [
      "a bias in some layers only",
      withTensors([...tinyTensors(), ...tinyBiases().slice(0, 4)]),
      "MODEL_FILE",
      /blk\.1\.attn_k\.bias is missing/,
    ],
    ["no layers", withMetadata({ "llama.block_count": integer(0) }), "MODEL_FILE", /layers = 0/],
    [
      "more layers than tensors",
      withMetadata({ "llama.block_count": integer(4e9) }),
      "MODEL_FILE",
      /4000000000 layers to 20 tensors/,
    ],
    [
      "heads that do not divide the width",
      withMetadata({ "llama.attention.head_count": integer(3) }),
      "MODEL_FILE",
      /headSize = 2\.66/,
    ],
    [
      "heads that cannot share",
      withMetadata({ "llama.attention.head_count_kv": integer(4) }),
      "MODEL_FILE",
      /2 heads cannot share 4/,
    ],
    [
      "no width",
      withMetadata({ "llama.embedding_length": { type: "string", value: "8" } }),
      "MODEL_FILE",
      /llama\.embedding_length is not a number/,
    ],
  ])("is refused with %s", async (_, model, code, message) => {
    const error: unknown = await shapeOf(model).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnderstudyError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), place: { path } });
  });
});

describe("the description of a model", () => {
  test("counts parameters and storage", async () => {
    const tensors = [
      ...tinyTensors(),
      { name: "extra", dimensions: [32, 50], type: 2, data: new Uint8Array(50 * 18) },
    ];
    writeFileSync(path, writeGguf({ metadata: tinyMetadata(), tensors }));
    const gguf = await openGguf(path);
    const description = await describeModel(gguf);
    gguf.close();
    const layer = 2 * 8 + 8 * 8 + 2 * 8 * 4 + 8 * 8 + 3 * 8 * 16;
    const floats = 8 * 12 + 8 + 2 * layer;
    expect(description).toMatchObject({
      path,
      name: "Tiny",
      architecture: "llama",
      parameters: floats + 1600,
      tensorTypes: [
        { type: "F32", tensors: 20, bytes: 4 * floats },
        { type: "Q4_0", tensors: 1, bytes: 900 },
      ],
      contextLength: 64,
      vocabulary: 12,
      tokenizer: { model: "gpt2", preTokenizer: "smollm" },
      hasChatTemplate: false,
      licence: { identifier: "mit", name: null, link: null },
    });
  });

  test("of the embedded model names what README and the report rely on", async () => {
    const gguf = await openGguf(embeddedModel);
    const shape = modelShape(gguf);
    const description = await describeModel(gguf);
    gguf.close();
    expect(shape).toMatchObject({
      architecture: "llama",
      layers: 30,
      hidden: 576,
      heads: 9,
      keyValueHeads: 3,
      headSize: 64,
      feedForward: 1536,
      vocabulary: 49152,
      tiedHead: true,
    });
    expect(description).toMatchObject({
      parameters: 134515008,
      contextLength: 8192,
      hasChatTemplate: true,
      licence: { identifier: "apache-2.0" },
    });
    expect(description.sha256).toBe(
      "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    );
  });
});
