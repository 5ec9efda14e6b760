/** What the prompts of a draw answered: as poisoned, with some demonstrations removed, with right labels. */
import { type DemonstrationsRecording, type RecordedDraw, answerOf } from "./recording.js";
import {
  influenceScores,
  joinedScores,
  lowest,
  margin,
  plantedOf,
  zeroShotScores,
} from "./signals.js";
import { type Bounds, type McNemar, mcnemar, overDraws } from "./statistics.js";

export const ARM_NAMES = [
  "poisoned",
  "zero-shot",
  "joined",
  "influence",
  "random",
  "truth",
  "clean",
] as const;
export type ArmName = (typeof ARM_NAMES)[number];

/** Of one draw: whether each query's likeliest label is the right one, and the right label's margin in nats. */
export interface ArmDraw {
  readonly right: readonly boolean[];
  readonly margins: readonly number[];
}

export interface Arm {
  readonly name: ArmName;
  readonly draws: readonly ArmDraw[];
}

/** Arms that were recorded for every draw. */
export function armsOf(recording: DemonstrationsRecording): Arm[] {
  return ARM_NAMES.flatMap((name) => {
    const draws = recording.draws.map((draw) => armDraw(draw, keptBy(name, recording, draw)));
    const known = draws.filter((draw) => draw !== null);
    return known.length === draws.length && known.length > 0 ? [{ name, draws: known }] : [];
  });
}

/** The prompt of an arm, as `evaluation` names it; null where its signal was not measured. */
export function keptBy(
  name: ArmName,
  recording: DemonstrationsRecording,
  draw: RecordedDraw,
): string | null {
  const flips = plantedOf(recording, draw);
  const without = (removed: readonly number[]): string =>
    draw.demonstrations.map((_, position) => (removed.includes(position) ? 0 : 1)).join("");
  switch (name) {
    case "poisoned":
      return without([]);
    case "zero-shot":
      return without(lowest(zeroShotScores(recording, draw), flips.length));
    case "joined": {
      const scores = joinedScores(recording, draw);
      return scores && without(lowest(scores, flips.length));
    }
    case "influence": {
      const scores = influenceScores(draw);
      return scores && without(lowest(scores, flips.length));
    }
    case "random":
      return without(draw.random);
    case "truth":
      return without(flips);
    case "clean":
      return "clean";
  }
}

function armDraw(draw: RecordedDraw, kept: string | null): ArmDraw | null {
  const answers = draw.evaluation.find((one) => one.kept === kept)?.answers;
  if (answers === undefined) return null;
  const margins = draw.queries.map(([, label], query) =>
    margin(answerOf(answers[query] ?? []), label),
  );
  return { margins, right: margins.map((value) => value > 0) };
}

export interface Comparison {
  readonly accuracy: number;
  /** Nats. */
  readonly margin: number;
  /** Against the poisoned prompt, mean over draws with a 95 % interval over draws. */
  readonly accuracyMove: Bounds & { readonly estimate: number };
  readonly marginMove: Bounds & { readonly estimate: number };
  /** All queries of all draws pooled. */
  readonly test: McNemar;
}

export function compareArms(poisoned: Arm, arm: Arm): Comparison {
  const before = poisoned.draws;
  const accuracies = arm.draws.map(({ right }) => shareRight(right));
  const margins = arm.draws.map((draw) => mean(draw.margins));
  return {
    accuracy: mean(accuracies),
    margin: mean(margins),
    accuracyMove: overDraws(
      accuracies.map((value, draw) => value - shareRight(before[draw]?.right ?? [])),
      `accuracy\n${arm.name}`,
    ),
    marginMove: overDraws(
      margins.map((value, draw) => value - mean(before[draw]?.margins ?? [])),
      `margin\n${arm.name}`,
    ),
    test: mcnemar(
      before.flatMap(({ right }) => right),
      arm.draws.flatMap(({ right }) => right),
    ),
  };
}

function shareRight(right: readonly boolean[]): number {
  return right.filter(Boolean).length / right.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
