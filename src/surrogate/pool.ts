/** Worker threads, each with a single-threaded session: a plan is cut into contiguous shares of about equal work, one a worker. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { Backend, Progress } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";
import { splitPlan, type TokenSequence } from "./sequence-plan.js";
import type { SequenceScores } from "./session.js";
import {
  unpackError,
  type EmbeddingTable,
  type FromWorker,
  type ScoringJob,
  type ToWorker,
  type WorkerSetup,
} from "./worker-protocol.js";

export interface PoolOptions {
  readonly workers: number;
  readonly setup: WorkerSetup;
  /** Path of the worker's entry file; default: `defaultWorkerEntry()`. */
  readonly workerEntry?: string;
}

export interface PoolJob {
  /** Sorted and distinct, as a plan gives them. */
  readonly sequences: readonly TokenSequence[];
  readonly table: EmbeddingTable;
  readonly reference: TokenSequence | null;
  /** See `ScoreTokensOptions.candidates`. */
  readonly candidates: Int32Array | null;
  readonly reusePrefixes: boolean;
  readonly onProgress?: Progress;
}

type Ready = FromWorker & { readonly kind: "ready" };

/**
 * The worker's entry beside the running file (`worker.js` in the compiled sources) or in the bundle's folder `worker`.
 * Throws MODEL_RUNTIME where neither exists.
 */
export function defaultWorkerEntry(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [
    join(here, "worker.js"),
    join(here, "worker", "index.js"),
    join(dirname(here), "worker", "index.js"),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new UnderstudyError("MODEL_RUNTIME", `no worker entry was found beside ${here}`, {
      fix: "Restore the folder dist/worker, or name the file.",
    });
  return found;
}

function crashed(reason: string): UnderstudyError {
  return new UnderstudyError("MODEL_RUNTIME", `a scoring worker stopped: ${reason}`, {
    fix: "If memory ran out, use fewer workers or a smaller model.",
  });
}

function isOfKind<Kind extends FromWorker["kind"]>(
  message: FromWorker,
  kind: Kind,
): message is FromWorker & { readonly kind: Kind } {
  return message.kind === kind;
}

/** One worker thread; answers one request at a time. */
class ScoringWorker {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #failure: UnderstudyError | null = null;
  #receive: (message: FromWorker) => void = () => undefined;
  #fail: (error: UnderstudyError) => void = () => undefined;

  constructor(entry: string) {
    // The runtime reads a switch from the real environment, which a thread's own copy of it does not reach.
    this.#worker = new Worker(entry, { env: SHARE_ENV, name: "understudy scoring" });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#stop(crashed(messageOf(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        this.#stop(crashed(`exit code ${code}`));
        resolve();
      });
    });
  }

  #stop(error: UnderstudyError): void {
    this.#failure ??= error;
    this.#fail(this.#failure);
  }

  /** Waits for the answer `kind`, passing progress on. An idle worker does not keep the process alive, one that owes an answer does. */
  async #answer<Kind extends "ready" | "scored">(
    kind: Kind,
    onProgress?: (scored: number) => void,
  ): Promise<FromWorker & { readonly kind: Kind }> {
    this.#worker.ref();
    try {
      return await this.#expect(kind, onProgress);
    } finally {
      this.#worker.unref();
    }
  }

  async #expect<Kind extends "ready" | "scored">(
    kind: Kind,
    onProgress?: (scored: number) => void,
  ): Promise<FromWorker & { readonly kind: Kind }> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#fail = reject;
      this.#receive = (message) => {
        if (message.kind === "progress") onProgress?.(message.scored);
        else if (message.kind === "failed") reject(unpackError(message.error));
        else if (isOfKind(message, kind)) resolve(message);
      };
    });
  }

  async open(setup: WorkerSetup): Promise<Ready> {
    const answer = this.#answer("ready");
    this.#send({ kind: "open", setup });
    return answer;
  }

  async score(
    job: ScoringJob,
    onProgress: (scored: number) => void,
  ): Promise<readonly SequenceScores[]> {
    const answer = this.#answer("scored", onProgress);
    this.#send({ kind: "score", job });
    return (await answer).scores;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Asks the worker to free its session and end; a thread inside native code must not be killed. */
  async close(): Promise<void> {
    this.#worker.ref();
    if (!this.#failure) this.#send({ kind: "close" });
    await this.#exited;
  }
}

/** A fixed set of workers over one compiled graph. */
export class ScoringPool {
  readonly #workers: readonly ScoringWorker[];
  readonly backend: Backend;
  readonly runtimeVersion: string;
  readonly notice: string | null;
  #lastJob: Promise<unknown> = Promise.resolve();

  private constructor(workers: readonly ScoringWorker[], ready: Ready) {
    this.#workers = workers;
    this.backend = ready.backend;
    this.runtimeVersion = ready.version;
    this.notice = ready.notice;
  }

  /** Starts the workers. Throws MODEL_RUNTIME where one cannot load the runtime or the graph; none is left running then. */
  static async open(options: PoolOptions): Promise<ScoringPool> {
    const entry = options.workerEntry ?? defaultWorkerEntry();
    const workers = Array.from({ length: options.workers }, () => new ScoringWorker(entry));
    const answers = await Promise.allSettled(workers.map((worker) => worker.open(options.setup)));
    const failed = answers.find((answer) => answer.status === "rejected");
    const first = answers[0];
    if (failed || first?.status !== "fulfilled") {
      await Promise.all(workers.map((worker) => worker.close()));
      throw failed
        ? failed.reason
        : new UnderstudyError("INTERNAL", "a pool needs at least one worker");
    }
    return new ScoringPool(workers, first.value);
  }

  /**
   * Scores in the order of `job.sequences`, whatever the number of workers. Jobs asked for at the same time run one after another.
   * Throws MODEL_RUNTIME where a worker crashes.
   */
  async score(job: PoolJob): Promise<readonly SequenceScores[]> {
    const scores = this.#lastJob.then(() => this.#run(job));
    // A job that fails is its caller's to handle; the next one runs all the same.
    this.#lastJob = scores.catch(() => undefined);
    return scores;
  }

  async #run(job: PoolJob): Promise<readonly SequenceScores[]> {
    const { table, reference, candidates, reusePrefixes } = job;
    const shares = splitPlan(job.sequences, this.#workers.length);
    const done = shares.map(() => 0);
    const parts = shares.map((sequences, i) => {
      const onProgress = (scored: number): void => {
        done[i] = scored;
        job.onProgress?.(
          done.reduce((sum, count) => sum + count, 0),
          job.sequences.length,
        );
      };
      const worker = this.#workers[i];
      if (!worker) throw new UnderstudyError("INTERNAL", "more shares than workers");
      return worker.score({ sequences, table, reference, candidates, reusePrefixes }, onProgress);
    });
    // All answers are waited for, so that none is left to come when the next job begins.
    const answers = await Promise.allSettled(parts);
    return answers.flatMap((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      return answer.value;
    });
  }

  /** Ends all workers once the jobs asked for are done. */
  async close(): Promise<void> {
    await this.#lastJob;
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}
