import { UnderstudyError } from "../errors.js";

/** Above this the four-term Stirling series below is accurate to a few units in the last place. */
const STIRLING_START = 15;

/**
 * Natural logarithm of the gamma function, for x > 0. Stirling's series after shifting the argument up
 * (Abramowitz and Stegun 6.1.15 and 6.1.41). Relative error about 1e-14.
 */
export function logGamma(x: number): number {
  if (!(x > 0))
    throw new UnderstudyError("INTERNAL", `logGamma needs a positive argument, not ${x}`);
  let shift = 0;
  let z = x;
  for (; z < STIRLING_START; z++) shift += Math.log(z);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
