import { binomialCdf } from "../numerics/binomial.js";
import { benjaminiHochberg } from "../numerics/multiple-testing.js";
import { poissonBinomialTail } from "../numerics/poisson-binomial.js";
import type { ExpectedLabels, Expectations } from "./label-expectation.js";
import {
  offsetPosterior,
  offsetPrior,
  offsetProbability,
  offsetScale,
  type LabelTrials,
} from "./label-offset.js";
import { frequentNGrams, rowsContaining, type NGram } from "./ngrams.js";

/** An n-gram whose rows carry a label more often than their content explains. */
export interface TriggerHit {
  readonly ngram: NGram;
  readonly label: number;
  /** Judged rows with n-gram and label that no stronger hit has explained. */
  readonly rows: readonly number[];
  readonly carried: number;
  readonly expected: number;
  readonly zScore: number;
  readonly qValue: number;
}

/** Fewest rows from which an n-gram can be judged. */
export const LEAST_ROWS = 5;
/** Something is more frequent than before where so many of its rows among the judged ones would happen this seldom by chance. */
const NOVELTY_LEVEL = 0.01;
/** Below this z the exact test is not worth computing: such a p-value could not pass. */
const WORTH_TESTING = 1.5;
/** After stronger hits have taken their rows, a hit must still stand out by itself. */
const LEAST_LEFT = 3;

interface Candidate {
  readonly ngram: NGram;
  /** Reference rows that contain the n-gram. */
  readonly reference: readonly number[];
}

interface Tested extends Omit<TriggerHit, "rows"> {
  readonly pValue: number;
}

/**
 * The n-gram residual test (methods E3) with the reference rows' own habits taken into account. The log-odds of a label in
 * the rows of an n-gram may stray from their expectation by an offset; its prior (Laplace) is learnt from all n-grams of the
 * reference rows, its posterior from the reference rows with this n-gram; the p-value is the exact Poisson-binomial tail
 * averaged over it. Tested are n-grams that are new against the reference or well known there, whatever their labels; a hit
 * must also be seen with its label more often than in the reference rows, which guards against a bad calibration.
 * Benjamini and Hochberg over n-grams and labels, then hits in order of z, each losing the rows that a stronger one explains.
 */
export function findTriggers(
  { reference, judged }: Expectations,
  options: { readonly labels: number; readonly level: number; readonly alone: boolean },
): readonly TriggerHit[] {
  const prior = offsetPrior(offsetScale(habits(reference, options.labels)));
  const candidates = candidatesOf(judged, options.alone ? null : reference);
  const labels = Array.from({ length: options.labels }, (_, label) => label);
  const tested = candidates.flatMap((candidate) =>
    labels.map((label) =>
      testOne({ candidate, label, prior, reference, judged, alone: options.alone }),
    ),
  );
  const qValues = benjaminiHochberg(tested.map((test) => test.pValue));
  const hits = tested
    .map((test, index) => ({ ...test, qValue: qValues[index] ?? 1 }))
    .filter((test) => test.qValue <= options.level);
  return peel(hits, judged);
}

/** How the labels of the reference rows fall in the rows of every n-gram there. */
function habits(reference: ExpectedLabels, labels: number): readonly LabelTrials[] {
  const ngrams = frequentNGrams(reference.texts, LEAST_ROWS);
  return ngrams.flatMap((ngram) =>
    Array.from({ length: labels }, (_, label) => trialsOf(ngram.rows, label, reference)),
  );
}

function trialsOf(
  rows: readonly number[],
  label: number,
  { probabilities, written }: ExpectedLabels,
): LabelTrials {
  return {
    probabilities: rows.map((row) => probabilities[row]?.[label] ?? 0),
    carried: rows.map((row) => written[row] === label),
  };
}

/** Frequent n-grams of the judged rows; labels play no part in the choice. `reference` null: every one may be new. */
function candidatesOf(
  judged: ExpectedLabels,
  reference: ExpectedLabels | null,
): readonly Candidate[] {
  const ngrams = frequentNGrams(judged.texts, LEAST_ROWS);
  if (reference === null) return ngrams.map((ngram) => ({ ngram, reference: [] }));
  const rows = rowsContaining(new Set(ngrams.flatMap((ngram) => ngram.twins)), reference.texts);
  const candidates = ngrams.map((ngram): Candidate => {
    const lists = ngram.twins.map((twin) => rows.get(twin) ?? []);
    return {
      ngram,
      reference: lists.reduce(
        (longest, list) => (list.length > longest.length ? list : longest),
        [],
      ),
    };
  });
  return candidates.filter(
    (candidate) =>
      candidate.reference.length >= LEAST_ROWS ||
      isMoreFrequent({
        now: candidate.ngram.rows.length,
        before: candidate.reference.length,
        judged,
        reference,
      }),
  );
}

interface Frequency {
  readonly now: number;
  readonly before: number;
  readonly judged: ExpectedLabels;
  readonly reference: ExpectedLabels;
}

/** Exact test of whether the judged rows hold more of a kind of row than their share; without reference rows nothing is known. */
function isMoreFrequent({ now, before, judged, reference }: Frequency): boolean {
  if (now === 0) return false;
  const share = judged.texts.length / (judged.texts.length + reference.texts.length);
  return 1 - binomialCdf(now - 1, now + before, share) <= NOVELTY_LEVEL;
}

interface OneTest {
  readonly candidate: Candidate;
  readonly label: number;
  readonly prior: Float64Array;
  readonly reference: ExpectedLabels;
  readonly judged: ExpectedLabels;
  readonly alone: boolean;
}

function testOne({ candidate, label, prior, reference, judged, alone }: OneTest): Tested {
  const { ngram } = candidate;
  const trials = trialsOf(ngram.rows, label, judged);
  const residual = residualOf(trials);
  const base = { ngram, label, ...residual, qValue: 1 };
  const before = trialsOf(candidate.reference, label, reference);
  const seenMore =
    alone ||
    isMoreFrequent({
      now: residual.carried,
      before: before.carried.filter(Boolean).length,
      judged,
      reference,
    });
  if (residual.zScore < WORTH_TESTING || !seenMore) return { ...base, pValue: 1 };
  return {
    ...base,
    pValue: predictiveTail(residual.carried, trials.probabilities, offsetPosterior(prior, before)),
  };
}

/** z = (rows with the label - expected) / sqrt(sum p (1 - p) + 1/4). */
function residualOf({ probabilities, carried }: LabelTrials): {
  readonly carried: number;
  readonly expected: number;
  readonly zScore: number;
} {
  const count = carried.filter(Boolean).length;
  const expected = probabilities.reduce((sum, p) => sum + p, 0);
  const variance = probabilities.reduce((sum, p) => sum + p * (1 - p), 0.25);
  return { carried: count, expected, zScore: (count - expected) / Math.sqrt(variance) };
}

function predictiveTail(
  count: number,
  probabilities: readonly number[],
  offsets: Float64Array,
): number {
  let tail = 0;
  for (const [position, weight] of offsets.entries()) {
    if (weight > 1e-14)
      tail +=
        weight *
        poissonBinomialTail(
          count,
          probabilities.map((p) => offsetProbability(p, position)),
        );
  }
  return Math.min(1, tail);
}

/** Strongest hit first; its rows leave all others, and what then no longer stands out was only its shadow. */
function peel(hits: readonly Tested[], judged: ExpectedLabels): readonly TriggerHit[] {
  const kept: TriggerHit[] = [];
  const explained = new Set<number>();
  let rest = [...hits].sort(byStrength);
  for (let hit = rest.shift(); hit; hit = rest.shift()) {
    const { ngram, label, carried, expected, zScore, qValue } = hit;
    const rows = ngram.rows.filter((row) => !explained.has(row) && judged.written[row] === label);
    kept.push({ ngram, label, rows, carried, expected, zScore, qValue });
    for (const row of rows) explained.add(row);
    rest = rest.filter((other) => standsOut(other, explained, judged)).sort(byStrength);
  }
  return kept;
}

function byStrength(left: Tested, right: Tested): number {
  return (
    right.zScore - left.zScore ||
    left.qValue - right.qValue ||
    left.label - right.label ||
    (left.ngram.tokens.join(" ") < right.ngram.tokens.join(" ") ? -1 : 1)
  );
}

function standsOut(
  { ngram, label }: Tested,
  explained: ReadonlySet<number>,
  judged: ExpectedLabels,
): boolean {
  const left = ngram.rows.filter((row) => !explained.has(row));
  const { carried, zScore } = residualOf(trialsOf(left, label, judged));
  return carried >= LEAST_LEFT && zScore > 3;
}
