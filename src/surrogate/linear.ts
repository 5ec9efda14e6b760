/**
 * Linear layers of the scoring graph in the three precisions.
 * Integer layers quantise activations row by row: scale = largest magnitude of the row / 127, zero point 128.
 */

import type { Precision } from "../domain.js";
import type { GgufFile } from "./gguf.js";
import type { OnnxGraphWriter } from "./onnx-writer.js";
import { packWeights, type PackedWeights, type WeightPart } from "./quantize.js";
import type { Rotation } from "./rotation.js";

const ACTIVATION_ZERO_POINT = 128;
const LARGEST_ACTIVATION = 127;
/** Keeps the scale of an all-zero row away from 0. */
const SMALLEST_MAGNITUDE = 1e-10;
/** The low part covers half a step of the high part with 127 steps of its own. */
const LOW_PART_STEPS = 2 * LARGEST_ACTIVATION;

/** Which rows of a sequence run through a layer: all of them, or only those that predict the response. */
export type RowGroup = "all" | "response";

export interface LinearLayer {
  readonly name: string;
  readonly parts: readonly WeightPart[];
  readonly rows: RowGroup;
  readonly inputGain?: Float32Array | null;
  readonly inputRotation?: Rotation | null;
  readonly bias?: Float32Array | null;
}

/** A row-quantised activation: uint8 values, and per row the scale as a column [.., 1]. */
interface QuantizedActivation {
  readonly high: string;
  /** What rounding to `high` lost, on a scale 254 times finer; null in the fast mode. */
  readonly low: string | null;
  readonly scale: string;
}

/** Adds linear layers to one graph. */
export class LinearLayers {
  readonly #graph: OnnxGraphWriter;
  readonly #gguf: GgufFile;
  readonly #precision: Precision;
  readonly #activations = new Map<string, QuantizedActivation>();
  readonly #zeroPoints = new Map<RowGroup, string>();
  #zeroPoint: string | null = null;

  constructor(graph: OnnxGraphWriter, gguf: GgufFile, precision: Precision) {
    this.#graph = graph;
    this.#gguf = gguf;
    this.#precision = precision;
  }

  /** Applies a layer to `input` [1, rows, inputs]; returns the name of [1, rows, outputs]. */
  apply(input: string, layer: LinearLayer): string {
    const packed = packWeights(this.#gguf, layer.parts, {
      bits: this.#precision === "fp32" ? null : this.#precision === "precise" ? 8 : 7,
      inputGain: layer.inputGain ?? null,
      inputRotation: layer.inputRotation ?? null,
    });
    const product =
      packed.kind === "float"
        ? this.#floatProduct(input, layer.name, packed)
        : this.#integerProduct(input, layer, packed);
    if (!layer.bias) return product;
    const bias = this.#graph.initializer(
      { name: `${layer.name}.bias`, type: "float", dimensions: [packed.outputs] },
      layer.bias,
    );
    return this.#graph.node("Add", [product, bias]);
  }

  #floatProduct(
    input: string,
    name: string,
    packed: PackedWeights & { readonly kind: "float" },
  ): string {
    const weights = this.#graph.initializer(
      { name, type: "float", dimensions: [packed.inputs, packed.outputs] },
      packed.weights,
    );
    return this.#graph.node("MatMul", [input, weights]);
  }

  #integerProduct(
    input: string,
    layer: LinearLayer,
    packed: PackedWeights & { readonly kind: "integer" },
  ): string {
    const graph = this.#graph;
    const weights = graph.initializer(
      { name: layer.name, type: "int8", dimensions: [packed.inputs, packed.outputs] },
      packed.weights,
    );
    const activation = this.#quantize(input, layer.rows);
    const multiply = (values: string, suffix: string, scales: Float32Array): string => {
      const name = graph.initializer(
        { name: `${layer.name}.${suffix}`, type: "float", dimensions: [packed.outputs] },
        scales,
      );
      return graph.microsoft("MatMulIntegerToFloat", [
        values,
        weights,
        graph.scalar(1),
        name,
        this.#scalarZeroPoint(),
      ]);
    };
    const high = multiply(activation.high, "scales", packed.scales);
    if (activation.low === null) return graph.node("Mul", [high, activation.scale]);
    const low = multiply(
      activation.low,
      "low_scales",
      packed.scales.map((scale) => scale / LOW_PART_STEPS),
    );
    return graph.node("Mul", [graph.node("Add", [high, low]), activation.scale]);
  }

  /** Layers that share an input (query/key/value, gate/up) share its quantisation. */
  #quantize(input: string, rows: RowGroup): QuantizedActivation {
    const known = this.#activations.get(input);
    if (known) return known;
    const graph = this.#graph;
    const scale = graph.node("Mul", [
      this.#largestMagnitude(input),
      graph.scalar(1 / LARGEST_ACTIVATION),
    ]);
    const perRow = graph.node("Reshape", [scale, graph.integers([-1])]);
    const zeroPoints = this.#rowZeroPoints(perRow, rows);
    const axis = { attributes: { axis: 1 } };
    const high = graph.node("QuantizeLinear", [input, perRow, zeroPoints], axis);
    const low =
      this.#precision === "precise"
        ? this.#quantizeResidual(input, { high, perRow, zeroPoints })
        : null;
    const quantized = { high, low, scale };
    this.#activations.set(input, quantized);
    return quantized;
  }

  #quantizeResidual(
    input: string,
    coarse: { readonly high: string; readonly perRow: string; readonly zeroPoints: string },
  ): string {
    const graph = this.#graph;
    const axis = { attributes: { axis: 1 } };
    const residual = graph.node("Sub", [
      input,
      graph.node("DequantizeLinear", [coarse.high, coarse.perRow, coarse.zeroPoints], axis),
    ]);
    const finer = graph.node("Mul", [coarse.perRow, graph.scalar(1 / LOW_PART_STEPS)]);
    return graph.node("QuantizeLinear", [residual, finer, coarse.zeroPoints], axis);
  }

  /** max |x| of each row, as a column. Two reductions are cheaper than a copy of |x|. */
  #largestMagnitude(input: string): string {
    const graph = this.#graph;
    const lastAxis = graph.integers([-1]);
    const largest = graph.node("ReduceMax", [input, lastAxis], { attributes: { keepdims: 1 } });
    const smallest = graph.node("ReduceMin", [input, lastAxis], { attributes: { keepdims: 1 } });
    return graph.node("Max", [
      largest,
      graph.node("Neg", [smallest]),
      graph.scalar(SMALLEST_MAGNITUDE),
    ]);
  }

  #scalarZeroPoint(): string {
    this.#zeroPoint ??= this.#graph.initializer(
      { name: "activation_zero_point", type: "uint8", dimensions: [] },
      Uint8Array.of(ACTIVATION_ZERO_POINT),
    );
    return this.#zeroPoint;
  }

  /** QuantizeLinear along an axis wants one zero point a row; all activations of a row group share the vector. */
  #rowZeroPoints(perRow: string, rows: RowGroup): string {
    const known = this.#zeroPoints.get(rows);
    if (known !== undefined) return known;
    const vector = this.#graph.node("Expand", [
      this.#scalarZeroPoint(),
      this.#graph.node("Shape", [perRow]),
    ]);
    this.#zeroPoints.set(rows, vector);
    return vector;
  }
}
