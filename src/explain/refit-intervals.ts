import type { EstimatorName, Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { quantile } from "../numerics/bootstrap.js";
import { type Random, randomFrom } from "../numerics/random.js";
import type { Estimate, MeasuredGame } from "./game.js";

/** One method on one input's game. */
export type EstimateGame = (
  method: EstimatorName,
  game: MeasuredGame,
  options: { readonly seed: string },
) => Estimate;

export interface RefitOptions {
  readonly method: EstimatorName;
  readonly seed: string;
  readonly estimate: EstimateGame;
}

const REFITS = 20;
const LOW = 0.05;
/** Methods that take every mask for what it is: there is nothing to draw again, and the interval is the estimate. */
const WITHOUT_REFITS: ReadonlySet<EstimatorName> = new Set(["exact", "leave-one-out"]);

/**
 * Every input's attribution by one method, with 90 % percentile intervals of refits to rows drawn again with replacement (Efron
 * and Tibshirani 1993, chapter 13); the values of all spans and of none, which some methods are tied to, stay in every draw. `mean` is
 * the mean over inputs, its interval that of the refits' means. Intervals always hold the estimate.
 * What a method throws names the input.
 */
export function refitIntervals(
  games: readonly MeasuredGame[],
  options: RefitOptions,
): { readonly perInput: readonly (readonly Interval[])[]; readonly mean: readonly Interval[] } {
  const { method, seed, estimate } = options;
  const estimates = games.map((game, input) =>
    naming(input, () => estimate(method, game, { seed: `${seed}\n${input}` }).attribution),
  );
  const refits = Array.from({ length: WITHOUT_REFITS.has(method) ? 0 : REFITS }, (_, refit) =>
    games.map((game, input) => {
      const name = `${seed}\n${input}\nrefit ${refit}`;
      return estimate(method, drawAgain(game, randomFrom(name)), { seed: name }).attribution;
    }),
  );
  return {
    perInput: estimates.map((attribution, input) =>
      intervals(
        attribution,
        refits.map((refit) => refit[input] as Float64Array),
      ),
    ),
    mean: intervals(meanOf(estimates), refits.map(meanOf)),
  };
}

/** What a method says of an input's game names the input. */
function naming<Result>(input: number, run: () => Result): Result {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof UnderstudyError)) throw thrown;
    throw new UnderstudyError(thrown.code, `inputs[${input}]: ${thrown.message}`, {
      cause: thrown,
    });
  }
}

function drawAgain(game: MeasuredGame, random: Random): MeasuredGame {
  const kept = [...game.masks.keys()].filter((row) => isExtreme(game, row));
  const drawn = [...game.masks.keys()].filter((row) => !isExtreme(game, row));
  const rows = [...kept, ...drawn.map(() => drawn[random.integer(drawn.length)] as number)];
  return {
    spans: game.spans,
    masks: rows.map((row) => game.masks[row] as Uint8Array),
    values: Float64Array.from(rows, (row) => game.values[row] as number),
  };
}

function isExtreme(game: MeasuredGame, row: number): boolean {
  const mask = game.masks[row] as Uint8Array;
  return mask.every((kept) => kept === mask[0]);
}

function meanOf(attributions: readonly Float64Array[]): Float64Array {
  const [first = new Float64Array(0)] = attributions;
  return first.map(
    (_, span) =>
      attributions.reduce((sum, own) => sum + (own[span] as number), 0) / attributions.length,
  );
}

function intervals(estimate: Float64Array, refits: readonly Float64Array[]): Interval[] {
  return Array.from(estimate, (value, span) => {
    if (refits.length === 0) return { estimate: value, low: value, high: value };
    const sorted = Float64Array.from(refits, (refit) => refit[span] as number).sort();
    return {
      estimate: value,
      low: Math.min(value, quantile(sorted, LOW)),
      high: Math.max(value, quantile(sorted, 1 - LOW)),
    };
  });
}
