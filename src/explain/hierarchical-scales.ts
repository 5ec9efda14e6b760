import { dot } from "../numerics/linear-algebra.js";
import { type Evaluation, minimise } from "../numerics/lbfgs.js";
import { randomFrom } from "../numerics/random.js";
import {
  type Cell,
  type HierarchicalDesign,
  type HierarchicalScales,
  TERMS,
  type Term,
  surrogateMeanSquare,
  termTable,
} from "./hierarchical-kernel.js";
import {
  type StandardisedRows,
  likelihoodSurplus,
  rowLayout,
  solveRows,
} from "./hierarchical-likelihood.js";

/** Standard deviation of the log of a scale under its hyperprior, and of the noise's. */
const LOG_SCALE_SPREAD = 1.5;
const LOG_NOISE_SPREAD = 1;
const TYPICAL_SURROGATE = 0.2;
const TYPICAL_NOISE = 0.3;
/** Values up to which scales are sought on all rows from the start; beyond, inputs are thinned to about this many rows first. */
const WARM_START_ROWS = 240;

const COARSE = { maxIterations: 60, gradientTolerance: 0.05, valueTolerance: 1e-5 };
const FINE = { maxIterations: 100, gradientTolerance: 3e-3, valueTolerance: 1e-8 };

/** Which terms take part; surrogates and noise always do. */
export interface TermChoice {
  readonly pairs: boolean;
  readonly pool: boolean;
}

/** Terms that take part: without pooling, only the input's own. */
function activeTerms(choice: TermChoice): readonly Term[] {
  return TERMS.filter(
    (term) => (choice.pairs || term.shape !== "pair") && (choice.pool || term.name.endsWith("Own")),
  );
}

export interface ScaleSearch extends TermChoice {
  /** Where to begin, such as the scales of nearly the same rows. */
  readonly start?: HierarchicalScales;
  /** Use about this many rows only; all by default. */
  readonly maxRows?: number;
}

/**
 * Scales that maximise marginal likelihood times hyperprior (log-normal around typical scales), by L-BFGS on their logarithms
 * with the exact gradient (Rasmussen and Williams 2006, equation 5.9). Without a start, many rows begin at the optimum of about
 * WARM_START_ROWS of them, then of twice as many, and so on.
 */
export function optimiseScales(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  search: ScaleSearch,
): HierarchicalScales {
  const parameters = scaleParameters(design, activeTerms(search));
  const used = thinInputs(design, rows, search.maxRows ?? Infinity);
  let start = search.start ? parameters.fromScales(search.start) : parameters.typical;
  for (let few = WARM_START_ROWS; !search.start && few < used.values.length / 1.2; few *= 2) {
    const fewer = thinInputs(design, rows, few);
    start = minimise(objective(design, fewer, parameters), start, COARSE).point;
  }
  return parameters.toScales(minimise(objective(design, used, parameters), start, FINE).point);
}

/** The logarithms of the active scales as one vector: terms, then surrogates, then noise. */
interface ScaleParameters {
  readonly terms: readonly Term[];
  /** Means and spreads of the hyperprior. */
  readonly typical: Float64Array;
  readonly spread: Float64Array;
  toScales(logarithms: Float64Array): HierarchicalScales;
  fromScales(scales: HierarchicalScales): Float64Array;
}

function scaleParameters(design: HierarchicalDesign, terms: readonly Term[]): ScaleParameters {
  // A surrogate's typical scale is one of explained variance, whatever the unit of its attributions.
  const surrogates = design.surrogates.map(
    (prior) => TYPICAL_SURROGATE / (surrogateMeanSquare(prior) || 1),
  );
  const typical = Float64Array.from(
    [...terms.map((term) => term.typical), ...surrogates, TYPICAL_NOISE],
    Math.log,
  );
  const spread = typical.map((_, index) =>
    index === typical.length - 1 ? LOG_NOISE_SPREAD : LOG_SCALE_SPREAD,
  );
  return {
    terms,
    typical,
    spread,
    toScales: (logarithms) => scalesFrom(terms, Array.from(logarithms, Math.exp)),
    fromScales: (scales) =>
      Float64Array.from(
        [...terms.map((term) => scales[term.name]), ...scales.surrogates, scales.noise],
        (scale) => Math.log(Math.max(scale, 1e-12)),
      ),
  };
}

function scalesFrom(terms: readonly Term[], scales: readonly number[]): HierarchicalScales {
  const named: Record<Term["name"], number> = {
    constantOwn: 0,
    constantClass: 0,
    linearTemplate: 0,
    linearClass: 0,
    linearOwn: 0,
    pairTemplate: 0,
    pairClass: 0,
    pairOwn: 0,
  };
  terms.forEach((term, index) => (named[term.name] = scales[index] as number));
  return { ...named, surrogates: scales.slice(terms.length, -1), noise: scales.at(-1) as number };
}

/** Minus log (marginal likelihood x hyperprior) of log-scales, with gradient; Infinity where the covariance is not definite. */
function objective(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  parameters: ScaleParameters,
): (logarithms: Float64Array) => Evaluation {
  const layout = rowLayout(design, rows);
  const tables = parameters.terms.map((term) => termTable(term, design.spans));
  return (logarithms) => {
    const scales = parameters.toScales(logarithms);
    const solution = solveRows(layout, rows.values, scales);
    if (solution === null) return { value: Infinity, gradient: logarithms };
    const surplus = likelihoodSurplus(layout, solution.factor, solution.weights);
    const slopes = [
      ...tables.map((table) => dot(table, surplus.byTableIndex)),
      ...surplus.byFeature,
      surplus.trace,
    ];
    const gradient = Float64Array.from(
      slopes,
      (slope, index) => 0.5 * Math.exp(logarithms[index] as number) * slope,
    );
    return withHyperprior(
      { value: -solution.logMarginalLikelihood, gradient },
      logarithms,
      parameters,
    );
  };
}

function withHyperprior(
  likelihood: Evaluation,
  logarithms: Float64Array,
  parameters: ScaleParameters,
): Evaluation {
  const standardised = logarithms.map(
    (value, index) =>
      (value - (parameters.typical[index] as number)) / (parameters.spread[index] as number),
  );
  return {
    value: likelihood.value + 0.5 * dot(standardised, standardised),
    gradient: likelihood.gradient.map(
      (slope, index) =>
        slope + (standardised[index] as number) / (parameters.spread[index] as number),
    ),
  };
}

/** At most about `target` rows: every k-th input of each class with all its rows, the inputs in random order. */
function thinInputs(
  design: HierarchicalDesign,
  rows: StandardisedRows,
  target: number,
): StandardisedRows {
  const stride = Math.ceil(rows.cells.length / target);
  if (stride <= 1) return rows;
  const inputs = [...new Set(rows.cells.map((cell) => cell.input))].sort((a, b) => a - b);
  const shuffled = randomFrom("thinned inputs").shuffle(inputs);
  const classes = [...new Set(design.classes)];
  const byClass = classes.flatMap((name) =>
    shuffled.filter((input) => design.classes[input] === name),
  );
  const kept = new Set(byClass.filter((_, position) => position % stride === 0));
  const positions = [...rows.cells.keys()].filter((position) =>
    kept.has((rows.cells[position] as Cell).input),
  );
  return {
    cells: positions.map((position) => rows.cells[position] as Cell),
    values: Float64Array.from(positions, (position) => rows.values[position] as number),
    knownVariances: Float64Array.from(
      positions,
      (position) => rows.knownVariances[position] as number,
    ),
  };
}
