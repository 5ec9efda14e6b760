/**
 * Flipped demonstrations (docs/results.md): how well each signal names them, and what removing what it names changes.
 * Two to four of eight labels flipped, twenty draws a task, from the recordings in bench/demonstrations/recordings:
 *   npm run bench:demonstrations [-- --setting sentiment.1.5b]
 * Nothing is asked. Recorded anew by bench/demonstrations/record.ts (its header has the command) and, for the embedded surrogate,
 * bench/demonstrations/record-surrogate.ts.
 */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import { type Arm, type ArmName, armsOf, compareArms } from "./demonstrations/arms.js";
import {
  type DemonstrationsRecording,
  readRecording,
  readSurrogateReadings,
  recordingPath,
} from "./demonstrations/recording.js";
import { type NamedFlips, chanceRecall, flaggedByRule, recallOf } from "./demonstrations/recall.js";
import { wilson } from "./demonstrations/statistics.js";

const { values: flags } = parseArgs({ options: { setting: { type: "string" } } });

/** Settings with a recording, in the order of their names. */
function settings(): string[] {
  return readdirSync(dirname(recordingPath("any")))
    .filter((file) => file.endsWith(".json") && !file.endsWith(".surrogate.json"))
    .map((file) => file.slice(0, -".json".length))
    .filter((setting) => flags.setting === undefined || setting === flags.setting)
    .sort();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function recallRow({ signal, named, planted }: NamedFlips): string[] {
  const { low, high } = wilson(named, planted);
  return [
    signal,
    `${named} of ${planted}`,
    percent(named / planted),
    `[${percent(low)}, ${percent(high)}]`,
  ];
}

function printRecall(setting: string, recording: DemonstrationsRecording): void {
  const rows = recallOf(recording, readSurrogateReadings(setting)).map(recallRow);
  const chance = chanceRecall(recording);
  print(
    markdownTable([
      ["signal", "flips named", "recall", "95 % interval (Wilson)"],
      ...rows,
      ["chance", "", percent(chance), ""],
    ]),
  );
  const { flagged, right, planted, demonstrations, unknown } = flaggedByRule(recording);
  print(
    `The rule of the review (zero-shot margins against those of 20 labelled rows) flags ${flagged} of ${demonstrations} demonstrations, ${right} of them among the ${planted} flips; ${flagged - right} of ${demonstrations - planted} right labels flagged; ${unknown} of ${recording.draws.length} draws judged unknown.`,
  );
}

const ARM_TITLES: Readonly<Record<ArmName, string>> = {
  poisoned: "as poisoned",
  "zero-shot": "lowest zero-shot margins removed",
  joined: "lowest joined margins removed",
  influence: "lowest influence by the oracle removed",
  random: "as many at random removed",
  truth: "the flips removed",
  clean: "all labels right",
};

/** A move with its interval and the exact test of the pooled answers; empty for an arm against itself. */
function accuracyMove(before: Arm, arm: Arm): string {
  if (before.name === arm.name) return "";
  const { accuracyMove: move, test } = compareArms(before, arm);
  return `${signed(100 * move.estimate, 1)} [${signed(100 * move.low, 1)}, ${signed(100 * move.high, 1)}]; ${test.gained} gained, ${test.lost} lost, p = ${test.p.toPrecision(2)}`;
}

function armRow(poisoned: Arm, random: Arm | undefined, arm: Arm): string[] {
  const { accuracy, margin, marginMove: move } = compareArms(poisoned, arm);
  return [
    ARM_TITLES[arm.name],
    percent(accuracy),
    accuracyMove(poisoned, arm),
    random && arm.name !== "poisoned" ? accuracyMove(random, arm) : "",
    signed(margin, 2),
    arm.name === "poisoned"
      ? ""
      : `${signed(move.estimate, 2)} [${signed(move.low, 2)}, ${signed(move.high, 2)}]`,
  ];
}

function printArms(recording: DemonstrationsRecording): void {
  const arms = armsOf(recording);
  const poisoned = arms.find(({ name }) => name === "poisoned");
  const random = arms.find(({ name }) => name === "random");
  if (poisoned === undefined) return print("The arms were not recorded.");
  print(
    `Prompt, over ${poisoned.draws.length} draws of ${poisoned.draws[0]?.right.length ?? 0} queries; moves in points with 95 % intervals over draws, and the exact two-sided McNemar test of all queries pooled:`,
  );
  print(
    markdownTable([
      [
        "prompt",
        "accuracy",
        "against the poisoned prompt",
        "against random removal",
        "mean margin, nats",
        "move, nats",
      ],
      ...arms.map((arm) => armRow(poisoned, random, arm)),
    ]),
  );
}

interface Move {
  readonly setting: string;
  readonly arm: ArmName;
  readonly points: number;
}

/** What removing demonstrations changed the accuracy by; blind removal and right labels are no findings. */
function movesOf(setting: string, recording: DemonstrationsRecording): Move[] {
  const arms = armsOf(recording);
  const poisoned = arms.find(({ name }) => name === "poisoned");
  if (poisoned === undefined) return [];
  return arms
    .filter(({ name }) => name !== "poisoned" && name !== "random" && name !== "clean")
    .map((arm) => ({
      setting,
      arm: arm.name,
      points: 100 * compareArms(poisoned, arm).accuracyMove.estimate,
    }));
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

const moves: Move[] = [];
for (const setting of settings()) {
  const recording = readRecording(setting);
  print(
    `## ${setting}: labels ${recording.labels.join(", ")}; ${recording.draws.length} draws; ${recording.oracle}`,
  );
  printRecall(setting, recording);
  printArms(recording);
  moves.push(...movesOf(setting, recording));
}
for (const [who, isMeant] of [
  ["what a signal names", (move: Move) => move.arm !== "truth"],
  ["all flips and nothing else", (move: Move) => move.arm === "truth"],
] as const) {
  const largest = moves.filter(isMeant).sort((left, right) => right.points - left.points)[0];
  if (largest)
    print(
      `Largest move of accuracy by removing ${who}: ${signed(largest.points, 1)} points (${largest.setting}).`,
    );
}
