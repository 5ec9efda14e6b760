/** How far a recorded template can be shortened along a path: shares of tokens, areas, and paired comparisons over inputs. */
import type { CandidateSpan } from "../../src/findings/deletion-path.js";
import type { Interval } from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import { inputAt } from "../games/games.js";
import { checkpointsOf } from "./deletions.js";
import { NOT_ASKED, sameLabel, type CompressionRecording } from "./recording.js";

interface Answer {
  /** What it begins with: see recording.ts. */
  readonly code: string;
  readonly likeliest: string;
}

/** Whether an answer counts as unchanged. */
export type Equality = (before: Answer, after: Answer) => boolean;

/**
 * - label: it begins with the same label, letter case ignored
 * - exact: in the same letter case, too, which is what the program asks for by default
 * - likeliest: the same label is the likeliest of the labels, even where the oracle begins with something else
 */
export const EQUALITIES = {
  label: (before, after) => sameLabel(before.code, after.code),
  exact: (before, after) => before.code === after.code && sameLabel(before.code, after.code),
  likeliest: (before, after) => sameLabel(before.likeliest, after.likeliest),
} as const satisfies Record<string, Equality>;

/** One input along one path. */
export interface InputPath {
  /** Share of maskable tokens gone at each checkpoint, ascending; the first is 0, the whole prompt. */
  readonly shares: readonly number[];
  /** Whether the answer is that to the whole prompt; shorter than `shares` where nobody asked further after a change. */
  readonly unchanged: readonly boolean[];
  /** Nats by which the first label leads; null: not asked. */
  readonly margins: readonly (number | null)[];
}

/**
 * An input along an order of deletion; null where an answer is missing before the first change. Throws where the recording lacks the
 * whole prompt.
 */
export function pathOf(
  recording: CompressionRecording,
  position: number,
  order: readonly CandidateSpan[],
  same: Equality = EQUALITIES.label,
): InputPath | null {
  const steps = [{ mask: "1".repeat(order.length), share: 0 }, ...checkpointsOf(order)];
  const full = recording.answers[steps[0]?.mask ?? ""];
  if (full === undefined)
    throw new Error(`${recording.template}: the whole prompt is not recorded`);
  const answers = steps.map(({ mask }): Answer => {
    const { codes, likeliest } = recording.answers[mask] ?? { codes: "", likeliest: "" };
    return { code: codes[position] ?? NOT_ASKED, likeliest: likeliest[position] ?? NOT_ASKED };
  });
  const missing = answers.findIndex(({ code }) => code === NOT_ASKED);
  const asked = missing < 0 ? answers.length : missing;
  const unchanged = answers.slice(0, asked).map((answer) => same(inputAt(answers, 0), answer));
  if (asked < answers.length && unchanged.every(Boolean)) return null;
  return {
    shares: steps.map(({ share }) => share),
    unchanged,
    margins: steps.map(({ mask }) => recording.answers[mask]?.margins[position] ?? null),
  };
}

/** Share of tokens gone at the last checkpoint before the answer first changes: nothing further along counts. */
export function shareUntilChange({ shares, unchanged }: InputPath): number {
  const change = unchanged.indexOf(false);
  return shares[(change < 0 ? shares.length : change) - 1] ?? 0;
}

/** Area under "unchanged" against the share of tokens gone, trapezoidal: 1 = never changed. Throws where the path was not asked to its end. */
export function areaUnchanged({ shares, unchanged }: InputPath): number {
  if (unchanged.length !== shares.length) throw new RangeError("a path that stops before its end");
  return area(shares, unchanged.map(Number));
}

/** Mean margin over the share of tokens gone, nats; null where a margin is missing. */
export function meanMargin({ shares, margins }: InputPath): number | null {
  const known = margins.filter((margin) => margin !== null);
  return known.length === shares.length ? area(shares, known) : null;
}

function area(shares: readonly number[], heights: readonly number[]): number {
  return shares
    .slice(1)
    .reduce(
      (sum, share, index) =>
        sum +
        ((share - (shares[index] ?? 0)) * ((heights[index] ?? 0) + (heights[index + 1] ?? 0))) / 2,
      0,
    );
}

/** Share of tokens gone at the last checkpoint before the first one at which more than `most` of the inputs' answers have changed. */
export function shareAtTolerance(paths: readonly InputPath[], most: number): number {
  const shares = paths[0]?.shares ?? [];
  const failed = shares.findIndex(
    (_, step) =>
      paths.filter(({ unchanged }) => unchanged[step] !== true).length > most * paths.length + 1e-9,
  );
  return shares[(failed < 0 ? shares.length : failed) - 1] ?? 0;
}

/** A statistic of inputs with a 95 % percentile interval over inputs drawn again, 2,000 draws that depend on the seed alone. */
export function overResampledInputs(
  inputs: number,
  statistic: (positions: readonly number[]) => number,
  seed: string,
): Interval {
  const random = randomFrom(`compression interval\n${seed}`);
  const all = Array.from({ length: inputs }, (_, position) => position);
  const draws = Array.from({ length: DRAWS }, () =>
    statistic(all.map(() => random.integer(inputs))),
  );
  draws.sort((a, b) => a - b);
  const at = (share: number): number => draws[Math.round(share * (DRAWS - 1))] ?? Number.NaN;
  return { estimate: statistic(all), low: at(0.025), high: at(0.975) };
}

const DRAWS = 2000;

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What an interval of a difference says of the first of the two. */
export function signOf({ low, high }: Interval): "better" | "worse" | "not told apart" {
  if (low > 0) return "better";
  return high < 0 ? "worse" : "not told apart";
}
