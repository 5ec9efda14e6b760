/**
 * Flipped demonstrations (docs/results-demonstrations.md): how well each signal names them, and what removing what it names changes.
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
    `The rule of the review (both zero-shot margins negative) flags ${flagged} of ${demonstrations} demonstrations, ${right} of them among the ${planted} flips; ${flagged - right} of ${demonstrations - planted} right labels flagged; ${unknown} of ${recording.draws.length} draws judged unknown.`,
  );
}

const ARM_TITLES: Readonly<Record<ArmName, string>> = {
  poisoned: "as poisoned",
  flagged: "lowest joined (else zero-shot) margins removed",
  influence: "lowest influence by the oracle removed",
  random: "as many at random removed",
  truth: "the flips removed",
  clean: "all labels right",
};

function armRow(poisoned: Arm, arm: Arm): string[] {
  const compared = compareArms(poisoned, arm);
  const own = arm.name === "poisoned";
  return [
    ARM_TITLES[arm.name],
    percent(compared.accuracy),
    own
      ? ""
      : `${signed(100 * compared.accuracyMove.estimate, 1)} [${signed(100 * compared.accuracyMove.low, 1)}, ${signed(100 * compared.accuracyMove.high, 1)}]`,
    own
      ? ""
      : `+${compared.test.gained} −${compared.test.lost}, p = ${compared.test.p.toPrecision(2)}`,
    signed(compared.margin, 2),
    own
      ? ""
      : `${signed(compared.marginMove.estimate, 2)} [${signed(compared.marginMove.low, 2)}, ${signed(compared.marginMove.high, 2)}]`,
  ];
}

function printArms(recording: DemonstrationsRecording): void {
  const arms = armsOf(recording);
  const poisoned = arms.find(({ name }) => name === "poisoned");
  if (poisoned === undefined) return print("The arms were not recorded.");
  print(
    `Prompt, over ${poisoned.draws.length} draws of ${poisoned.draws[0]?.right.length ?? 0} queries; moves against the poisoned prompt with 95 % intervals over draws; McNemar exact, two-sided, all queries pooled:`,
  );
  print(
    markdownTable([
      ["prompt", "accuracy", "move, points", "McNemar", "mean margin, nats", "move, nats"],
      ...arms.map((arm) => armRow(poisoned, arm)),
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
const largest = [...moves].sort((left, right) => right.points - left.points)[0];
if (largest)
  print(
    `Largest move of accuracy by a removal: ${signed(largest.points, 1)} points, ${largest.setting}, ${ARM_TITLES[largest.arm]}.`,
  );
