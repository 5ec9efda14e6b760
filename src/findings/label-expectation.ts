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
import { heldOutWordEvidence, learnWords, wordEvidence } from "./word-model.js";

/** Rows, and what label their content makes one expect. */
export interface ExpectedLabels {
  readonly texts: readonly (readonly string[])[];
  /** Index of each row's written label. */
  readonly written: readonly number[];
  /** [row][label]: calibrated probability of the label given the text. */
  readonly probabilities: readonly Float64Array[];
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
 * maximum likelihood on the reference rows. Without reference rows the judged rows calibrate themselves, and words are not
 * learnt: a planted trigger would be learnt with them.
 */
export function expectLabels(
  reference: ScoredRows,
  judged: ScoredRows,
  labels: readonly string[],
): Expectations {
  const alone = reference.rows.length === 0;
  const base = prepare(alone ? judged : reference, labels);
  const rows = prepare(judged, labels);
  const evidence = alone
    ? null
    : {
        base: heldOutWordEvidence({ ...base, labels: labels.length }),
        model: learnWords({ ...base, labels: labels.length }),
      };
  const { weight, calibration, scores } = bestWeight(base, evidence?.base ?? null, labels.length);
  const combined =
    evidence === null
      ? rows.scores
      : rows.texts.map((tokens, index) =>
          add(rows.scores[index], wordEvidence(evidence.model, tokens), weight),
        );
  return {
    reference: { ...base, probabilities: scores.map((row) => calibrated(calibration, row)) },
    judged: { ...rows, probabilities: combined.map((row) => calibrated(calibration, row)) },
    agreement: agreement(calibration, {
      logProbabilities: scores,
      written: base.written,
      labels: labels.length,
    }),
  };
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

function bestWeight(base: Prepared, evidence: readonly Float64Array[] | null, labels: number): Fit {
  let best: (Fit & { readonly likelihood: number }) | null = null;
  let previous: Calibration | undefined;
  for (const weight of evidence === null ? [0] : WORD_WEIGHTS) {
    const scores = base.scores.map((row, index) => add(row, evidence?.[index], weight));
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
