/** A fixed matrix product beside which seconds can be read: how fast is this machine just now? */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OnnxGraphWriter } from "../src/surrogate/onnx-writer.js";
import { loadRuntime } from "../src/surrogate/runtime.js";
import { FileWeightSink } from "../src/surrogate/weight-sink.js";

const ROWS = 512;
const INPUTS = 576;
const OUTPUTS = 1536;
const RUNS = 200;

/** GFLOP/s of the fastest of many products [512, 576] x [576, 1536] in float32, one thread. */
export async function measureYardstick(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-yardstick-"));
  const sink = new FileWeightSink(join(folder, "weights.bin"), "weights.bin");
  const graph = new OnnxGraphWriter(sink);
  graph.input({ name: "x", type: "float", dimensions: ["M", INPUTS] });
  const weights = Float32Array.from({ length: INPUTS * OUTPUTS }, (_, i) => (i % 17) / 17 - 0.5);
  graph.node(
    "MatMul",
    ["x", graph.initializer({ name: "w", type: "float", dimensions: [INPUTS, OUTPUTS] }, weights)],
    { outputs: ["y"] },
  );
  graph.output({ name: "y", type: "float", dimensions: ["M", OUTPUTS] });
  sink.close();
  writeFileSync(join(folder, "graph.onnx"), graph.toBytes());
  const { runtime } = await loadRuntime({ backend: "native" });
  const session = await runtime.InferenceSession.create(join(folder, "graph.onnx"), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  rmSync(folder, { recursive: true });
  const x = new runtime.Tensor("float32", new Float32Array(ROWS * INPUTS).fill(0.25), [
    ROWS,
    INPUTS,
  ]);
  let fastest = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await session.run({ x });
    fastest = Math.min(fastest, performance.now() - start);
  }
  await session.release();
  return (2 * ROWS * INPUTS * OUTPUTS) / fastest / 1e6;
}
