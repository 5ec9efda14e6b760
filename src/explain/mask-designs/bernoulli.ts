import type { Mask } from "../../domain.js";
import type { Random } from "../../numerics/random.js";
import { denseMasks } from "../mask-pool.js";
import { MOST_ENUMERATED_SPANS, complementOf, enumerateMasks } from "./enumeration.js";

export interface BernoulliOptions {
  readonly spans: number;
  readonly budget: number;
  /** Every mask with its complement. */
  readonly paired: boolean;
}

/** Where more than this share of all masks is wanted they are dealt from a shuffled list instead of drawn. */
const DEALT_SHARE = 0.25;

/**
 * Up to `budget` distinct masks that keep each span with probability 1/2, balanced: each span is deleted by half of them (exactly with pairs,
 * otherwise up to the few masks that were exchanged for being repeats; not in the dealt case of few spans, where any subset of all masks may
 * come). Neither empty nor full unless dealt. ContextCite's masks (Cohen-Wang et al. 2024) but for the balance.
 */
export function bernoulliMasks(options: BernoulliOptions, random: Random): Mask[] {
  const { spans, budget, paired } = options;
  if (spans <= MOST_ENUMERATED_SPANS && 2 ** spans * DEALT_SHARE < budget)
    return dealtMasks(options, random);
  if (!paired) return denseMasks(spans, budget, new Set(), random);
  // A pair is settled by what it does with the other spans where the first is kept.
  return denseMasks(spans - 1, Math.floor(budget / 2), new Set(), random).flatMap((rest) => {
    const mask = Uint8Array.of(1, ...rest);
    return [mask, complementOf(mask)];
  });
}

function dealtMasks({ spans, budget, paired }: BernoulliOptions, random: Random): Mask[] {
  const all = enumerateMasks(spans);
  if (!paired) return random.shuffle(all).slice(0, budget);
  const firstKept = random.shuffle(all.filter(([first]) => first === 1));
  return firstKept.slice(0, Math.floor(budget / 2)).flatMap((mask) => [mask, complementOf(mask)]);
}
