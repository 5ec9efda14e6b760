/** The study cut as finely as was asked for: evenly, or coarse to fine where a first look at the surrogate finds something. */
import type { AttributionMethod, Interval, OracleAnswer, PromptTemplate, Span } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { estimateByLasso } from "../explain/estimators/lasso.js";
import type { MeasuredGame } from "../explain/game.js";
import { isWithin, type MixedLeaf } from "../explain/mixed-leaves.js";
import { measureStability } from "../explain/stability.js";
import {
  atGranularity,
  maskableSpans,
  parsePrompt,
  templateWithin,
  withPartition,
} from "../prompts/index.js";
import { explainCoarseToFine } from "./coarse-to-fine.js";
import type { Job } from "./ports.js";
import { DEFAULT_BUDGET } from "./single-game-settings.js";
import type { PromptStudy } from "./study.js";
import { measureObjective, type FixedInput } from "./surrogate-objective.js";

/** Words that one explanation can carry; more are looked at coarse to fine. Lasso finds the few that matter among far more (docs/methods.md). */
const MOST_WORDS = 96;
const MOST_WORDS_OF_LASSO = 2000;
/** Inputs on whose mean the first look decides where to go on: enough to see what the template does, at a few masks each. */
const LOOKED_AT_INPUTS = 8;

/** A study at an even granularity. Throws USAGE for more words than an explanation by the method can carry. */
export function evenStudy(
  study: PromptStudy,
  granularity: "section" | "block" | "example" | "sentence" | "word",
  method: AttributionMethod,
): PromptStudy {
  if (granularity === "sentence") return study;
  const cut = cutStudy(study, atGranularity(study.template, granularity));
  const most = method === "lasso" ? MOST_WORDS_OF_LASSO : MOST_WORDS;
  if (granularity === "word" && cut.maskable.length > most)
    throw new UnderstudyError(
      "USAGE",
      `the prompt has ${cut.maskable.length} words that can be masked; at most ${most} are explained at once by ${method}`,
      {
        place: { path: study.template.path },
        fix: `use --granularity coarse-to-fine, a coarser one, or --method lasso, which takes up to ${MOST_WORDS_OF_LASSO} words`,
      },
    );
  return cut;
}

/**
 * Sections, sentences and words, each looked into only where the level before mattered to the surrogate (methods A1); the pieces that
 * were not split any further are the spans of the study that comes back. The surrogate decides where to look, nothing else: what is
 * shown of these spans is measured and judged as always.
 */
export async function coarseToFineStudy(
  job: Job,
  study: PromptStudy,
  fixed: readonly (OracleAnswer | null)[],
): Promise<PromptStudy> {
  const { path, source, name, included } = study.template;
  const template = parsePrompt(path, source, { name, included, mostMaskableSpans: Infinity });
  const inputs = lookedAtInputs(study, fixed);
  const found = await explainCoarseToFine({
    template,
    budget: lookBudget(job),
    seed: `${study.inputs?.hash}:${job.ports.surrogate.identity.sha256}`,
    focus: "keep",
    explain: explainLevel,
    evaluate: async (level, masks) => {
      const [first] = masks;
      if (!first) return new Float64Array();
      const { values } = await measureObjective({
        job,
        study: { ...study, template: level, maskable: first.maskable },
        objective: "log-odds",
        inputs,
        masks: masks.map(({ mask }) => mask),
      });
      return meanOver(values);
    },
  });
  return cutStudy(study, leafTemplate(template, found.leaves));
}

/** Intervals without end where there are too few masks to tell: such a span is not split. */
function explainLevel(game: MeasuredGame, seed: string): readonly Interval[] {
  const lasso = estimateByLasso(game, { seed });
  const { intervals } = measureStability({ game, estimate: lasso, options: { seed } });
  return (
    intervals ??
    Array.from(lasso.attribution, (estimate) => ({ estimate, low: -Infinity, high: Infinity }))
  );
}

/** With the hierarchical method the budget set is the oracle's. */
function lookBudget({ settings }: Job): number {
  return settings.method === "hierarchical" ? DEFAULT_BUDGET : (settings.budget ?? DEFAULT_BUDGET);
}

function lookedAtInputs(
  study: PromptStudy,
  fixed: readonly (OracleAnswer | null)[],
): readonly FixedInput[] {
  return (study.inputs?.search ?? [])
    .flatMap((input, index) => {
      const output = fixed[index]?.text.trim();
      return output ? [{ input, output }] : [];
    })
    .slice(0, LOOKED_AT_INPUTS);
}

function meanOver(values: readonly Float64Array[]): Float64Array {
  const [first = new Float64Array()] = values;
  return first.map(
    (_, mask) => values.reduce((sum, own) => sum + (own[mask] as number), 0) / values.length,
  );
}

/** Leaves as the maskable spans, between them what no level could mask. */
function leafTemplate(template: PromptTemplate, leaves: readonly MixedLeaf[]): PromptTemplate {
  const words = leaves.filter((leaf) => leaf.granularity === "word");
  const parents = atGranularity(template, "sentence").spans.filter((span) =>
    words.some((leaf) => isWithin(leaf.span, span)),
  );
  const finest =
    parents.length === 0 ? template : templateWithin(template, { parents, granularity: "word" });
  const between = finest.spans.filter((span) => !leaves.some((leaf) => isWithin(span, leaf.span)));
  return withPartition(template, [...leaves.map((leaf) => leaf.span), ...between].sort(byPlace));
}

function byPlace(a: Span, b: Span): number {
  const [first, second] = [a.parts[0], b.parts[0]];
  return (
    (first?.message ?? 0) - (second?.message ?? 0) || (first?.start ?? 0) - (second?.start ?? 0)
  );
}

function cutStudy(study: PromptStudy, template: PromptTemplate): PromptStudy {
  return { ...study, template, maskable: maskableSpans(template) };
}
