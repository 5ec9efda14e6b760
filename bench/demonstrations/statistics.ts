/** Intervals and tests of the demonstrations benchmark. */
import { binomialCdf } from "../../src/numerics/binomial.js";
import { bootstrapMean } from "../../src/numerics/bootstrap.js";
import { normalQuantile } from "../../src/numerics/normal.js";
import { randomFrom } from "../../src/numerics/random.js";

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** 95 % score interval of a proportion (Wilson 1927). Throws RangeError for no trials. */
export function wilson(successes: number, trials: number): Bounds {
  if (!(trials > 0)) throw new RangeError("a proportion of no trials");
  const z = normalQuantile(0.975);
  const share = successes / trials;
  const centre = (share + z ** 2 / (2 * trials)) / (1 + z ** 2 / trials);
  const half =
    (z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2))) /
    (1 + z ** 2 / trials);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

export interface McNemar {
  /** Wrong before and right after, and the reverse. */
  readonly gained: number;
  readonly lost: number;
  /** Exact two-sided p. */
  readonly p: number;
}

/** Exact McNemar test (1947) of paired answers; 1 where none differ. */
export function mcnemar(before: readonly boolean[], after: readonly boolean[]): McNemar {
  if (before.length !== after.length) throw new RangeError("answers that are not paired");
  const gained = after.filter((right, index) => right && before[index] === false).length;
  const lost = after.filter((right, index) => !right && before[index] === true).length;
  const p = Math.min(1, 2 * binomialCdf(Math.min(gained, lost), gained + lost, 0.5));
  return { gained, lost, p };
}

/** Mean over draws with a 95 % BCa bootstrap interval that resamples draws, so that queries of one draw stay together. */
export function overDraws(values: readonly number[], seed: string): Bounds & { estimate: number } {
  return bootstrapMean({
    values,
    level: 0.95,
    replicates: 4000,
    random: randomFrom(`demonstrations\n${seed}`),
  });
}
