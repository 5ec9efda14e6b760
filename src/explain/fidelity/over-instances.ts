import type { Interval, Unknown } from "../../domain.js";
import { bettingInterval } from "../../numerics/betting-interval.js";
import { bootstrapMean } from "../../numerics/bootstrap.js";
import { randomFrom } from "../../numerics/random.js";
import { studentInterval } from "../../numerics/student-t.js";

export interface InstanceMetric {
  /** One number an instance, or why there is none. Masks never stand here: those of one instance depend on each other. */
  readonly values: readonly (number | Unknown)[];
  /** The range that the metric's definition gives, or null where it has none. */
  readonly range: { readonly low: number; readonly high: number } | null;
  readonly seed: string;
  /** 0.9 by default. */
  readonly level?: number;
}

export interface OverInstances {
  readonly kind: "measured";
  /** Mean over the instances that have a value; interval for the mean over all instances like them. */
  readonly mean: Interval;
  readonly interval: "betting" | "BCa bootstrap" | "Student's t";
  readonly instances: number;
  /** Instances without a value, which the mean leaves out. */
  readonly unknown: number;
}

/** Range of a rank correlation. */
export const CORRELATION_RANGE = { low: -1, high: 1 } as const;
/** Range of a share or of an area under a ROC curve. */
export const SHARE_RANGE = { low: 0, high: 1 } as const;

const FEWEST_INSTANCES = 3;
/** Fewest instances for a bootstrap interval (methods B). */
const FEWEST_BOOTSTRAPPED = 20;
const LEVEL = 0.9;
const REPLICATES = 2000;

/**
 * Mean of a metric over instances with an interval whose sampling unit is the instance (methods B): by betting where the metric is
 * bounded, which covers for any distribution and any number of instances; else BCa bootstrap over 20 instances or more, and
 * Student's t over fewer, for which a bootstrap is too narrow. Unknown with fewer than three instances that have a value.
 */
export function meanOverInstances(metric: InstanceMetric): OverInstances | Unknown {
  const values = metric.values.filter((value) => typeof value === "number");
  const unknown = metric.values.length - values.length;
  if (values.length < FEWEST_INSTANCES) {
    const reason = metric.values.find((value) => typeof value !== "number");
    return {
      kind: "unknown",
      reason: `${values.length} of ${metric.values.length} instances have a value; an interval needs ${FEWEST_INSTANCES}${reason ? ` (${reason.reason})` : ""}`,
    };
  }
  return { kind: "measured", ...intervalOf(values, metric), instances: values.length, unknown };
}

function intervalOf(
  values: readonly number[],
  { range, seed, level = LEVEL }: InstanceMetric,
): Pick<OverInstances, "mean" | "interval"> {
  if (range !== null)
    return { interval: "betting", mean: bettingInterval({ values, range, level }) };
  if (values.length < FEWEST_BOOTSTRAPPED)
    return { interval: "Student's t", mean: studentInterval(values, level) };
  const random = randomFrom(`interval over instances\n${seed}`);
  return {
    interval: "BCa bootstrap",
    mean: bootstrapMean({ values, level, replicates: REPLICATES, random }),
  };
}
