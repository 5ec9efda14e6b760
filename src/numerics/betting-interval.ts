import { UnderstudyError } from "../errors.js";
import { lowerBoundByBetting } from "./bound-path.js";

/** Points of the grid over [low, high] at which the test is inverted: the interval is rounded outwards by at most this share. */
const RESOLUTION = 200;

export interface BoundedValues {
  /** Independent values of one mean, in no order that looks at them. */
  readonly values: ArrayLike<number>;
  readonly range: { readonly low: number; readonly high: number };
  /** Coverage aimed at, such as 0.9. */
  readonly level: number;
}

/**
 * Mean of values in a known range with an interval that holds it with at least the given probability for any distribution and any
 * number of values: the betting test of methods C3 inverted over the mean, half of the error on each side (Waudby-Smith and
 * Ramdas, "Estimating means of bounded random variables by betting"). No values give the whole range. Throws INTERNAL for a value
 * outside the range.
 */
export function bettingInterval(bounded: BoundedValues): {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
} {
  const { range, level } = bounded;
  const width = range.high - range.low;
  const values = Float64Array.from(bounded.values);
  const outside = values.find((value) => !(value >= range.low && value <= range.high));
  if (outside !== undefined || !(width > 0))
    throw new UnderstudyError(
      "INTERNAL",
      `a betting interval over [${range.low}, ${range.high}] of the value ${outside}`,
    );
  if (values.length === 0)
    return { estimate: (range.low + range.high) / 2, low: range.low, high: range.high };
  const unit = values.map((value) => Math.min(1, Math.max(0, (value - range.low) / width)));
  const mean = unit.reduce((sum, value) => sum + value, 0) / unit.length;
  const below = lowerBound(unit, level);
  const above =
    1 -
    lowerBound(
      unit.map((value) => 1 - value),
      level,
    );
  const inRange = (share: number): number => range.low + width * share;
  // A test may have been won before values of the other kind came: the estimate stays inside all the same.
  return {
    estimate: inRange(mean),
    low: inRange(Math.min(below, mean)),
    high: inRange(Math.max(above, mean)),
  };
}

function lowerBound(values: Float64Array, level: number): number {
  const design = {
    threshold: 0.5,
    alpha: (1 - level) / 2,
    horizon: values.length,
    population: null,
  };
  return lowerBoundByBetting(values, design, RESOLUTION);
}
