import {
  type Moments,
  type Regression,
  leastSquaresOn,
  momentsOf,
} from "../../numerics/least-squares.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { limeKernel } from "../kernels/lime-cosine.js";
import { isConstant, regressionOfGame } from "./game-regression.js";
import { weightedRidge } from "./weighted-ridge.js";

/** LIME's default number of features in an explanation. */
export const LIME_FEATURES = 10;
/** Up to this many features LIME selects them one by one ("auto"). */
const FORWARD_SELECTION_FEATURES = 6;
/** Penalty of the ridge regression whose largest weights are selected where there are more. */
const SELECTION_ALPHA = 0.01;
/** Penalty of the final ridge regression. */
const FINAL_ALPHA = 1;

export interface LimeOptions {
  /** Most spans with an attribution other than 0; 10 by default, Infinity for all of them. */
  readonly features?: number;
  /** Penalise spans scaled to unit variance in the final fit; LIME does not. */
  readonly standardise?: boolean;
  /** [mask]: weights in place of LIME's cosine kernel. */
  readonly kernelWeights?: Float64Array;
}

export interface LocalEstimate extends Estimate {
  /** Weighted R2 on the measured masks: self-consistency, never fidelity; null where the values do not vary. */
  readonly selfConsistency: number | null;
}

/**
 * LIME for text (Ribeiro, Singh and Guestrin 2016), as marcotcr/lime computes it: masks weighted by sqrt(exp(-D^2 / 25^2)) with D 100
 * times their cosine distance to the full mask; features by forward selection on weighted R2 where at most 6 are asked for, else
 * the largest |weights| of a ridge regression with alpha 0.01; then a ridge regression with alpha 1 and an intercept on these.
 * Takes any masks; LIME's own are the full one and such whose number of deleted spans is uniform (mask design "uniform-size").
 */
export function estimateByLime(game: MeasuredGame, options: LimeOptions = {}): LocalEstimate {
  const regression = regressionOfGame(game, limeWeights(game, options));
  const features = options.features ?? LIME_FEATURES;
  const support = isConstant(game.values) ? [] : selectFeatures(regression, features);
  const { model, selfConsistency } = weightedRidge(regression, {
    alpha: FINAL_ALPHA,
    support,
    standardise: options.standardise ?? false,
  });
  return {
    method: "lime",
    attribution: model.coefficients,
    intercept: model.intercept,
    selfConsistency,
  };
}

/** [mask]: weights of the fit, LIME's cosine kernel where no other is given. */
export function limeWeights(game: MeasuredGame, options: LimeOptions): Float64Array {
  return options.kernelWeights ?? limeKernel(game.masks).weights;
}

/** LIME's feature selection "auto"; columns ascending, so that the fit does not depend on the order of selection. */
function selectFeatures(regression: Regression, features: number): number[] {
  const count = Math.min(features, regression.columns);
  const selected =
    features <= FORWARD_SELECTION_FEATURES
      ? forwardSelection(momentsOf(regression), count)
      : highestWeights(regression, count);
  return selected.sort((a, b) => a - b);
}

/** The columns with the largest |coefficient|, the first among equals; the full text keeps every span, so weights are coefficients. */
function highestWeights(regression: Regression, count: number): number[] {
  const { coefficients } = weightedRidge(regression, { alpha: SELECTION_ALPHA }).model;
  const size = (j: number): number => Math.abs(coefficients[j] as number);
  return [...coefficients.keys()].sort((a, b) => size(b) - size(a)).slice(0, count);
}

/** Adds the column that explains most of the remaining variance, one at a time; the first among equals. */
function forwardSelection(moments: Moments, count: number): number[] {
  const support: number[] = [];
  while (support.length < count) {
    let best = -1;
    let most = -Infinity;
    for (let column = 0; column < moments.columns; column++) {
      if (support.includes(column)) continue;
      const explained = explainedVariance(moments, [...support, column]);
      if (explained > most) {
        most = explained;
        best = column;
      }
    }
    support.push(best);
  }
  return support;
}

/** Weighted variance of the values that least squares on some columns explains: orders sets of columns as their R2 does. */
function explainedVariance(moments: Moments, support: readonly number[]): number {
  const coefficients = leastSquaresOn(moments, support);
  return support.reduce(
    (sum, j) => sum + (coefficients[j] as number) * (moments.correlations[j] as number),
    0,
  );
}
