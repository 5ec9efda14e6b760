import type { Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** Masks that are measured before it is looked again whether they suffice (docs/methods.md, A8). */
export const MASK_BATCH = 32;
/** Half-width of the widest interval, as a share of the range of the attributions, under which more masks would not change what is read off. */
export const NARROW_SHARE = 0.1;

export interface Progress {
  /** 90 % intervals of each span's attribution; null where they could not be measured yet. */
  readonly intervals: readonly Interval[] | null;
  /** Masks measured so far. */
  readonly masks: number;
  /** Most masks that may be measured. */
  readonly budget: number;
}

/** Whether to go on, with how many masks, or why not. */
export type NextBatch =
  | { readonly kind: "measure"; readonly masks: number }
  | { readonly kind: "stop"; readonly reason: "narrow" | "budget" };

/**
 * The stopping rule of docs/methods.md, A8: stop when the widest half-width is under a tenth of the range from the smallest to the largest
 * attribution, or when the budget is spent; else measure the next 32 masks, or what the budget leaves. Attributions that are all equal have no
 * range: only points, such as those of enumerated games, then stop it. Throws INTERNAL for more masks than budget.
 * Looking repeatedly makes the intervals at the stop slightly optimistic; they are not a test.
 */
export function nextBatch({ intervals, masks, budget }: Progress): NextBatch {
  if (masks > budget)
    throw new UnderstudyError("INTERNAL", `${masks} masks measured with a budget of ${budget}`);
  if (intervals !== null && isNarrow(intervals)) return { kind: "stop", reason: "narrow" };
  if (masks === budget) return { kind: "stop", reason: "budget" };
  return { kind: "measure", masks: Math.min(MASK_BATCH, budget - masks) };
}

function isNarrow(intervals: readonly Interval[]): boolean {
  const widest = Math.max(...intervals.map(({ low, high }) => (high - low) / 2));
  const estimates = intervals.map(({ estimate }) => estimate);
  const range = Math.max(...estimates) - Math.min(...estimates);
  return widest === 0 || widest < NARROW_SHARE * range;
}
