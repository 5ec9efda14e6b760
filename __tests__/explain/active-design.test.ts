import { describe, expect, test } from "@jest/globals";
import type { Mask, MaskedInput } from "../../src/domain.js";
import { type ActiveProblem, type ActiveStep, nextMasks } from "../../src/explain/active-design.js";
import type { HierarchicalScales } from "../../src/explain/hierarchical.js";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { simulateHierarchy } from "./simulated-hierarchy.js";
import { decideActively, decideBalanced, keyOf, simulateOracle } from "./simulated-oracle.js";

const SCALES: HierarchicalScales = {
  constantOwn: 0.8,
  constantClass: 0.4,
  linearTemplate: 0.3,
  linearClass: 0.25,
  linearOwn: 0.2,
  pairTemplate: 0.06,
  pairClass: 0.05,
  pairOwn: 0.08,
  surrogates: [0.15],
  noise: 0.2,
};
const SPANS = 4;
const DELETION = Uint8Array.of(0, 1, 0, 1);

/** A small problem with everything in it: classes, a surrogate, known noise and a deletion, at fixed scales. */
function smallProblem(): ActiveProblem {
  const simulated = simulateHierarchy({
    seed: "active",
    inputs: 5,
    spans: SPANS,
    masksPerInput: 3,
    classes: 2,
    noise: [0.1, 0.6],
  });
  const { problem, psi, random } = simulated;
  const attributions = psi.map((own) => own.map((value) => value + 0.3 * random.normal()));
  return {
    ...problem,
    surrogates: [{ name: "small", attributions }],
    scales: SCALES,
    noiseFloor: 0.05,
    maskPool: everyMask(SPANS),
    budget: 10,
    batch: 4,
    threshold: 0,
    width: 0,
    deletions: [DELETION],
    seed: "small",
  };
}

function everyMask(spans: number): Mask[] {
  return Array.from({ length: 2 ** spans }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => (code >> span) & 1),
  );
}

/** zt . zt', written from docs/methods.md, A10, without tables. */
function product(a: Mask, b: Mask): number {
  return a.reduce((sum, kept, span) => sum + (kept - 0.5) * ((b[span] ?? NaN) - 0.5), 0);
}

type Shape = "values" | "linear";

/** Covariance of two cells, term by term. */
function kernel(problem: ActiveProblem, a: MaskedInput, b: MaskedInput, shape: Shape): number {
  const { spans, classes, surrogates } = problem;
  const own = a.input === b.input ? 1 : 0;
  const shared = classes[a.input] === classes[b.input] ? 1 : 0;
  const dot = product(a.mask, b.mask);
  const linear = (4 / spans) * dot;
  const pair = (((dot * dot - spans / 16) / 2) * 32) / (spans * (spans - 1));
  const phi = surrogates.reduce(
    (sum, { attributions }, k) =>
      sum +
      (SCALES.surrogates[k] ?? NaN) *
        centredProduct(a.mask, attributions[a.input] ?? new Float64Array()) *
        centredProduct(b.mask, attributions[b.input] ?? new Float64Array()),
    0,
  );
  const effects =
    linear * (SCALES.linearTemplate + SCALES.linearClass * shared + SCALES.linearOwn * own) + phi;
  if (shape === "linear") return effects;
  return (
    effects +
    SCALES.constantOwn * own +
    SCALES.constantClass * shared +
    pair * (SCALES.pairTemplate + SCALES.pairClass * shared + SCALES.pairOwn * own)
  );
}

interface WeightedCell extends MaskedInput {
  readonly weight: number;
  readonly shape: Shape;
}

/** Every decision as a weighted sum of values: spans by the linear part of keeping against deleting, deletions whole. */
function decisionsAsSums({ classes, spans, deletions = [] }: ActiveProblem): WeightedCell[][] {
  const inputs = [...classes.keys()];
  const difference = (kept: Mask, gone: Mask, shape: Shape): WeightedCell[] =>
    inputs.flatMap((input) => [
      { input, mask: kept, weight: 1 / inputs.length, shape },
      { input, mask: gone, weight: -1 / inputs.length, shape },
    ]);
  const full = new Uint8Array(spans).fill(1);
  const ofSpans = Array.from(full, (_, span) =>
    difference(
      full,
      full.map((kept, at) => (at === span ? 0 : kept)),
      "linear",
    ),
  );
  return [...ofSpans, ...deletions.map((mask) => difference(full, mask, "values"))];
}

/** Posterior means and variances of the decisions by Gaussian elimination on the whole covariance matrix; units of the values. */
function refit(
  problem: ActiveProblem,
  extra: readonly MaskedInput[],
): { means: number[]; variances: number[] } {
  const { rows, noiseFloor = 0 } = problem;
  const mean = rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
  const deviation =
    Math.sqrt(rows.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / rows.length) + 1e-9;
  const known = rows.map(({ variance = 0 }) => variance);
  const typical = known.reduce((sum, variance) => sum + variance, 0) / rows.length;
  const cells: MaskedInput[] = [...rows, ...extra];
  const sums = decisionsAsSums(problem);
  const against = (sum: readonly WeightedCell[], cell: MaskedInput): number =>
    sum.reduce((total, part) => total + part.weight * kernel(problem, part, cell, part.shape), 0);
  // [K | y, decisions]; an imagined row counts with the value 0, which moves no variance.
  const system = cells.map((cell, row) => [
    ...cells.map((other, column) => {
      const noise = SCALES.noise + 1e-6 + (noiseFloor + (known[row] ?? typical)) / deviation ** 2;
      return kernel(problem, cell, other, "values") + (row === column ? noise : 0);
    }),
    row < rows.length ? ((rows[row]?.value ?? NaN) - mean) / deviation : 0,
    ...sums.map((sum) => against(sum, cell)),
  ]);
  system.forEach((pivotRow, pivot) => {
    const scale = pivotRow[pivot] ?? NaN;
    pivotRow.forEach((value, at) => (pivotRow[at] = value / scale));
    system.forEach((row, other) => {
      const factor = row[pivot] ?? NaN;
      if (other !== pivot)
        row.forEach((value, at) => (row[at] = value - factor * (pivotRow[at] ?? NaN)));
    });
  });
  const solved = (column: number, sum: readonly WeightedCell[]): number =>
    cells.reduce(
      (total, cell, row) =>
        total + against(sum, cell) * (system[row]?.[cells.length + column] ?? NaN),
      0,
    );
  const prior = (sum: readonly WeightedCell[]): number =>
    sum.reduce(
      (total, part) =>
        total +
        part.weight *
          sum.reduce((s, other) => s + other.weight * kernel(problem, part, other, part.shape), 0),
      0,
    );
  return {
    means: sums.map((sum) => deviation * solved(0, sum)),
    variances: sums.map((sum, k) => deviation ** 2 * (prior(sum) - solved(1 + k, sum))),
  };
}

function measured(step: ActiveStep): readonly MaskedInput[] {
  if (step.kind !== "measure") throw new Error(`stopped: ${step.reason}`);
  return step.masks;
}

describe("nextMasks", () => {
  test("means and variances of decisions are those of the whole covariance matrix", () => {
    const problem = smallProblem();
    const { means, variances } = refit(problem, []);
    const { decisions } = nextMasks(problem);
    expect(decisions.map(({ of }) => `${of.kind} ${of.index}`)).toEqual([
      "span 0",
      "span 1",
      "span 2",
      "span 3",
      "deletion 0",
    ]);
    decisions.forEach(({ effect }, k) => {
      expect(effect.estimate).toBeCloseTo(means[k] ?? NaN, 8);
      const half = 1.6448536269514722 * Math.sqrt(variances[k] ?? NaN);
      expect(effect.high - effect.estimate).toBeCloseTo(half, 8);
      expect(effect.estimate - effect.low).toBeCloseTo(half, 8);
    });
  });

  test("the expected variance of a batch is that of refitting with its rows", () => {
    // A threshold and width at which everything stays undecided throughout.
    const problem = smallProblem();
    const wide = { ...problem, threshold: nextMasks(problem).decisions[0]?.effect.estimate ?? NaN };
    const step = nextMasks(wide);
    const masks = measured(step);
    expect(masks).toHaveLength(4);
    const undecided = step.decisions.flatMap((decision, k) => (decision.undecided ? [k] : []));
    const total = (extra: readonly MaskedInput[]): number => {
      const { variances } = refit(problem, extra);
      return undecided.reduce((sum, k) => sum + (variances[k] ?? NaN), 0);
    };
    expect(step).toMatchObject({
      variance: { before: expect.closeTo(total([]), 8), after: expect.closeTo(total(masks), 8) },
    });
    expect(total(masks)).toBeLessThan(0.9 * total([]));
  });

  test("the first mask is the best of all", () => {
    const problem = { ...smallProblem(), batch: 1 };
    const step = nextMasks(problem);
    const undecided = step.decisions.flatMap((decision, k) => (decision.undecided ? [k] : []));
    const left = (extra: MaskedInput): number => {
      const { variances } = refit(problem, [extra]);
      return undecided.reduce((sum, k) => sum + (variances[k] ?? NaN), 0);
    };
    const taken = new Set(problem.rows.map(keyOf));
    const all = problem.classes.flatMap((_, input) =>
      problem.maskPool.map((mask) => ({ input, mask })).filter((cell) => !taken.has(keyOf(cell))),
    );
    const least = Math.min(...all.map(left));
    expect(left(measured(step)[0] as MaskedInput)).toBeCloseTo(least, 10);
  });

  test("asks nothing twice, nothing beyond batch and budget, and the same each time", () => {
    const problem = smallProblem();
    const step = nextMasks(problem);
    const keys = [...problem.rows, ...measured(step)].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(nextMasks(problem)).toEqual(step);
    // Something stays undecided to the end: then everything that is left is asked, pools with repeats or not.
    const threshold = step.decisions[0]?.effect.estimate ?? NaN;
    const all = { ...problem, threshold, budget: 200, batch: 200 };
    const left = problem.classes.length * 2 ** SPANS - new Set(problem.rows.map(keyOf)).size;
    expect(measured(nextMasks(all))).toHaveLength(left);
    const repeated = [...problem.maskPool, ...problem.maskPool];
    expect(measured(nextMasks({ ...all, maskPool: repeated }))).toHaveLength(left);
    expect(measured(nextMasks({ ...problem, budget: 2 }))).toEqual(measured(step).slice(0, 2));
    expect(measured(nextMasks({ ...problem, candidates: 9, batch: 40 }))).toHaveLength(9);
  });

  test("stops for want of calls, of masks, or of anything undecided", () => {
    const problem = smallProblem();
    const stopped = (change: Partial<ActiveProblem>): ActiveStep =>
      nextMasks({ ...problem, ...change });
    expect(stopped({ budget: 0 })).toMatchObject({ kind: "stop", reason: "budget" });
    expect(stopped({ maskPool: [] })).toMatchObject({ kind: "stop", reason: "pool exhausted" });
    expect(stopped({ width: 1e6 })).toMatchObject({ kind: "stop", reason: "narrow" });
    const decided = stopped({ threshold: 1e6, budget: 0 });
    expect(decided).toMatchObject({ kind: "stop", reason: "narrow" });
    expect(decided.decisions.every(({ undecided }) => !undecided)).toBe(true);
  });

  test("a step ends early where its rows are expected to decide everything", () => {
    const problem = { ...smallProblem(), budget: 60, batch: 60, deletions: [] };
    const widest = Math.max(
      ...nextMasks(problem).decisions.map(({ effect }) => effect.high - effect.low),
    );
    const threshold = nextMasks(problem).decisions[1]?.effect.estimate ?? NaN;
    const step = nextMasks({ ...problem, threshold, width: 0.8 * widest });
    expect(measured(step).length).toBeLessThan(20);
  });

  test.each<[string, Partial<ActiveProblem>]>([
    ["a budget of", { budget: -1 }],
    ["a budget of", { budget: 1.5 }],
    ["in steps of", { batch: 0 }],
    ["a decision at", { threshold: NaN }],
    ["a decision at", { width: -1 }],
    ["3 entries for 4 spans", { maskPool: [new Uint8Array(3)] }],
    ["3 entries for 4 spans", { deletions: [new Uint8Array(3)] }],
    ["no values", { rows: [] }],
  ])("refuses what is %s", (message, change) => {
    expect(() => nextMasks({ ...smallProblem(), ...change })).toThrow(message);
  });
});

describe("active against balanced design", () => {
  test("decides every span with fewer rows, within the budget, and its intervals still hold the truth", () => {
    const question = { threshold: 0.1, width: 0.45, budget: 180 };
    const oracles = Array.from({ length: 8 }, (_, seed) =>
      simulateOracle({ seed: `${seed}`, inputs: 12, spans: 8, classes: 3 }),
    );
    const outcomes = oracles.map((oracle) => decideActively(oracle, question));
    for (const { rows } of outcomes) expect(rows).toBeLessThanOrEqual(question.budget);
    const active = mean(outcomes.map(({ rows }) => rows));
    const balanced = mean(oracles.map((oracle) => decideBalanced(oracle, question)));
    expect(active).toBeLessThan(0.85 * balanced);
    const held = outcomes.map(({ decisions }, k) =>
      mean(
        decisions.map(({ effect }, span) => {
          const truth = oracles[k]?.truth[span] ?? NaN;
          return effect.low <= truth && truth <= effect.high ? 1 : 0;
        }),
      ),
    );
    expect(mean(held)).toBeGreaterThan(0.8);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
