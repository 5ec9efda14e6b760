/** How many flipped demonstrations a signal names when its list is as long as the number of flips. */
import type { ControlInput } from "../../src/findings/demonstration-knowledge.js";
import { judgeDemonstrations } from "../../src/findings/demonstrations.js";
import {
  type DemonstrationsRecording,
  type RecordedDraw,
  type SurrogateReadings,
  answerOf,
} from "./recording.js";
import {
  type Calibration,
  type Scores,
  influenceScores,
  joinedScores,
  leaveOneOutScores,
  lowest,
  plantedOf,
  surrogateScores,
  zeroShotScores,
} from "./signals.js";

export interface NamedFlips {
  readonly signal: string;
  readonly named: number;
  readonly planted: number;
}

/** Flips among the lowest scores of the draws that have any. */
export function namedFlips(
  signal: string,
  recording: DemonstrationsRecording,
  scores: (draw: RecordedDraw) => Scores | null,
): NamedFlips {
  let named = 0;
  let planted = 0;
  for (const draw of recording.draws) {
    const own = scores(draw);
    if (own === null) continue;
    const flips = plantedOf(recording, draw);
    planted += flips.length;
    named += lowest(own, flips.length).filter((position) => flips.includes(position)).length;
  }
  return { signal, named, planted };
}

const CALIBRATIONS: readonly (readonly [Calibration, string])[] = [
  ["none", "as answered"],
  ["content-free", "less that of N/A"],
  ["batch", "less the mean answer"],
];

/** All signals that were recorded. */
export function recallOf(
  recording: DemonstrationsRecording,
  surrogate: SurrogateReadings | null,
): NamedFlips[] {
  const of = (signal: string, scores: (draw: RecordedDraw) => Scores | null): NamedFlips =>
    namedFlips(signal, recording, scores);
  return [
    ...CALIBRATIONS.map(([how, title]) =>
      of(`zero-shot margin, ${title}`, (draw) => zeroShotScores(recording, draw, how)),
    ),
    ...CALIBRATIONS.map(([how, title]) =>
      of(`leave-one-out margin, ${title}`, (draw) => leaveOneOutScores(draw, how)),
    ),
    ...CALIBRATIONS.map(([how, title]) =>
      of(`joined, ${title}`, (draw) => joinedScores(recording, draw, how)),
    ),
    of("influence by the oracle", influenceScores),
    of("surrogate's zero-shot margin", (draw) => surrogate && surrogateScores(surrogate, draw)),
  ].filter(({ planted }) => planted > 0);
}

/** Share of the flips that a blind list of the same length names on average. */
export function chanceRecall(recording: DemonstrationsRecording): number {
  const draws = recording.draws.map((draw) => ({
    flips: plantedOf(recording, draw).length,
    of: draw.demonstrations.length,
  }));
  const sum = (of: (draw: { flips: number; of: number }) => number): number =>
    draws.reduce((total, draw) => total + of(draw), 0);
  return sum(({ flips, of }) => flips ** 2 / of) / sum(({ flips }) => flips);
}

const CONTROLS = 20;

/** Labelled inputs by which the rule knows what right and wrong margins look like: rows that the draw does not show. */
function controlsOf(recording: DemonstrationsRecording, draw: RecordedDraw): ControlInput[] {
  const shown = new Set(draw.demonstrations.map(([row]) => row));
  const contentFree = answerOf(recording.contentFree);
  return recording.rows
    .filter((_, row) => !shown.has(row))
    .slice(0, CONTROLS)
    .map(({ label, zeroShot }) => ({
      label: recording.labels[label] ?? "",
      zeroShot: { answer: answerOf(zeroShot), contentFree },
      leaveOneOut: { answer: null, contentFree: null },
    }));
}

/** What the review's own rule flags without knowing how many are flipped: counts over the draws. */
export function flaggedByRule(recording: DemonstrationsRecording): {
  readonly flagged: number;
  readonly right: number;
  readonly planted: number;
  readonly demonstrations: number;
  /** Draws in which the rule says that it cannot know. */
  readonly unknown: number;
} {
  const counts = { flagged: 0, right: 0, planted: 0, demonstrations: 0, unknown: 0 };
  for (const draw of recording.draws) {
    const flips = plantedOf(recording, draw);
    counts.planted += flips.length;
    counts.demonstrations += draw.demonstrations.length;
    const findings = judgeDemonstrations({
      demonstrations: draw.demonstrations.map(([, written], position) => ({
        span: position,
        startLine: position + 1,
        // Texts are not recorded, and none of them is like another.
        input: String.fromCodePoint(97 + position).repeat(9),
        label: recording.labels[written] ?? "",
      })),
      labels: recording.labels,
      answers: draw.demonstrations.map(([row]) => answerOf(recording.rows[row]?.zeroShot ?? [])),
      contentFree: answerOf(recording.contentFree),
      controls: controlsOf(recording, draw),
    });
    if (findings.kind === "unknown") {
      counts.unknown++;
      continue;
    }
    counts.flagged += findings.suspicious.length;
    counts.right += findings.suspicious.filter(({ span }) => flips.includes(span)).length;
  }
  return counts;
}
