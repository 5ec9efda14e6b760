import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { dequantize } from "../../src/surrogate/dequantize.js";
import { BLOCK_SIZES } from "../../src/surrogate/tensor-type.js";
import type { TensorType } from "../../src/surrogate/tensor-type.js";

interface StoredBlocks {
  readonly type: TensorType;
  readonly bytes: string;
  readonly values: string;
}

const folder = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../__tests__/references/dequantize",
);
const references = JSON.parse(readFileSync(join(folder, "blocks.json"), "utf8")) as {
  readonly blocks: readonly StoredBlocks[];
};

function bitsOf(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

describe("dequantize", () => {
  test("has a reference for every type it reads", () => {
    expect(references.blocks.map((blocks) => blocks.type).sort()).toEqual(
      Object.keys(BLOCK_SIZES).sort(),
    );
  });

  test.each(references.blocks)(
    "gives the bits of the gguf Python package for $type",
    ({ type, bytes, values }) => {
      const stored = Buffer.from(bytes, "base64");
      const into = new Float32Array(
        (stored.length / BLOCK_SIZES[type].bytes) * BLOCK_SIZES[type].elements,
      );
      dequantize(type, stored, into);
      expect(bitsOf(into)).toBe(values);
    },
  );

  test.each(references.blocks)(
    "writes only what $type blocks encode, from any position",
    ({ type, bytes }) => {
      const { bytes: size, elements } = BLOCK_SIZES[type];
      const stored = Buffer.from(bytes, "base64").subarray(0, size);
      const whole = new Float32Array(elements);
      dequantize(type, stored, whole);
      const shifted = new Uint8Array(size + 3);
      shifted.set(stored, 3);
      const into = new Float32Array(elements + 2).fill(7);
      dequantize(type, shifted.subarray(3), into);
      expect(bitsOf(into.slice(0, elements))).toBe(bitsOf(whole));
      expect(into.slice(elements)).toEqual(new Float32Array([7, 7]));
    },
  );
});
