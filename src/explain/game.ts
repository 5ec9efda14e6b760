import type { EstimatorName, Interval, Mask } from "../domain.js";

/** One input's cooperative game as far as it was measured: value `values[row]` where the spans of `masks[row]` are kept. */
export interface MeasuredGame {
  /** Number of maskable spans d; every mask has d entries. */
  readonly spans: number;
  readonly masks: readonly Mask[];
  /** One value a mask, in the unit of the objective; larger = the fixed output is better supported. */
  readonly values: Float64Array;
}

/** What an estimator makes of a game: value(mask) is about intercept + mask . attribution. */
export interface Estimate {
  readonly method: EstimatorName;
  /** [span]: change of the value when the span is kept, in the unit of the values. */
  readonly attribution: Float64Array;
  readonly intercept: number;
}

/** How steady an estimate is over refits and seeds (docs/methods.md, stability). */
export interface Stability {
  /** 90 % intervals of each span's attribution; null where there are too few masks to tell. */
  readonly intervals: readonly Interval[] | null;
  /** Mean Spearman correlation of the refits' attributions with the estimate; null where there is nothing to rank. */
  readonly rankCorrelation: number | null;
  /** "unstable" is a legal answer and is shown: refits disagree about the order of the spans. */
  readonly verdict: "stable" | "unstable" | "not measured";
}
