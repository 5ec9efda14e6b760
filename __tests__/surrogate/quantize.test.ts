import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { GgufFile, TensorInfo } from "../../src/surrogate/gguf.js";
import {
  interleavedRowOrder,
  packWeights,
  quantizeRow,
  type PackedWeights,
} from "../../src/surrogate/quantize.js";
import { plainRotation, randomRotation } from "../../src/surrogate/rotation.js";

/** A file of float tensors [rows, columns] in memory. */
function fileOf(
  tensors: Readonly<Record<string, { readonly columns: number; readonly values: Float32Array }>>,
): GgufFile {
  const infos = new Map(
    Object.entries(tensors).map(([name, { columns, values }]): [string, TensorInfo] => {
      const rows = values.length / columns;
      return [
        name,
        {
          name,
          type: "F32",
          dimensions: [columns, rows],
          columns,
          rows,
          bytesPerRow: 4 * columns,
          byteLength: 4 * values.length,
          offset: 0,
        },
      ];
    }),
  );
  const readRows = (
    tensor: TensorInfo,
    firstRow: number,
    count: number,
    into?: Float32Array,
  ): Float32Array => {
    const rows = (tensors[tensor.name]?.values ?? new Float32Array()).slice(
      firstRow * tensor.columns,
      (firstRow + count) * tensor.columns,
    );
    into?.set(rows);
    return into ?? rows;
  };
  const refuse = (): never => {
    throw new Error("not part of this test");
  };
  return {
    path: "memory",
    tensors: infos,
    readRows,
    get metadata() {
      return refuse();
    },
    sha256: refuse,
    close: refuse,
  };
}

function tensor(file: GgufFile, name: string): TensorInfo {
  const info = file.tensors.get(name);
  if (!info) throw new Error(`no tensor ${name}`);
  return info;
}

/** The weight of an input for an output, as the layer multiplies it. */
function weightAt(packed: PackedWeights, input: number, output: number): number {
  const stored = packed.weights[input * packed.outputs + output] ?? Number.NaN;
  return packed.kind === "float" ? stored : stored * (packed.scales[output] ?? Number.NaN);
}

const wave = (length: number, frequency: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(frequency * i + 1));

describe("rounding a row", () => {
  const rows = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), {
    minLength: 1,
    maxLength: 80,
  });

  test.each([7, 8] as const)(
    "to %i bits is off by at most half a step, and uses the whole range",
    (bits) => {
      fc.assert(
        fc.property(rows, (numbers) => {
          const values = Float32Array.from(numbers);
          const target = new Int8Array(values.length);
          const scale = quantizeRow(values, target, { offset: 0, count: values.length, bits });
          const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const steps = bits === 7 ? 63 : 127;
          values.forEach((value, i) => {
            expect(Math.abs((target[i] ?? 0) * scale - value)).toBeLessThanOrEqual(
              scale * 0.5000001,
            );
            expect(Math.abs(target[i] ?? 0)).toBeLessThanOrEqual(steps);
          });
          if (largest > 0) expect(Math.max(...Array.from(target, Math.abs))).toBe(steps);
        }),
      );
    },
  );

  test("leaves what lies outside its stretch", () => {
    const target = new Int8Array(6).fill(9);
    quantizeRow(Float32Array.of(50, 50, 1, -2, 50, 50), target, { offset: 2, count: 2, bits: 8 });
    expect([...target]).toEqual([9, 9, 64, -127, 9, 9]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses %d",
    (bad) => {
      expect(() =>
        quantizeRow(Float32Array.of(1, bad, 3), new Int8Array(3), { offset: 0, count: 3, bits: 8 }),
      ).toThrow("NaN or infinite");
    },
  );
});

describe("the row order of interleaved projections", () => {
  test("pairs the halves of each head", () => {
    expect([...interleavedRowOrder(4, 8)]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect([...interleavedRowOrder(8, 8)]).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  });

  test("is a permutation within each head", () => {
    const order = interleavedRowOrder(16, 96);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 96 }, (_, i) => i));
    order.forEach((source, row) => expect(Math.floor(source / 16)).toBe(Math.floor(row / 16)));
  });
});

describe("packing", () => {
  // More rows than a tile, and not a multiple of it.
  const columns = 24;
  const file = fileOf({
    first: { columns, values: wave(70 * columns, 0.7) },
    second: { columns, values: wave(9 * columns, 1.3) },
    narrow: { columns: 5, values: wave(10, 1) },
  });
  const parts = [{ tensor: tensor(file, "first") }, { tensor: tensor(file, "second") }];
  const original = (input: number, output: number): number =>
    output < 70
      ? Math.fround(Math.sin(0.7 * (output * columns + input) + 1))
      : Math.fround(Math.sin(1.3 * ((output - 70) * columns + input) + 1));

  test("puts parts side by side, transposed, and keeps floats as they are", () => {
    const packed = packWeights(file, parts, { bits: null });
    expect([packed.kind, packed.inputs, packed.outputs]).toEqual(["float", columns, 79]);
    for (let output = 0; output < 79; output++)
      for (let input = 0; input < columns; input++)
        expect(weightAt(packed, input, output)).toBe(original(input, output));
  });

  test("to integers stays within half a step of each output's own scale", () => {
    const packed = packWeights(file, parts, { bits: 8 });
    if (packed.kind !== "integer") throw new Error("expected integers");
    for (let output = 0; output < 79; output++) {
      const scale = packed.scales[output] ?? Number.NaN;
      const largest = Math.max(
        ...Array.from({ length: columns }, (_, input) => Math.abs(original(input, output))),
      );
      expect(scale).toBeCloseTo(largest / 127, 7);
      for (let input = 0; input < columns; input++)
        expect(
          Math.abs(weightAt(packed, input, output) - original(input, output)),
        ).toBeLessThanOrEqual(scale * 0.500001);
    }
  });

  test("folds a gain into the inputs and reorders the outputs", () => {
    const inputGain = Float32Array.from({ length: columns }, (_, i) => i - 3);
    const rowOrder = Int32Array.from({ length: 9 }, (_, i) => 8 - i);
    const packed = packWeights(file, [{ tensor: tensor(file, "second"), rowOrder }], {
      bits: null,
      inputGain,
    });
    for (let output = 0; output < 9; output++)
      for (let input = 0; input < columns; input++)
        expect(weightAt(packed, input, output)).toBeCloseTo(
          (input - 3) * original(input, 70 + 8 - output),
          5,
        );
  });

  test("rotated on both sides gives the rotated product", () => {
    const square = fileOf({ w: { columns, values: wave(24 * 24, 0.9) } });
    const input = randomRotation(columns);
    const output = plainRotation(8);
    const plain = packWeights(square, [{ tensor: tensor(square, "w") }], { bits: null });
    const rotated = packWeights(square, [{ tensor: tensor(square, "w"), outputRotation: output }], {
      bits: null,
      inputRotation: input,
    });
    const x = wave(columns, 2.1);
    const multiply = (packed: PackedWeights, vector: Float32Array): Float32Array =>
      Float32Array.from({ length: packed.outputs }, (_, n) =>
        vector.reduce((sum, value, k) => sum + value * weightAt(packed, k, n), 0),
      );
    const expected = multiply(plain, x);
    for (let head = 0; head < 24; head += 8) output.rotateVector(expected, head);
    const turned = Float32Array.from(x);
    input.rotateVector(turned, 0);
    multiply(rotated, turned).forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4),
    );
  });

  test("refuses parts of different widths", () => {
    expect(() =>
      packWeights(file, [...parts, { tensor: tensor(file, "narrow") }], { bits: 8 }),
    ).toThrow("narrow has 5 columns where 24");
  });
});
