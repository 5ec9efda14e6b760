/** Messages between the pool and its workers. Everything in them can be cloned; weights and embeddings are shared memory. */

import type { Backend } from "../domain.js";
import { messageOf, UnderstudyError, type ErrorCode } from "../errors.js";
import type { CompiledGraph } from "./compiled-graph.js";
import type { RuntimeOptions } from "./runtime.js";
import type { TokenSequence } from "./sequence-plan.js";
import type { SequenceScores, SessionShape } from "./session.js";

/** What a worker opens its session with. */
export interface WorkerSetup {
  readonly runtime: RuntimeOptions;
  readonly graph: CompiledGraph;
  readonly shape: SessionShape;
}

/** Embeddings of all tokens of a job: `ids` ascending, and a row of `hidden` floats each. */
export interface EmbeddingTable {
  readonly ids: Int32Array;
  readonly rows: Float32Array;
}

/** One worker's share of a job. */
export interface ScoringJob {
  readonly sequences: readonly TokenSequence[];
  readonly table: EmbeddingTable;
  readonly reference: TokenSequence | null;
  /** See `ScoreTokensOptions.candidates`. */
  readonly candidates: Int32Array | null;
  readonly reusePrefixes: boolean;
}

/** The setup comes as a message, not as worker data: those live as long as the thread, and the weights need not once the session has them. */
export type ToWorker =
  | { readonly kind: "open"; readonly setup: WorkerSetup }
  | { readonly kind: "score"; readonly job: ScoringJob }
  | { readonly kind: "close" };

/** An error on its way through a message, which keeps no class. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
}

export type FromWorker =
  | {
      readonly kind: "ready";
      readonly backend: Backend;
      readonly version: string;
      readonly notice: string | null;
    }
  | { readonly kind: "progress"; readonly scored: number }
  | { readonly kind: "scored"; readonly scores: readonly SequenceScores[] }
  | { readonly kind: "failed"; readonly error: SentError };

/** Anything thrown inside a worker, ready to be sent. */
export function packError(thrown: unknown): SentError {
  return thrown instanceof UnderstudyError
    ? { code: thrown.code, message: thrown.message }
    : { code: "MODEL_RUNTIME", message: messageOf(thrown) };
}

/** The error again; its message is already complete. */
export function unpackError(sent: SentError): UnderstudyError {
  return new UnderstudyError(sent.code, sent.message);
}
