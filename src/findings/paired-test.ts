/** Tests about the difference of two shares on the same inputs, by betting: valid however early asking stops (docs/methods.md, C3, D3). */
import type { AccuracyComparison, ExcessChanges } from "../domain.js";
import {
  betOnDifferences,
  isFutile,
  isRejected,
  NO_BETS,
  type BettingDesign,
  type BettingState,
} from "../numerics/e-process.js";

export interface PairedDesign {
  /** Least difference that is to be refuted, in (0, 1). */
  readonly margin: number;
  readonly alpha: number;
  /** Most inputs that will be looked at. */
  readonly horizon: number;
}

/** Margins that a bound is looked for at. */
const GRID = 0.005;

/** A loss of the shorter prompt on one input against the whole one: 1 worse, 0 the same, -1 better. */
export type Loss = -1 | 0 | 1;

/**
 * H0: the mean loss is at least `margin`. The bet is on (margin - loss) / (1 + margin), which lies in [(margin - 1) / (1 + margin), 1]
 * and under H0 has a mean of at most 0: methods C3 with the pair difference scaled into its range.
 */
function designOf({ margin, alpha, horizon }: PairedDesign): BettingDesign {
  return { threshold: (1 - margin) / (1 + margin), alpha, horizon, population: null };
}

function statesOf(losses: readonly Loss[], design: PairedDesign): readonly BettingState[] {
  return betOnDifferences(
    losses.map((loss) => (design.margin - loss) / (1 + design.margin)),
    designOf(design),
  );
}

export interface PairedOutcome {
  /** Whether a mean loss of `margin` or more was refuted. */
  readonly rejected: boolean;
  /** Whether it can be refuted no more by the horizon. */
  readonly futile: boolean;
  /** Smallest p-value reached: one over the largest wealth. */
  readonly pValue: number;
}

/** The test after these losses, in the order of asking. */
export function testLosses(losses: readonly Loss[], design: PairedDesign): PairedOutcome {
  const last = statesOf(losses, design).at(-1) ?? NO_BETS;
  return {
    rejected: isRejected(last, designOf(design)),
    futile: isFutile(last, designOf(design)),
    pValue: Math.min(1, 1 / last.largestWealth),
  };
}

/** Upper confidence bound of the mean loss at confidence 1 - alpha, valid at any time: the least margin from which on all are refuted. */
export function upperBoundOfLoss(
  losses: readonly Loss[],
  { alpha, horizon }: Omit<PairedDesign, "margin">,
): number {
  let bound = 1;
  for (let margin = 1 - GRID; margin > GRID / 2; margin -= GRID) {
    if (!testLosses(losses, { margin, alpha, horizon }).rejected) break;
    bound = margin;
  }
  return Number(bound.toFixed(4));
}

/** One input with an expected output: right under the whole prompt, and under the shorter one. */
export interface Judged {
  readonly whole: boolean;
  readonly shorter: boolean;
}

export function lossOf({ whole, shorter }: Judged): Loss {
  return whole === shorter ? 0 : whole ? 1 : -1;
}

/** Accuracy on the same inputs, with the test that it does not fall by `margin` or more. */
export function compareAccuracy(
  judged: readonly Judged[],
  design: PairedDesign,
): AccuracyComparison {
  const losses = judged.map(lossOf);
  return {
    inputs: judged.length,
    right: judged.filter(({ whole }) => whole).length,
    rightShorter: judged.filter(({ shorter }) => shorter).length,
    lost: losses.filter((loss) => loss === 1).length,
    gained: losses.filter((loss) => loss === -1).length,
    margin: design.margin,
    bound: upperBoundOfLoss(losses, design),
    alpha: design.alpha,
    nonInferior: testLosses(losses, design).rejected,
  };
}

/** One input: whether its output changed under the shorter prompt, and when the whole prompt was asked again. */
export interface ChangePair {
  readonly changed: boolean;
  readonly own: boolean;
}

export function excessOf({ changed, own }: ChangePair): Loss {
  return changed === own ? 0 : changed ? 1 : -1;
}

/** Changes beyond those that happen by themselves, with the test that they are fewer than `margin`. */
export function compareChanges(pairs: readonly ChangePair[], design: PairedDesign): ExcessChanges {
  const losses = pairs.map(excessOf);
  return {
    inputs: pairs.length,
    changed: pairs.filter(({ changed }) => changed).length,
    ownChanged: pairs.filter(({ own }) => own).length,
    margin: design.margin,
    bound: upperBoundOfLoss(losses, design),
    shown: testLosses(losses, design).rejected,
  };
}
