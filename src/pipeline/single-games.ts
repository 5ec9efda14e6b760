/** One estimator on the surrogate's values, input by input: LIME, Kernel SHAP, RoPE-LIME and the others as users know them. */
import type {
  EstimatorName,
  Interval,
  LocalityKernel,
  MaskDesignName,
  Objective,
} from "../domain.js";
import { estimate, type EstimateOptions } from "../explain/estimators/estimate.js";
import { selfConsistency } from "../explain/fidelity/self-consistency.js";
import type { Estimate, MeasuredGame, Stability } from "../explain/game.js";
import { designFor, designGame } from "../explain/mask-designs/design.js";
import { measureStability } from "../explain/stability.js";
import { bootstrapMean } from "../numerics/bootstrap.js";
import { randomFrom } from "../numerics/random.js";
import { kernelOf, localityWeights } from "./locality.js";
import type { Job } from "./ports.js";
import { spanTokens } from "./report-spans.js";
import type { PromptStudy } from "./study.js";
import { measureObjective, type FixedInput } from "./surrogate-objective.js";

/** Masks an input where the caller gives no budget: methods have mostly converged (methods A8), and forty inputs stay affordable. */
export const DEFAULT_BUDGET = 128;
const REPLICATES = 2000;

/** How single games are explained. */
export interface SingleGameSettings {
  readonly method: EstimatorName;
  readonly objective: Objective;
  readonly kernel: LocalityKernel;
  readonly design: MaskDesignName;
  readonly paired: boolean;
  readonly budget: number;
}

export interface SingleGames {
  readonly settings: SingleGameSettings;
  /** [input] */
  readonly explained: readonly ExplainedGame[];
  /** [span]: mean over inputs, 90 % interval over inputs. */
  readonly template: readonly Interval[];
  readonly masksPerInput: number;
  readonly masks: number;
  readonly tokens: number;
}

export interface ExplainedGame {
  readonly game: MeasuredGame;
  readonly estimate: Estimate;
  readonly stability: Stability;
  /** R2 on masks that the fit did not see, by cross-validation; null where the method cannot be fitted to a part of its masks. */
  readonly selfConsistency: number | null;
  readonly effectiveSampleSize: number;
}

/** Settings of the caller with the method's own where they say `auto`. */
export function singleGameSettings(job: Job, method: EstimatorName): SingleGameSettings {
  const { objective, kernel, masks, budget } = job.settings;
  return {
    method,
    objective:
      objective === "auto"
        ? method === "rope-lime"
          ? "negative-log-likelihood"
          : "log-odds"
        : objective,
    kernel: kernel === "auto" ? kernelOf(method) : kernel,
    design: masks === "auto" ? designFor(method) : masks === "paired" ? "bernoulli" : masks,
    paired: masks === "paired",
    budget: budget ?? DEFAULT_BUDGET,
  };
}

/**
 * Measures the same masks for every input on the surrogate and explains each input's game. Throws USAGE where the design or the
 * method cannot be had at this budget and number of spans.
 */
export async function explainSingleGames(options: {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly inputs: readonly FixedInput[];
  readonly settings: SingleGameSettings;
}): Promise<SingleGames> {
  const { job, study, inputs, settings } = options;
  const spans = study.maskable.length;
  const seed = `${study.inputs?.hash}:${job.ports.surrogate.identity.sha256}:${study.template.source}`;
  const masks = designGame({
    design: settings.design,
    spans,
    // Enumeration is asked for as such: the budget then is what it takes.
    budget:
      settings.design === "enumeration"
        ? Math.max(settings.budget, 2 ** Math.min(spans, 16))
        : settings.budget,
    seed,
    ...(settings.paired && { paired: true }),
  });
  const measured = await measureObjective({
    job,
    study,
    objective: settings.objective,
    inputs,
    masks,
  });
  const explained: ExplainedGame[] = [];
  for (const [position, fixed] of inputs.entries()) {
    const game = { spans, masks, values: measured.values[position] ?? new Float64Array() };
    const kernel = await localityWeights(settings.kernel, { job, study, fixed, masks });
    explained.push({
      ...explainGame(game, settings, {
        seed: `${seed}\n${position}`,
        lime: { features: Infinity },
        gsmile: { spanSizes: spanTokens(job, study) },
        ...(settings.kernel !== "flat" && { kernelWeights: kernel.weights }),
        // The paper's method without its kernel is what "flat" asks for.
        ...(settings.method === "rope-lime" && { kernelWeights: kernel.weights }),
      }),
      effectiveSampleSize: kernel.effectiveSampleSize,
    });
  }
  return {
    settings,
    explained,
    template: templateOf(explained, spans, seed),
    masksPerInput: masks.length,
    masks: measured.masks,
    tokens: measured.tokens,
  };
}

function explainGame(
  game: MeasuredGame,
  { method }: SingleGameSettings,
  options: EstimateOptions,
): Omit<ExplainedGame, "effectiveSampleSize"> {
  const own = estimate(method, game, options);
  return {
    game,
    estimate: own,
    stability: measureStability({ game, estimate: own, options }),
    selfConsistency: FITTED_TO_ANY_MASKS.has(method) ? crossValidated(method, game, options) : null,
  };
}

/** Methods that take any masks, so that a part of them will do. */
const FITTED_TO_ANY_MASKS: ReadonlySet<EstimatorName> = new Set([
  "lasso",
  "lime",
  "rope-lime",
  "gsmile",
]);

function crossValidated(
  method: EstimatorName,
  game: MeasuredGame,
  options: EstimateOptions,
): number | null {
  const { kernelWeights, ...rest } = options;
  const measured = selfConsistency({
    game,
    seed: options.seed,
    ...(kernelWeights && { weights: kernelWeights }),
    fit: (training, rows) =>
      estimate(method, training, {
        ...rest,
        ...(kernelWeights && {
          kernelWeights: Float64Array.from(rows, (row) => kernelWeights[row] as number),
        }),
      }),
  });
  return typeof measured === "number" ? measured : null;
}

function templateOf(
  explained: readonly ExplainedGame[],
  spans: number,
  seed: string,
): readonly Interval[] {
  return Array.from({ length: spans }, (_, span) => {
    const values = explained.map((one) => one.estimate.attribution[span] ?? 0);
    const [only] = values;
    if (values.length === 1 && only !== undefined) return { estimate: only, low: only, high: only };
    return bootstrapMean({
      values,
      level: 0.9,
      replicates: REPLICATES,
      random: randomFrom(`template of single games\n${seed}\n${span}`),
    });
  });
}

/** [input][span]: each input's own interval; a point where masks were too few to tell its width. */
export function perInputIntervals(games: SingleGames): readonly (readonly Interval[])[] {
  return games.explained.map(
    ({ estimate: own, stability }) =>
      stability.intervals ??
      Array.from(own.attribution, (value) => ({ estimate: value, low: value, high: value })),
  );
}
