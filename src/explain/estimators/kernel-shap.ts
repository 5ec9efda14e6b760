import { UnderstudyError } from "../../errors.js";
import { choleskyOrThrow, solveCholesky } from "../../numerics/linear-algebra.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { leverageCounts } from "../mask-designs/size-shares.js";
import { regressionOfGame, valueOfExtreme } from "./game-regression.js";

/** Relative ridge that picks the solution of least norm where the masks do not determine one. */
const SINGULAR_RIDGE = 1e-10;

/**
 * How a measured mask stands for the masks of its size that were not measured:
 * - kernel: all measured masks of a size share the Shapley kernel's weight of that size
 * - leverage: the kernel's weight of the mask over its probability of being drawn by the design "leverage" (Leverage SHAP)
 */
export type ShapRegression = "kernel" | "leverage";

export interface KernelShapOptions {
  /** "kernel" by default. */
  readonly regression?: ShapRegression;
  /** [mask]: weights of the least squares in place of both, such as those of the shap package; the empty and the full mask's are not used. */
  readonly kernelWeights?: Float64Array;
}

/**
 * Kernel SHAP (Lundberg and Lee 2017): Shapley values by least squares of v(z) - v(0) on the masks, weighted by the Shapley kernel
 * (d - 1) / (C(d, s) s (d - s)) of the number s of kept spans, under the constraint that attributions add up to v(1) - v(0).
 * v(1) and v(0) are the measured values of the full and of the empty mask (the mean where repeated), and nothing else: both must be among
 * the masks, and the intercept is v(0). Exact where all masks were measured, and on games of order 2 where masks come with their complements and
 * determine the fit. Solved on rows projected onto zero sum (Leverage SHAP: Musco and Witter 2024, arXiv 2410.01917).
 * Throws USAGE where the full or the empty mask is missing.
 */
export function estimateByKernelShap(
  game: MeasuredGame,
  options: KernelShapOptions = {},
): Estimate {
  const { spans } = game;
  const { design, values, rows } = regressionOfGame(game);
  const empty = valueOfExtreme(game, "empty");
  const total = valueOfExtreme(game, "full") - empty;
  const weights = rowWeights(game, options);
  const system = { matrix: new Float64Array(spans * spans), right: new Float64Array(spans) };
  const projected = new Float64Array(spans);
  for (let row = 0; row < rows; row++) {
    const mask = design.subarray(row * spans, (row + 1) * spans);
    const share = mask.reduce((sum, kept) => sum + kept, 0) / spans;
    for (let j = 0; j < spans; j++) projected[j] = (mask[j] as number) - share;
    const target = (values[row] as number) - empty - share * total;
    addRow(system, projected, { weight: weights[row] as number, target });
  }
  const attribution = solveOnZeroSum(system, spans).map((value) => value + total / spans);
  return { method: "kernel-shap", attribution, intercept: empty };
}

interface NormalEquations {
  /** Lower triangle of X'WX. */
  readonly matrix: Float64Array;
  /** X'Wy */
  readonly right: Float64Array;
}

function addRow(
  { matrix, right }: NormalEquations,
  row: Float64Array,
  { weight, target }: { readonly weight: number; readonly target: number },
): void {
  const size = row.length;
  if (weight === 0) return;
  for (let j = 0; j < size; j++) {
    const scaled = weight * (row[j] as number);
    right[j] = (right[j] as number) + scaled * target;
    for (let k = 0; k <= j; k++)
      matrix[j * size + k] = (matrix[j * size + k] as number) + scaled * (row[k] as number);
  }
}

/** Least squares on rows that add up to 0, its solution adding up to 0 too; of least norm where the rows do not determine it. */
function solveOnZeroSum({ matrix, right }: NormalEquations, size: number): Float64Array {
  let trace = 0;
  for (let j = 0; j < size; j++) trace += matrix[j * size + j] as number;
  if (trace === 0) return new Float64Array(size);
  // The rows leave the direction of equal entries free; any weight there makes the matrix definite without moving the solution.
  const level = trace / size;
  const definite = matrix.map((value) => value + level / size);
  for (let j = 0; j < size; j++)
    definite[j * size + j] = (definite[j * size + j] as number) + SINGULAR_RIDGE * level;
  return solveCholesky(choleskyOrThrow(definite, size), right);
}

/** [mask]: weight of the least squares, up to a common factor; 0 for the empty and the full mask, which are constraints. */
function rowWeights(game: MeasuredGame, options: KernelShapOptions): Float64Array {
  const sizes = Float64Array.from(game.masks, (mask) => mask.reduce((sum, kept) => sum + kept, 0));
  const inside = (size: number): boolean => size > 0 && size < game.spans;
  const given = options.kernelWeights;
  if (given) {
    if (given.length !== sizes.length)
      throw new UnderstudyError("INTERNAL", `${given.length} weights of ${sizes.length} masks`);
    return given.map((weight, row) => (inside(sizes[row] as number) ? weight : 0));
  }
  const represented =
    options.regression === "leverage"
      ? leverageCounts(game.spans, sizes.filter(inside).length)
      : countSizes(sizes, game.spans);
  return sizes.map((size) =>
    inside(size) ? 1 / (size * (game.spans - size) * (represented[size] as number)) : 0,
  );
}

/** Number of masks, by how many spans they keep. */
function countSizes(sizes: Float64Array, spans: number): Float64Array {
  const counts = new Float64Array(spans + 1);
  for (const size of sizes) counts[size] = (counts[size] as number) + 1;
  return counts;
}
