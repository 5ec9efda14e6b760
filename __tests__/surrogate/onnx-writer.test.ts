import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { OnnxGraphWriter } from "../../src/surrogate/onnx-writer.js";
import { ProtobufMessage } from "../../src/surrogate/protobuf-writer.js";
import { loadRuntime } from "../../src/surrogate/runtime.js";
import type { WeightSink } from "../../src/surrogate/weight-sink.js";
import { integers, messages, readMessage, strings } from "./protobuf-reader.js";

/** Keeps every weight, in memory. */
class KeepingSink implements WeightSink {
  readonly weights: { readonly path: string; readonly data: Uint8Array }[] = [];

  add(name: string, bytes: Uint8Array): { readonly location: string; readonly offset: number } {
    this.weights.push({ path: name, data: Uint8Array.from(bytes) });
    return { location: name, offset: 0 };
  }
}

/** y = x w + b with 20 inputs and 30 outputs: w is large enough to be external, b is not. */
function affineGraph(sink: WeightSink): {
  readonly bytes: Uint8Array;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
} {
  const weights = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
  const bias = Float32Array.from({ length: 30 }, (_, i) => i / 4);
  const graph = new OnnxGraphWriter(sink);
  graph.input({ name: "x", type: "float", dimensions: ["rows", 20] });
  const product = graph.node("MatMul", [
    "x",
    graph.initializer({ name: "w", type: "float", dimensions: [20, 30] }, weights),
  ]);
  graph.node(
    "Add",
    [product, graph.initializer({ name: "b", type: "float", dimensions: [30] }, bias)],
    { outputs: ["y"] },
  );
  graph.output({ name: "y", type: "float", dimensions: ["rows", 30] });
  return { bytes: graph.toBytes(), weights, bias };
}

describe("protobuf messages", () => {
  test("come back from another reader, whatever the numbers, strings and nesting", () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 20 }),
        int64,
        fc.string(),
        fc.uint8Array({ maxLength: 300 }),
        (field, number, text, bytes) => {
          const inner = new ProtobufMessage().integer(field, number).bytes(field + 1, bytes);
          const outer = new ProtobufMessage()
            .string(field, text)
            .message(field + 1, inner)
            .integer(field + 2, 7);
          const encoded = outer.toBytes();
          expect(encoded.length).toBe(outer.length);
          const fields = readMessage(encoded);
          expect(strings(fields, field)).toEqual([text]);
          const [nested] = messages(fields, field + 1);
          expect(nested).toEqual([
            { field, value: number },
            { field: field + 1, value: bytes },
          ]);
          expect(integers(fields, field + 2)).toEqual([7]);
        },
      ),
    );
  });

  test("hold floats in little-endian order", () => {
    const [field] = readMessage(new ProtobufMessage().float(2, -1.5).toBytes());
    expect(field?.value).toEqual(new Uint8Array(Float32Array.of(-1.5).buffer));
  });
});

describe("an ONNX graph", () => {
  test("has the fields that onnx.proto gives them", () => {
    const model = readMessage(affineGraph(new KeepingSink()).bytes);
    expect(integers(model, 1)).toEqual([10]);
    expect(messages(model, 8).map((opset) => [strings(opset, 1), integers(opset, 2)])).toEqual([
      [[], [21]],
      [["com.microsoft"], [1]],
    ]);
    const [graph = []] = messages(model, 7);
    expect(
      messages(graph, 1).map((node) => [
        strings(node, 4),
        strings(node, 1).at(-1),
        strings(node, 7),
      ]),
    ).toEqual([
      [["MatMul"], "w", []],
      [["Add"], "b", []],
    ]);
    const [weights = [], bias = []] = messages(graph, 5);
    expect([
      strings(weights, 8),
      integers(weights, 1),
      integers(weights, 2),
      integers(weights, 14),
    ]).toEqual([["w"], [20, 30], [1], [1]]);
    expect(
      Object.fromEntries(
        messages(weights, 13).map((entry) => [strings(entry, 1)[0], strings(entry, 2)[0]]),
      ),
    ).toEqual({ location: "w", offset: "0", length: "2400" });
    expect([strings(bias, 8), integers(bias, 1), integers(bias, 14)]).toEqual([["b"], [30], []]);
    expect(bias.find(({ field }) => field === 9)?.value).toHaveLength(120);
  });

  test("writes integer and float attributes with their types, and shares equal constants", () => {
    const graph = new OnnxGraphWriter(new KeepingSink());
    expect(graph.integers([-1])).toBe(graph.integers([-1]));
    expect(graph.scalar(0.5)).toBe(graph.scalar(0.5));
    expect(graph.scalar(0.5)).not.toBe(graph.scalar(0.25));
    graph.microsoft("QuickGelu", ["x"], { attributes: { alpha: { float: 1 } } });
    graph.node("LogSoftmax", ["x"], { attributes: { axis: -1 } });
    const [decoded = []] = messages(readMessage(graph.toBytes()), 7);
    const [gelu = [], softmax = []] = messages(decoded, 1);
    expect(strings(gelu, 7)).toEqual(["com.microsoft"]);
    const [alpha = []] = messages(gelu, 5);
    expect([strings(alpha, 1), integers(alpha, 20)]).toEqual([["alpha"], [1]]);
    const [axis = []] = messages(softmax, 5);
    expect([strings(axis, 1), integers(axis, 3), integers(axis, 20)]).toEqual([
      ["axis"],
      [-1],
      [2],
    ]);
  });

  test("refuses data that do not fill their dimensions", () => {
    const graph = new OnnxGraphWriter(new KeepingSink());
    expect(() =>
      graph.initializer({ name: "w", type: "float", dimensions: [2, 3] }, new Float32Array(5)),
    ).toThrow("w has 5 elements for 6");
  });

  test("computes in ONNX Runtime what its nodes say", async () => {
    const sink = new KeepingSink();
    const { bytes, weights, bias } = affineGraph(sink);
    const { runtime } = await loadRuntime({ backend: "native" });
    const session = await runtime.InferenceSession.create(bytes, { externalData: sink.weights });
    const x = Float32Array.from({ length: 40 }, (_, i) => Math.cos(i));
    const { y } = await session.run({ x: new runtime.Tensor("float32", x, [2, 20]) });
    const expected = Array.from({ length: 60 }, (_, i) => {
      const row = Math.floor(i / 30);
      const products = Array.from(
        { length: 20 },
        (_, k) => (x[row * 20 + k] ?? 0) * (weights[k * 30 + (i % 30)] ?? 0),
      );
      return products.reduce((sum, product) => sum + product, bias[i % 30] ?? 0);
    });
    Array.from(y?.data ?? [], Number).forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4),
    );
    expect(y?.dims).toEqual([2, 30]);
    await session.release();
  });
});
