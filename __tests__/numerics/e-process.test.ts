import { describe, expect, test } from "@jest/globals";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import {
  bet,
  betOnAll,
  isRejected,
  NO_BETS,
  type BettingDesign,
} from "../../src/numerics/e-process.js";
import { lowerBoundByBetting } from "../../src/numerics/bound-path.js";
import { normalQuantile } from "../../src/numerics/normal.js";

type Uniform = () => number;

function uniforms(seed: number): Uniform {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 2 ** 32 + 2 ** -34;
}

function shuffled(values: readonly number[], uniform: Uniform): number[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [result[i], result[j]] = [result[j] ?? 0, result[i] ?? 0];
  }
  return result;
}

/** Raises or lowers a population until its mean is the threshold exactly: H0 at its boundary. */
function atTheNull(values: readonly number[], threshold: number): number[] {
  const result = [...values];
  const mean = (): number => result.reduce((sum, value) => sum + value, 0) / result.length;
  for (let round = 0; round < 200; round++) {
    const shift = threshold - mean();
    result.forEach((value, index) => (result[index] = Math.min(1, Math.max(0, value + shift))));
  }
  return result;
}

const SIZE = 50;
const grid = Array.from({ length: SIZE }, (_, index) => (index + 0.5) / SIZE);

/** The five shapes of methods C2, as finite populations whose mean is the threshold. */
function nullPopulations(threshold: number): Record<string, number[]> {
  const failures = Math.round(SIZE * (1 - threshold));
  return {
    "Gaussian, sd .1": atTheNull(
      grid.map((u) => threshold + 0.1 * normalQuantile(u)),
      threshold,
    ),
    "accuracy-like": atTheNull(
      grid.map((u) => 1 - (1 - threshold) * -Math.log(1 - u)),
      threshold,
    ),
    binary: atTheNull(
      grid.map((_, index) => (index < failures ? 0 : 1)),
      threshold,
    ),
    "total failures": atTheNull(
      grid.map((u, index) => (index < failures - 2 ? 0 : 0.95 + 0.05 * u)),
      threshold,
    ),
    "partial failures": atTheNull(
      grid.map((u, index) => (index < 2 * failures ? 0.2 : 0.9 + 0.1 * u)),
      threshold,
    ),
  };
}

/** The rule that looks at a one-sided t interval after every value (normal quantiles: a little too strict, if anything). */
function paperTTestPasses(values: readonly number[], threshold: number, alpha: number): boolean {
  const z = normalQuantile(1 - alpha);
  let sum = 0;
  let squares = 0;
  return values.some((value, index) => {
    const n = index + 1;
    sum += value - threshold;
    squares += (value - threshold) ** 2;
    const variance = n < 2 ? 0 : (squares - (sum * sum) / n) / (n - 1);
    return n >= 5 && variance > 1e-12 && sum / n - z * Math.sqrt(variance / n) > 0;
  });
}

describe("betting test", () => {
  test.each([
    [0.7, 5000],
    [0.9, 1500],
  ])("keeps its level on exact finite nulls, threshold %p, %p runs", (threshold, runs) => {
    const alpha = 0.05;
    const design: BettingDesign = { threshold, alpha, horizon: SIZE, population: SIZE };
    const limit = alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs);
    for (const [name, population] of Object.entries(nullPopulations(threshold))) {
      const uniform = uniforms(7);
      let rejections = 0;
      for (let run = 0; run < runs; run++) {
        const last = betOnAll(shuffled(population, uniform), design).at(-1);
        if (last && isRejected(last, design)) rejections++;
      }
      expect({ name, ok: rejections / runs <= limit }).toEqual({ name, ok: true });
    }
  });

  test("the harness sees a wrong test: looking at a t interval after every value exceeds five times its level", () => {
    const uniform = uniforms(11);
    const population = nullPopulations(0.9)["total failures"] ?? [];
    let rejections = 0;
    for (let run = 0; run < 1000; run++)
      if (paperTTestPasses(shuffled(population, uniform), 0.9, 0.05)) rejections++;
    expect(rejections / 1000).toBeGreaterThan(0.25);
  });

  test("has power: a mean of .85 against .7 is certified nearly always from 40 values", () => {
    const uniform = uniforms(13);
    const population = atTheNull(
      grid.slice(0, 40).map((u) => 0.85 + 0.08 * normalQuantile(u)),
      0.85,
    );
    const design: BettingDesign = { threshold: 0.7, alpha: 0.05, horizon: 40, population: 40 };
    let passes = 0;
    for (let run = 0; run < 200; run++) {
      const last = betOnAll(shuffled(population, uniform), design).at(-1);
      if (last && isRejected(last, design)) passes++;
    }
    expect(passes).toBeGreaterThan(190);
  });

  test("the lower bound misses the mean no more often than its level", () => {
    const uniform = uniforms(17);
    const design: BettingDesign = { threshold: 0.7, alpha: 0.05, horizon: 40, population: 40 };
    const population = atTheNull(
      grid.slice(0, 40).map((u) => (u < 0.2 ? 0.1 : 0.9)),
      0.72,
    );
    const bounds = Array.from({ length: 250 }, () =>
      lowerBoundByBetting(shuffled(population, uniform).slice(0, 30), design),
    );
    expect(bounds.filter((bound) => bound > 0.72).length / 250).toBeLessThanOrEqual(
      0.05 + 3 * Math.sqrt((0.05 * 0.95) / 250),
    );
    expect(Math.max(...bounds)).toBeGreaterThan(0.5);
  });

  test("one step by hand", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 4, population: 4 };
    const first = bet(NO_BETS, 0.9, design);
    const firstStake = Math.min(Math.sqrt((2 * Math.log(20)) / (4 * 0.04)), 0.95 / 0.5);
    expect(first.wealth).toBeCloseTo(1 + firstStake * 0.4, 12);
    const mean = -0.4 / 3;
    const secondStake = Math.min(
      Math.sqrt((2 * (Math.log(20) - Math.log(first.wealth))) / (3 * (0.16 / 5))),
      0.95 / (0.5 + mean),
    );
    expect(bet(first, 0.8, design).wealth).toBeCloseTo(
      first.wealth * (1 + secondStake * (0.3 - mean)),
      12,
    );
  });

  test("certifies where the rest cannot bring the mean down any more", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 1e-9, horizon: 10, population: 10 };
    const states = betOnAll(
      Array.from({ length: 9 }, () => 1),
      design,
    );
    const last = states.at(-1);
    expect(last && isRejected(last, design)).toBe(true);
    expect(Number.isFinite(last?.wealth)).toBe(true);
  });

  test("refuses values and designs it has no guarantee for", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 1, population: null };
    expect(() => bet(NO_BETS, 1.2, design)).toThrow(/\[0, 1\]/);
    expect(() => betOnAll([0.5, 0.5], design)).toThrow(/planned for 1/);
    expect(() => betOnAll([], { ...design, threshold: 1 })).toThrow(/impossible design/);
    expect(() => betOnAll([], { ...design, population: 0 })).toThrow(/impossible design/);
  });
});
