import { erasedCounts, meanDrop } from "./comprehensiveness.js";
import {
  type EvaluationPlan,
  onlySpans,
  planEvaluations,
  spansBySupport,
  withoutSpans,
} from "./evaluation-plan.js";

/**
 * Sufficiency of one instance: mean over the shares k = 1, 5, 10, 20, 50 % of v(all) - v(only the top k), in the unit of the
 * values; low is good (DeYoung et al. 2020, ERASER, section 4). Prompts of a few spans are far from what a model was trained on:
 * read it as the weaker of the two. At most 6 masks.
 */
export function sufficiencyMasks(attribution: ArrayLike<number>): EvaluationPlan<number> {
  const spans = attribution.length;
  const order = spansBySupport(attribution);
  return planEvaluations(
    [
      withoutSpans(spans, []),
      ...erasedCounts(spans).map((count) => onlySpans(spans, order.slice(0, count))),
    ],
    meanDrop,
  );
}
