/** Writes ONNX models (ModelProto of onnx.proto, IR version 10): nodes and small constants inline, weights as external data. */

import { UnderstudyError } from "../errors.js";
import { ProtobufMessage } from "./protobuf-writer.js";
import type { WeightSink } from "./weight-sink.js";

/** Values of TensorProto.DataType. */
const DATA_TYPES = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
/** Values of AttributeProto.AttributeType. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INTEGER = 2;
const EXTERNAL_DATA_LOCATION = 1;
/** Initializers above this many bytes go to the sink; ORT refuses external tensors in a few shape computations. */
const LARGEST_INLINE_BYTES = 1024;

export type ElementType = keyof typeof DATA_TYPES;
export type TensorData = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array;
/** A number is a fixed size, a string the name of a size known when the graph runs. */
export type Dimension = number | string;
/** A plain number is an ONNX integer attribute. */
export type Attribute = number | { readonly float: number };

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Names of the outputs; an empty string leaves an optional output out. Default: one generated name. */
  readonly outputs?: readonly string[];
}

export interface TensorSpec<Size extends Dimension = number> {
  readonly name: string;
  readonly type: ElementType;
  readonly dimensions: readonly Size[];
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function attributeMessage(name: string, value: Attribute): ProtobufMessage {
  const message = new ProtobufMessage().string(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, ATTRIBUTE_INTEGER);
  return message.float(2, value.float).integer(20, ATTRIBUTE_FLOAT);
}

function valueInfo(spec: TensorSpec<Dimension>): ProtobufMessage {
  const shape = new ProtobufMessage();
  for (const size of spec.dimensions)
    shape.message(
      1,
      typeof size === "string"
        ? new ProtobufMessage().string(2, size)
        : new ProtobufMessage().integer(1, size),
    );
  const tensor = new ProtobufMessage().integer(1, DATA_TYPES[spec.type]).message(2, shape);
  return new ProtobufMessage()
    .string(1, spec.name)
    .message(2, new ProtobufMessage().message(1, tensor));
}

function keyValue(key: string, value: string): ProtobufMessage {
  return new ProtobufMessage().string(1, key).string(2, value);
}

/** One graph under construction. Operators are of opset 21 and of the com.microsoft domain, version 1. */
export class OnnxGraphWriter {
  readonly #nodes: ProtobufMessage[] = [];
  readonly #initializers: ProtobufMessage[] = [];
  readonly #inputs: ProtobufMessage[] = [];
  readonly #outputs: ProtobufMessage[] = [];
  readonly #constants = new Map<string, string>();
  readonly #sink: WeightSink;
  #names = 0;

  /** @param sink where initializers of more than a kilobyte go */
  constructor(sink: WeightSink) {
    this.#sink = sink;
  }

  /** Adds a graph input; returns its name. */
  input(spec: TensorSpec<Dimension>): string {
    this.#inputs.push(valueInfo(spec));
    return spec.name;
  }

  /** Declares a value that nodes produce as a graph output. */
  output(spec: TensorSpec<Dimension>): void {
    this.#outputs.push(valueInfo(spec));
  }

  /** Adds a constant tensor, row-major; returns its name. Throws INTERNAL where data and dimensions disagree. */
  initializer(spec: TensorSpec, data: TensorData): string {
    const size = spec.dimensions.reduce((product, dimension) => product * dimension, 1);
    if (size !== data.length)
      throw new UnderstudyError(
        "INTERNAL",
        `initializer ${spec.name} has ${data.length} elements for ${size}`,
      );
    const message = new ProtobufMessage();
    for (const dimension of spec.dimensions) message.integer(1, dimension);
    message.integer(2, DATA_TYPES[spec.type]).string(8, spec.name);
    if (data.byteLength <= LARGEST_INLINE_BYTES) message.bytes(9, bytesOf(data));
    else this.#writeExternal(message, spec.name, bytesOf(data));
    this.#initializers.push(message);
    return spec.name;
  }

  #writeExternal(message: ProtobufMessage, name: string, bytes: Uint8Array): void {
    const place = this.#sink.add(name, bytes);
    message.message(13, keyValue("location", place.location));
    message.message(13, keyValue("offset", String(place.offset)));
    message.message(13, keyValue("length", String(bytes.length)));
    message.integer(14, EXTERNAL_DATA_LOCATION);
  }

  /** A vector of int64 constants; equal ones share an initializer. */
  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.shared(`integers ${values.join(",")}`, (name) =>
      this.initializer({ name, type: "int64", dimensions: [values.length] }, data),
    );
  }

  /** A float scalar constant; equal ones share an initializer. */
  scalar(value: number): string {
    return this.shared(`scalar ${value}`, (name) =>
      this.initializer({ name, type: "float", dimensions: [] }, Float32Array.of(value)),
    );
  }

  /** The initializer known under this key, made on first use. */
  shared(key: string, create: (name: string) => string): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = create(this.#fresh("constant"));
    this.#constants.set(key, name);
    return name;
  }

  #fresh(prefix: string): string {
    return `${prefix}_${this.#names++}`;
  }

  /** Adds an ONNX node; returns the name of its first output. */
  node(operator: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.#add("", operator, inputs, options);
  }

  /** Adds a node of the com.microsoft domain; returns the name of its first output. */
  microsoft(operator: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.#add("com.microsoft", operator, inputs, options);
  }

  #add(domain: string, operator: string, inputs: readonly string[], options: NodeOptions): string {
    const outputs = options.outputs ?? [this.#fresh("value")];
    const message = new ProtobufMessage();
    for (const input of inputs) message.string(1, input);
    for (const output of outputs) message.string(2, output);
    message.string(3, this.#fresh(operator)).string(4, operator);
    for (const [name, value] of Object.entries(options.attributes ?? {}))
      message.message(5, attributeMessage(name, value));
    if (domain !== "") message.string(7, domain);
    this.#nodes.push(message);
    return outputs[0] ?? "";
  }

  /** The encoded ModelProto; external weights are not part of it. */
  toBytes(): Uint8Array {
    const graph = new ProtobufMessage();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, "scoring");
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtobufMessage().integer(1, 10).string(2, "understudy").message(7, graph);
    model.message(8, new ProtobufMessage().integer(2, 21));
    model.message(8, new ProtobufMessage().string(1, "com.microsoft").integer(2, 1));
    return model.toBytes();
  }
}
