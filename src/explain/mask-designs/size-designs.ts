import type { Mask } from "../../domain.js";
import { binomialCoefficient } from "../../numerics/binomial-coefficient.js";
import type { Random } from "../../numerics/random.js";
import { complementOf, masksOfSize } from "./enumeration.js";
import { DistinctMasks, drawBySize, evenly, innerSizes } from "./size-classes.js";

export interface SizeDesignOptions {
  readonly spans: number;
  /** Most masks, the full and the empty one included. */
  readonly budget: number;
  readonly paired: boolean;
}

/**
 * LIME's masks (Ribeiro et al. 2016): the full one, then masks whose number of deleted spans is uniform in 1 .. spans - 1 (LIME's own also
 * deletes all, which leaves no prompt to ask about), equally often as far as the budget goes. Distinct, where LIME's may repeat. Paired: every
 * mask with its complement.
 */
export function uniformSizeMasks(options: SizeDesignOptions, random: Random): Mask[] {
  const { spans, budget, paired } = options;
  const masks = new DistinctMasks(budget);
  masks.add(new Uint8Array(spans).fill(1));
  const sizes = innerSizes(spans, paired);
  drawBySize(masks, { spans, paired, sizes, next: evenly(random) }, random);
  return masks.masks;
}

/**
 * Leverage SHAP's masks (Musco and Witter 2024, arXiv 2410.01917): the full and the empty one, then every size equally often until its masks
 * are used up.
 */
export function leverageMasks(options: SizeDesignOptions, random: Random): Mask[] {
  const { spans, paired } = options;
  const masks = withBothExtremes(options);
  const sizes = innerSizes(spans, paired);
  drawBySize(masks, { spans, paired, sizes, next: evenly(random) }, random);
  return masks.masks;
}

/**
 * Kernel SHAP's masks as the shap package chooses them (Lundberg and Lee 2017): the full and the empty one; from the outside in, all masks
 * of a size and of its complement while the budget gives each of them its due by the Shapley kernel; the rest at random, sizes by the
 * kernel's weight (d - 1) / (s (d - s)). Distinct, where shap counts repeats by weight; without pairs, shap has none.
 */
export function shapleySizeMasks(options: SizeDesignOptions, random: Random): Mask[] {
  const { spans, paired } = options;
  const masks = withBothExtremes(options);
  const rest = completeOuterSizes(masks, spans);
  const sizes = paired ? rest : rest.flatMap((size) => [...new Set([size, spans - size])]);
  const next = (left: readonly number[]): number =>
    sizeByWeight(
      left,
      (size) => kernelMass(spans, size) / (paired ? 1 : pairFactor(spans, size)),
      random,
    );
  drawBySize(masks, { spans, paired, sizes, next }, random);
  return masks.masks;
}

function withBothExtremes({ spans, budget }: SizeDesignOptions): DistinctMasks {
  const masks = new DistinctMasks(budget);
  masks.add(new Uint8Array(spans).fill(1));
  masks.add(new Uint8Array(spans));
  return masks;
}

/** Adds sizes in full as far as the kernel gives each mask of theirs at least one draw; the sizes (up to half) that are left. */
function completeOuterSizes(masks: DistinctMasks, spans: number): number[] {
  const sizes = innerSizes(spans, true);
  while (sizes.length > 0) {
    const size = sizes[0] as number;
    const mass = sizes.reduce((sum, other) => sum + kernelMass(spans, other), 0);
    const count = pairFactor(spans, size) * binomialCoefficient(spans, size);
    // shap's own tolerance for rounding.
    if ((masks.left * kernelMass(spans, size)) / mass / count < 1 - 1e-8) break;
    for (const mask of masksOfSize(spans, size)) {
      masks.add(mask);
      masks.add(complementOf(mask));
    }
    sizes.shift();
  }
  return sizes;
}

/** Weight of the Shapley kernel on all masks of a size and of the complementary one, up to a common factor. */
function kernelMass(spans: number, size: number): number {
  return pairFactor(spans, size) / (size * (spans - size));
}

/** 2 where a size and that of the complements differ. */
function pairFactor(spans: number, size: number): number {
  return 2 * size === spans ? 1 : 2;
}

function sizeByWeight(
  sizes: readonly number[],
  weightOf: (size: number) => number,
  random: Random,
): number {
  let left = random.uniform() * sizes.reduce((sum, size) => sum + weightOf(size), 0);
  for (const size of sizes) {
    left -= weightOf(size);
    if (left < 0) return size;
  }
  return sizes.at(-1) as number;
}
