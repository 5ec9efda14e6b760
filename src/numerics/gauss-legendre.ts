import { UnderstudyError } from "../errors.js";

/** A point of a quadrature on [0, 1]. */
export interface QuadraturePoint {
  readonly node: number;
  readonly weight: number;
}

const NEWTON_STEPS = 20;

/**
 * Gauss-Legendre quadrature on [0, 1] with `count` nodes, ascending: exact for polynomials of degree up to 2 count - 1. The nodes are roots of the
 * Legendre polynomial by Newton's method from Tricomi's approximation (Abramowitz and Stegun 25.4.29). Throws INTERNAL for no nodes.
 */
export function gaussLegendre(count: number): QuadraturePoint[] {
  if (!(count >= 1)) throw new UnderstudyError("INTERNAL", `a quadrature of ${count} nodes`);
  return Array.from({ length: count }, (_, index) => {
    let root = -Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < NEWTON_STEPS; step++) {
      const legendre = legendreWithSlope(count, root);
      slope = legendre.slope;
      const change = legendre.value / slope;
      root -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    return { node: (1 + root) / 2, weight: 1 / ((1 - root * root) * slope * slope) };
  });
}

/** P_n(x) and P_n'(x) by the three-term recurrence. */
function legendreWithSlope(degree: number, x: number): { value: number; slope: number } {
  let before = 1;
  let value = x;
  for (let k = 2; k <= degree; k++)
    [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) };
}
