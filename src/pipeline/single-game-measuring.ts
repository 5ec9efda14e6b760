/** The games of single inputs, measured in batches until each is explained narrowly enough or the budget is spent. */
import type { EstimatorName, Mask, MaskDesignName } from "../domain.js";
import { MASK_BATCH, nextBatch } from "../explain/adaptive-stop.js";
import { estimate, type EstimateOptions } from "../explain/estimators/estimate.js";
import { selfConsistency } from "../explain/fidelity/self-consistency.js";
import type { Estimate, MeasuredGame, Stability } from "../explain/game.js";
import { measureStability } from "../explain/stability.js";
import type { Job } from "./ports.js";
import type { SingleGameSettings } from "./single-game-settings.js";
import type { PromptStudy } from "./study.js";
import { measureObjective, type FixedInput } from "./surrogate-objective.js";

/** What one look at an input's masks so far makes of them. */
export interface Look {
  readonly game: MeasuredGame;
  readonly estimate: Estimate;
  readonly stability: Stability;
  readonly options: EstimateOptions;
  readonly effectiveSampleSize: number;
}

export interface GameMeasuring {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly settings: SingleGameSettings;
  readonly inputs: readonly FixedInput[];
  /** All that the budget allows, in the order in which they are measured. */
  readonly masks: readonly Mask[];
  /** Options of the method for the masks measured so far: kernels go by them. */
  readonly optionsFor: (
    input: number,
    masks: readonly Mask[],
  ) => Promise<{ readonly options: EstimateOptions; readonly effectiveSampleSize: number }>;
}

export interface MeasuredGames {
  /** [input] */
  readonly looks: readonly Look[];
  /** Masked prompts that were scored, and their tokens. */
  readonly masks: number;
  readonly tokens: number;
}

/** Designs whose first masks are such a design themselves; the others mean nothing when cut short. */
const CAN_STOP: ReadonlySet<MaskDesignName> = new Set([
  "bernoulli",
  "uniform-size",
  "mixed",
  "sparse-k",
]);

/**
 * 32 masks at a time for the inputs that need more (methods A8): an input is left alone once the widest of its intervals is under a
 * tenth of the range of its attributions. All at once where the masks are all there are, or where a part of them is not the design.
 */
export async function measureGames(measuring: GameMeasuring): Promise<MeasuredGames> {
  const { inputs, masks } = measuring;
  const batch = canStop(measuring) ? MASK_BATCH : masks.length;
  const looks: Look[] = [];
  let open = inputs.map((_, input) => input);
  let [scored, tokens, done] = [0, 0, 0];
  while (open.length > 0 && done < masks.length) {
    const measured = await measureObjective({
      ...measuring,
      objective: measuring.settings.objective,
      inputs: open.map((input) => inputs[input] as FixedInput),
      masks: masks.slice(done, done + batch),
    });
    scored += measured.masks;
    tokens += measured.tokens;
    done = Math.min(masks.length, done + batch);
    for (const [position, input] of open.entries()) {
      const earlier = looks[input]?.game.values ?? [];
      const values = Float64Array.from([...earlier, ...(measured.values[position] ?? [])]);
      looks[input] = await lookAt(measuring, input, values);
    }
    open = open.filter((input) => needsMore(looks[input], { done, budget: masks.length }));
  }
  return { looks, masks: scored, tokens };
}

function canStop({ settings, study, masks }: GameMeasuring): boolean {
  return CAN_STOP.has(settings.design) && masks.length < 2 ** study.maskable.length - 1;
}

async function lookAt(
  { study, settings, masks, optionsFor }: GameMeasuring,
  input: number,
  values: Float64Array,
): Promise<Look> {
  const game = {
    spans: study.maskable.length,
    masks: masks.slice(0, values.length),
    values,
  };
  const { options, effectiveSampleSize } = await optionsFor(input, game.masks);
  const own = estimate(settings.method, game, options);
  const stability = measureStability({ game, estimate: own, options });
  return { game, estimate: own, stability, options, effectiveSampleSize };
}

function needsMore(
  look: Look | undefined,
  { done, budget }: { readonly done: number; readonly budget: number },
): boolean {
  const intervals = look?.stability.intervals ?? null;
  return nextBatch({ intervals, masks: done, budget }).kind === "measure";
}

/** Methods that take any masks, so that a part of them will do. */
const FITTED_TO_ANY_MASKS: ReadonlySet<EstimatorName> = new Set([
  "lasso",
  "lime",
  "rope-lime",
  "gsmile",
]);

/** R2 on masks that the fit did not see, by cross-validation; null where the method cannot be fitted to a part of its masks. */
export function selfConsistencyOf(method: EstimatorName, { game, options }: Look): number | null {
  if (!FITTED_TO_ANY_MASKS.has(method)) return null;
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
