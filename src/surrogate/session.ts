/** One ONNX Runtime session over a compiled graph: scores one sequence after another. */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import { UnderstudyError } from "../errors.js";
import { openGraph, type CompiledGraph } from "./compiled-graph.js";
import { INPUTS, OUTPUTS } from "./graph-inputs.js";
import { KeyValueCache } from "./key-value-cache.js";
import type { LoadedRuntime, Runtime } from "./runtime.js";
import { commonPrefix, reusablePrefix, type TokenSequence } from "./sequence-plan.js";

/** Rows run at once: bounds the memory of attention scores on long prompts, and costs nothing on short ones. */
const MOST_ROWS = 512;

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
  /** Keys and values that are held may stand for a shared prefix. */
  readonly reuse: boolean;
  /** Hold this run's keys and values from now on. Costs a copy of them. */
  readonly keep: boolean;
  /** Log-softmax of a reference run with the same number of response tokens. */
  readonly reference?: Tensor | null;
  /** Tokens whose log-probabilities are wanted in place of each response token's own. */
  readonly candidates?: Int32Array | null;
}

export interface SequenceScores {
  /**
   * log p(response token t | what precedes), natural log; with candidates one a candidate in place of each response token, their
   * log-probabilities where the response token stands.
   */
  readonly logProbabilities: Float64Array;
  /** Mean over response tokens of KL(reference || this), nats; null without a reference. */
  readonly divergence: number | null;
}

/** One call of the graph: rows from `start` on, after as many positions that are held. */
interface Piece {
  readonly start: number;
  readonly keep: boolean;
  readonly fetch: readonly string[];
  readonly embed: EmbedTokens;
  readonly reference: Tensor | null;
  readonly candidates: Int32Array | null;
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
  readonly #cache: KeyValueCache;
  readonly #noReference: Tensor;

  private constructor(loaded: LoadedRuntime, session: InferenceSession, shape: SessionShape) {
    this.#runtime = loaded.runtime;
    this.#session = session;
    this.#shape = shape;
    this.#cache = new KeyValueCache(loaded.runtime, shape, loaded.backend);
    this.#noReference = new loaded.runtime.Tensor("float32", new Float32Array(0), [
      0,
      shape.vocabulary,
    ]);
  }

  /** Opens a single-threaded session. */
  static async open(
    loaded: LoadedRuntime,
    graph: CompiledGraph,
    shape: SessionShape,
  ): Promise<ScoringSession> {
    return new ScoringSession(loaded, await openGraph(loaded, graph), shape);
  }

  /** Frees the session. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  /** Makes room for sequences of this many tokens, prompt and response. */
  reserve(tokens: number): void {
    this.#cache.reserve(tokens);
  }

  /** Tokens of a sequence for which keys and values are held. */
  sharedWithHeld(sequence: TokenSequence): number {
    return Math.max(0, reusablePrefix(sequence, commonPrefix(this.#cache.ids, sequence.ids)));
  }

  /** Scores a sequence. Throws MODEL_RUNTIME where a score is NaN or infinite. */
  async score(sequence: TokenSequence, options: RunOptions): Promise<SequenceScores> {
    const outputs = await this.#run(sequence, options, [
      OUTPUTS.logProbabilities,
      OUTPUTS.divergence,
    ]);
    const logProbabilities = finiteNumbers(required(outputs, OUTPUTS.logProbabilities));
    if (!options.reference) return { logProbabilities, divergence: null };
    const divergences = finiteNumbers(required(outputs, OUTPUTS.divergence));
    return {
      logProbabilities,
      divergence: divergences.reduce((sum, value) => sum + value, 0) / divergences.length,
    };
  }

  /** Log-softmax [response tokens, vocabulary] of a sequence, to be used as the reference of later runs. */
  async distribution(sequence: TokenSequence, embed: EmbedTokens): Promise<Tensor> {
    const outputs = await this.#run(sequence, { embed, reuse: false, keep: false }, [
      OUTPUTS.logSoftmax,
    ]);
    return required(outputs, OUTPUTS.logSoftmax);
  }

  /** Runs all rows after the reusable prefix, at most 512 at a time, and fetches outputs of the last piece. */
  async #run(
    sequence: TokenSequence,
    options: RunOptions,
    fetch: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const { ids, responseTokens } = sequence;
    this.#cache.reserve(ids.length);
    const reused = options.reuse ? this.sharedWithHeld(sequence) : 0;
    let start = reused;
    for (
      let rows = pieceRows(ids.length - start, responseTokens);
      rows > 0;
      rows = pieceRows(ids.length - start, responseTokens)
    ) {
      const piece = { ids: ids.subarray(0, start + rows), responseTokens: 1 };
      await this.#runPiece(piece, {
        start,
        fetch: [],
        keep: true,
        embed: options.embed,
        reference: null,
        candidates: null,
      });
      start += rows;
    }
    // Earlier pieces have replaced what was held: then this sequence is the best there is.
    const last = {
      start,
      fetch,
      keep: options.keep || start > reused,
      embed: options.embed,
      reference: options.reference ?? null,
      candidates: options.candidates ?? null,
    };
    return this.#runPiece(sequence, last);
  }

  async #runPiece(
    sequence: TokenSequence,
    piece: Piece,
  ): Promise<InferenceSession.OnnxValueMapType> {
    const feeds = { ...this.#inputs(sequence, piece), ...this.#cache.feeds() };
    const wanted = Object.fromEntries(piece.fetch.map((name) => [name, null]));
    if (!piece.keep) return this.#session.run(feeds, wanted);
    const outputs = await this.#session.run(feeds, { ...wanted, ...this.#cache.fetches() });
    this.#cache.store(sequence.ids, outputs);
    return outputs;
  }

  #inputs(
    { ids, responseTokens }: TokenSequence,
    { start, embed, reference, candidates }: Piece,
  ): Record<string, Tensor> {
    const { Tensor: OrtTensor } = this.#runtime;
    const rows = ids.length - start;
    const integers = (values: readonly number[], dimensions: readonly number[]): Tensor =>
      new OrtTensor("int64", BigInt64Array.from(values, BigInt), dimensions);
    const compared = reference ? responseTokens : 0;
    const targets = candidates
      ? Array.from({ length: responseTokens }, () => [...candidates]).flat()
      : [...ids.subarray(ids.length - responseTokens)];
    return {
      [INPUTS.embeddings]: new OrtTensor("float32", embed(ids.subarray(start)), [
        1,
        rows,
        this.#shape.hidden,
      ]),
      [INPUTS.lastPosition]: new OrtTensor("int32", Int32Array.of(ids.length - 1), [1]),
      [INPUTS.totalLength]: new OrtTensor("int32", Int32Array.of(ids.length), []),
      [INPUTS.responseRows]: integers(countFrom(rows - 1 - responseTokens, responseTokens), [
        responseTokens,
      ]),
      [INPUTS.targets]: integers(targets, [responseTokens, targets.length / responseTokens]),
      [INPUTS.reference]: reference ?? this.#noReference,
      [INPUTS.comparedRows]: integers(countFrom(0, compared), [compared]),
    };
  }
}

/**
 * Rows to run before the last piece of `rest` rows; 0: the rest is the last piece. No piece has fewer than two rows: one row alone takes
 * another kernel, which rounds differently.
 */
function pieceRows(rest: number, responseTokens: number): number {
  const room = rest - responseTokens - 1;
  return rest > MOST_ROWS && room >= 2 ? Math.min(MOST_ROWS, room) : 0;
}

function countFrom(first: number, length: number): number[] {
  return Array.from({ length }, (_, i) => first + i);
}
