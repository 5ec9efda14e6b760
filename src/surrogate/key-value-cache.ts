/** Keys and values of the last sequence a session ran, so that the next one can start after their common prefix. */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { pastKey, pastValue, presentKey, presentValue } from "./graph-inputs.js";
import type { Runtime } from "./runtime.js";

/** Buffers hold a multiple of this many positions. */
const CAPACITY_UNIT = 64;

export interface KeyValueShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

interface NamePair {
  readonly past: string;
  readonly present: string;
}

/**
 * One tensor [1, keyValueHeads, capacity, headSize] for each layer's keys and each layer's values. The attention operator reads the first
 * positions of what it is given as past and writes the rest. In the native build the same buffer is past and present, so nothing is copied;
 * the WebAssembly build has its own memory and hands out new tensors.
 */
export class KeyValueCache {
  readonly #runtime: Runtime;
  readonly #shape: KeyValueShape;
  readonly #inPlace: boolean;
  readonly #names: readonly NamePair[];
  #tensors: readonly Tensor[] = [];
  #capacity = 0;
  #ids: Int32Array = new Int32Array();

  constructor(runtime: Runtime, shape: KeyValueShape, backend: Backend) {
    const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
    this.#runtime = runtime;
    this.#shape = shape;
    this.#inPlace = backend === "native";
    this.#names = layers.flatMap((layer) => [
      { past: pastKey(layer), present: presentKey(layer) },
      { past: pastValue(layer), present: presentValue(layer) },
    ]);
  }

  /** The sequence whose keys and values are held; empty where there is none. */
  get ids(): Int32Array {
    return this.#ids;
  }

  /** Makes room for sequences of this many tokens. Growing forgets what is held: reserve for the longest of a job first. */
  reserve(positions: number): void {
    if (positions <= this.#capacity) return;
    this.#capacity = Math.ceil(positions / CAPACITY_UNIT) * CAPACITY_UNIT;
    const dimensions = [1, this.#shape.keyValueHeads, this.#capacity, this.#shape.headSize];
    const elements = this.#shape.keyValueHeads * this.#capacity * this.#shape.headSize;
    this.#tensors = this.#names.map(
      () => new this.#runtime.Tensor("float32", new Float32Array(elements), dimensions),
    );
    this.#ids = new Int32Array();
  }

  /** Inputs of a run. How many of the positions count is the graph's other input. */
  feeds(): Record<string, Tensor> {
    return Object.fromEntries(this.#names.map(({ past }, i) => [past, this.#tensor(i)]));
  }

  /** Outputs of a run: buffers to write into, or null for ones that the runtime makes. */
  fetches(): Record<string, Tensor | null> {
    return Object.fromEntries(
      this.#names.map(({ present }, i) => [present, this.#inPlace ? this.#tensor(i) : null]),
    );
  }

  /** Takes over the outputs of a run of the whole sequence `ids`. */
  store(ids: Int32Array, outputs: InferenceSession.OnnxValueMapType): void {
    if (!this.#inPlace)
      this.#tensors = this.#names.map(({ present }) => outputs[present] ?? missing(present));
    this.#ids = ids;
  }

  #tensor(index: number): Tensor {
    return this.#tensors[index] ?? missing(`buffer ${index}`);
  }
}

function missing(name: string): never {
  throw new UnderstudyError("INTERNAL", `keys and values: there is no ${name}`);
}
