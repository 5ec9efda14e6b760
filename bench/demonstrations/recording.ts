/**
 * The compact form of the benchmark's oracle answers: ids and numbers, no text. Numbers by label are natural log-probabilities of the
 * first answer token read as label words, in the order of `labels`; a text such as "<-9.31" is an upper bound, of a label that was
 * absent from the twenty alternatives. Positions of demonstrations count from 0 in the order of the prompt.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { LabelAnswer } from "../../src/findings/demonstrations.js";
import { repository } from "../games/games.js";
import { TASK_NAMES } from "./tasks.js";

const reading = z.array(z.union([z.number(), z.string().regex(/^<-?\d+(\.\d+)?$/)]));
/** Natural log-probability of each label, or an upper bound of it. */
export type Reading = z.infer<typeof reading>;

const bits = z.string().regex(/^[01]+$/);

const drawSchema = z.strictObject({
  /** [row, label in the prompt] of each demonstration; flipped where that is not the row's label. */
  demonstrations: z.array(z.tuple([z.number().int(), z.number().int()])),
  /** [id, label] of the rows that the arms are compared on, and of those that influence is measured on. */
  queries: z.array(z.tuple([z.string(), z.number().int()])),
  influenceQueries: z.array(z.tuple([z.string(), z.number().int()])),
  /** Positions of the arm that removes blindly. */
  random: z.array(z.number().int()),
  /**
   * Each demonstration as the query under the seven others, [order][position], with the answer to "N/A" under the same seven. The first
   * order is that of the prompt, the second its reverse; none or one where they were not asked.
   */
  leaveOneOut: z.array(z.array(z.strictObject({ own: reading, contentFree: reading }))),
  /** Each influence query under all demonstrations as written, and "N/A": how well the oracle knows the task; null = not asked. */
  controls: z.strictObject({ answers: z.array(reading), contentFree: reading }).nullable(),
  /** Answers of influence queries under some of the demonstrations; null = not asked. */
  influence: z
    .array(
      z.strictObject({
        mask: bits,
        order: z.array(z.number().int()),
        queries: z.array(z.number().int()),
        answers: z.array(reading),
      }),
    )
    .nullable(),
  /** Answers of the queries: "clean" has all demonstrations with right labels, others keep the marked ones as written. */
  evaluation: z.array(
    z.strictObject({ kept: z.union([bits, z.literal("clean")]), answers: z.array(reading) }),
  ),
});
export type RecordedDraw = z.infer<typeof drawSchema>;

const recordingSchema = z.strictObject({
  task: z.enum(TASK_NAMES),
  oracle: z.string(),
  labels: z.array(z.string()),
  /** Answer to "N/A" under the instruction alone. */
  contentFree: reading,
  /** Rows that stand as demonstrations or influence queries in any draw, each asked under the instruction alone. */
  rows: z.array(z.strictObject({ id: z.string(), label: z.number().int(), zeroShot: reading })),
  draws: z.array(drawSchema),
});
export type DemonstrationsRecording = z.infer<typeof recordingSchema>;

const surrogateSchema = z.strictObject({
  model: z.string(),
  contentFree: reading,
  /** In the order of the recording's rows. */
  rows: z.array(reading),
});
/** The embedded surrogate's answers to the same rows under the instruction alone: means over the tokens of a label word. */
export type SurrogateReadings = z.infer<typeof surrogateSchema>;

/** Where recordings lie; `setting` is TASK.ORACLE. */
export function recordingPath(setting: string): string {
  return join(repository, "bench", "demonstrations", "recordings", `${setting}.json`);
}

export function readRecording(setting: string): DemonstrationsRecording {
  return recordingSchema.parse(JSON.parse(readFileSync(recordingPath(setting), "utf8")));
}

/** null where the surrogate has not been run. */
export function readSurrogateReadings(setting: string): SurrogateReadings | null {
  const path = recordingPath(`${setting}.surrogate`);
  return existsSync(path) ? surrogateSchema.parse(JSON.parse(readFileSync(path, "utf8"))) : null;
}

/** The reading as the product's judgement takes it. */
export function answerOf(recorded: Reading): LabelAnswer {
  return {
    logProbabilities: recorded.map((value) =>
      typeof value === "number" ? value : Number(value.slice(1)),
    ),
    bounded: recorded.map((value) => typeof value === "string"),
  };
}

export function readingOf({ logProbabilities, bounded }: LabelAnswer): Reading {
  return logProbabilities.map((value, label) => {
    const rounded = Math.round((value ?? -Infinity) * 1e3) / 1e3;
    if (!Number.isFinite(rounded)) throw new RangeError(`a log-probability of ${value}`);
    return bounded[label] === true ? `<${rounded}` : rounded;
  });
}
