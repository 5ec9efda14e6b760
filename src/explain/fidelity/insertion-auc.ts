import { type CurveArea, curveArea, gridCounts } from "./curve-area.js";
import {
  type EvaluationPlan,
  onlySpans,
  planEvaluations,
  spansBySupport,
} from "./evaluation-plan.js";

/**
 * Insertion AUC of one instance: area under the value while spans come to an empty prompt from the strongest support on, in
 * their places in the text; high is good (Petsiuk et al. 2018, RISE). Nearly empty prompts are far from what a model was trained
 * on: read it after deletion. Spans + 1 masks, at most 11.
 */
export function insertionAucMasks(attribution: ArrayLike<number>): EvaluationPlan<CurveArea> {
  const spans = attribution.length;
  const order = spansBySupport(attribution);
  const counts = gridCounts(spans);
  return planEvaluations(
    counts.map((count) => onlySpans(spans, order.slice(0, count))),
    (values) =>
      curveArea(values, counts, {
        full: values[values.length - 1] as number,
        empty: values[0] as number,
      }),
  );
}
