/** The recorded benchmark of flipped demonstrations: what its tables claim, and that the recordings are what their header says. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Comparison, armsOf, compareArms, keptBy } from "../../bench/demonstrations/arms.js";
import { DEMONSTRATIONS, DRAWS, drawOf, plantedIn } from "../../bench/demonstrations/draws.js";
import { chanceRecall, namedFlips } from "../../bench/demonstrations/recall.js";
import {
  type DemonstrationsRecording,
  type RecordedDraw,
  readRecording,
  recordingPath,
} from "../../bench/demonstrations/recording.js";
import {
  type Scores,
  calibratedMargin,
  leaveOneOutScores,
  lowest,
  plantedOf,
  zeroShotScores,
} from "../../bench/demonstrations/signals.js";
import { mcnemar, wilson } from "../../bench/demonstrations/statistics.js";
import { labelsOf, poolOf, taskNamed } from "../../bench/demonstrations/tasks.js";
import { benchData } from "../../bench/games/games.js";

const SETTINGS = readdirSync(dirname(recordingPath("any")))
  .filter((file) => file.endsWith(".json") && !file.endsWith(".surrogate.json"))
  .map((file) => file.slice(0, -".json".length));

describe.each(SETTINGS)("recording %s", (setting) => {
  const recording = readRecording(setting);

  test("has twenty draws of eight demonstrations with two to four flips, and queries that are none of them", () => {
    expect(recording.draws).toHaveLength(DRAWS);
    recording.draws.forEach((draw, index) => {
      expect(draw.demonstrations).toHaveLength(DEMONSTRATIONS);
      expect(plantedOf(recording, draw)).toHaveLength(plantedIn(index));
      expect(new Set(draw.random).size).toBe(plantedIn(index));
      const ids = [
        ...draw.demonstrations.map(([row]) => recording.rows[row]?.id),
        ...draw.queries.map(([id]) => id),
        ...draw.influenceQueries.map(([id]) => id),
      ];
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  test("has a number for every label of every answer, and none that is positive", () => {
    const readings = [
      recording.contentFree,
      ...recording.rows.map(({ zeroShot }) => zeroShot),
      ...recording.draws.flatMap(({ leaveOneOut, influence, evaluation, controls }) => [
        ...leaveOneOut.flat().flatMap(({ own, contentFree }) => [own, contentFree]),
        ...(influence ?? []).flatMap(({ answers }) => answers),
        ...(controls ? [controls.contentFree, ...controls.answers] : []),
        ...evaluation.flatMap(({ answers }) => answers),
      ]),
    ];
    const odd = readings.filter(
      (reading) =>
        reading.length !== recording.labels.length ||
        reading.some(
          (value) => !((typeof value === "number" ? value : Number(value.slice(1))) <= 0),
        ),
    );
    expect(odd).toEqual([]);
  });

  test("answers every query under the poisoned prompt, and without the flips, and without as many at random", () => {
    // A setting may have signals only.
    const evaluated = recording.draws.filter(({ evaluation }) => evaluation.length > 0);
    expect([0, DRAWS]).toContain(evaluated.length);
    for (const draw of evaluated)
      for (const name of ["poisoned", "truth", "random"] as const) {
        const kept = keptBy(name, recording, draw);
        const arm = draw.evaluation.find((one) => one.kept === kept);
        expect(arm?.answers).toHaveLength(draw.queries.length);
      }
  });

  const available = existsSync(join(benchData, "sst2.dev.jsonl"));
  const missing = available ? "" : ` (skipped: no benchmark data at ${benchData})`;
  (available ? test : test.skip)(`holds the draws that follow from the seeds${missing}`, () => {
    const task = taskNamed(recording.task);
    const pool = poolOf(task);
    expect(recording.labels).toEqual(labelsOf(task));
    recording.draws.forEach((draw, index) => {
      const drawn = drawOf(task, pool, index);
      expect(
        draw.demonstrations.map(([row, written]) => [recording.rows[row]?.id, written]),
      ).toEqual(drawn.demonstrations.map(({ row, written }) => [row.id, written]));
      expect(draw.queries).toEqual(drawn.queries.map(({ id, label }) => [id, label]));
      expect(draw.influence?.map(({ mask }) => mask) ?? null).toEqual(
        draw.influence && drawn.masks.map(({ mask }) => mask.join("")),
      );
    });
  });
});

type Signal = (recording: DemonstrationsRecording, draw: RecordedDraw) => Scores | null;

/** Share of the flips that a signal names in a list as long as their number. */
function recall(setting: string, signal: Signal): number {
  const recording = readRecording(setting);
  const { named, planted } = namedFlips(setting, recording, (draw) => signal(recording, draw));
  return named / planted;
}

const batchCalibrated: Signal = (recording, draw) => zeroShotScores(recording, draw, "batch");
const leaveOneOut: Signal = (_, draw) => leaveOneOutScores(draw);

test("the oracle's margins name nine of ten flips of labels that it knows", () => {
  expect(recall("sentiment.1.5b", batchCalibrated)).toBeGreaterThanOrEqual(0.9);
  expect(recall("topics.1.5b", zeroShotScores)).toBeGreaterThanOrEqual(0.9);
});

test("where letters say nothing, zero-shot margins name fewer flips than chance does and leave-one-out margins more", () => {
  const chance = chanceRecall(readRecording("queues.0.5b"));
  expect(recall("queues.0.5b", zeroShotScores)).toBeLessThan(chance);
  expect(recall("queues.0.5b", leaveOneOut)).toBeGreaterThan(chance);
});

function truthAgainstPoison(setting: string): Comparison {
  const arms = armsOf(readRecording(setting));
  const [poisoned, truth] = ["poisoned", "truth"].map((name) =>
    arms.find((arm) => arm.name === name),
  );
  if (!poisoned || !truth) throw new Error(`${setting} has no arms`);
  return compareArms(poisoned, truth);
}

test("without the flips accuracy moves where only demonstrations tell the labels, and the margin where the oracle knows them", () => {
  const letters = truthAgainstPoison("queues.1.5b");
  expect(letters.accuracyMove.estimate).toBeCloseTo(0.15, 12);
  expect(letters.test).toMatchObject({ gained: 50, lost: 14 });
  expect(letters.test.p).toBeLessThan(1e-4);
  const words = truthAgainstPoison("sentiment.1.5b");
  expect(words.test.p).toBeGreaterThan(0.05);
  expect(words.marginMove.low).toBeGreaterThan(1.5);
});

test("chance at lists as long as the flips is the mean of n squared over 8 n", () => {
  // 7 draws of 2, 7 of 3, 6 of 4: (28 + 63 + 96) / 8 / 59.
  expect(chanceRecall(readRecording("sentiment.1.5b"))).toBeCloseTo(187 / 8 / 59, 12);
});

test("the lowest scores win, ties go to the earlier position", () => {
  expect(lowest([1, -2, 0, -2], 2)).toEqual([1, 3]);
  expect(lowest([0, 0, 0], 1)).toEqual([0]);
});

test("a calibrated margin subtracts the content-free answer label by label; bounds count as their number", () => {
  expect(calibratedMargin([-1, -3], [-2, -1], 0)).toBeCloseTo(1 - -2, 12);
  expect(calibratedMargin([-1, "<-9"], [-1, -1], 1)).toBeCloseTo(-8, 12);
});

test("Wilson's interval and the exact McNemar test have their published values", () => {
  // Newcombe 1998, table I: 81 of 263, score interval .2553 to .3662.
  expect(wilson(81, 263).low).toBeCloseTo(0.2553, 4);
  expect(wilson(81, 263).high).toBeCloseTo(0.3662, 4);
  const before = [...Array<boolean>(6).fill(false), true, true];
  const after = [...Array<boolean>(6).fill(true), false, true];
  // 6 gained, 1 lost: 2 (1 + 7) / 2^7.
  expect(mcnemar(before, after)).toEqual({ gained: 6, lost: 1, p: expect.closeTo(0.125, 12) });
});
