/**
 * Surrogate and oracle explanations as pairs of q, for the nulls and the truths of the design's simulation (docs/adr/0010). The
 * design names its scenarios without their numbers; these were chosen so that its table comes out (bench:screen prints both).
 */
import { firstRejection } from "../../src/numerics/bound-path.js";
import { betOnDifferences, type BettingDesign } from "../../src/numerics/e-process.js";
import { randomFrom, type Random } from "../../src/numerics/random.js";
import { studentQuantile } from "../../src/numerics/student-t.js";
import { shortfall } from "../../src/screening/explain.js";

const { log, max, min, sqrt } = Math;

/** One input: fidelity of the surrogate's explanation and of the oracle's own. */
export interface Pair {
  readonly q: number;
  readonly oracleQ: number;
}

export interface Scenario {
  readonly name: string;
  readonly draw: (random: Random, tau: number) => Pair;
}

function unit(value: number): number {
  return min(1, max(0, value));
}

/** Gamma(shape, 1) for shape > 0: Marsaglia and Tsang (2000). */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && log(1 - random.uniform()) < x ** 2 / 2 + d - d * v + d * log(v)) return d * v;
  }
}

/** Beta with a mean and a + b = weight. */
function beta(random: Random, mean: number, weight: number): number {
  const a = gamma(random, mean * weight);
  return a / (a + gamma(random, (1 - mean) * weight));
}

function bit(random: Random, probability: number): number {
  return random.bernoulli(probability) ? 1 : 0;
}

/** E(q - tau oracleQ) = 0: the five nulls of methods C2. */
export const NULLS: readonly Scenario[] = [
  {
    name: "Gaussian, sd .1",
    draw: (random, tau) => ({ oracleQ: 0.6, q: unit(0.6 * tau + 0.1 * random.normal()) }),
  },
  {
    name: "accuracy-like (beta, mean .92)",
    draw: (random, tau) => ({ oracleQ: 0.92, q: beta(random, 0.92 * tau, 12) }),
  },
  {
    name: "binary",
    draw: (random, tau) => {
      const oracleQ = bit(random, 0.9);
      return { oracleQ, q: oracleQ * bit(random, tau) };
    },
  },
  {
    name: "total failures, p = 1 - tau",
    draw: (random, tau) => {
      const oracleQ = beta(random, 0.75, 20);
      return { oracleQ, q: random.bernoulli(1 - tau) ? 0 : oracleQ };
    },
  },
  {
    name: "partial failures (20 % quality)",
    draw: (random, tau) => {
      const oracleQ = beta(random, 0.75, 20);
      return { oracleQ, q: random.bernoulli((1 - tau) / 0.8) ? 0.2 * oracleQ : oracleQ };
    },
  },
];

function equalFidelity(sd: number): Scenario {
  return {
    name: `equal fidelity, noise sd ${sd}`,
    draw: (random) => ({ oracleQ: 0.6, q: unit(0.6 + sd * random.normal()) }),
  };
}

/** A truth with the design's power and mean number of looks: tau .9 at alpha .05 and .01, then tau .8. */
export interface Truth extends Scenario {
  readonly power: readonly [number, number, number, number];
  readonly looks: readonly [number, number | null, number, number];
}

export const TRUTHS: readonly Truth[] = [
  { ...equalFidelity(0.05), power: [0.52, 0, 1, 1], looks: [48, null, 24, 36] },
  { ...equalFidelity(0.1), power: [0.43, 0.01, 1, 0.99], looks: [47, null, 25, 37] },
  { ...equalFidelity(0.2), power: [0.33, 0.05, 0.96, 0.75], looks: [46, null, 29, 41] },
  {
    name: "accuracy-like, ratio .97",
    draw: (random) => ({
      oracleQ: beta(random, 0.92, 28),
      q: beta(random, 0.92 * 0.97, 28),
    }),
    power: [0.63, 0, 1, 1],
    looks: [46, null, 19, 28],
  },
  {
    name: "binary, ratio 1",
    draw: (random) => ({ oracleQ: bit(random, 0.96), q: bit(random, 0.96) }),
    power: [0.5, 0.22, 0.9, 0.78],
    looks: [42, null, 25, 35],
  },
  {
    name: "1 % total failures",
    draw: (random) => {
      const oracleQ = beta(random, 0.85, 20);
      return { oracleQ, q: random.bernoulli(0.01) ? 0 : oracleQ };
    },
    power: [0.73, 0, 1, 0.99],
    looks: [40, null, 19, 28],
  },
];

/** Most inputs of a simulated screen. */
export const HORIZON = 50;

export function drawPairs(scenario: Scenario, random: Random, tau: number, size: number): Pair[] {
  return Array.from({ length: size }, () => scenario.draw(random, tau));
}

/** Moves the surrogate's q all by the same amount, inside [0, 1], until the mean of d is 0: H0 at its boundary, exactly. */
export function atTheNull(pairs: readonly Pair[], tau: number): Pair[] {
  let moved = [...pairs];
  for (let round = 0; round < 200; round++) {
    const shift = moved.reduce((sum, { q, oracleQ }) => sum + tau * oracleQ - q, 0) / moved.length;
    moved = moved.map(({ q, oracleQ }) => ({ q: unit(q + shift), oracleQ }));
  }
  return moved;
}

export interface Simulation {
  readonly scenario: Scenario;
  readonly tau: number;
  readonly alpha: number;
  readonly runs: number;
  /**
   * population: inputs drawn anew in every run; finite: a population of HORIZON (or `size`) inputs, drawn once in twenty runs and
   * shuffled; at the null it is moved to it exactly.
   */
  readonly form: "population" | "finite";
  readonly size?: number;
  readonly exactNull?: boolean;
}

/** Differences of each run, in the order in which they are looked at. */
export function* simulatedDifferences(simulation: Simulation): Generator<Float64Array> {
  const { scenario, tau, runs, form, size = HORIZON, exactNull = false } = simulation;
  const random = randomFrom(`screen\n${scenario.name}\n${tau}\n${form}\n${size}`);
  let population: readonly Pair[] = [];
  for (let run = 0; run < runs; run++) {
    if (form === "population" || run % 20 === 0) {
      population = drawPairs(scenario, random, tau, size);
      if (exactNull) population = atTheNull(population, tau);
    }
    const order = form === "finite" ? random.shuffle(population) : population;
    yield Float64Array.from(order, ({ q, oracleQ }) => shortfall(q, oracleQ, tau));
  }
}

export function designOf(simulation: Simulation): BettingDesign {
  const { tau, alpha, form, size = HORIZON } = simulation;
  return {
    threshold: tau,
    alpha,
    horizon: size,
    population: form === "finite" ? size : null,
  };
}

/** Share of runs that betting certifies, and mean number of looks; runs that are not certified look at everything. */
export function bettingPower(simulation: Simulation): {
  readonly power: number;
  readonly looks: number;
} {
  const design = designOf(simulation);
  let passed = 0;
  let looks = 0;
  for (const differences of simulatedDifferences(simulation)) {
    const first = firstRejection(betOnDifferences(differences, design), design);
    if (first !== null) passed++;
    looks += first === null ? design.horizon : first + 1;
  }
  return { power: passed / simulation.runs, looks: looks / simulation.runs };
}

/** Share of runs in which a rule passes. */
export function passRate(
  simulation: Simulation,
  passes: (differences: Float64Array) => boolean,
): number {
  let passed = 0;
  for (const differences of simulatedDifferences(simulation)) if (passes(differences)) passed++;
  return passed / simulation.runs;
}

/** Student's quantiles, each computed once. */
export function rememberedQuantiles(): (p: number, freedom: number) => number {
  const known = new Map<string, number>();
  return (p, freedom) => {
    const key = `${p} ${freedom}`;
    const value = known.get(key) ?? studentQuantile(p, freedom);
    known.set(key, value);
    return value;
  };
}
