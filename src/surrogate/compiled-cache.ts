/**
 * Compiled graphs on disk, one folder each, named by the GGUF's sha256, the precision and the graph version.
 * Written under another name and renamed, so that a folder of the right name is complete; verified byte for byte before use.
 */

import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Precision } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";
import { GRAPH_VERSION } from "./graph.js";
import type { CompiledGraph } from "./compiled-graph.js";
import { FileWeightSink, type WeightSink } from "./weight-sink.js";

const GRAPH_FILE = "graph.onnx";
const WEIGHTS_FILE = "weights.bin";
const MANIFEST_FILE = "manifest.json";
const READ_BYTES = 8 * 2 ** 20;

/** Writes a graph whose weights go to the sink. */
export type CompileTo = (sink: WeightSink) => Uint8Array;

export interface CacheKey {
  readonly sha256: string;
  readonly precision: Precision;
}

export interface CompiledModel {
  readonly graph: CompiledGraph;
  readonly fromCache: boolean;
  /** What a person should know, e.g. that a damaged entry was replaced. */
  readonly notices: readonly string[];
  /** Removes what was written only for this run; call it when every session is open. */
  readonly discard: () => void;
}

function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const descriptor = openSync(path, "r");
  try {
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}

/** Canonical text: an entry is sound when the text made from its files is the text that was stored. */
function manifestOf(folder: string, key: CacheKey): string {
  const files = [GRAPH_FILE, WEIGHTS_FILE].map((name) => ({
    name,
    bytes: statSync(join(folder, name)).size,
    sha256: sha256OfFile(join(folder, name)),
  }));
  return `${JSON.stringify({ graphVersion: GRAPH_VERSION, ...key, files }, null, 2)}\n`;
}

type Verification = "absent" | "sound" | "damaged";

function verify(folder: string, key: CacheKey): Verification {
  if (!existsSync(folder)) return "absent";
  try {
    return readFileSync(join(folder, MANIFEST_FILE), "utf8") === manifestOf(folder, key)
      ? "sound"
      : "damaged";
  } catch {
    return "damaged";
  }
}

function fileGraph(folder: string): CompiledGraph {
  return {
    graphPath: join(folder, GRAPH_FILE),
    weightsPath: join(folder, WEIGHTS_FILE),
    weightsLocation: WEIGHTS_FILE,
  };
}

function writeEntry(folder: string, key: CacheKey, compile: CompileTo): void {
  mkdirSync(folder, { recursive: true });
  const sink = new FileWeightSink(join(folder, WEIGHTS_FILE), WEIGHTS_FILE);
  try {
    writeFileSync(join(folder, GRAPH_FILE), compile(sink));
  } finally {
    sink.close();
  }
  writeFileSync(join(folder, MANIFEST_FILE), manifestOf(folder, key));
}

/** Moves a finished entry to its name; where another process was faster, its sound entry stays. */
function publish(temporary: string, folder: string, key: CacheKey): void {
  try {
    renameSync(temporary, folder);
  } catch (error) {
    if (verify(folder, key) !== "sound") throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
}

function kept(
  folder: string,
  outcome: { readonly fromCache: boolean; readonly notices: readonly string[] },
): CompiledModel {
  return { graph: fileGraph(folder), ...outcome, discard: () => undefined };
}

/** Compiles into a folder of the system's temporary directory. */
function compileForOneRun(
  key: CacheKey,
  compile: CompileTo,
  notices: readonly string[],
): CompiledModel {
  const folder = mkdtempSync(join(tmpdir(), "understudy-"));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeEntry(folder, key, compile);
  } catch (cause) {
    discard();
    if (cause instanceof UnderstudyError) throw cause;
    throw new UnderstudyError(
      "FILE",
      `the compiled model could not be written: ${messageOf(cause)}`,
      { place: { path: folder }, fix: "Make room in the temporary directory.", cause },
    );
  }
  return { graph: fileGraph(folder), fromCache: false, notices, discard };
}

/**
 * The compiled graph from the cache folder, or compiled now and stored there; `cacheFolder` null compiles for this run only.
 * A damaged entry is compiled again; a folder that cannot be written is a notice, not an error. Errors of `compile` are thrown as they are.
 */
export function compiledModel(
  cacheFolder: string | null,
  key: CacheKey,
  compile: CompileTo,
): CompiledModel {
  if (cacheFolder === null) return compileForOneRun(key, compile, []);
  const folder = join(cacheFolder, `${key.sha256.slice(0, 32)}-${key.precision}-${GRAPH_VERSION}`);
  const found = verify(folder, key);
  if (found === "sound") return kept(folder, { fromCache: true, notices: [] });
  const notices =
    found === "damaged"
      ? [`The compiled model in ${folder} was damaged and has been compiled again.`]
      : [];
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    rmSync(folder, { recursive: true, force: true });
    writeEntry(temporary, key, compile);
    publish(temporary, folder, key);
    return kept(folder, { fromCache: false, notices });
  } catch (error) {
    // Where a parent is no folder, removing fails too, and would hide the reason.
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    if (error instanceof UnderstudyError) throw error;
    return compileForOneRun(key, compile, [
      ...notices,
      `The compiled model could not be kept in ${cacheFolder}: ${messageOf(error)}`,
    ]);
  }
}
