import type { Interaction, Unknown } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { randomFrom } from "../numerics/random.js";
import type { MeasuredGame } from "./game.js";
import type { HierarchicalFit } from "./hierarchical.js";
import { describePair } from "./interaction-words.js";
import { LEAST_RISE, type PairEstimate, type PairFit, fitPairs } from "./pair-fit.js";
import { type PairModel, deletionCosts, exactPairModel } from "./pair-model.js";

export interface InteractionOptions {
  readonly seed: string;
  /** What a person calls each span, such as "line 4"; "span 1", "span 2", ... by default. */
  readonly names?: readonly string[];
}

export interface Interactions {
  readonly kind: "measured";
  /** exact: all masks were measured; fitted: pair terms behind the cross-validation guard. */
  readonly how: "exact" | "fitted";
  /** Pairs that words can tell, the strongest first; empty: looked for and not found. */
  readonly interactions: readonly Interaction[];
  /** Every pair whose interval excludes 0, told or not. */
  readonly pairs: readonly PairEstimate[];
  /** R2 of masks that the fit did not see, without and with pair terms; null where all masks were measured. */
  readonly heldOutR2: PairFit["heldOutR2"] | null;
}

/** Spans up to which all masks are few enough that they may have been measured. */
const ENUMERABLE_SPANS = 8;
/** Masks needed for each span before pair terms are looked for. */
const MASKS_PER_SPAN = 2.5;
const LEVEL = 0.9;

/**
 * Interactions of pairs of spans in one game, from the values it has (methods A7). All 2^spans masks of 8 spans or fewer give them
 * exactly: intervals are then points, and a pair is reported where it alone explains 2 % of the values' variance, the share that
 * pair terms must add elsewhere. Otherwise pair terms are fitted behind a guard (fitPairs), with 90 % intervals over resampled
 * masks. Unknown without variation or with fewer than 2.5 masks a span: at fewer, pair terms make a fit worse. Throws INTERNAL
 * where shapes do not fit.
 */
export function explainInteractions(
  game: MeasuredGame,
  options: InteractionOptions,
): Interactions | Unknown {
  checkGame(game);
  if (game.values.every((value) => value === game.values[0]))
    return { kind: "unknown", reason: "the values do not vary" };
  if (isEnumerated(game)) return exactInteractions(game, options);
  if (game.masks.length < MASKS_PER_SPAN * game.spans)
    return {
      kind: "unknown",
      reason: `${game.masks.length} masks are too few to tell pairs of ${game.spans} spans apart: at least ${Math.ceil(MASKS_PER_SPAN * game.spans)} are needed`,
    };
  const random = randomFrom(`interactions\n${options.seed}`);
  const { model, estimates, heldOutR2 } = fitPairs(game, { level: LEVEL, random });
  const pairs = estimates.filter(excludesZero);
  const interactions = tellPairs(model, pairs, options.names);
  return { kind: "measured", how: "fitted", interactions, pairs, heldOutR2 };
}

/**
 * Interactions that the inputs of a template share: pair terms of the hierarchical posterior, means over its inputs, whose 90 %
 * interval excludes 0 (docs/methods.md, A10), told by what deletions cost on the posterior mean. Strongest first.
 */
export function interactionsOfTemplate(
  fit: Pick<HierarchicalFit, "templatePairs">,
  names?: readonly string[],
): readonly Interaction[] {
  const { model, estimates } = fit.templatePairs();
  return tellPairs(model, estimates.filter(excludesZero), names);
}

function exactInteractions(game: MeasuredGame, options: InteractionOptions): Interactions {
  const model = exactPairModel(game.spans, game.masks, game.values);
  const deviation = game.values.map((value) => (value - model.intercept) ** 2);
  const variance = deviation.reduce((sum, square) => sum + square, 0) / deviation.length;
  // A pair term moves values by a quarter of its effect, up or down.
  const pairs = model.pairs
    .filter(({ effect }) => (effect / 4) ** 2 > LEAST_RISE * variance)
    .map(({ spans, effect }) => ({
      spans,
      effect: { estimate: effect, low: effect, high: effect },
    }));
  const interactions = tellPairs(model, pairs, options.names);
  return { kind: "measured", how: "exact", interactions, pairs, heldOutR2: null };
}

function tellPairs(
  model: PairModel,
  pairs: readonly PairEstimate[],
  names?: readonly string[],
): Interaction[] {
  const nameOf = (span: number): string => names?.[span] ?? `span ${span + 1}`;
  return pairs
    .flatMap(({ spans, effect }) => {
      const [first, second] = spans;
      const told = describePair(deletionCosts(model, spans), [nameOf(first), nameOf(second)]);
      return told === null ? [] : [{ spans, effect, ...told }];
    })
    .sort((a, b) => Math.abs(b.effect.estimate) - Math.abs(a.effect.estimate));
}

function excludesZero({ effect }: PairEstimate): boolean {
  return effect.low > 0 || effect.high < 0;
}

function isEnumerated({ spans, masks }: MeasuredGame): boolean {
  return (
    spans <= ENUMERABLE_SPANS &&
    masks.length === 2 ** spans &&
    new Set(masks.map((mask) => mask.join(""))).size === masks.length
  );
}

function checkGame({ spans, masks, values }: MeasuredGame): void {
  const wrong = masks.find((mask) => mask.length !== spans);
  if (wrong || masks.length !== values.length || !values.every(Number.isFinite))
    throw new UnderstudyError(
      "INTERNAL",
      `interactions of ${spans} spans from ${masks.length} masks and ${values.length} values${wrong ? `, one mask of ${wrong.length} spans` : ""}`,
    );
}
