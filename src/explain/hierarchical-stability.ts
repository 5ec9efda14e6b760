import type { Interval } from "../domain.js";
import { randomFrom } from "../numerics/random.js";
import { spearman } from "../numerics/rank-correlation.js";
import { fitHierarchical, type HierarchicalFit, type HierarchicalProblem } from "./hierarchical.js";
import { STABLE_RANK_CORRELATION } from "./stability.js";

const REFITS = 20;
/** Fewest inputs whose resamples are not mostly the same few. */
const FEWEST_INPUTS = 5;

/** Whether the template's spans keep their order when other inputs of the same kind are drawn. */
export interface HierarchicalStability {
  /** Mean Spearman correlation of the refits' template attributions with the fit's; null where there is nothing to rank. */
  readonly rankCorrelation: number | null;
  readonly verdict: "stable" | "unstable" | "not measured";
}

/**
 * Refits to inputs drawn again with replacement, each with all its rows and its surrogates' attributions, at the fit's own scales;
 * an input that is drawn twice counts as two of its class (Efron and Tibshirani 1993, inputs as the sampling unit). Not measured
 * with fewer than 5 inputs that have rows, or where all effects are equal.
 */
export function hierarchicalStability(
  problem: HierarchicalProblem,
  fit: HierarchicalFit,
  seed: string,
): HierarchicalStability {
  const measured = [...new Set(problem.rows.map(({ input }) => input))].sort((a, b) => a - b);
  const own = estimatesOf(fit.attributions().template);
  if (measured.length < FEWEST_INPUTS || own.every((value) => value === own[0]))
    return { rankCorrelation: null, verdict: "not measured" };
  const random = randomFrom(`hierarchical refits\n${seed}`);
  const correlations = Array.from({ length: REFITS }, () => {
    const drawn = measured.map(() => measured[random.integer(measured.length)] as number);
    const refit = fitHierarchical({ ...drawInputs(problem, drawn), scales: fit.scales });
    return spearman(own, estimatesOf(refit.attributions().template)) ?? 0;
  });
  const rankCorrelation = correlations.reduce((sum, value) => sum + value, 0) / REFITS;
  return {
    rankCorrelation,
    verdict: rankCorrelation < STABLE_RANK_CORRELATION ? "unstable" : "stable",
  };
}

function estimatesOf(intervals: readonly Interval[]): number[] {
  return intervals.map(({ estimate }) => estimate);
}

function drawInputs(problem: HierarchicalProblem, drawn: readonly number[]): HierarchicalProblem {
  return {
    ...problem,
    classes: drawn.map((input) => problem.classes[input] as string),
    surrogates: problem.surrogates.map(({ name, attributions }) => ({
      name,
      attributions: drawn.map((input) => attributions[input] as Float64Array),
    })),
    rows: drawn.flatMap((input, place) =>
      problem.rows.filter((row) => row.input === input).map((row) => ({ ...row, input: place })),
    ),
  };
}
