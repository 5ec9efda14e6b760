/** Graphs run in the main thread, so that CPU time is that of one session alone. For benchmarks: the program always uses workers. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Precision } from "../src/domain.js";
import { modelShape } from "../src/surrogate/architecture.js";
import { buildEmbeddingTable } from "../src/surrogate/embedding-table.js";
import { openGguf } from "../src/surrogate/gguf.js";
import { INPUTS, OUTPUTS, pastKey, pastValue } from "../src/surrogate/graph-inputs.js";
import { compileGraph } from "../src/surrogate/graph.js";
import { rotationsFor } from "../src/surrogate/model-weights.js";
import { loadRuntime } from "../src/surrogate/runtime.js";
import { embedFromTable } from "../src/surrogate/scorer.js";
import type { TokenSequence } from "../src/surrogate/sequence-plan.js";
import { ScoringSession } from "../src/surrogate/session.js";
import { FileWeightSink } from "../src/surrogate/weight-sink.js";

export interface InProcessModel {
  /** Scores without reusing anything. */
  score(sequence: TokenSequence): Promise<Float64Array>;
  /** Log-softmax of the response rows, [response tokens, vocabulary]. */
  distribution(sequence: TokenSequence): Promise<Float32Array>;
  close(): Promise<void>;
}

const WEIGHTS = "weights.bin";

/** Opens a model in one precision; it takes the tokens of `sequences` only. */
export async function openInProcess(
  modelPath: string,
  precision: Precision,
  sequences: readonly TokenSequence[],
): Promise<InProcessModel> {
  const gguf = await openGguf(modelPath);
  const shape = modelShape(gguf);
  const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const graph = {
    graphPath: join(folder, "graph.onnx"),
    weightsPath: join(folder, WEIGHTS),
    weightsLocation: WEIGHTS,
  };
  const sink = new FileWeightSink(graph.weightsPath, WEIGHTS);
  writeFileSync(graph.graphPath, compileGraph(gguf, shape, { precision, sink }));
  sink.close();
  const session = await ScoringSession.open(await loadRuntime({ backend: "native" }), graph, shape);
  const table = buildEmbeddingTable(
    gguf,
    sequences,
    rotationsFor(shape, precision)?.residual ?? null,
  );
  const embed = embedFromTable({ ...table, hidden: shape.hidden });
  rmSync(folder, { recursive: true });
  gguf.close();
  return {
    score: async (sequence) =>
      (await session.score(sequence, { embed, reuse: false, keep: false })).logProbabilities,
    distribution: async (sequence) => {
      const { data } = await session.distribution(sequence, embed);
      if (!(data instanceof Float32Array)) throw new TypeError("the distribution is not of floats");
      return data;
    },
    close: () => session.close(),
  };
}

/**
 * What one would write first: the same weights in float32, every row through the head, all logits handed to JavaScript, which takes the
 * log-softmax of the response rows.
 */
export async function openStraightforward(
  modelPath: string,
  sequences: readonly TokenSequence[],
): Promise<Pick<InProcessModel, "score" | "close">> {
  const gguf = await openGguf(modelPath);
  const shape = modelShape(gguf);
  const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const sink = new FileWeightSink(join(folder, WEIGHTS), WEIGHTS);
  writeFileSync(
    join(folder, "graph.onnx"),
    compileGraph(gguf, shape, { precision: "fp32", sink, allLogits: true }),
  );
  sink.close();
  const { runtime } = await loadRuntime({ backend: "native" });
  const session = await runtime.InferenceSession.create(join(folder, "graph.onnx"), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const table = buildEmbeddingTable(gguf, sequences, null);
  const embed = embedFromTable({ ...table, hidden: shape.hidden });
  rmSync(folder, { recursive: true });
  gguf.close();
  const empty = new runtime.Tensor("float32", new Float32Array(), [
    1,
    shape.keyValueHeads,
    0,
    shape.headSize,
  ]);
  const score = async ({ ids, responseTokens }: TokenSequence): Promise<Float64Array> => {
    const past = Array.from({ length: shape.layers }, (_, layer) => [
      [pastKey(layer), empty] as const,
      [pastValue(layer), empty] as const,
    ]).flat();
    const outputs = await session.run(
      {
        ...Object.fromEntries(past),
        [INPUTS.embeddings]: new runtime.Tensor("float32", embed(ids), [
          1,
          ids.length,
          shape.hidden,
        ]),
        [INPUTS.lastPosition]: new runtime.Tensor("int32", Int32Array.of(ids.length - 1), [1]),
        [INPUTS.totalLength]: new runtime.Tensor("int32", Int32Array.of(ids.length), []),
      },
      [OUTPUTS.logits],
    );
    const logits = outputs[OUTPUTS.logits]?.data;
    if (!(logits instanceof Float32Array)) throw new TypeError("the logits are not of floats");
    return Float64Array.from({ length: responseTokens }, (_, i) => {
      const position = ids.length - responseTokens + i;
      return logSoftmaxAt(
        logits.subarray((position - 1) * shape.vocabulary, position * shape.vocabulary),
        ids[position] ?? 0,
      );
    });
  };
  return { score, close: () => session.release() };
}

function logSoftmaxAt(logits: Float32Array, index: number): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return (logits[index] ?? Number.NaN) - largest - Math.log(total);
}
