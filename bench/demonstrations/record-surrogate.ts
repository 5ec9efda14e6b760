/**
 * Asks the embedded surrogate what record.ts asks the oracle without demonstrations, for the rows of a recording:
 *   node lib/bench/demonstrations/record-surrogate.js --setting sentiment.1.5b
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { repository } from "../games/games.js";
import {
  type Reading,
  type SurrogateReadings,
  readRecording,
  readingOf,
  recordingPath,
} from "./recording.js";
import { messagesOf, poolOf, taskNamed } from "./tasks.js";

const { values: flags } = parseArgs({
  options: {
    setting: { type: "string" },
    model: {
      type: "string",
      default: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    },
  },
});
if (flags.setting === undefined) throw new Error("--setting NAME is needed");
const recording = readRecording(flags.setting);
const task = taskNamed(recording.task);
const texts = new Map(poolOf(task).map(({ id, text }) => [id, text]));
const surrogate = await openLocalSurrogate({
  modelPath: flags.model,
  precision: "precise",
  backend: "native",
  workers: 1,
  cacheFolder: join(repository, "out", "bench-state"),
});
const { logProbabilities } = await surrogate.scoreLabels(
  ["N/A", ...recording.rows.map(({ id }) => texts.get(id) ?? "")].map((query) =>
    messagesOf(task, [], query),
  ),
  recording.labels,
);
await surrogate.close();
const readings = logProbabilities.map((values): Reading =>
  readingOf({ logProbabilities: [...values], bounded: [...values].map(() => false) }),
);
const recorded: SurrogateReadings = {
  model: surrogate.identity.model,
  contentFree: readings[0] ?? [],
  rows: readings.slice(1),
};
writeFileSync(
  recordingPath(`${flags.setting}.surrogate`),
  `${JSON.stringify(recorded).replace('"rows":[', '"rows":[\n')}\n`,
);
