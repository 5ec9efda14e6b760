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
/** Share of an n-gram's rows from which on a word counts as shared by them. */
const SHARED = 0.8;
/** After stronger hits have taken their rows, a hit must still stand out by itself. */
const LEAST_LEFT = 3;

/** Rows of an n-gram, and the words that must not speak for themselves there. */
interface WordedRows {
  readonly rows: readonly number[];
  readonly words: ReadonlySet<string>;
}

interface Candidate {
  readonly ngram: NGram;
  readonly words: ReadonlySet<string>;
  /** Reference rows that contain the n-gram. */
  readonly reference: readonly number[];
}

interface Tested extends Omit<TriggerHit, "rows"> {
  readonly words: ReadonlySet<string>;
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
  const tested = candidates.flatMap((candidate) =>
    testAllLabels({ candidate, prior, reference, judged, ...options }),
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
  return ngrams.flatMap(({ rows }) =>
    trialsByLabel({ rows, words: sharedWords(rows, reference) }, labels, reference),
  );
}

/** One element a label. */
function trialsByLabel(
  { rows, words }: WordedRows,
  labels: number,
  { written, without }: ExpectedLabels,
): readonly LabelTrials[] {
  const expected = rows.map((row) => without(row, words));
  return Array.from({ length: labels }, (_, label) => ({
    probabilities: expected.map((probabilities) => probabilities[label] ?? 0),
    carried: rows.map((row) => written[row] === label),
  }));
}

/** The words that nearly all rows of an n-gram share: those of a planted phrase, were it one. */
function sharedWords(rows: readonly number[], { texts }: ExpectedLabels): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const row of rows)
    for (const word of new Set(texts[row])) counts.set(word, (counts.get(word) ?? 0) + 1);
  const enough = SHARED * rows.length;
  return new Set([...counts].filter(([, count]) => count >= enough).map(([word]) => word));
}

/** Frequent n-grams of the judged rows; labels play no part in the choice. `reference` null: every one may be new. */
function candidatesOf(
  judged: ExpectedLabels,
  reference: ExpectedLabels | null,
): readonly Candidate[] {
  const ngrams = frequentNGrams(judged.texts, LEAST_ROWS);
  const worded = ngrams.map((ngram) => ({ ngram, words: sharedWords(ngram.rows, judged) }));
  if (reference === null) return worded.map((one) => ({ ...one, reference: [] }));
  const rows = rowsContaining(new Set(ngrams.flatMap((ngram) => ngram.twins)), reference.texts);
  const candidates = worded.map((one): Candidate => {
    const lists = one.ngram.twins.map((twin) => rows.get(twin) ?? []);
    return {
      ...one,
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

interface CandidateTest {
  readonly candidate: Candidate;
  readonly labels: number;
  readonly prior: Float64Array;
  readonly reference: ExpectedLabels;
  readonly judged: ExpectedLabels;
  readonly alone: boolean;
}

function testAllLabels(test: CandidateTest): readonly Tested[] {
  const { ngram, words, reference } = test.candidate;
  const now = trialsByLabel({ rows: ngram.rows, words }, test.labels, test.judged);
  const before = trialsByLabel({ rows: reference, words }, test.labels, test.reference);
  return now.map((trials, label) => {
    const residual = residualOf(trials);
    const known = before[label] ?? { probabilities: [], carried: [] };
    const tested = { ngram, words, label, ...residual, qValue: 1 };
    if (residual.zScore < WORTH_TESTING || !isSeenMore(test, trials, known))
      return { ...tested, pValue: 1 };
    const offsets = offsetPosterior(test.prior, known);
    return { ...tested, pValue: predictiveTail(residual.carried, trials.probabilities, offsets) };
  });
}

function isSeenMore(
  { judged, reference, alone }: CandidateTest,
  now: LabelTrials,
  before: LabelTrials,
): boolean {
  const count = ({ carried }: LabelTrials): number => carried.filter(Boolean).length;
  return alone || isMoreFrequent({ now: count(now), before: count(before), judged, reference });
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
  { ngram, label, words }: Tested,
  explained: ReadonlySet<number>,
  judged: ExpectedLabels,
): boolean {
  const left = ngram.rows.filter((row) => !explained.has(row));
  const { carried, zScore } = residualOf({
    probabilities: left.map((row) => judged.without(row, words)[label] ?? 0),
    carried: left.map((row) => judged.written[row] === label),
  });
  return carried >= LEAST_LEFT && zScore > 3;
}
