/**
 * Where to look next in a long prompt: sections first, then sentences of those that matter, then words of those (docs/methods.md, A1).
 * Flat word-level masks of thousands of words say nothing at any affordable budget (Focus-LIME, arXiv 2602.04607: attribution
 * dilution); a few dozen spans at a time do. Pure: every decision is a function of what has been measured.
 */
import type { Granularity, Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** What a level looks at. */
export type LevelGranularity = Exclude<Granularity, "example">;

export interface CoarseToFineProblem {
  /** Masks in all, over all levels. A promise: no sequence of steps asks for more. */
  readonly budget: number;
  /** Number of maskable spans of the whole prompt at each granularity. */
  readonly spans: Readonly<Record<LevelGranularity, number>>;
}

/** A level with its masks measured. */
export interface MeasuredLevel {
  readonly granularity: LevelGranularity;
  /** Masks measured at this level, all looks together. */
  readonly masks: number;
  /** How often masks were drawn for it. */
  readonly looks: number;
  /** [span]: attribution of each span that was maskable. */
  readonly intervals: readonly Interval[];
  /** [span]: number of maskable spans inside it at the next level; empty after the last. */
  readonly children: readonly number[];
  /** Spans that somebody wants to delete: looked into though they may not matter. */
  readonly deletionCandidates?: ReadonlySet<number>;
}

export type CoarseToFineStep =
  | {
      readonly kind: "measure";
      readonly granularity: LevelGranularity;
      /** Positions, among the spans of the level measured before, of those to look into; null: the whole prompt. */
      readonly parents: readonly number[] | null;
      /** Positions of those that showed no influence: a focused look deletes them meanwhile. */
      readonly idle: readonly number[];
      readonly masks: number;
      /** Neighbours are merged until at most this many spans are maskable. */
      readonly mostSpans: number;
    }
  /** No interval excludes 0 yet: more masks of the same spans. */
  | { readonly kind: "measure again"; readonly masks: number }
  | { readonly kind: "done"; readonly reason: string };

/** Share of the budget for each level (methods A1). The share of a level that is skipped goes to the others. */
const SHARES = { coarse: 0.25, sentence: 0.5, word: 0.25 } as const;
/** Fewer coarse spans than this separate nothing. */
const FEWEST_COARSE = 4;
/** More maskable spans than this are never looked at in one level (methods A1). */
const MOST_SPANS = 48;
/** A sparse fit carries about twice as many spans as it has masks (methods A8). */
const SPANS_PER_MASK = 2;
/** Fewest masks that a fit with held-out masks can use. */
const FEWEST_MASKS = 5;
const MOST_LOOKS = 2;
/** Below this a quarter of the budget is no level. */
export const SMALLEST_BUDGET = FEWEST_MASKS / SHARES.coarse;

interface Level {
  readonly granularity: LevelGranularity;
  readonly share: number;
}

/**
 * The levels that a prompt needs, coarsest first. A level stands in the plan only where the next finer one has too many spans to be
 * looked at in one go; the coarse one is the section, or the block where there are too few sections, or none where there are too few blocks.
 */
export function planLevels(problem: CoarseToFineProblem): readonly Level[] {
  const { spans } = problem;
  const word: Level = { granularity: "word", share: SHARES.word };
  if (spans.word <= MOST_SPANS) return [word];
  const levels: Level[] = [{ granularity: "sentence", share: SHARES.sentence }, word];
  if (spans.sentence <= MOST_SPANS) return levels;
  const coarse = (["section", "block"] as const).find(
    (granularity) => spans[granularity] >= FEWEST_COARSE && spans[granularity] < spans.sentence,
  );
  return coarse ? [{ granularity: coarse, share: SHARES.coarse }, ...levels] : levels;
}

/** The granularity after a level of the plan, or null after the last. */
export function nextGranularity(
  problem: CoarseToFineProblem,
  granularity: LevelGranularity,
): LevelGranularity | null {
  const levels = planLevels(problem);
  const at = levels.findIndex((level) => level.granularity === granularity);
  return levels[at + 1]?.granularity ?? null;
}

/**
 * The next step after the levels measured so far, which are those of `planLevels` in order. A level gets its share of what is left, so
 * that masks it did not need go to finer ones. Spans whose interval excludes 0 and deletion candidates are split, strongest
 * first, as long as all their pieces fit into one level; where there are none the level is measured once more, then the search ends.
 * Throws USAGE for a budget too small to divide, INTERNAL for levels that are not the plan's.
 */
export function nextStep(
  problem: CoarseToFineProblem,
  measured: readonly MeasuredLevel[],
): CoarseToFineStep {
  if (!(problem.budget >= SMALLEST_BUDGET))
    throw new UnderstudyError("USAGE", `a budget of ${problem.budget} masks cannot be divided`, {
      fix: `allow at least ${SMALLEST_BUDGET} masks`,
    });
  const levels = planLevels(problem);
  checkOrder(levels, measured);
  const left = problem.budget - measured.reduce((sum, level) => sum + level.masks, 0);
  const last = measured[measured.length - 1];
  const next = levels[measured.length];
  if (!next) return { kind: "done", reason: "the finest level is measured" };
  const masks = shareOf(levels.slice(measured.length), left);
  if (masks < FEWEST_MASKS)
    return { kind: "done", reason: `${left} masks are left, too few for another level` };
  const mostSpans = Math.min(MOST_SPANS, SPANS_PER_MASK * masks);
  const common = { kind: "measure", granularity: next.granularity, masks, mostSpans } as const;
  if (!last) return { ...common, parents: null, idle: [] };
  const isFinest = measured.length === levels.length - 1;
  const parents = spansToSplit(last, { mostSpans, fewestPieces: isFinest ? 2 : 1 });
  if (parents.length > 0) return { ...common, parents, idle: idleSpans(last, parents) };
  const again = Math.floor(left / 2);
  if (!last.intervals.some(excludesZero) && last.looks < MOST_LOOKS && again >= FEWEST_MASKS)
    return { kind: "measure again", masks: again };
  return { kind: "done", reason: whyNothingToSplit(last) };
}

function shareOf(levels: readonly Level[], left: number): number {
  const total = levels.reduce((sum, level) => sum + level.share, 0);
  return Math.floor((left * (levels[0]?.share ?? 0)) / total);
}

function checkOrder(levels: readonly Level[], measured: readonly MeasuredLevel[]): void {
  measured.forEach((level, index) => {
    const planned = levels[index]?.granularity ?? "none";
    if (level.granularity !== planned)
      throw new UnderstudyError(
        "INTERNAL",
        `level ${index} is ${level.granularity} where the plan has ${planned}`,
      );
  });
}

/** Whether a span's influence is told from none. */
export function excludesZero(interval: Interval): boolean {
  return interval.low > 0 || interval.high < 0;
}

/** Ascending positions. The strongest is always among them: where its pieces are too many, they are merged. */
function spansToSplit(
  level: MeasuredLevel,
  limit: { readonly mostSpans: number; readonly fewestPieces: number },
): number[] {
  const worth = level.intervals.flatMap((interval, position) => {
    const pieces = level.children[position] ?? 0;
    const wanted = excludesZero(interval) || level.deletionCandidates?.has(position) === true;
    return wanted && pieces >= limit.fewestPieces
      ? [{ position, pieces, strength: Math.abs(interval.estimate) }]
      : [];
  });
  worth.sort((a, b) => b.strength - a.strength || a.position - b.position);
  const chosen: number[] = [];
  let room = limit.mostSpans;
  for (const { position, pieces } of worth) {
    if (chosen.length > 0 && pieces > room) continue;
    chosen.push(position);
    room -= pieces;
  }
  return chosen.sort((a, b) => a - b);
}

function idleSpans(level: MeasuredLevel, parents: readonly number[]): number[] {
  return level.intervals.flatMap((interval, position) =>
    excludesZero(interval) || parents.includes(position) ? [] : [position],
  );
}

function whyNothingToSplit(level: MeasuredLevel): string {
  return level.intervals.some(excludesZero)
    ? `no ${level.granularity} that matters has smaller pieces`
    : `no ${level.granularity} has an influence that its interval tells from none`;
}
