/** A compiled graph on disk, and how each build of ONNX Runtime opens it. */

import { readFileSync } from "node:fs";
import type { InferenceSession } from "onnxruntime-node";
import type { LoadedRuntime } from "./runtime.js";

/** The ONNX file, and its weights beside it under the name by which the graph knows them. */
export interface CompiledGraph {
  readonly graphPath: string;
  readonly weightsPath: string;
  readonly weightsLocation: string;
}

/** One thread: workers are the parallelism, and threads within an operator are erratic for integer products. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
  graphOptimizationLevel: "all",
};

/** The native build maps the weights' file by itself; the WebAssembly build cannot open files and is given the bytes. */
export async function openGraph(
  loaded: LoadedRuntime,
  graph: CompiledGraph,
): Promise<InferenceSession> {
  const { InferenceSession } = loaded.runtime;
  if (loaded.backend === "native")
    return InferenceSession.create(graph.graphPath, {
      ...SESSION_OPTIONS,
      executionProviders: ["cpu"],
    });
  const externalData = [{ path: graph.weightsLocation, data: readFileSync(graph.weightsPath) }];
  return InferenceSession.create(readFileSync(graph.graphPath), {
    ...SESSION_OPTIONS,
    executionProviders: ["wasm"],
    externalData,
  });
}
