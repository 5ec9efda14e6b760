/** Lower confidence bounds by inverting the betting test over a grid of thresholds (methods C3). */
import {
  betOnDifferences,
  isRejected,
  type BettingDesign,
  type BettingState,
} from "./e-process.js";

/** Points of the grid: 1/resolution, 2/resolution, ... below 1. */
const RESOLUTION = 100;

/** Differences d in [-threshold, 1] under a threshold, in the order of the test; the same number of them for every threshold. */
export type DifferencesAt = (threshold: number) => ArrayLike<number>;

/**
 * Lower confidence bound after each look, at level 1 - alpha and valid at all looks at once: the largest point of the grid up to
 * which every point has been rejected by then; 0 where the first has not. One alpha covers the grid and the looks: a bound above
 * the truth requires that the first point at or above the truth, a true H0, was rejected. The path never falls.
 * `design.threshold` is ignored. With d = q - threshold the truth is the mean of q; with d = q_surrogate - threshold * q_oracle it
 * is the ratio of the means.
 */
export function lowerBoundPath(
  differencesAt: DifferencesAt,
  design: BettingDesign,
  resolution = RESOLUTION,
): readonly number[] {
  const path: number[] = [];
  let since = 0;
  for (let point = 1; point < resolution; point++) {
    const at = { ...design, threshold: point / resolution };
    const states = betOnDifferences(differencesAt(at.threshold), at);
    if (point === 1) for (let look = 0; look < states.length; look++) path.push(0);
    const first = firstRejection(states, at);
    if (first === null) break;
    since = Math.max(since, first);
    path.fill(at.threshold, since);
  }
  return path;
}

/** The first state, counted from 0, at which H0 is rejected; null where it never is. */
export function firstRejection(
  states: readonly BettingState[],
  design: BettingDesign,
): number | null {
  const first = states.findIndex((state) => isRejected(state, design));
  return first < 0 ? null : first;
}

/** The bound of the mean of values in [0, 1] after all of them; 0 where there are none. */
export function lowerBoundByBetting(
  values: ArrayLike<number>,
  design: BettingDesign,
  resolution = RESOLUTION,
): number {
  const given = Float64Array.from(values);
  return (
    lowerBoundPath((threshold) => given.map((q) => q - threshold), design, resolution).at(-1) ?? 0
  );
}
