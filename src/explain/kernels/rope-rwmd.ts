import type { Mask } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { contiguousDistance } from "./rwmd-contiguous.js";
import { gappedDistance } from "./rwmd-gapped.js";
import type { RwmdSetting } from "./rwmd-cost.js";
import { kernelAtEffectiveSize, type KernelWeights } from "./bandwidth.js";
import {
  pooledFeatures,
  rotaryTable,
  rotatedFeatures,
  tokenFeatures,
  unitEmbeddings,
  type FeatureLayout,
  type RotaryEmbeddings,
} from "./rotary-features.js";

/** Tokens up to which each is a feature of its own (docs/methods.md, A6). */
const MOST_TOKENS = 1024;

export interface RopeRwmdProblem {
  /** Of the unmasked prompt, a row a token. */
  readonly embeddings: RotaryEmbeddings;
  /** [token]: index of the maskable span that the token goes with, -1 = always kept. */
  readonly spanOf: Int32Array;
  readonly masks: readonly Mask[];
}

export interface RopeRwmdOptions {
  /**
   * "gapped" (default): kept tokens stay where they were in the unmasked prompt. "contiguous": they move up, as in the prompt that is run,
   * which charges every later token for the shift and so makes early spans look larger; needs a matrix product a mask, about a fifth of
   * what the embedded surrogate takes to score it.
   */
  readonly positions?: "gapped" | "contiguous";
  /** [token], at least 0: how much each counts, for instance its inverse document frequency; default: all the same. */
  readonly tokenWeights?: Float64Array | null;
  /** Position of the first token, default 0; makes no difference, since only relative positions count. */
  readonly firstPosition?: number;
  /** Number of tokens above which features are pooled, default 1,024. */
  readonly pooledAbove?: number;
}

/** Distances of masked prompts to the unmasked one, [mask], each in [0, 2]. */
export interface RopeRwmdDistances {
  /** The larger of the two: Relaxed Word Mover's Distance. */
  readonly distances: Float64Array;
  /** l1: mean over the unmasked prompt's tokens of the cost to the nearest kept one. */
  readonly fullToKept: Float64Array;
  /** l2: mean over the kept tokens of the cost to the nearest one of the unmasked prompt; 0 with gapped positions. */
  readonly keptToFull: Float64Array;
}

/**
 * Relaxed Word Mover's Distance (Kusner et al. 2015, From word embeddings to document distances, section 4) between the prompt and each
 * masked prompt, over rotary-turned input embeddings (after RoPE-LIME, arXiv 2602.06275; our exact definition is docs/methods.md, A6).
 *
 * r_i = R(p_i) e_i with e_i the token's input embedding at unit norm; cost c(i, j) = 1 - <r_i, r_j> = 1 - e_i' R(p_j - p_i) e_j;
 * l1 = sum_i w_i min over kept j of c(i, j), l2 = sum over kept j of w'_j min_i c(i, j), both sides' weights adding up to 1; the distance is
 * max(l1, l2). With gapped positions a kept token is at cost 0 of itself, so only dropped tokens cost anything. Above 1,024 tokens each
 * span is one feature (the mean of its turned embeddings, at unit norm).
 *
 * What it is not: models turn queries and keys in each layer, never input embeddings, so this is a heuristic notion of "nearby prompt",
 * not the model's own. And the gapped positions are the kernel's alone: the surrogate scores a masked prompt by deleting text and
 * tokenising again, so its positions are contiguous; masking that keeps positions is not on offer in the engine.
 *
 * Cost with gapped positions: one product of maskable by all tokens a prompt, then (dropped tokens) x (spans) a mask.
 * Throws INTERNAL where sizes do not fit or weights are not at least 0, MODEL_UNSUPPORTED where heads do not divide the embedding.
 */
export function ropeRwmd(
  problem: RopeRwmdProblem,
  options: RopeRwmdOptions = {},
): RopeRwmdDistances {
  const prepared = prepare(problem, options);
  const { masks } = problem;
  const measure =
    options.positions === "contiguous" ? contiguousDistance(prepared) : gappedDistance(prepared);
  const pairs = masks.map(measure);
  return {
    distances: Float64Array.from(pairs, ([l1, l2]) => Math.max(l1, l2)),
    fullToKept: Float64Array.from(pairs, ([l1]) => l1),
    keptToFull: Float64Array.from(pairs, ([, l2]) => l2),
  };
}

/** The kernel exp(-(distance / sigma)^2) over the masks, sigma by effective sample size (docs/methods.md, A6). */
export function ropeRwmdKernel(
  problem: RopeRwmdProblem,
  options: RopeRwmdOptions = {},
): KernelWeights {
  const spans = problem.masks[0]?.length ?? 0;
  return kernelAtEffectiveSize(ropeRwmd(problem, options).distances, { spans });
}

function prepare(problem: RopeRwmdProblem, options: RopeRwmdOptions): RwmdSetting {
  const { embeddings, spanOf } = problem;
  const { hidden } = embeddings;
  const units = unitEmbeddings(embeddings);
  const tokens = spanOf.length;
  const spans = checkedSpans(problem, units.length / hidden);
  const pooled = tokens > (options.pooledAbove ?? MOST_TOKENS);
  const layout = pooled ? pooledFeatures(spanOf) : tokenFeatures(spanOf);
  const table = rotaryTable(embeddings, options.firstPosition ?? 0, tokens);
  const positions = Int32Array.from(spanOf.keys());
  return {
    units,
    hidden,
    table,
    layout,
    spanOf,
    spans,
    weights: featureWeights(layout, tokens, options.tokenWeights ?? null),
    full: rotatedFeatures(units, layout, { hidden, table, positions }),
  };
}

function checkedSpans({ spanOf, masks }: RopeRwmdProblem, rows: number): number {
  const spans = masks[0]?.length;
  if (spans === undefined) throw new UnderstudyError("INTERNAL", "distances of no masks");
  if (rows !== spanOf.length)
    throw new UnderstudyError("INTERNAL", `${rows} embeddings for ${spanOf.length} tokens`);
  if (masks.some((mask) => mask.length !== spans))
    throw new UnderstudyError("INTERNAL", "masks of different lengths");
  if (spanOf.some((span) => span < -1 || span >= spans))
    throw new UnderstudyError("INTERNAL", `a token of a span that masks of ${spans} do not have`);
  return spans;
}

function featureWeights(
  layout: FeatureLayout,
  tokens: number,
  given: Float64Array | null,
): Float64Array {
  const weights = given ?? new Float64Array(tokens).fill(1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== tokens || !(total > 0 && total < Infinity) || weights.some((w) => w < 0))
    throw new UnderstudyError("INTERNAL", "token weights must be at least 0 and add up to more");
  const shares = new Float64Array(layout.count);
  weights.forEach((weight, token) => {
    const feature = layout.featureOf[token] as number;
    shares[feature] = (shares[feature] as number) + weight / total;
  });
  return shares;
}
