/** One ONNX Runtime session over a compiled graph, and the keys and values it holds of the last sequence. */

import { readFileSync } from "node:fs";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { INPUTS, OUTPUTS, pastKey, pastValue, presentKey, presentValue } from "./graph-inputs.js";
import type { LoadedRuntime, Runtime } from "./runtime.js";
import { commonPrefix, reusablePrefix, type TokenSequence } from "./sequence-plan.js";
import type { SharedWeight } from "./weight-sink.js";

/** Rows run at once: bounds the memory of attention scores on long prompts, and costs nothing on short ones. */
const MOST_ROWS = 512;

/** A compiled graph, as a file with its weights beside it or in memory. Can be sent to a worker. */
export type CompiledGraph =
  | {
      readonly kind: "file";
      readonly graphPath: string;
      readonly weightsPath: string;
      readonly weightsLocation: string;
    }
  | {
      readonly kind: "memory";
      readonly graph: Uint8Array;
      readonly weights: readonly SharedWeight[];
    };

/** The sizes a session needs to make its inputs. */
export interface SessionShape {
  readonly layers: number;
  readonly hidden: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
}

/** Embeddings of tokens, [ids.length, hidden], row-major, already rotated where the graph is. */
export type EmbedTokens = (ids: Int32Array) => Float32Array;

export interface RunOptions {
  readonly embed: EmbedTokens;
  /** Keys and values of the last kept run may stand for a shared prefix. */
  readonly reuse: boolean;
  /** Keep this run's keys and values for the next. */
  readonly keep: boolean;
  /** Log-softmax of a reference run with the same number of response tokens. */
  readonly reference?: Tensor | null;
}

export interface SequenceScores {
  /** log p(response token t | what precedes), natural log. */
  readonly logProbabilities: Float64Array;
  /** Mean over response tokens of KL(reference || this), nats; null without a reference. */
  readonly divergence: number | null;
  readonly tokensRun: number;
}

type NamedTensors = Readonly<Record<string, Tensor>>;

/** What the session remembers of a run: tokens and the tensors of their keys and values. */
interface KeptRun {
  readonly ids: Int32Array;
  readonly outputs: NamedTensors;
}

function sessionOptions(graph: CompiledGraph, backend: Backend): InferenceSession.SessionOptions {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: "all",
    executionProviders: [backend === "native" ? "cpu" : "wasm"],
  };
  if (graph.kind === "memory") return { ...options, externalData: [...graph.weights] };
  // The native build maps the file beside the graph by itself.
  return backend === "native"
    ? options
    : {
        ...options,
        externalData: [{ path: graph.weightsLocation, data: readFileSync(graph.weightsPath) }],
      };
}

async function createSession(
  runtime: Runtime,
  graph: CompiledGraph,
  backend: Backend,
): Promise<InferenceSession> {
  const options = sessionOptions(graph, backend);
  if (graph.kind === "memory") return runtime.InferenceSession.create(graph.graph, options);
  return backend === "native"
    ? runtime.InferenceSession.create(graph.graphPath, options)
    : runtime.InferenceSession.create(readFileSync(graph.graphPath), options);
}

function required(outputs: InferenceSession.OnnxValueMapType, name: string): Tensor {
  const tensor = outputs[name];
  if (!tensor) throw new UnderstudyError("INTERNAL", `the graph gave no ${name}`);
  return tensor;
}

function finiteNumbers(tensor: Tensor): Float64Array {
  if (!(tensor.data instanceof Float32Array))
    throw new UnderstudyError("INTERNAL", "the graph gave scores of another type than float");
  const numbers = Float64Array.from(tensor.data);
  if (!numbers.every(Number.isFinite))
    throw new UnderstudyError("MODEL_RUNTIME", "the model gave NaN or infinity", {
      fix: `Check the model file, or score with the precision "fp32".`,
    });
  return numbers;
}

/** Scores one sequence at a time; blocks its thread while it does. */
export class ScoringSession {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #shape: SessionShape;
  readonly #emptyPast: Tensor;
  readonly #noReference: Tensor;
  #kept: KeptRun | null = null;

  private constructor(runtime: Runtime, session: InferenceSession, shape: SessionShape) {
    this.#runtime = runtime;
    this.#session = session;
    this.#shape = shape;
    this.#emptyPast = new runtime.Tensor("float32", new Float32Array(0), [
      1,
      shape.keyValueHeads,
      0,
      shape.headSize,
    ]);
    this.#noReference = new runtime.Tensor("float32", new Float32Array(0), [0, shape.vocabulary]);
  }

  /** Opens a single-threaded session. */
  static async open(
    loaded: LoadedRuntime,
    graph: CompiledGraph,
    shape: SessionShape,
  ): Promise<ScoringSession> {
    return new ScoringSession(
      loaded.runtime,
      await createSession(loaded.runtime, graph, loaded.backend),
      shape,
    );
  }

  /** Frees the session. */
  async close(): Promise<void> {
    this.#kept = null;
    await this.#session.release();
  }

  /** Tokens of the kept run that a sequence could reuse. */
  sharedWithKept(sequence: TokenSequence): number {
    return this.#kept ? reusablePrefix(sequence, commonPrefix(this.#kept.ids, sequence.ids)) : 0;
  }

  /** Scores a sequence. Throws MODEL_RUNTIME where a score is NaN or infinite. */
  async score(sequence: TokenSequence, options: RunOptions): Promise<SequenceScores> {
    const { outputs, tokensRun } = await this.#run(sequence, options, [
      OUTPUTS.logProbabilities,
      OUTPUTS.divergence,
    ]);
    const logProbabilities = finiteNumbers(required(outputs, OUTPUTS.logProbabilities));
    if (!options.reference) return { logProbabilities, divergence: null, tokensRun };
    const divergences = finiteNumbers(required(outputs, OUTPUTS.divergence));
    return {
      logProbabilities,
      divergence: divergences.reduce((sum, value) => sum + value, 0) / divergences.length,
      tokensRun,
    };
  }

  /** Log-softmax [response tokens, vocabulary] of a sequence, to be used as the reference of later runs. */
  async distribution(sequence: TokenSequence, embed: EmbedTokens): Promise<Tensor> {
    const { outputs } = await this.#run(sequence, { embed, reuse: true, keep: true }, [
      OUTPUTS.logSoftmax,
    ]);
    return required(outputs, OUTPUTS.logSoftmax);
  }

  async #run(
    sequence: TokenSequence,
    options: RunOptions,
    fetch: readonly string[],
  ): Promise<{ readonly outputs: InferenceSession.OnnxValueMapType; readonly tokensRun: number }> {
    const { ids, responseTokens } = sequence;
    const reused = options.reuse ? this.sharedWithKept(sequence) : 0;
    let past = reused > 0 ? this.#kept : null;
    let start = reused;
    // At least two rows in every piece: one row alone takes another kernel, which rounds differently.
    for (
      let room = ids.length - start - responseTokens - 1;
      ids.length - start > MOST_ROWS && room >= 2;
      room = ids.length - start - responseTokens - 1
    ) {
      const end = start + Math.min(MOST_ROWS, room);
      const piece = { ids: ids.subarray(0, end), responseTokens: 1 };
      past = this.#toKept(
        piece.ids,
        await this.#session.run(
          this.#feeds(piece, { start, past, options: { embed: options.embed } }),
          this.#presentNames(),
        ),
      );
      start = end;
    }
    const names = options.keep ? [...fetch, ...this.#presentNames()] : [...fetch];
    const outputs = await this.#session.run(this.#feeds(sequence, { start, past, options }), names);
    if (options.keep) this.#kept = this.#toKept(ids, outputs);
    return { outputs, tokensRun: ids.length - reused };
  }

  #presentNames(): string[] {
    return Array.from({ length: this.#shape.layers }, (_, layer) => [
      presentKey(layer),
      presentValue(layer),
    ]).flat();
  }

  #toKept(ids: Int32Array, outputs: InferenceSession.OnnxValueMapType): KeptRun {
    return {
      ids,
      outputs: Object.fromEntries(
        this.#presentNames().map((name) => [name, required(outputs, name)]),
      ),
    };
  }

  #feeds(
    sequence: TokenSequence,
    state: {
      readonly start: number;
      readonly past: KeptRun | null;
      readonly options: Pick<RunOptions, "embed" | "reference">;
    },
  ): Record<string, Tensor> {
    const { Tensor: OrtTensor } = this.#runtime;
    const { ids, responseTokens } = sequence;
    const { start, past } = state;
    const reference = state.options.reference ?? null;
    const rows = ids.length - start;
    const integers = (values: readonly number[], dimensions: readonly number[]): Tensor =>
      new OrtTensor("int64", BigInt64Array.from(values, BigInt), dimensions);
    const responseRows = Array.from({ length: responseTokens }, (_, i) =>
      Math.max(0, rows - 1 - responseTokens + i),
    );
    const feeds: Record<string, Tensor> = {
      [INPUTS.embeddings]: new OrtTensor("float32", state.options.embed(ids.subarray(start)), [
        1,
        rows,
        this.#shape.hidden,
      ]),
      [INPUTS.lastPosition]: new OrtTensor("int32", Int32Array.of(ids.length - 1), [1]),
      [INPUTS.totalLength]: new OrtTensor("int32", Int32Array.of(ids.length), []),
      [INPUTS.pastLength]: integers([start], [1]),
      [INPUTS.responseRows]: integers(responseRows, [responseTokens]),
      [INPUTS.targets]: integers(
        [...ids.subarray(ids.length - responseTokens)],
        [responseTokens, 1],
      ),
      [INPUTS.reference]: reference ?? this.#noReference,
      [INPUTS.comparedRows]: reference
        ? integers(
            Array.from({ length: responseTokens }, (_, i) => i),
            [responseTokens],
          )
        : integers([], [0]),
    };
    for (let layer = 0; layer < this.#shape.layers; layer++) {
      feeds[pastKey(layer)] = past?.outputs[presentKey(layer)] ?? this.#emptyPast;
      feeds[pastValue(layer)] = past?.outputs[presentValue(layer)] ?? this.#emptyPast;
    }
    return feeds;
  }
}
