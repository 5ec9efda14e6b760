import type { Mask } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";

/** What a metric wants measured on one instance, and what it makes of the values. */
export interface EvaluationPlan<Metric> {
  /** Different masks to evaluate; the metric never needs another one. */
  readonly masks: readonly Mask[];
  /** The metric from one value a mask, in the order of `masks`. Throws INTERNAL for another number of values. */
  score(values: ArrayLike<number>): Metric;
}

/** A plan from the masks in the order a metric reads their values: a mask wanted twice is evaluated once. */
export function planEvaluations<Metric>(
  wanted: readonly Mask[],
  metric: (values: Float64Array) => Metric,
): EvaluationPlan<Metric> {
  const places = new Map<string, number>();
  const masks = wanted.filter((mask) => {
    const key = mask.join("");
    if (places.has(key)) return false;
    places.set(key, places.size);
    return true;
  });
  return {
    masks,
    score: (values) => {
      if (values.length !== masks.length)
        throw new UnderstudyError("INTERNAL", `${values.length} values for ${masks.length} masks`);
      return metric(
        Float64Array.from(wanted, (mask) => values[places.get(mask.join("")) as number] as number),
      );
    },
  };
}

/** Spans from the strongest support of the output to the strongest opposition; equals in the order of the prompt. */
export function spansBySupport(attribution: ArrayLike<number>): number[] {
  return Array.from({ length: attribution.length }, (_, span) => span).sort(
    (a, b) => (attribution[b] as number) - (attribution[a] as number) || a - b,
  );
}

/** The mask that deletes the given spans and keeps the others. */
export function withoutSpans(spans: number, deleted: Iterable<number>): Mask {
  const mask = new Uint8Array(spans).fill(1);
  for (const span of deleted) mask[span] = 0;
  return mask;
}

/** The mask that keeps the given spans and deletes the others. */
export function onlySpans(spans: number, kept: Iterable<number>): Mask {
  const mask = new Uint8Array(spans);
  for (const span of kept) mask[span] = 1;
  return mask;
}

/** Throws INTERNAL unless 1 <= k <= spans. */
export function checkTopK(k: number, spans: number): void {
  if (!(Number.isInteger(k) && k >= 1 && k <= spans))
    throw new UnderstudyError("INTERNAL", `the ${k} strongest of ${spans} spans`);
}
