/** Explains a long prompt down to its words within a budget: the planner of `explain` over partitions of `prompts`, values from anywhere. */
import type { Interval, Mask, PromptTemplate, Span } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  nextGranularity,
  nextStep,
  type CoarseToFineProblem,
  type CoarseToFineStep,
  type LevelGranularity,
  type MeasuredLevel,
} from "../explain/coarse-to-fine.js";
import type { MeasuredGame } from "../explain/game.js";
import { drawPool, type MaskPool } from "../explain/mask-pool.js";
import { isWithin, mixedLeaves, type MixedLeaf } from "../explain/mixed-leaves.js";
import { enumerateMasks } from "../explain/mask-designs/enumeration.js";
import { explainBySurrogate } from "../explain/surrogate-lasso.js";
import { randomFrom } from "../numerics/random.js";
import { maskableSpans, spansAt, templateWithin, type SpanMask } from "../prompts/index.js";

/** Values of masked prompts, larger where the fixed output is better supported; render with `renderMessages(template, mask, ...)`. */
export type EvaluateMasks = (
  template: PromptTemplate,
  masks: readonly SpanMask[],
) => Promise<Float64Array>;

/** Attribution of each span of a game with its 90 % interval. */
export type ExplainGame = (game: MeasuredGame, seed: string) => readonly Interval[];

export interface CoarseToFineOptions {
  /** Best parsed with `mostMaskableSpans: Infinity`, so that sentences are sentences. */
  readonly template: PromptTemplate;
  /** Masks in all: a promise. */
  readonly budget: number;
  readonly seed: string;
  readonly evaluate: EvaluateMasks;
  /**
   * What finer looks do with spans that showed no influence. "keep": they stay, and all levels play the same game. "delete": they are
   * gone meanwhile (the neighbourhood of Focus-LIME), which shortens the masked prompts many times over; attributions are then of the
   * focused prompt, and each level says what its value was (`full`), to be held against that of the first.
   */
  readonly focus: "keep" | "delete";
  /** Default: Lasso with bootstrap intervals (`explainBySurrogate`). */
  readonly explain?: ExplainGame;
  /** Spans to look into although they may not matter, such as those that compression would delete. */
  readonly isDeletionCandidate?: (span: Span, influence: Interval) => boolean;
}

/** One level as it was measured. */
export interface LookedAtLevel {
  readonly granularity: LevelGranularity;
  /** The maskable spans, in the order of the masks' entries. */
  readonly spans: readonly Span[];
  readonly intervals: readonly Interval[];
  readonly game: MeasuredGame;
  /** Spans of the level's template that were gone throughout. */
  readonly deleted: number;
  /** The value with all maskable spans kept. */
  readonly full: number;
}

export interface CoarseToFineExplanation {
  readonly leaves: readonly MixedLeaf[];
  readonly levels: readonly LookedAtLevel[];
  /** Masks measured, at most the budget. */
  readonly masks: number;
  /** Why the search ended, a sentence's end for a person. */
  readonly ended: string;
}

/** A level being measured. */
interface Look {
  readonly granularity: LevelGranularity;
  readonly template: PromptTemplate;
  readonly maskable: readonly number[];
  readonly deleted: readonly number[];
  readonly game: MeasuredGame;
  readonly looks: number;
  readonly intervals: readonly Interval[];
}

/**
 * Measures and explains level by level until the planner is done. Throws what `evaluate` throws, USAGE for a budget under 20 masks,
 * and INTERNAL where `evaluate` gives another number of values than it was given masks.
 */
export async function explainCoarseToFine(
  options: CoarseToFineOptions,
): Promise<CoarseToFineExplanation> {
  const problem = problemOf(options);
  const looks: Look[] = [];
  for (;;) {
    const step = nextStep(
      problem,
      looks.map((look) => measuredLevel(options, problem, look)),
    );
    if (step.kind === "done") return explanationOf(looks, step.reason);
    const last = looks[looks.length - 1];
    if (step.kind === "measure again" && last)
      looks[looks.length - 1] = await measure(options, last, step.masks);
    if (step.kind === "measure")
      looks.push(await measure(options, openLook(options, looks, step), step.masks));
  }
}

function problemOf({ template, budget }: CoarseToFineOptions): CoarseToFineProblem {
  const count = (granularity: LevelGranularity): number =>
    maskableSpans(template, granularity).length;
  const spans = {
    section: count("section"),
    block: count("block"),
    sentence: count("sentence"),
    word: count("word"),
  };
  return { budget, spans };
}

/** The next level's spans, nothing measured yet. */
function openLook(
  options: CoarseToFineOptions,
  looks: readonly Look[],
  step: Extract<CoarseToFineStep, { kind: "measure" }>,
): Look {
  const last = looks[looks.length - 1];
  const before = last ? spansOf(last) : [];
  const template = templateWithin(options.template, {
    parents: step.parents === null ? "all" : pick(before, step.parents),
    granularity: step.granularity,
    mostMaskableSpans: step.mostSpans,
  });
  const gone =
    options.focus === "delete" && last
      ? [...pick(before, step.idle), ...last.deleted.map((index) => spanAt(last.template, index))]
      : [];
  const maskable = maskableSpans(template, "sentence");
  return {
    granularity: step.granularity,
    template,
    maskable,
    deleted: template.spans
      .filter((span) => gone.some((whole) => isWithin(span, whole)))
      .map((span) => span.index),
    game: { spans: maskable.length, masks: [], values: new Float64Array() },
    looks: 0,
    intervals: [],
  };
}

/** The look with more masks, none of them twice, and its spans explained from all. */
async function measure(options: CoarseToFineOptions, look: Look, count: number): Promise<Look> {
  const seed = `coarse to fine\n${options.seed}\n${look.granularity} ${look.looks}`;
  const fresh = drawMasks(look.game, count, seed);
  const kept = [...look.maskable, ...look.deleted];
  const values = await options.evaluate(
    look.template,
    fresh.map((mask) => ({
      mask: Uint8Array.from({ length: kept.length }, (_, entry) => mask[entry] ?? 0),
      maskable: kept,
    })),
  );
  if (values.length !== fresh.length)
    throw new UnderstudyError("INTERNAL", `${values.length} values for ${fresh.length} masks`);
  const game = {
    spans: look.game.spans,
    masks: [...look.game.masks, ...fresh],
    values: Float64Array.of(...look.game.values, ...values),
  };
  const explain = options.explain ?? explainByLasso;
  return { ...look, game, looks: look.looks + 1, intervals: explain(game, seed) };
}

/** All masks where they are few enough, else everything kept and a pool of dense and sparse masks: at most `count`, none measured before. */
function drawMasks({ spans, masks }: MeasuredGame, count: number, seed: string): Mask[] {
  const seen = new Set(masks.map((mask) => mask.join("")));
  const everything = new Uint8Array(spans).fill(1);
  const drawn =
    2 ** spans <= count + masks.length
      ? enumerateMasks(spans)
      : [everything, ...poolOf(drawPool(spans, count - 1, randomFrom(seed)))];
  return drawn.filter((mask) => !seen.has(mask.join(""))).slice(0, count);
}

function poolOf(pool: MaskPool): Mask[] {
  return [...pool.dense, ...pool.sparse];
}

function explainByLasso(game: MeasuredGame, seed: string): readonly Interval[] {
  const { masks, values, spans } = game;
  return (
    explainBySurrogate({ spans, inputs: [{ masks, values }], seed }).perInput[0]?.intervals ?? []
  );
}

function measuredLevel(
  options: CoarseToFineOptions,
  problem: CoarseToFineProblem,
  look: Look,
): MeasuredLevel {
  const spans = spansOf(look);
  const next = nextGranularity(problem, look.granularity);
  const finer = next === null ? [] : spansAt(options.template, next);
  const pieces = finer.filter((span) => span.protection === null);
  const isCandidate = options.isDeletionCandidate;
  return {
    granularity: look.granularity,
    masks: look.game.masks.length,
    looks: look.looks,
    intervals: look.intervals,
    children: spans.map((span) => pieces.filter((piece) => isWithin(piece, span)).length),
    deletionCandidates: new Set(
      spans.flatMap((span, position) => {
        const influence = look.intervals[position];
        return influence && isCandidate?.(span, influence) ? [position] : [];
      }),
    ),
  };
}

function explanationOf(looks: readonly Look[], ended: string): CoarseToFineExplanation {
  const levels = looks.map((look): LookedAtLevel => ({
    granularity: look.granularity,
    spans: spansOf(look),
    intervals: look.intervals,
    game: look.game,
    deleted: look.deleted.length,
    full: look.game.values[look.game.masks.findIndex((mask) => !mask.includes(0))] ?? NaN,
  }));
  return {
    leaves: mixedLeaves(levels),
    levels,
    masks: looks.reduce((sum, look) => sum + look.game.masks.length, 0),
    ended,
  };
}

function spansOf(look: Look): readonly Span[] {
  return look.maskable.map((index) => spanAt(look.template, index));
}

function spanAt(template: PromptTemplate, index: number): Span {
  return template.spans[index] as Span;
}

function pick(spans: readonly Span[], positions: readonly number[]): readonly Span[] {
  return positions.map((position) => spans[position] as Span);
}
