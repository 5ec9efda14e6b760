import { describe, expect, test } from "@jest/globals";
import type { EstimatorName, Mask, MaskDesignName } from "../../src/domain.js";
import { nextBatch } from "../../src/explain/adaptive-stop.js";
import { type EstimateOptions, estimate } from "../../src/explain/estimators/estimate.js";
import type { MeasuredGame, Stability } from "../../src/explain/game.js";
import { limeKernel } from "../../src/explain/kernels/lime-cosine.js";
import { designGame } from "../../src/explain/mask-designs/design.js";
import { enumerateMasks } from "../../src/explain/mask-designs/enumeration.js";
import { largestDeletion } from "../../src/explain/mask-pool.js";
import { resample, resamplingUnits } from "../../src/explain/resampling.js";
import { measureStability } from "../../src/explain/stability.js";
import { momentsOf, regressionOf, ridge } from "../../src/numerics/least-squares.js";
import { randomFrom } from "../../src/numerics/random.js";
import {
  GAME_KINDS,
  type SimulatedGame,
  banzhafValues,
  measure,
  shapleyValues,
  simulateGame,
} from "./simulated-games.js";

function stabilityOf(
  method: EstimatorName,
  game: MeasuredGame,
  options: EstimateOptions = { seed: "s" },
): Stability {
  return measureStability({ game, estimate: estimate(method, game, options), options });
}

interface Arm {
  readonly name: string;
  readonly method: EstimatorName;
  readonly design: MaskDesignName;
  readonly paired?: boolean;
  readonly options?: Partial<EstimateOptions>;
  /** What the method would find, were there no end of its masks. */
  readonly target: (game: SimulatedGame) => Float64Array;
}

/** Weighted least squares on 6,000 masks drawn from a distribution, repeats and all. */
function fitToMany(
  game: SimulatedGame,
  deletionsOf: (spans: number, random: ReturnType<typeof randomFrom>) => number,
  kernel?: (masks: readonly Mask[]) => Float64Array,
): Float64Array {
  const random = randomFrom(`target ${game.kind} ${game.spans}`);
  const order = Array.from({ length: game.spans }, (_, span) => span);
  const masks = Array.from({ length: 6000 }, () => {
    const mask = new Uint8Array(game.spans).fill(1);
    for (const span of random.shuffle(order).slice(0, deletionsOf(game.spans, random)))
      mask[span] = 0;
    return mask;
  });
  const values = measure(game, masks).values;
  return ridge(momentsOf(regressionOf(masks, values, kernel?.(masks))), 0);
}

const ARMS: readonly Arm[] = [
  { name: "lasso", method: "lasso", design: "bernoulli", target: banzhafValues },
  {
    name: "lasso, paired",
    method: "lasso",
    design: "bernoulli",
    paired: true,
    target: banzhafValues,
  },
  { name: "kernel-shap", method: "kernel-shap", design: "shapley-size", target: shapleyValues },
  {
    name: "leverage SHAP",
    method: "kernel-shap",
    design: "leverage",
    options: { kernelShap: { regression: "leverage" } },
    target: shapleyValues,
  },
  {
    name: "lime of ten spans",
    method: "lime",
    design: "uniform-size",
    target: (game) =>
      fitToMany(
        game,
        (spans, random) => 1 + random.integer(spans - 1),
        (masks) => limeKernel(masks).weights,
      ),
  },
  {
    name: "rope-lime under a flat kernel",
    method: "rope-lime",
    design: "sparse-k",
    target: (game) =>
      fitToMany(game, (spans, random) => 1 + random.integer(largestDeletion(spans))),
  },
];

describe("coverage of the 90 % intervals on linear, AND/OR and gated games", () => {
  test.each(ARMS)("$name", (arm) => {
    let held = 0;
    let spansSeen = 0;
    for (const [spans, budgets] of [
      [12, [64, 128]],
      [24, [64, 256]],
    ] as const)
      for (const kind of GAME_KINDS)
        for (let seed = 300; seed < 302; seed++) {
          const simulated = simulateGame(kind, spans, seed);
          const target = arm.target(simulated);
          for (const budget of budgets) {
            const masks = designGame({
              design: arm.design,
              spans,
              budget,
              seed: `coverage ${seed}`,
              ...(arm.paired ? { paired: true } : {}),
            });
            const flat = new Float64Array(masks.length).fill(1);
            const options: EstimateOptions = {
              seed: "coverage",
              ...(arm.method === "rope-lime" ? { kernelWeights: flat } : {}),
              ...arm.options,
            };
            const { intervals } = stabilityOf(arm.method, measure(simulated, masks), options);
            intervals?.forEach(({ low, high }, span) => {
              spansSeen++;
              if (low <= (target[span] ?? NaN) && (target[span] ?? NaN) <= high) held++;
            });
          }
        }
    expect(spansSeen).toBeGreaterThan(400);
    expect(held / spansSeen).toBeGreaterThanOrEqual(0.9);
    // Intervals that always hold say nothing.
    expect(held / spansSeen).toBeLessThan(0.995);
  });
});

describe("measureStability", () => {
  const simulated = simulateGame("and-or", 14, 1);
  const game = (budget: number, seed = "a"): MeasuredGame =>
    measure(simulated, designGame({ design: "mixed", spans: 14, budget, seed }));

  test("narrows with the number of masks and holds the estimate", () => {
    const widths = [40, 160, 640].map((budget) => {
      const found = stabilityOf("lasso", game(budget));
      for (const { estimate: value, low, high } of found.intervals ?? []) {
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }
      return (found.intervals ?? []).reduce((sum, { low, high }) => sum + high - low, 0) / 14;
    });
    expect(widths[1]).toBeLessThan(0.7 * (widths[0] ?? NaN));
    expect(widths[2]).toBeLessThan(0.7 * (widths[1] ?? NaN));
  });

  test("calls stable what refits repeat, unstable what they do not", () => {
    expect(stabilityOf("lasso", game(400))).toMatchObject({ verdict: "stable" });
    const masks = designGame({ design: "leverage", spans: 14, budget: 40, seed: "n" });
    const random = randomFrom("noise");
    const values = Float64Array.from(masks, () => random.normal());
    const found = stabilityOf("kernel-shap", { spans: 14, masks, values });
    expect(found.verdict).toBe("unstable");
    expect(found.rankCorrelation).toBeLessThan(0.8);
  });

  test("a span that a penalty holds at 0 has an interval all the same", () => {
    const measured = game(60);
    const found = estimate("lasso", measured, { seed: "s" });
    const zero = found.attribution.indexOf(0);
    expect(zero).toBeGreaterThanOrEqual(0);
    const interval = stabilityOf("lasso", measured).intervals?.[zero];
    expect((interval?.high ?? 0) - (interval?.low ?? 0)).toBeGreaterThan(0.05);
  });

  test("a second draw of the masks that orders the spans otherwise makes it unstable", () => {
    const options = { seed: "s" };
    const first = game(400);
    const problem = { game: first, estimate: estimate("lasso", first, options), options };
    const second = game(400, "b");
    expect(measureStability({ ...problem, second: { game: second, options } }).verdict).toBe(
      "stable",
    );
    const reversed = { ...second, values: second.values.map((value) => -value) };
    expect(measureStability({ ...problem, second: { game: reversed, options } }).verdict).toBe(
      "unstable",
    );
  });

  test("nothing is uncertain where nothing was drawn", () => {
    const all = measure(simulateGame("gated", 6, 1), enumerateMasks(6));
    for (const method of ["exact", "leave-one-out", "kernel-shap", "lasso"] as const) {
      const found = stabilityOf(method, all);
      expect(found).toMatchObject({ verdict: "stable", rankCorrelation: 1 });
      expect(found.intervals?.every(({ low, high }) => low === high)).toBe(true);
    }
    const constant = { ...game(40), values: new Float64Array(40).fill(2) };
    expect(stabilityOf("lasso", constant)).toMatchObject({
      verdict: "stable",
      rankCorrelation: null,
    });
  });

  test("not measured with too few masks, and said so", () => {
    const few = {
      spans: 14,
      masks: game(40).masks.slice(0, 4),
      values: Float64Array.of(1, 2, 4, 3),
    };
    expect(stabilityOf("lasso", few)).toEqual({
      intervals: null,
      rankCorrelation: null,
      verdict: "not measured",
    });
    const short = game(15);
    expect(stabilityOf("lime", short)).toMatchObject({ intervals: null, verdict: "not measured" });
    expect(stabilityOf("lime", short).rankCorrelation).not.toBeNull();
    expect(stabilityOf("lime", game(16)).intervals).toHaveLength(14);
  });

  test("values that vary while no span was found to matter are unstable, not stable", () => {
    const measured = game(30);
    const options = { seed: "s" };
    const nothing = { method: "lasso", attribution: new Float64Array(14), intercept: 0 } as const;
    expect(measureStability({ game: measured, estimate: nothing, options })).toMatchObject({
      rankCorrelation: null,
      verdict: "unstable",
    });
  });

  test("is the same for the same seed", () => {
    const of = (seed: string): Stability => stabilityOf("gsmile", game(60), { seed });
    expect(of("one")).toEqual(of("one"));
    expect(of("one")).not.toEqual(of("two"));
  });
});

describe("resampling", () => {
  const paired = designGame({ design: "leverage", spans: 9, budget: 42, seed: "p" });
  const game = measure(simulateGame("linear", 9, 1), paired);
  const key = (mask: Mask): string => mask.join("");

  test("draws complement pairs together and keeps Kernel SHAP's constraints", () => {
    const units = resamplingUnits(game, "kernel-shap");
    expect(units.kept.map((row) => key(paired[row] as Mask)).sort()).toEqual([
      "000000000",
      "111111111",
    ]);
    expect(units.drawn).toHaveLength(20);
    const options = { seed: "", kernelWeights: Float64Array.from(paired, (_, row) => row) };
    const drawn = resample({ game, options, units }, randomFrom("draw"));
    expect(drawn.game.masks).toHaveLength(42);
    const counts = new Map<string, number>();
    for (const mask of drawn.game.masks) counts.set(key(mask), (counts.get(key(mask)) ?? 0) + 1);
    for (const mask of drawn.game.masks)
      expect(counts.get(key(mask.map((bit) => 1 - bit)))).toBe(counts.get(key(mask)));
    expect(Math.max(...counts.values())).toBeGreaterThan(1);
    drawn.game.masks.forEach((mask, row) => {
      const from = drawn.options.kernelWeights?.[row] ?? NaN;
      expect(key(paired[from] as Mask)).toBe(key(mask));
      expect(drawn.game.values[row]).toBe(game.values[from]);
    });
  });

  test("draws single masks where one is without its complement, all of them for the others", () => {
    const short = { ...game, masks: paired.slice(0, 41), values: game.values.slice(0, 41) };
    expect(resamplingUnits(short, "lime")).toMatchObject({ kept: [] });
    expect(resamplingUnits(short, "lime").drawn).toHaveLength(41);
    expect(resamplingUnits(game, "lime").drawn).toHaveLength(22);
  });
});

describe("nextBatch", () => {
  const interval = (estimate: number, half: number) => ({
    estimate,
    low: estimate - half,
    high: estimate + half,
  });

  test("goes on in batches of 32 until the budget is spent, never beyond", () => {
    const wide = [interval(0, 1), interval(5, 1)];
    expect(nextBatch({ intervals: wide, masks: 32, budget: 100 })).toEqual({
      kind: "measure",
      masks: 32,
    });
    expect(nextBatch({ intervals: wide, masks: 96, budget: 100 })).toEqual({
      kind: "measure",
      masks: 4,
    });
    expect(nextBatch({ intervals: wide, masks: 100, budget: 100 })).toEqual({
      kind: "stop",
      reason: "budget",
    });
    expect(nextBatch({ intervals: null, masks: 0, budget: 10 })).toEqual({
      kind: "measure",
      masks: 10,
    });
    expect(() => nextBatch({ intervals: null, masks: 11, budget: 10 })).toThrow("11 masks");
  });

  test("stops when the widest half-width is under a tenth of the range", () => {
    const progress = { masks: 64, budget: 256 };
    expect(nextBatch({ ...progress, intervals: [interval(0, 0.1), interval(5, 0.49)] })).toEqual({
      kind: "stop",
      reason: "narrow",
    });
    expect(nextBatch({ ...progress, intervals: [interval(0, 0.1), interval(5, 0.51)] }).kind).toBe(
      "measure",
    );
    expect(nextBatch({ ...progress, intervals: [interval(2, 0), interval(2, 0)] }).kind).toBe(
      "stop",
    );
    expect(nextBatch({ ...progress, intervals: [interval(2, 0.1), interval(2, 0)] }).kind).toBe(
      "measure",
    );
  });
});
