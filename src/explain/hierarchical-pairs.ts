import type { PairEstimate } from "./pair-fit.js";
import { type PairModel, type PairTerm, pairProduct, pairsOf } from "./pair-model.js";
import {
  type Functional,
  type Posterior,
  effectFunctionals,
  posteriorIntervals,
  posteriorMean,
} from "./hierarchical-posterior.js";

/** Pair terms of the template: means over its inputs, in units of the values. */
export interface TemplatePairs {
  /** Posterior means of all effects and of all pair terms; its intercept, the mean value of all masks, is left at 0. */
  readonly model: PairModel;
  /** 90 % posterior intervals of the pair terms among the leading spans. */
  readonly estimates: readonly PairEstimate[];
}

/** Spans of largest effect among which intervals are computed. */
const LEADING = 12;

/**
 * Posterior of the mean over inputs of Q_i (docs/methods.md, A10): q_jk = v(both) - v(j alone) - v(k alone) + v(neither), the same
 * at every mask of the others. Zeros where the process was fitted without pair terms.
 */
export function templatePairs(posterior: Posterior, deviation: number): TemplatePairs {
  const { spans, classes } = posterior.design;
  const weights = new Float64Array(classes.length).fill(1 / classes.length);
  const attribution = Float64Array.from(
    effectFunctionals(posterior, weights),
    (functional) => deviation * posteriorMean(posterior, functional),
  );
  const everySpan = [...attribution.keys()];
  const functionalOf = pairFunctional(posterior, weights);
  const pairs = pairsOf(everySpan).map((pair): PairTerm => {
    return { spans: pair, effect: deviation * posteriorMean(posterior, functionalOf(pair)) };
  });
  const size = (span: number): number => Math.abs(attribution[span] as number);
  const leading = everySpan.sort((a, b) => size(b) - size(a) || a - b).slice(0, LEADING);
  const told = pairsOf(leading);
  const estimates = posteriorIntervals(posterior, told.map(functionalOf)).map(
    ({ estimate, low, high }, index): PairEstimate => ({
      spans: told[index] as readonly [number, number],
      effect: { estimate: estimate * deviation, low: low * deviation, high: high * deviation },
    }),
  );
  return { model: { intercept: 0, attribution, pairs }, estimates: spans < 2 ? [] : estimates };
}

/** The weighted sum over inputs of one entry of Q_i, whose prior is that of hierarchical-kernel's pair terms. */
function pairFunctional(
  { design, cells, process }: Posterior,
  weights: Float64Array,
): (pair: readonly [number, number]) => Functional {
  const { spans, classes } = design;
  const { pairTemplate, pairClass, pairOwn } = process.scales;
  // Pair terms have variance `scale` at every mask: spans (spans - 1) / 2 products of +-1/4.
  const unit = spans < 2 ? 0 : 32 / (spans * (spans - 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const byClass = new Map<string, number>();
  classes.forEach((name, input) =>
    byClass.set(name, (byClass.get(name) ?? 0) + (weights[input] as number)),
  );
  const sumOfSquares = (values: Iterable<number>): number =>
    [...values].reduce((sum, value) => sum + value * value, 0);
  const variance =
    unit *
    (pairTemplate * total * total +
      pairClass * sumOfSquares(byClass.values()) +
      pairOwn * sumOfSquares(weights));
  const shared = Float64Array.from(
    cells,
    ({ input }) =>
      unit *
      (pairTemplate * total +
        pairClass * (byClass.get(classes[input] as string) as number) +
        pairOwn * (weights[input] as number)),
  );
  return (pair) => ({
    variance,
    covariance: shared.map(
      (value, row) => value * pairProduct((cells[row] as { mask: Uint8Array }).mask, pair),
    ),
  });
}
