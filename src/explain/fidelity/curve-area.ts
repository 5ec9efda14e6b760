import type { Unknown } from "../../domain.js";

/** Points of a curve beside its start, where there are that many spans. */
const GRID_POINTS = 10;

/** The area under a curve of values against the share of spans that were deleted, or inserted. */
export interface CurveArea {
  /** By trapezoids over the share, in the unit of the values. */
  readonly area: number;
  /** The same of (v - v(empty)) / (v(full) - v(empty)), which is 1 at the full prompt and 0 at the empty one. */
  readonly normalised: number | Unknown;
}

/** Numbers of spans at which a curve is measured: 0, 1, ... spans, or 0 and ten steps as even as can be. */
export function gridCounts(spans: number): number[] {
  const steps = Math.min(spans, GRID_POINTS);
  return Array.from({ length: steps + 1 }, (_, step) => Math.round((step * spans) / steps));
}

/** Area under the points (counts[i] / last count, values[i]). */
export function curveArea(
  values: Float64Array,
  counts: readonly number[],
  ends: { readonly full: number; readonly empty: number },
): CurveArea {
  const spans = counts.at(-1) as number;
  let area = 0;
  for (let point = 1; point < values.length; point++) {
    const width = ((counts[point] as number) - (counts[point - 1] as number)) / spans;
    area += (width * ((values[point] as number) + (values[point - 1] as number))) / 2;
  }
  const rise = ends.full - ends.empty;
  return {
    area,
    normalised:
      rise > 0
        ? (area - ends.empty) / rise
        : { kind: "unknown", reason: "the empty prompt supports the output as well as the full" },
  };
}
