/** Orders in which a template's spans go, by each ranking, from committed numbers alone: no model and no benchmark data are needed. */
import type { CandidateSpan } from "../../src/findings/deletion-path.js";
import { rankingFrom } from "../../src/findings/deletion-ranking.js";
import type { Interval } from "../../src/domain.js";
import { fitHierarchical } from "../../src/explain/hierarchical.js";
import { randomFrom } from "../../src/numerics/random.js";
import { openTemplate, type TemplateName } from "../games/games.js";
import { openRecordedTemplate, type RecordedTemplate } from "../games/measured.js";
import {
  aloneAttributions,
  dealRows,
  pooledAttributions,
  type Attributions,
} from "../games/template-fits.js";
import { readSurrogateScores } from "./surrogate-scores.js";

/** Oracle masks an input behind the hierarchical attribution: the program's default. */
export const MASKS_PER_INPUT = 8;
export const RANDOM_ORDERS = 5;

export interface Ranking {
  readonly name: string;
  /** One order for all inputs: spans of the template by their position in a mask, first to go first. */
  readonly order: readonly CandidateSpan[];
  /** [recorded input of the game] its own order; null where the ranking knows nothing of inputs. */
  readonly perInput: readonly (readonly CandidateSpan[])[] | null;
}

/** All rankings of a template, the ones that matter most first. */
export function rankingsOf(name: TemplateName): readonly Ranking[] {
  const recorded = openRecordedTemplate(name);
  const scores = readSurrogateScores(name);
  const spans = spansOfTemplate(name);
  const pooled = hierarchical(recorded);
  const intervals = hierarchicalIntervals(recorded);
  const margins = recorded.inputs.map(({ full }) => full);
  return [
    byExpectedChanges(spans, intervals, margins),
    explained("hierarchical, worst case", spans, pooled),
    explained("oracle explanation", spans, oracleExplanation(recorded)),
    ...scores.flatMap(({ model, attributions }) =>
      attributions === null ? [] : [explained(`surrogate ${short(model)}`, spans, attributions)],
    ),
    ...scores.map(({ model, alone }) =>
      scored(`LLMLingua perplexity ${short(model)}`, spans, alone),
    ),
    ...randomOrders(name, spans),
    scored("hierarchical, by mean", spans, meanOverInputs(pooled)),
    ...scores
      .slice(0, 1)
      .map(({ model, inContext }) =>
        scored(`in-context perplexity ${short(model)}`, spans, inContext),
      ),
    scored(
      "longest first",
      spans,
      spans.map(({ tokens }) => -tokens),
    ),
    scored(
      "last first",
      spans,
      spans.map(({ index }) => -index),
    ),
  ];
}

/** Spans with the tokens that the smallest surrogate counts; `index` is the position in a mask. */
export function spansOfTemplate(name: TemplateName): readonly CandidateSpan[] {
  const tokens = readSurrogateScores(name)[0]?.tokens ?? [];
  if (tokens.length !== openTemplate(name).spans.length)
    throw new Error(`${name}: scores of ${tokens.length} spans`);
  return tokens.map((count, index) => ({ index, tokens: count, pinned: false }));
}

/** What `compress` takes of a recorded template: [input][span] the hierarchical attribution, [input] the margin under the whole prompt. */
export function hierarchicalEvidence(name: TemplateName): {
  readonly influence: readonly (readonly Interval[])[];
  readonly margins: readonly number[];
} {
  const recorded = openRecordedTemplate(name);
  return {
    influence: hierarchicalIntervals(recorded),
    margins: recorded.inputs.map(({ full }) => full),
  };
}

function hierarchical(recorded: RecordedTemplate): Attributions {
  return pooledAttributions(fitOf(recorded));
}

function hierarchicalIntervals(recorded: RecordedTemplate): readonly (readonly Interval[])[] {
  return fitOf(recorded).attributions().perInput;
}

function fitOf(recorded: RecordedTemplate): ReturnType<typeof fitHierarchical> {
  return fitHierarchical({
    spans: recorded.inputs[0]?.training.masks[0]?.length ?? 0,
    classes: recorded.inputs.map(({ output }) => output),
    rows: dealRows(recorded, MASKS_PER_INPUT, 0),
    surrogates: [],
  });
}

/** The program's rule where answers have margins: fewest expected changes a token, before any answer on the path. */
function byExpectedChanges(
  spans: readonly CandidateSpan[],
  influence: readonly (readonly Interval[])[],
  margins: readonly number[],
): Ranking {
  const order = (rows: readonly number[]): readonly CandidateSpan[] =>
    rankingFrom({
      spans,
      influence: rows.flatMap((row) => [influence[row] ?? []]),
      margins: rows.flatMap((row) => margins[row] ?? []),
    }).order(spans, []);
  const all = [...influence.keys()];
  return { name: "hierarchical", order: order(all), perInput: all.map((row) => order([row])) };
}

/** Each input's own Lasso or ridge fit on all its recorded masks, training and held out: what the paper asks of its oracle. */
function oracleExplanation(recorded: RecordedTemplate): Attributions {
  const rows = recorded.inputs.flatMap(({ training, dense, sparse }, input) =>
    [training, dense, sparse].flatMap(({ masks, values }) =>
      masks.map((mask, row) => ({ input, mask, value: values[row] as number })),
    ),
  );
  return aloneAttributions(recorded, rows);
}

/** The program's rule without margins: first what no input misses, then the smaller mean influence, then the longer span. */
function explained(
  name: string,
  spans: readonly CandidateSpan[],
  attributions: Attributions,
): Ranking {
  const influence = attributions.map((row) => Array.from(row, point));
  return {
    name,
    order: rankingFrom({ spans, influence }).order(spans, []),
    perInput: influence.map((row) => rankingFrom({ spans, influence: [row] }).order(spans, [])),
  };
}

/** [span] mean of the inputs' attributions. */
function meanOverInputs(attributions: Attributions): readonly number[] {
  return Array.from(
    attributions[0] ?? [],
    (_, span) => attributions.reduce((sum, row) => sum + (row[span] ?? 0), 0) / attributions.length,
  );
}

function point(estimate: number): Interval {
  return { estimate, low: estimate, high: estimate };
}

/** Smallest score first; ties go by position. */
function scored(name: string, spans: readonly CandidateSpan[], score: readonly number[]): Ranking {
  const of = (span: CandidateSpan): number => score[span.index] ?? 0;
  const order = [...spans].sort((a, b) => of(a) - of(b) || a.index - b.index);
  return { name, order, perInput: null };
}

function randomOrders(name: TemplateName, spans: readonly CandidateSpan[]): Ranking[] {
  return Array.from({ length: RANDOM_ORDERS }, (_, draw) => ({
    name: `random ${draw + 1}`,
    order: randomFrom(`compression\n${name}\nrandom ${draw}`).shuffle(spans),
    perInput: null,
  }));
}

function short(model: string): string {
  return /\d+(?:\.\d+)?[MB]/i.exec(model)?.[0].toUpperCase() ?? model;
}
