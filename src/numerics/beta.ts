import { UnderstudyError } from "../errors.js";
import { logGamma } from "./gamma.js";

const TINY = 1e-300;
const MAX_TERMS = 10_000;

/**
 * Regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]: the continued fraction 26.5.8 of
 * Abramowitz and Stegun, evaluated by the modified Lentz method, on the side of the mean where it converges fast.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
    throw new UnderstudyError(
      "INTERNAL",
      `incompleteBeta is not defined at x=${x}, a=${a}, b=${b}`,
    );
  if (x === 0 || x === 1) return x;
  const logFront =
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  if (x > (a + 1) / (a + b + 2)) return 1 - (Math.exp(logFront) * betaFraction(1 - x, b, a)) / b;
  return (Math.exp(logFront) * betaFraction(x, a, b)) / a;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const coefficient of [even, odd]) {
      d = 1 / awayFromZero(1 + coefficient * d);
      c = awayFromZero(1 + coefficient / c);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) return fraction;
  }
  throw new UnderstudyError(
    "INTERNAL",
    `incompleteBeta did not converge at x=${x}, a=${a}, b=${b}`,
  );
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
