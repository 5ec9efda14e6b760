import {
  type EvaluationPlan,
  checkTopK,
  planEvaluations,
  spansBySupport,
  withoutSpans,
} from "./evaluation-plan.js";

/**
 * Top-k drop of one instance: v(all spans) - v(without the k spans of largest attribution), in the unit of the values; high is
 * good (Cohen-Wang et al. 2024, ContextCite, there the drop of the log-probability). Two masks, one of them the full
 * prompt. Throws INTERNAL unless 1 <= k <= spans.
 */
export function topKDropMasks(attribution: ArrayLike<number>, k: number): EvaluationPlan<number> {
  const spans = attribution.length;
  checkTopK(k, spans);
  return planEvaluations(
    [withoutSpans(spans, []), withoutSpans(spans, spansBySupport(attribution).slice(0, k))],
    ([full, without]) => (full as number) - (without as number),
  );
}
