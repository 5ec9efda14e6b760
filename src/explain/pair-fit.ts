import type { Interval, Mask } from "../domain.js";
import { quantile } from "../numerics/bootstrap.js";
import { dealFolds } from "../numerics/cross-validation.js";
import {
  type CrossValidatedLasso,
  crossValidatedLasso,
  lasso,
  relaxedRefit,
} from "../numerics/lasso.js";
import { type Regression, momentsOf, regressionOf, selectRows } from "../numerics/least-squares.js";
import type { Random } from "../numerics/random.js";
import type { MeasuredGame } from "./game.js";
import { type PairModel, pairProduct, pairsOf } from "./pair-model.js";

/** A pair term with a bootstrap interval. */
export interface PairEstimate {
  readonly spans: readonly [number, number];
  readonly effect: Interval;
}

export interface PairFit {
  /** R2 of masks in folds that the fit did not see, without and with pair terms. */
  readonly heldOutR2: { readonly main: number; readonly pairs: number };
  /** The model with pair terms where they predict held-out masks better, else the one without. */
  readonly model: PairModel;
  /** Pair terms of the model; empty where the guard refused them. */
  readonly estimates: readonly PairEstimate[];
}

const FOLDS = 5;
const REFITS = 100;
/** Pair terms must raise held-out R2 by this much. */
export const LEAST_RISE = 0.02;
/** Leading spans among which pairs are looked for, and the number of masks from which there are more. */
const LEADING = 8;
const LEADING_WITH_MANY_MASKS = 12;
const MANY_MASKS = 256;

/**
 * Pair terms by methods A7: after the main-effect Lasso, Lasso on the spans and on centred pair columns (z_i - 1/2)(z_j - 1/2)
 * among the 8 leading main effects (12 from 256 masks on), without any further evaluation. They are kept only if R2 over 5
 * folds rises by .02; both penalties are chosen on these folds, so that neither has the advantage. Magnitudes by least squares on
 * what Lasso keeps; intervals of the given level: percentiles of 100 refits on resampled masks at the same penalty.
 */
export function fitPairs(
  game: MeasuredGame,
  { level, random }: { readonly level: number; readonly random: Random },
): PairFit {
  const folds = dealFolds(game.masks.length, FOLDS, random);
  const main = centredRegression(game, []);
  const mainFit = crossValidatedLasso(main, folds);
  const pairs = pairsOf(leadingSpans(mainFit.coefficients, game.masks.length));
  const extended = centredRegression(game, pairs);
  const pairFit = crossValidatedLasso(extended, folds);
  const heldOutR2 = {
    main: 1 - mainFit.heldOutError / variance(game.values),
    pairs: 1 - pairFit.heldOutError / variance(game.values),
  };
  if (!(heldOutR2.pairs - heldOutR2.main >= LEAST_RISE))
    return { heldOutR2, model: modelOf(main, mainFit, []), estimates: [] };
  const model = modelOf(extended, pairFit, pairs);
  const refits = bootstrapRefits(extended, pairFit.alpha, random);
  const estimates = model.pairs.map(({ spans, effect }) => {
    const column = game.spans + pairs.indexOf(spans);
    const sorted = Float64Array.from(refits, (refit) => refit[column] as number).sort();
    const tail = (1 - level) / 2;
    return {
      spans,
      effect: {
        estimate: effect,
        low: Math.min(effect, quantile(sorted, tail)),
        high: Math.max(effect, quantile(sorted, 1 - tail)),
      },
    };
  });
  return { heldOutR2, model, estimates };
}

function centredRegression(
  game: MeasuredGame,
  pairs: readonly (readonly [number, number])[],
): Regression {
  const row = (mask: Mask): Float64Array => {
    const columns = new Float64Array(game.spans + pairs.length);
    mask.forEach((kept, span) => (columns[span] = kept - 0.5));
    pairs.forEach((pair, index) => (columns[game.spans + index] = pairProduct(mask, pair)));
    return columns;
  };
  return regressionOf(game.masks.map(row), game.values);
}

function leadingSpans(coefficients: Float64Array, masks: number): number[] {
  const size = (span: number): number => Math.abs(coefficients[span] as number);
  return [...coefficients.keys()]
    .filter((span) => size(span) > 0)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, masks >= MANY_MASKS ? LEADING_WITH_MANY_MASKS : LEADING);
}

function modelOf(
  regression: Regression,
  fit: CrossValidatedLasso,
  pairs: readonly (readonly [number, number])[],
): PairModel {
  const moments = momentsOf(regression);
  const coefficients = relaxedRefit(moments, fit.coefficients);
  const spans = regression.columns - pairs.length;
  return {
    intercept: coefficients.reduce(
      (rest, coefficient, column) => rest - coefficient * (moments.columnMeans[column] as number),
      moments.valueMean,
    ),
    attribution: coefficients.slice(0, spans),
    pairs: pairs.flatMap((pair, index) => {
      const effect = coefficients[spans + index] as number;
      return effect === 0 ? [] : [{ spans: pair, effect }];
    }),
  };
}

function bootstrapRefits(regression: Regression, alpha: number, random: Random): Float64Array[] {
  return Array.from({ length: REFITS }, () => {
    const positions = Array.from({ length: regression.rows }, () =>
      random.integer(regression.rows),
    );
    const moments = momentsOf(selectRows(regression, positions));
    return relaxedRefit(moments, lasso(moments, alpha, { tolerance: REFIT_TOLERANCE }));
  });
}

/** Which columns a refit keeps needs no nine digits. */
const REFIT_TOLERANCE = 1e-5;

function variance(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
