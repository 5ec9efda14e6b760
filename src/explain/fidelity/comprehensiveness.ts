import {
  type EvaluationPlan,
  planEvaluations,
  spansBySupport,
  withoutSpans,
} from "./evaluation-plan.js";

/** Shares of the spans that ERASER erases. */
export const ERASED_SHARES: readonly number[] = [0.01, 0.05, 0.1, 0.2, 0.5];

/**
 * Comprehensiveness of one instance: mean over the shares k = 1, 5, 10, 20, 50 % of v(all) - v(without the top k), in the unit of
 * the values; high is good (DeYoung et al. 2020, ERASER, section 4; the mean over shares as in its published code). A share of d
 * spans is the next whole number of spans. At most 6 masks: few spans make shares coincide.
 */
export function comprehensivenessMasks(attribution: ArrayLike<number>): EvaluationPlan<number> {
  const spans = attribution.length;
  const order = spansBySupport(attribution);
  return planEvaluations(
    [
      withoutSpans(spans, []),
      ...erasedCounts(spans).map((count) => withoutSpans(spans, order.slice(0, count))),
    ],
    meanDrop,
  );
}

/** Number of spans for each share: rounded up, so that 1 % of few spans is one span. */
export function erasedCounts(spans: number): number[] {
  return ERASED_SHARES.map((share) => Math.ceil(share * spans - 1e-9));
}

/** Mean of first value - each further value. */
export function meanDrop(values: Float64Array): number {
  const [full = NaN, ...others] = values;
  return others.reduce((sum, value) => sum + (full - value), 0) / others.length;
}
