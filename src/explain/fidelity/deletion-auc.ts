import { type CurveArea, curveArea, gridCounts } from "./curve-area.js";
import {
  type EvaluationPlan,
  planEvaluations,
  spansBySupport,
  withoutSpans,
} from "./evaluation-plan.js";

/**
 * Deletion AUC of one instance: area under the value while spans go from the strongest support on, until the prompt is empty; low
 * is good (Petsiuk et al. 2018, RISE; AOPC of Samek et al. 2017 is v(full) minus it, but for the trapezoids' ends). Its limits
 * depend on the model, so it compares explanations on one oracle, not oracles (Edin et al. 2024, NAOPC). Spans + 1 masks, at most 11.
 */
export function deletionAucMasks(attribution: ArrayLike<number>): EvaluationPlan<CurveArea> {
  const spans = attribution.length;
  const order = spansBySupport(attribution);
  const counts = gridCounts(spans);
  return planEvaluations(
    counts.map((count) => withoutSpans(spans, order.slice(0, count))),
    (values) =>
      curveArea(values, counts, {
        full: values[0] as number,
        empty: values[values.length - 1] as number,
      }),
  );
}
