/** One estimator on the surrogate's values, input by input: LIME, Kernel SHAP, RoPE-LIME and the others as users know them. */
import type { Interaction, Interval } from "../domain.js";
import type { EstimateOptions } from "../explain/estimators/estimate.js";
import { explainInteractions } from "../explain/interactions.js";
import { designGame } from "../explain/mask-designs/design.js";
import { bootstrapMean } from "../numerics/bootstrap.js";
import { randomFrom } from "../numerics/random.js";
import { localityWeights } from "./locality.js";
import type { Job } from "./ports.js";
import { spanNames, spanTokens } from "./report-spans.js";
import { measureGames, selfConsistencyOf, type Look } from "./single-game-measuring.js";
import type { SingleGameSettings } from "./single-game-settings.js";
import type { PromptStudy } from "./study.js";
import type { FixedInput } from "./surrogate-objective.js";

const REPLICATES = 2000;

export interface SingleGames {
  readonly settings: SingleGameSettings;
  /** [input] */
  readonly explained: readonly ExplainedGame[];
  /** [span]: mean over inputs, 90 % interval over inputs. */
  readonly template: readonly Interval[];
  /** Pairs of spans in the mean game of the inputs; null where masks are too few to look for pairs. */
  readonly interactions: readonly Interaction[] | null;
  /** Mean over inputs: an input that is clear early needs fewer. */
  readonly masksPerInput: number;
  readonly masks: number;
  readonly tokens: number;
}

export interface ExplainedGame extends Look {
  readonly selfConsistency: number | null;
}

/**
 * Measures the same masks for every input on the surrogate, fewer where an input is clear early, and explains each input's game.
 * Throws USAGE where the design or the method cannot be had at this budget and number of spans.
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
  const measured = await measureGames({
    job,
    study,
    settings,
    inputs,
    masks,
    optionsFor: async (input, own) => {
      const fixed = inputs[input] as FixedInput;
      const kernel = await localityWeights(settings.kernel, { job, study, fixed, masks: own });
      const estimating: EstimateOptions = {
        seed: `${seed}\n${input}`,
        lime: { features: Infinity },
        gsmile: { spanSizes: spanTokens(job, study) },
        // RoPE-LIME takes weights also where they are flat: the paper's method without its kernel is what that asks for.
        ...((settings.kernel !== "flat" || settings.method === "rope-lime") && {
          kernelWeights: kernel.weights,
        }),
      };
      return { options: estimating, effectiveSampleSize: kernel.effectiveSampleSize };
    },
  });
  const explained = measured.looks.map((look) => ({
    ...look,
    selfConsistency: selfConsistencyOf(settings.method, look),
  }));
  return {
    settings,
    explained,
    template: templateOf(explained, spans, seed),
    interactions: interactionsOf(explained, spanNames(study), seed),
    masksPerInput:
      explained.reduce((sum, { game }) => sum + game.masks.length, 0) / explained.length,
    masks: measured.masks,
    tokens: measured.tokens,
  };
}

/** Values averaged over the inputs, on the masks that all of them had: what the template's spans do together. */
function interactionsOf(
  explained: readonly ExplainedGame[],
  names: readonly string[],
  seed: string,
): readonly Interaction[] | null {
  const shortest = explained
    .map(({ game }) => game)
    .reduce((least, game) => (game.masks.length < least.masks.length ? game : least));
  const found = explainInteractions(
    {
      ...shortest,
      values: shortest.values.map(
        (_, mask) =>
          explained.reduce((sum, { game }) => sum + (game.values[mask] as number), 0) /
          explained.length,
      ),
    },
    { seed, names },
  );
  return found.kind === "unknown" ? null : found.interactions;
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
