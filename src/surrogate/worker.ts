/** Entry of a scoring worker, a bundle of its own: `run()` of ONNX Runtime blocks its thread, so it never runs in the main one. */

import { parentPort, type MessagePort } from "node:worker_threads";
import { UnderstudyError } from "../errors.js";
import { loadRuntime } from "./runtime.js";
import { embedFromTable, scoreShare } from "./scorer.js";
import { ScoringSession } from "./session.js";
import {
  packError,
  type FromWorker,
  type ScoringJob,
  type ToWorker,
  type WorkerSetup,
} from "./worker-protocol.js";

/** A session and the width of its embeddings. */
interface OpenSession {
  readonly session: ScoringSession;
  readonly hidden: number;
}

/** Answers messages one after another. */
class Server {
  readonly #port: MessagePort;
  #open: OpenSession | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (message: ToWorker) => {
      this.#work = this.#work.then(() => this.#answer(message));
    });
  }

  async #answer(message: ToWorker): Promise<void> {
    try {
      if (message.kind === "open") this.#send(await this.#openSession(message.setup));
      else if (message.kind === "score") this.#send(await this.#score(message.job));
      else await this.#close();
    } catch (error) {
      this.#send({ kind: "failed", error: packError(error) });
    }
  }

  #send(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  async #openSession(setup: WorkerSetup): Promise<FromWorker> {
    const loaded = await loadRuntime(setup.runtime);
    const session = await ScoringSession.open(loaded, setup.graph, setup.shape);
    this.#open = { session, hidden: setup.shape.hidden };
    return {
      kind: "ready",
      backend: loaded.backend,
      version: loaded.version,
      notice: loaded.notice,
    };
  }

  async #score(job: ScoringJob): Promise<FromWorker> {
    if (!this.#open)
      throw new UnderstudyError("INTERNAL", "a worker was asked for scores before it was opened");
    const { session, hidden } = this.#open;
    const scores = await scoreShare(session, job.sequences, {
      embed: embedFromTable({ ...job.table, hidden }),
      reference: job.reference,
      candidates: job.candidates,
      reusePrefixes: job.reusePrefixes,
      onScored: (scored) => this.#send({ kind: "progress", scored }),
    });
    return { kind: "scored", scores };
  }

  /** The thread ends when its port is closed. */
  async #close(): Promise<void> {
    await this.#open?.session.close();
    this.#port.close();
  }
}

if (!parentPort) throw new UnderstudyError("INTERNAL", "worker.js runs in a worker thread only");
new Server(parentPort);
