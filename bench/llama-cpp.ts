/** llama.cpp on the same tokens through node-llama-cpp, where somebody has installed it: it is 700 MB and no dependency of this project. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The little of node-llama-cpp 3 that is used. */
interface LlamaSequence {
  clearHistory(): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
}
interface LlamaContext {
  getSequence(): LlamaSequence;
  dispose(): Promise<void>;
}
interface LlamaModel {
  createContext(options: object): Promise<LlamaContext>;
}
interface Llama {
  loadModel(options: object): Promise<LlamaModel>;
}

function hasGetLlama(value: unknown): value is { getLlama(options: object): Promise<Llama> } {
  return typeof value === "object" && value !== null && "getLlama" in value;
}

export interface LlamaCpp {
  /** Runs a sequence from its beginning in one thread, without the head: llama.cpp's best case. */
  evaluate(ids: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the model, or null where `folder` (that has node_modules/node-llama-cpp) is not given or not complete. */
export async function openLlamaCpp(
  folder: string | undefined,
  modelPath: string,
): Promise<LlamaCpp | null> {
  const entry = join(folder ?? "", "node_modules", "node-llama-cpp", "dist", "index.js");
  if (folder === undefined || !existsSync(entry)) return null;
  const library: unknown = await import(pathToFileURL(entry).href);
  if (!hasGetLlama(library)) return null;
  const llama = await library.getLlama({
    gpu: false,
    build: "never",
    maxThreads: 1,
    logLevel: "error",
    progressLogs: false,
  });
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: 512,
    batchSize: 512,
    sequences: 1,
    threads: 1,
  });
  const sequence = context.getSequence();
  return {
    evaluate: async (ids) => {
      await sequence.clearHistory();
      await sequence.evaluateWithoutGeneratingNewTokens(ids);
    },
    close: () => context.dispose(),
  };
}
