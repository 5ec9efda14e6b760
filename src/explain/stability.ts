import type { EstimatorName, Interval } from "../domain.js";
import { debias } from "../numerics/robust-errors.js";
import { type Random, randomFrom } from "../numerics/random.js";
import { spearman } from "../numerics/rank-correlation.js";
import { type EstimateOptions, estimate as estimateAgain } from "./estimators/estimate.js";
import { isEnumerated } from "./estimators/exact.js";
import { isConstant, regressionOfGame } from "./estimators/game-regression.js";
import { gsmileWeights } from "./estimators/gsmile.js";
import { type LassoEstimate, refitLasso } from "./estimators/lasso.js";
import { limeWeights } from "./estimators/lime.js";
import type { Estimate, MeasuredGame, Stability } from "./game.js";
import { type ResamplingUnits, resample, resamplingUnits } from "./resampling.js";

/** Bootstrap refits: enough for a standard deviation to about 16 %. */
const REFITS = 20;
/** 95th percentile of Student's t with 19 degrees of freedom: the deviation comes from 20 refits. */
const T_95 = 1.7291328115213678;
/** The same of the normal distribution. */
const NORMAL_95 = 1.6448536269514722;
/** Fewest masks that are resampled; fewer give refits that are mostly the same few rows. */
const FEWEST_MASKS = 5;
/** Draws (masks, or pairs of them) beyond the number of spans without which no residual is left to judge the fit by. */
const SPARE_DRAWS = 2;
/**
 * Mean rank correlation of refits with the estimate from which an order counts as stable. On the simulated games of the tests this mean
 * tracks the estimate's rank correlation with the true values (.90 against .88, .84 against .80, .65 against .71), so that a stable order
 * is one that is about .8 right.
 */
export const STABLE_RANK_CORRELATION = 0.8;
/** Two estimates that each agree with the truth by .8 and err independently agree with each other by .8 x .8. */
export const STABLE_SEED_CORRELATION = STABLE_RANK_CORRELATION ** 2;

export interface StabilityProblem {
  readonly game: MeasuredGame;
  /** What the method named in it made of the game, with `options`. */
  readonly estimate: Estimate | LassoEstimate;
  readonly options: EstimateOptions;
  /** The same prompt and output measured on masks from another seed, with the options that belong to them. */
  readonly second?: { readonly game: MeasuredGame; readonly options: EstimateOptions };
}

/**
 * How steady an estimate is (docs/methods.md, stability; A8).
 * - rankCorrelation: mean Spearman correlation with the estimate of 20 refits to masks drawn with replacement (pairs where masks come with
 *   their complements; Kernel SHAP keeps the full and the empty mask; Lasso keeps its penalty).
 * - intervals: 90 % of what the method estimates, by its own masks and kernel, were there no end of masks. From the coefficients freed of
 *   penalty and selection by one Newton step (Lasso, LIME, RoPE-LIME, gSMILE; Kernel SHAP has neither), plus and minus the larger of 1.73 x the root
 *   mean square of the refits around the estimate and 1.64 x the HC3 standard error, and wide enough to hold the estimate itself. Refits
 *   alone cover too little: spans that a penalty holds at 0 stay there in every refit.
 * - verdict: unstable where refits, or a second draw of the masks, order the spans otherwise.
 * Where nothing was drawn (leave-one-out, exact, any method on all masks) intervals are points and the verdict is stable. Neither intervals
 * nor verdict are measured where there are not more masks (or pairs) than spans: refits to so few agree with each other whatever the
 * truth is. No rank correlation either with fewer than 5 masks. `random` draws the refits; from the seed of the options by default.
 */
export function measureStability(
  problem: StabilityProblem,
  random: Random = randomFrom(`refits\n${problem.options.seed}\n${problem.estimate.method}`),
): Stability {
  const { game, estimate } = problem;
  if (isCertain(game, estimate)) return certain(estimate.attribution);
  if (game.masks.length < FEWEST_MASKS)
    return { intervals: null, rankCorrelation: null, verdict: "not measured" };
  const units = resamplingUnits(game, estimate.method);
  const refits = bootstrapRefits(problem, units, random);
  const rankCorrelation = meanRankCorrelation(estimate.attribution, refits);
  if (units.drawn.length < game.spans + SPARE_DRAWS)
    return { intervals: null, rankCorrelation, verdict: "not measured" };
  return {
    intervals: intervalsOf(problem, units, refits),
    rankCorrelation,
    verdict: verdictOf(problem, rankCorrelation),
  };
}

function isCertain(game: MeasuredGame, { method }: Estimate): boolean {
  switch (method) {
    case "leave-one-out":
    case "exact":
      return true;
    case "lasso":
    case "kernel-shap":
    case "lime":
    case "rope-lime":
    case "gsmile":
      return isConstant(game.values) || isEnumerated(game);
  }
}

/** No refit and no seed changes it. */
function certain(attribution: Float64Array): Stability {
  return {
    intervals: Array.from(attribution, (estimate) => ({ estimate, low: estimate, high: estimate })),
    rankCorrelation: isConstant(attribution) ? null : 1,
    verdict: "stable",
  };
}

/** [refit][span] */
function bootstrapRefits(
  { game, estimate, options }: StabilityProblem,
  units: ResamplingUnits,
  random: Random,
): Float64Array[] {
  return Array.from({ length: REFITS }, () => {
    const drawn = resample({ game, options, units }, random);
    if (estimate.method === "lasso" && "alpha" in estimate)
      return refitLasso(regressionOfGame(drawn.game, drawn.options.kernelWeights), estimate.alpha)
        .coefficients;
    return estimateAgain(estimate.method, drawn.game, drawn.options).attribution;
  });
}

function intervalsOf(
  problem: StabilityProblem,
  units: ResamplingUnits,
  refits: readonly Float64Array[],
): Interval[] {
  const { attribution } = problem.estimate;
  const { centres, standardErrors } = debiased(problem, units);
  return Array.from(attribution, (value, span) => {
    const square = refits.reduce((sum, refit) => sum + ((refit[span] as number) - value) ** 2, 0);
    const half = Math.max(
      T_95 * Math.sqrt(square / (refits.length - 1)),
      NORMAL_95 * (standardErrors[span] as number),
    );
    const centre = centres[span] as number;
    return {
      estimate: value,
      low: Math.min(value, centre - half),
      high: Math.max(value, centre + half),
    };
  });
}

/** [span]: attributions without the bias of penalty and selection, and their standard errors. */
function debiased(
  { game, estimate, options }: StabilityProblem,
  units: ResamplingUnits,
): { readonly centres: Float64Array; readonly standardErrors: Float64Array } {
  const { attribution, method } = estimate;
  // A constrained fit without penalty: the refits say it all.
  if (method === "kernel-shap")
    return { centres: attribution, standardErrors: new Float64Array(game.spans) };
  const { coefficients, standardErrors } = debias(
    regressionOfGame(game, weightsOf(method, game, options)),
    attribution,
    units.drawn,
  );
  return { centres: coefficients, standardErrors };
}

/** [mask]: weights of a method's least squares; undefined where all masks count the same. */
function weightsOf(
  method: EstimatorName,
  game: MeasuredGame,
  options: EstimateOptions,
): Float64Array | undefined {
  if (method === "lime") return options.kernelWeights ?? limeWeights(game, {});
  if (method === "gsmile") return gsmileWeights(game, options.gsmile ?? {});
  return options.kernelWeights;
}

/** Mean Spearman correlation; a refit without variation agrees by 0. Null where the estimate itself has nothing to rank. */
function meanRankCorrelation(
  attribution: Float64Array,
  others: readonly Float64Array[],
): number | null {
  if (isConstant(attribution)) return null;
  return (
    others.reduce((sum, other) => sum + (spearman(attribution, other) ?? 0), 0) / others.length
  );
}

function verdictOf(
  { estimate, second }: StabilityProblem,
  rankCorrelation: number | null,
): Stability["verdict"] {
  // Values that vary while no span was found to matter: the next masks may find some.
  if (rankCorrelation === null || rankCorrelation < STABLE_RANK_CORRELATION) return "unstable";
  if (second === undefined) return "stable";
  const again = estimateAgain(estimate.method, second.game, second.options).attribution;
  const agreement = spearman(estimate.attribution, again) ?? 0;
  return agreement < STABLE_SEED_CORRELATION ? "unstable" : "stable";
}
