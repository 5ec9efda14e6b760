/** How often 90 % intervals hold what a method would find, were there no end of its masks, on games of which all masks are known. */
import type { EstimatorName, MaskDesignName } from "../../src/domain.js";
import { estimate, type EstimateOptions } from "../../src/explain/estimators/estimate.js";
import type { MeasuredGame } from "../../src/explain/game.js";
import { limeKernel } from "../../src/explain/kernels/lime-cosine.js";
import { designGame } from "../../src/explain/mask-designs/design.js";
import { deletions, largestDeletion } from "../../src/explain/mask-pool.js";
import { measureStability } from "../../src/explain/stability.js";
import { binomialCoefficient } from "../../src/numerics/binomial-coefficient.js";
import { momentsOf, regressionOf, ridge } from "../../src/numerics/least-squares.js";
import type { EnumeratedGame } from "./enumerated.js";

export interface CoverageArm {
  readonly name: string;
  readonly method: EstimatorName;
  readonly design: MaskDesignName;
  readonly budgets: readonly number[];
  /** What the method aims at, from all masks. */
  readonly target: (game: MeasuredGame) => Float64Array;
}

export interface Coverage {
  /** Of the 90 % intervals, those that held their target. */
  readonly held: number;
  readonly intervals: number;
  /** Mean width of the intervals relative to the range of the targets. */
  readonly relativeWidth: number;
}

/** Least squares on all masks, weighted by how likely the design is to draw each, and by the kernel. */
function limitOfFit(
  game: MeasuredGame,
  weightOf: (deleted: number) => number,
  kernel?: Float64Array,
): Float64Array {
  const weights = Float64Array.from(
    game.masks,
    (mask, row) => weightOf(deletions(mask)) * (kernel?.[row] ?? 1),
  );
  return ridge(momentsOf(regressionOf(game.masks, game.values, weights)), 0);
}

/** Masks of a size share its probability; sizes from 1 to `most` are equally likely. */
function uniformSizes(spans: number, most: number): (deleted: number) => number {
  return (deleted) =>
    deleted >= 1 && deleted <= most ? 1 / binomialCoefficient(spans, deleted) : 0;
}

export const COVERAGE_ARMS: readonly CoverageArm[] = [
  {
    name: "Lasso",
    method: "lasso",
    design: "bernoulli",
    budgets: [32, 64, 128],
    target: (game) => limitOfFit(game, () => 1),
  },
  {
    name: "LIME",
    method: "lime",
    design: "uniform-size",
    budgets: [32, 64, 128],
    target: (game) =>
      limitOfFit(
        game,
        uniformSizes(game.spans, game.spans - 1),
        // An empty prompt has no direction; its weight is 0 here anyway.
        limeKernel(game.masks).weights,
      ),
  },
  {
    name: "Kernel SHAP",
    method: "kernel-shap",
    design: "shapley-size",
    budgets: [32, 64, 128],
    target: (game) =>
      estimate("exact", game, { seed: "all masks", exact: { index: "shapley" } }).attribution,
  },
  {
    name: "RoPE-LIME, flat kernel",
    method: "rope-lime",
    design: "sparse-k",
    budgets: [32, 48],
    target: (game) => limitOfFit(game, uniformSizes(game.spans, largestDeletion(game.spans))),
  },
  {
    name: "gSMILE",
    method: "gsmile",
    design: "bernoulli",
    budgets: [32, 64, 128],
    target: (game) => estimate("gsmile", game, { seed: "all masks" }).attribution,
  },
];

/** Over all games, `draws` draws of the masks each, and all spans. */
export function coverageOf(
  arm: CoverageArm,
  games: readonly EnumeratedGame[],
  { budget, draws }: { readonly budget: number; readonly draws: number },
): Coverage {
  let [held, intervals, widths] = [0, 0, 0];
  for (const all of games) {
    const target = arm.target(all);
    const range = Math.max(...target) - Math.min(...target);
    for (let draw = 0; draw < draws; draw++) {
      const seed = `coverage\n${all.id}\n${draw}`;
      const game = measuredPart(all, { design: arm.design, budget, seed });
      const options: EstimateOptions = {
        seed,
        lime: { features: Infinity },
        ...(arm.method === "rope-lime" && {
          kernelWeights: new Float64Array(game.masks.length).fill(1),
        }),
      };
      const own = estimate(arm.method, game, options);
      const stability = measureStability({ game, estimate: own, options });
      for (const [span, { low, high }] of (stability.intervals ?? []).entries()) {
        const aim = target[span] as number;
        intervals += 1;
        widths += (high - low) / range;
        if (low <= aim && aim <= high) held += 1;
      }
    }
  }
  return { held, intervals, relativeWidth: widths / intervals };
}

function measuredPart(
  { spans, values }: EnumeratedGame,
  {
    design,
    budget,
    seed,
  }: { readonly design: MaskDesignName; readonly budget: number; readonly seed: string },
): MeasuredGame {
  const masks = designGame({ design, spans, budget, seed });
  const codeOf = (mask: Uint8Array): number =>
    mask.reduce((code, kept, span) => code + kept * 2 ** span, 0);
  return {
    spans,
    masks,
    values: Float64Array.from(masks, (mask) => values[codeOf(mask)] as number),
  };
}
