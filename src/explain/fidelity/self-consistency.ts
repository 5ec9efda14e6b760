import type { Unknown } from "../../domain.js";
import { dealFolds, outsideFold } from "../../numerics/cross-validation.js";
import { randomFrom } from "../../numerics/random.js";
import type { Estimate, MeasuredGame } from "../game.js";

export interface SelfConsistencyProblem {
  readonly game: MeasuredGame;
  /** The whole recipe under test, its choice of penalties included, on some rows of the game. */
  readonly fit: (
    training: MeasuredGame,
    rows: readonly number[],
  ) => Pick<Estimate, "intercept" | "attribution">;
  /** Weight of each row in the error, such as a locality kernel's; all 1 by default. */
  readonly weights?: ArrayLike<number>;
  /** 5 by default. */
  readonly folds?: number;
  readonly seed: string;
}

const FOLDS = 5;

/**
 * Local R2 by cross-validation: 1 - sum w (v - predicted)^2 / sum w (v - mean of the training rows)^2 over rows that the fit did
 * not see (methods B). It says whether a linear model holds together on the model that was measured: self-consistency, never
 * fidelity to the oracle. At most 1; below 0 where the mean predicts better. Unknown without variation or with fewer rows than folds.
 */
export function selfConsistency(problem: SelfConsistencyProblem): number | Unknown {
  const { game, fit, weights, folds = FOLDS, seed } = problem;
  const count = game.masks.length;
  if (count < folds)
    return { kind: "unknown", reason: `${count} masks cannot be split into ${folds} parts` };
  let error = 0;
  let deviation = 0;
  for (const fold of dealFolds(count, folds, randomFrom(`self-consistency\n${seed}`))) {
    const training = outsideFold(count, fold);
    const { intercept, attribution } = fit(selectRows(game, training), training);
    const mean = weightedMean(game.values, training, weights);
    for (const row of fold) {
      const value = game.values[row] as number;
      const weight = weights?.[row] ?? 1;
      const mask = game.masks[row] as Uint8Array;
      const predicted = mask.reduce(
        (sum, kept, span) => sum + kept * (attribution[span] as number),
        intercept,
      );
      error += weight * (value - predicted) ** 2;
      deviation += weight * (value - mean) ** 2;
    }
  }
  return deviation > 0
    ? 1 - error / deviation
    : { kind: "unknown", reason: "the values do not vary" };
}

function selectRows(game: MeasuredGame, rows: readonly number[]): MeasuredGame {
  return {
    spans: game.spans,
    masks: rows.map((row) => game.masks[row] as Uint8Array),
    values: Float64Array.from(rows, (row) => game.values[row] as number),
  };
}

function weightedMean(
  values: Float64Array,
  rows: readonly number[],
  weights: ArrayLike<number> | undefined,
): number {
  let sum = 0;
  let total = 0;
  for (const row of rows) {
    const weight = weights?.[row] ?? 1;
    sum += weight * (values[row] as number);
    total += weight;
  }
  return sum / total;
}
