/**
 * Finds and loads ONNX Runtime: the native build from a node_modules folder, else the WebAssembly build.
 * Every path is joined at run time: a bundler that sees a literal would rewrite it (and copies no native binary).
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as OnnxRuntime from "onnxruntime-node";
import type { Backend } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";

/** What the engine uses of ONNX Runtime; both builds have it. */
export type Runtime = Pick<typeof OnnxRuntime, "InferenceSession" | "Tensor" | "env">;

export interface RuntimeOptions {
  readonly backend: "auto" | Backend;
  /** A folder that holds `onnxruntime-node`, searched before every node_modules. */
  readonly nativeFolder?: string | null;
}

export interface LoadedRuntime {
  readonly runtime: Runtime;
  readonly backend: Backend;
  readonly version: string;
  /** A sentence for the report where not the best backend runs, else null. */
  readonly notice: string | null;
}

type Attempt =
  | { readonly kind: "loaded"; readonly runtime: Runtime; readonly version: string }
  | { readonly kind: "failed"; readonly reason: string };

const NATIVE_PACKAGE = "onnxruntime-node";
const WEB_PACKAGE = "onnxruntime-web";
const WEB_MODULE = "ort.wasm.min.mjs";
/** GroupQueryAttention's flash kernel is slower on a CPU for sequences of a few hundred tokens. */
const FLASH_ATTENTION_SWITCH = "ORT_GQA_DISABLE_FLASH_ATTENTION";

/** The folder and all folders above it. */
function ancestors(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}

/** Where the running file lies: `lib/src/surrogate`, or a bundle's folder. */
function runningFolder(): string {
  return dirname(fileURLToPath(import.meta.url));
}

function firstExisting(candidates: readonly string[], marker: string): string | null {
  return candidates.find((folder) => existsSync(join(folder, marker))) ?? null;
}

function isRuntime(value: unknown): value is Runtime {
  return (
    typeof value === "object" &&
    value !== null &&
    "InferenceSession" in value &&
    "Tensor" in value &&
    "env" in value
  );
}

function loadNative(nativeFolder: string | null): Attempt {
  const given =
    nativeFolder === null
      ? []
      : [
          nativeFolder,
          join(nativeFolder, NATIVE_PACKAGE),
          join(nativeFolder, "node_modules", NATIVE_PACKAGE),
        ];
  const found = ancestors(runningFolder()).map((folder) =>
    join(folder, "node_modules", NATIVE_PACKAGE),
  );
  const folder = firstExisting([...given, ...found], join("dist", "backend.js"));
  if (folder === null)
    return {
      kind: "failed",
      reason: `no folder ${NATIVE_PACKAGE} was found above ${runningFolder()}`,
    };
  const binary = join(
    folder,
    "bin",
    "napi-v6",
    process.platform,
    process.arch,
    "onnxruntime_binding.node",
  );
  if (!existsSync(binary))
    return { kind: "failed", reason: `it has no build for ${process.platform} ${process.arch}` };
  try {
    // Read by the attention kernel when a session is created.
    process.env[FLASH_ATTENTION_SWITCH] ??= "1";
    const require = createRequire(import.meta.url);
    const runtime: unknown = require(folder);
    if (!isRuntime(runtime)) return { kind: "failed", reason: `${folder} is not ONNX Runtime` };
    return { kind: "loaded", runtime, version: runtime.env.versions.common };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

async function loadWasm(): Promise<Attempt> {
  const here = runningFolder();
  const beside = [here, dirname(here)].map((folder) => join(folder, "ort"));
  const installed = ancestors(here).map((folder) =>
    join(folder, "node_modules", WEB_PACKAGE, "dist"),
  );
  const folder = firstExisting([...beside, ...installed], WEB_MODULE);
  if (folder === null)
    return { kind: "failed", reason: `no ${WEB_MODULE} was found beside or above ${here}` };
  try {
    const runtime: unknown = await import(
      /* webpackIgnore: true */ pathToFileURL(join(folder, WEB_MODULE)).href
    );
    if (!isRuntime(runtime)) return { kind: "failed", reason: `${folder} is not ONNX Runtime` };
    runtime.env.wasm.numThreads = 1;
    runtime.env.logLevel = "error";
    return { kind: "loaded", runtime, version: runtime.env.versions.common };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

function unavailable(backend: Backend, reason: string): UnderstudyError {
  const fix =
    backend === "native"
      ? `Run "npm install", or choose the runtime "auto" or "wasm".`
      : `Run "npm install", or restore the folder "ort" beside the bundle.`;
  return new UnderstudyError(
    "MODEL_RUNTIME",
    `the ${backend} ONNX Runtime could not be loaded: ${reason}`,
    { fix },
  );
}

/**
 * Loads ONNX Runtime into this thread. "auto" takes native and falls back to WebAssembly with a notice.
 * Throws MODEL_RUNTIME, with the reason, where the backend asked for cannot be loaded.
 */
export async function loadRuntime(options: RuntimeOptions): Promise<LoadedRuntime> {
  const native: Attempt =
    options.backend === "wasm"
      ? { kind: "failed", reason: "not asked for" }
      : loadNative(options.nativeFolder ?? null);
  if (native.kind === "loaded")
    return { runtime: native.runtime, version: native.version, backend: "native", notice: null };
  if (options.backend === "native") throw unavailable("native", native.reason);
  const wasm = await loadWasm();
  if (wasm.kind === "failed")
    throw unavailable(
      "wasm",
      options.backend === "auto" ? `${wasm.reason}; native: ${native.reason}` : wasm.reason,
    );
  const notice =
    options.backend === "auto"
      ? `The native ONNX Runtime could not be loaded (${native.reason}); the WebAssembly build runs instead, 15 to 17 times slower.`
      : null;
  return { runtime: wasm.runtime, version: wasm.version, backend: "wasm", notice };
}
