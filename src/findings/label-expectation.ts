import type { Row } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { tokensIn } from "./ngrams.js";
import {
  agreement,
  calibrateOnLabels,
  calibrated,
  logLikelihood,
  type Calibration,
} from "./share-shift.js";
import { heldOutWordEvidence, heldOutWords, learnWords, wordEvidence } from "./word-model.js";

/** Rows, and what label their content makes one expect. */
export interface ExpectedLabels {
  readonly texts: readonly (readonly string[])[];
  /** Index of each row's written label. */
  readonly written: readonly number[];
  /** [row][label]: calibrated probability of the label given the text. */
  readonly probabilities: readonly Float64Array[];
  /** The same for one row with some words taken as never learnt; where the words came from other rows, nothing is ignored. */
  readonly without: (row: number, words: ReadonlySet<string>) => Float64Array;
}

/** Rows with the surrogate's log-probability of every label. */
export interface ScoredRows {
  readonly rows: readonly Row[];
  readonly logProbabilities: readonly Float64Array[];
}

export interface Expectations {
  readonly reference: ExpectedLabels;
  readonly judged: ExpectedLabels;
  /** Agreement of the most probable label with the written one on the reference rows. */
  readonly agreement: number;
}

const WORD_WEIGHTS: readonly number[] = [0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2];

/**
 * What the reference rows and the surrogate together expect of the rows to judge: the surrogate's log-probabilities plus the
 * weighted word evidence of the reference rows (held out for these rows themselves), weight, slope and label biases by
 * maximum likelihood on the reference rows. Without reference rows the judged rows calibrate themselves, words are learnt
 * from the other judged rows, and an n-gram is judged `without` its own words: a planted trigger would be learnt with them.
 */
export function expectLabels(
  reference: ScoredRows,
  judged: ScoredRows,
  labels: readonly string[],
): Expectations {
  if (reference.rows.length === 0)
    return expectAmongThemselves(prepare(judged, labels), labels.length);
  const base = prepare(reference, labels);
  const rows = prepare(judged, labels);
  const learnt = { ...base, labels: labels.length };
  const fit = bestWeight(base, heldOutWordEvidence(learnt), labels.length);
  const model = learnWords(learnt);
  const combined = rows.texts.map((tokens, row) =>
    add(rows.scores[row], wordEvidence(model, tokens), fit.weight),
  );
  const probabilities = combined.map((row) => calibrated(fit.calibration, row));
  return {
    ...calibratedBase(base, fit, labels.length),
    judged: { ...rows, probabilities, without: lookUp(probabilities) },
  };
}

function expectAmongThemselves(rows: Prepared, labels: number): Expectations {
  const learnt = { ...rows, labels };
  const models = heldOutWords(learnt);
  const fit = bestWeight(rows, heldOutWordEvidence(learnt), labels);
  const base = calibratedBase(rows, fit, labels);
  const without = (row: number, words: ReadonlySet<string>): Float64Array => {
    const model = models[row];
    const evidence = model && wordEvidence(model, rows.texts[row] ?? [], words);
    return calibrated(fit.calibration, add(rows.scores[row], evidence, fit.weight));
  };
  const expected = { ...base.reference, without };
  return { ...base, reference: expected, judged: expected };
}

function calibratedBase(
  base: Prepared,
  { calibration, scores }: Fit,
  labels: number,
): Omit<Expectations, "judged"> {
  const probabilities = scores.map((row) => calibrated(calibration, row));
  return {
    reference: { ...base, probabilities, without: lookUp(probabilities) },
    agreement: agreement(calibration, { logProbabilities: scores, written: base.written, labels }),
  };
}

function lookUp(probabilities: readonly Float64Array[]): (row: number) => Float64Array {
  return (row) => probabilities[row] ?? new Float64Array(0);
}

interface Prepared {
  readonly texts: readonly (readonly string[])[];
  readonly written: readonly number[];
  readonly scores: readonly Float64Array[];
}

function prepare({ rows, logProbabilities }: ScoredRows, labels: readonly string[]): Prepared {
  const index = new Map(labels.map((label, position) => [label, position]));
  return {
    texts: rows.map((row) => tokensIn(row.text)),
    written: rows.map((row) => index.get(row.label) ?? 0),
    scores: logProbabilities,
  };
}

interface Fit {
  readonly weight: number;
  readonly calibration: Calibration;
  readonly scores: readonly Float64Array[];
}

function bestWeight(base: Prepared, evidence: readonly Float64Array[], labels: number): Fit {
  let best: (Fit & { readonly likelihood: number }) | null = null;
  let previous: Calibration | undefined;
  for (const weight of WORD_WEIGHTS) {
    const scores = base.scores.map((row, index) => add(row, evidence[index], weight));
    const labelled = { logProbabilities: scores, written: base.written, labels };
    const calibration = calibrateOnLabels(labelled, previous);
    const likelihood = logLikelihood(calibration, labelled);
    if (best === null || likelihood > best.likelihood)
      best = { weight, calibration, scores, likelihood };
    previous = calibration;
  }
  if (best === null)
    throw new UnderstudyError("INTERNAL", "no weight of the word evidence was tried");
  return best;
}

function add(
  scores: Float64Array | undefined,
  evidence: Float64Array | undefined,
  weight: number,
): Float64Array {
  return Float64Array.from(
    scores ?? [],
    (value, label) => value + weight * (evidence?.[label] ?? 0),
  );
}
