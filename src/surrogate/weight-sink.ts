/** Where the weights of a compiled graph go while it is built: one file beside the graph, which every worker maps. */

import { closeSync, openSync, writeSync } from "node:fs";

/** Weights start at multiples of this in a file, so that each can be mapped on its own. */
const FILE_ALIGNMENT = 4096;

/** Where a tensor's bytes were put, as ONNX external data names it. */
export interface WeightPlace {
  readonly location: string;
  readonly offset: number;
}

export interface WeightSink {
  /** Stores the bytes (they may be reused by the caller afterwards). */
  add(name: string, bytes: Uint8Array): WeightPlace;
}

/** Appends the tensors to one file. `location` is what the graph calls that file, relative to itself. */
export class FileWeightSink implements WeightSink {
  readonly #descriptor: number;
  readonly #location: string;
  #offset = 0;

  constructor(path: string, location: string) {
    this.#descriptor = openSync(path, "wx");
    this.#location = location;
  }

  add(_name: string, bytes: Uint8Array): WeightPlace {
    const offset = Math.ceil(this.#offset / FILE_ALIGNMENT) * FILE_ALIGNMENT;
    let written = 0;
    while (written < bytes.length)
      written += writeSync(
        this.#descriptor,
        bytes,
        written,
        bytes.length - written,
        offset + written,
      );
    this.#offset = offset + bytes.length;
    return { location: this.#location, offset };
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
