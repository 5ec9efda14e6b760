/**
 * node lib/bench/demonstration-rule.js [TASK.ORACLE ...]
 * The shipped rule for flipped demonstrations on recorded answers (bench/demonstrations/recordings): how many flips stand among as many
 * lowest scores, how many are named, and how many right labels are, with flips planted and without any. Controls are rows of other draws.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import {
  discriminantsOf,
  scoreOf,
  type ControlInput,
} from "../src/findings/demonstration-knowledge.js";
import { labelMargin, meanMargin } from "../src/findings/demonstration-margins.js";
import {
  judgeDemonstrations,
  type CalibratedAnswer,
  type LabelAnswer,
} from "../src/findings/demonstrations.js";

const folder = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "bench",
  "demonstrations",
  "recordings",
);

/** Log-probabilities by label; a text such as "<-9.31" is an upper bound. */
const reading = z.array(z.union([z.number(), z.string()])).transform((values): LabelAnswer => ({
  logProbabilities: values.map((value) =>
    typeof value === "number" ? value : Number(value.slice(1)),
  ),
  bounded: values.map((value) => typeof value === "string"),
}));
const recordingSchema = z.object({
  task: z.string(),
  labels: z.array(z.string()),
  contentFree: reading,
  rows: z.array(z.object({ label: z.number(), zeroShot: reading })),
  draws: z.array(
    z.object({
      demonstrations: z.array(z.tuple([z.number(), z.number()])),
      queries: z.array(z.tuple([z.string(), z.number()])),
      leaveOneOut: z.array(z.array(z.object({ own: reading, contentFree: reading }))),
      evaluation: z.array(z.object({ kept: z.string(), answers: z.array(reading) })),
    }),
  ),
});
type Recording = z.infer<typeof recordingSchema>;
type Draw = Recording["draws"][number];

const CONTROLS = 20;
const UNASKED: CalibratedAnswer = { answer: null, contentFree: null };

interface Counts {
  draws: number;
  unknown: number;
  planted: number;
  ranked: number;
  named: number;
  right: number;
  alarms: number;
}

/** Rows outside the draw; with answers after examples also the draw's own queries under all of them. */
function controlsOf({ rows, labels, contentFree }: Recording, draw: Draw, joined: boolean) {
  const own = new Set(draw.demonstrations.map(([row]) => row));
  const zeroShot = rows
    .filter((_, row) => !own.has(row))
    .slice(0, CONTROLS)
    .map((row): ControlInput => ({
      label: labels[row.label] ?? "",
      zeroShot: { answer: row.zeroShot, contentFree },
      leaveOneOut: UNASKED,
    }));
  const all = draw.evaluation.find(({ kept }) => /^1+$/.test(kept));
  const free = draw.leaveOneOut[0]?.[0]?.contentFree ?? null;
  const shown = (all?.answers ?? []).map((answer, index): ControlInput => ({
    label: labels[draw.queries[index]?.[1] ?? -1] ?? "",
    zeroShot: UNASKED,
    leaveOneOut: { answer, contentFree: free },
  }));
  return joined ? [...zeroShot, ...shown] : zeroShot;
}

function count(recording: Recording, joined: boolean, flipped: boolean): Counts {
  const { labels, rows, contentFree } = recording;
  const counts = { draws: 0, unknown: 0, planted: 0, ranked: 0, named: 0, right: 0, alarms: 0 };
  for (const draw of recording.draws) {
    const isWhole =
      draw.leaveOneOut.length > 0 && draw.evaluation.some(({ kept }) => /^1+$/.test(kept));
    if (joined && !isWhole) continue;
    const controls = controlsOf(recording, draw, joined);
    const demonstrations = draw.demonstrations.map(([row, written], index) => ({
      span: index,
      startLine: index + 1,
      // Texts are not recorded, and none of them is like another.
      input: String.fromCodePoint(97 + index).repeat(9),
      label: labels[flipped ? written : (rows[row]?.label ?? -1)] ?? "",
    }));
    const answers = draw.demonstrations.map(([row]) => rows[row]?.zeroShot ?? null);
    const leaveOneOut = draw.demonstrations.map((_, index) =>
      (joined ? draw.leaveOneOut : []).flatMap((order): CalibratedAnswer[] => {
        const asked = order[index];
        return asked ? [{ answer: asked.own, contentFree: asked.contentFree }] : [];
      }),
    );
    const found = judgeDemonstrations({
      demonstrations,
      labels,
      answers,
      contentFree,
      leaveOneOut,
      controls,
    });
    const wrong = draw.demonstrations.map(
      ([row, written]) => flipped && rows[row]?.label !== written,
    );
    const discriminants = discriminantsOf(labels, controls);
    const scores = demonstrations.map(({ label }, index) => {
      const zeroShot = labelMargin(labels, label, { answer: answers[index] ?? null, contentFree });
      const others = (leaveOneOut[index] ?? []).map((asked) => labelMargin(labels, label, asked));
      return scoreOf({ zeroShot, leaveOneOut: meanMargin(others) }, discriminants) ?? 0;
    });
    const planted = wrong.filter(Boolean).length;
    const lowest = [...scores.keys()]
      .sort((left, right) => (scores[left] ?? 0) - (scores[right] ?? 0))
      .slice(0, planted);
    const named = found.kind === "unknown" ? [] : found.suspicious.map(({ span }) => span);
    counts.draws++;
    counts.unknown += found.kind === "unknown" ? 1 : 0;
    counts.planted += planted;
    counts.ranked += lowest.filter((index) => wrong[index]).length;
    counts.named += named.filter((index) => wrong[index]).length;
    counts.right += wrong.length - planted;
    counts.alarms += named.filter((index) => !wrong[index]).length;
  }
  return counts;
}

const asked = process.argv.slice(2);
const settings =
  asked.length > 0 || !existsSync(folder)
    ? asked
    : readdirSync(folder)
        .filter((name) => name.endsWith(".json") && !name.includes("surrogate"))
        .map((name) => name.slice(0, -".json".length))
        .sort();
process.stdout.write(
  "task.oracle | answers | labels | draws | not judged | flips among as many lowest | flips named | right labels named\n",
);
for (const setting of settings) {
  const recording = recordingSchema.parse(
    JSON.parse(readFileSync(join(folder, `${setting}.json`), "utf8")),
  );
  for (const joined of [false, true])
    for (const flipped of joined ? [true] : [true, false]) {
      const counts = count(recording, joined, flipped);
      if (counts.draws === 0) continue;
      const { draws, unknown, planted, ranked, named, right, alarms } = counts;
      process.stdout.write(
        `${setting} | ${joined ? "both" : "zero-shot"} | ${flipped ? "2 to 4 flipped" : "all right"} | ${draws} | ${unknown} | ${ranked} of ${planted} | ${named} of ${planted} | ${alarms} of ${right}\n`,
      );
    }
}
