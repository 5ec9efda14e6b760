import type { Interval, Mask, SurrogateWeight } from "../domain.js";
import { processAtScales } from "./hierarchical-likelihood.js";
import { optimiseScales } from "./hierarchical-scales.js";
import {
  type Cell,
  type HierarchicalDesign,
  type HierarchicalScales,
  type SurrogatePrior,
  checkDesign,
  covarianceTable,
  surrogateMeanSquare,
} from "./hierarchical-kernel.js";
import { type TemplatePairs, templatePairs } from "./hierarchical-pairs.js";
import {
  type Functional,
  type Posterior,
  cellFunctional,
  differenceFunctional,
  effectFunctionals,
  posteriorIntervals,
  posteriorMean,
  surrogateFunctional,
} from "./hierarchical-posterior.js";
import { type MeasuredRow, standardise } from "./measured-rows.js";

export interface HierarchicalProblem extends HierarchicalDesign {
  readonly rows: readonly MeasuredRow[];
  /** Variance that every value is known to have at least, such as that of repeats, in squared units of the values; 0 by default. */
  readonly noiseFloor?: number;
  /** Pair effects of spans take part; true by default. */
  readonly pairs?: boolean;
  /** Inputs share effects, by output class and all; true by default. False: each input on its own. */
  readonly pool?: boolean;
  /** Fixed scales instead of the most likely ones. */
  readonly scales?: HierarchicalScales;
  /** Where the search for the most likely scales begins; such as those of nearly the same rows. */
  readonly start?: HierarchicalScales;
  /** Seek the scales on about this many rows only and then use all rows; all by default. */
  readonly scaleRows?: number;
}

/** 90 % posterior intervals of linear effects, in units of the values. */
export interface HierarchicalAttributions {
  /** [input][span] */
  readonly perInput: readonly (readonly Interval[])[];
  /** Mean over all inputs: [span]. */
  readonly template: readonly Interval[];
  /** Mean over the inputs of an output class: class -> [span]. */
  readonly byClass: ReadonlyMap<string, readonly Interval[]>;
}

/** Posterior of hierarchical attribution. Inputs are indices into `classes`; inputs without rows are predicted from their class. */
export interface HierarchicalFit {
  /** Expected values of masks of an input, in units of the values. */
  predict(input: number, masks: readonly Mask[]): Float64Array;
  /** The same without the input's constant: for comparing masks of one input. 0 at the middle of all masks, but for pairs. */
  predictEffects(input: number, masks: readonly Mask[]): Float64Array;
  attributions(): HierarchicalAttributions;
  /** 90 % posterior interval of value(full) - value(mask): what deleting the spans that the mask lacks costs, pairs included. */
  deletionEffect(input: number, mask: Mask): Interval;
  /** Pair terms, means over the inputs, with 90 % posterior intervals. */
  templatePairs(): TemplatePairs;
  /**
   * Share of each surrogate in the attributions: mean square of its part over the sum of all parts' (surrogates' and the rest).
   * 0 where the 90 % interval of its factor holds 0: the data switched it off.
   */
  readonly surrogateWeights: readonly SurrogateWeight[];
  /** log p(values | scales) of the values standardised to mean 0 and standard deviation 1. */
  readonly logMarginalLikelihood: number;
  readonly scales: HierarchicalScales;
}

/**
 * Fits hierarchical attribution (docs/methods.md, A10): one Gaussian process over inputs and masks whose covariance says what the
 * inputs of a template share. Reference: posterior means equal the NumPy prototype's; see __tests__/references/hierarchical.
 * Throws INTERNAL where there are no rows, a value is not finite or shapes do not fit.
 */
export function fitHierarchical(problem: HierarchicalProblem): HierarchicalFit {
  return hierarchicalFit(fitPosterior(problem));
}

/** A posterior in standardised units, and what turns its numbers back into units of the values. */
export interface FittedPosterior {
  readonly posterior: Posterior;
  readonly mean: number;
  readonly deviation: number;
}

/** The posterior behind fitHierarchical, for designs that ask it for variances; throws as it does. */
export function fitPosterior(problem: HierarchicalProblem): FittedPosterior {
  const { pairs = true, pool = true } = problem;
  checkDesign(problem, problem.rows);
  const { rows, mean, deviation } = standardise(problem.rows, problem.noiseFloor);
  const scales =
    problem.scales ??
    optimiseScales(problem, rows, {
      pairs,
      pool,
      ...(problem.start && { start: problem.start }),
      ...(problem.scaleRows !== undefined && { maxRows: problem.scaleRows }),
    });
  const process = processAtScales(problem, rows, scales);
  return { posterior: { design: problem, cells: problem.rows, process }, mean, deviation };
}

function hierarchicalFit({ posterior, mean, deviation }: FittedPosterior): HierarchicalFit {
  const { design, process } = posterior;
  const { scales, logMarginalLikelihood } = process;
  const values = covarianceTable(scales, design.spans);
  const effects = covarianceTable({ ...scales, constantOwn: 0, constantClass: 0 }, design.spans);
  const inUnits = (interval: Interval): Interval => ({
    estimate: interval.estimate * deviation,
    low: interval.low * deviation,
    high: interval.high * deviation,
  });
  const intervals = (functionals: readonly Functional[]): Interval[] =>
    posteriorIntervals(posterior, functionals).map(inUnits);
  const means = (table: Float64Array, input: number, masks: readonly Mask[]): Float64Array => {
    const cells = masks.map((mask) => ({ input, mask }));
    checkDesign({ ...design, surrogates: [] }, cells);
    return Float64Array.from(
      cells,
      (cell) => deviation * posteriorMean(posterior, cellFunctional(posterior, table, cell)),
    );
  };
  return {
    predict: (input, masks) => means(values, input, masks).map((value) => value + mean),
    predictEffects: (input, masks) => means(effects, input, masks),
    attributions: () => attributions(posterior, intervals),
    deletionEffect: (input, mask) => {
      const cells: [Cell, Cell] = [
        { input, mask: new Uint8Array(design.spans).fill(1) },
        { input, mask },
      ];
      checkDesign({ ...design, surrogates: [] }, cells);
      return intervals([differenceFunctional(posterior, effects, cells)])[0] as Interval;
    },
    templatePairs: () => templatePairs(posterior, deviation),
    surrogateWeights: surrogateWeights(posterior),
    logMarginalLikelihood,
    scales,
  };
}

function attributions(
  posterior: Posterior,
  intervals: (functionals: readonly Functional[]) => Interval[],
): HierarchicalAttributions {
  const { classes } = posterior.design;
  const ofInputs = (chosen: (input: number) => boolean): Interval[] =>
    intervals(effectFunctionals(posterior, equalWeights(classes, chosen)));
  return {
    perInput: classes.map((_, input) => ofInputs((other) => other === input)),
    template: ofInputs(() => true),
    byClass: new Map(
      [...new Set(classes)].map((name) => [name, ofInputs((input) => classes[input] === name)]),
    ),
  };
}

function equalWeights(
  classes: readonly string[],
  chosen: (input: number) => boolean,
): Float64Array {
  const weights = Float64Array.from(classes, (_, input) => (chosen(input) ? 1 : 0));
  const count = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / count);
}

function surrogateWeights(posterior: Posterior): SurrogateWeight[] {
  const { surrogates } = posterior.design;
  if (surrogates.length === 0) return [];
  const factors = posteriorIntervals(
    posterior,
    surrogates.map((_, k) => surrogateFunctional(posterior, k)),
  );
  const parts = surrogates.map(
    (prior, k) => (factors[k] as Interval).estimate ** 2 * surrogateMeanSquare(prior),
  );
  const total = parts.reduce((sum, part) => sum + part, restMeanSquare(posterior, factors));
  return surrogates.map(({ name }, k) => {
    const { low, high } = factors[k] as Interval;
    const undecided = low <= 0 && high >= 0;
    return { name, weight: undecided || total === 0 ? 0 : (parts[k] as number) / total };
  });
}

/** Mean square of the values that effects beside the surrogates' explain, on the scale of surrogateMeanSquare. */
function restMeanSquare(posterior: Posterior, factors: readonly Interval[]): number {
  const { classes, surrogates } = posterior.design;
  const rest = classes.map((_, input) =>
    Float64Array.from(
      effectFunctionals(
        posterior,
        equalWeights(classes, (other) => other === input),
      ),
      (functional, span) => {
        const prior = surrogates.reduce(
          (sum, { attributions: phi }, k) =>
            sum + (factors[k] as Interval).estimate * (phi[input]?.[span] ?? 0),
          0,
        );
        return posteriorMean(posterior, functional) - prior;
      },
    ),
  );
  return surrogateMeanSquare({ name: "rest", attributions: rest });
}

export type { HierarchicalScales, MeasuredRow, SurrogatePrior };
