import type { Mask } from "../../domain.js";
import type { Rows } from "../../numerics/inner-products.js";
import type { FeatureLayout, RotaryTable } from "./rotary-features.js";

/** Cosine cost of opposite vectors: also what a token costs where nothing is kept. */
const LARGEST_COST = 2;

/** [l1, l2] of a mask. */
export type MeasureMask = (mask: Mask) => readonly [number, number];

/** One prompt, ready to be compared with its masked versions. */
export interface RwmdSetting {
  readonly units: Float32Array;
  readonly hidden: number;
  readonly table: RotaryTable;
  readonly layout: FeatureLayout;
  /** [token] */
  readonly spanOf: Int32Array;
  readonly spans: number;
  /** [feature]: share of the full side's weight; adds up to 1. */
  readonly weights: Float64Array;
  /** [feature, hidden]: all features at their original positions. */
  readonly full: Float32Array;
}

/** Cosine cost 1 - <r, s> of two features at unit norm, in [0, 2]; 2 for -Infinity, which stands for nothing to be near to. */
export function costOf(innerProduct: number): number {
  return Math.min(LARGEST_COST, Math.max(0, 1 - innerProduct));
}

/** The features' rows [feature, hidden], in the order of the list. */
export function takeRows(rows: Float32Array, features: Int32Array, hidden: number): Rows {
  const values = new Float32Array(features.length * hidden);
  features.forEach((feature, row) =>
    values.set(rows.subarray(feature * hidden, (feature + 1) * hidden), row * hidden),
  );
  return { values, rows: features.length };
}
