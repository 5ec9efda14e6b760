/** Entry of a scoring worker, a bundle of its own: `run()` of ONNX Runtime blocks its thread, so it never runs in the main one. */

import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { UnderstudyError } from "../errors.js";
import { loadRuntime } from "./runtime.js";
import { embedFromTable, scoreShare } from "./scorer.js";
import { ScoringSession, type SequenceScores } from "./session.js";
import {
  packError,
  type FromWorker,
  type ScoringJob,
  type ToWorker,
  type WorkerSetup,
} from "./worker-protocol.js";

async function scoreJob(
  session: ScoringSession,
  job: ScoringJob,
  setup: WorkerSetup,
  send: (message: FromWorker) => void,
): Promise<readonly SequenceScores[]> {
  return scoreShare(session, job.sequences, {
    embed: embedFromTable({ ...job.table, hidden: setup.shape.hidden }),
    reference: job.reference,
    reusePrefixes: job.reusePrefixes,
    onScored: (scored) => send({ kind: "progress", scored }),
  });
}

/** Opens a session, reports `ready`, then answers jobs one after another until told to close. */
async function serve(port: MessagePort, setup: WorkerSetup): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message);
  try {
    const loaded = await loadRuntime(setup.runtime);
    const session = await ScoringSession.open(loaded, setup.graph, setup.shape);
    let work: Promise<void> = Promise.resolve();
    const answer = async (message: ToWorker): Promise<void> => {
      try {
        if (message.kind === "score")
          return send({
            kind: "scored",
            scores: await scoreJob(session, message.job, setup, send),
          });
        await session.close();
        port.close();
      } catch (error) {
        send({ kind: "failed", error: packError(error) });
      }
    };
    port.on("message", (message: ToWorker) => {
      work = work.then(() => answer(message));
    });
    send({
      kind: "ready",
      backend: loaded.backend,
      version: loaded.version,
      notice: loaded.notice,
    });
  } catch (error) {
    send({ kind: "failed", error: packError(error) });
    port.close();
  }
}

if (!parentPort) throw new UnderstudyError("INTERNAL", "worker.js runs in a worker thread only");
await serve(parentPort, workerData as WorkerSetup);
