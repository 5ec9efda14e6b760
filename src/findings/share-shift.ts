import { UnderstudyError } from "../errors.js";

/** Rows with a label, and the surrogate's log p(label | text) for every label. */
export interface LabelledScores {
  /** [row][label], natural log. */
  readonly logProbabilities: readonly Float64Array[];
  /** Index of each row's written label. */
  readonly written: readonly number[];
  readonly labels: number;
}

/** p(label | text) = (1 - noise) softmax(slope * log p + bias) + noise * share. */
export interface Calibration {
  readonly slope: number;
  readonly biases: Float64Array;
  /** Share of rows whose label does not follow from the text in any way. */
  readonly noise: number;
  readonly shares: Float64Array;
}

const ROUNDS = 200;
/** Largest change of slope and biases at which a fit counts as done. */
const SETTLED = 1e-3;
const LARGEST_SLOPE = 5;
const LARGEST_NOISE = 0.4;
/** Rows that every label is given for free, so that a label the rows lack stays possible. */
const PSEUDO_ROWS = 0.5;

/**
 * Fits slope, biases and noise by expectation maximisation: a row is noise or clean; the biases make the clean rows' mean
 * probabilities equal their label shares (the share shift of methods 0b.5, by iterative proportional fitting), the slope is
 * one Newton step a round on the same concave likelihood. A surrogate that knows nothing gets slope 0: every row then has
 * the label shares. `start` is the fit of similar scores, to save rounds.
 */
export function calibrateOnLabels(scores: LabelledScores, start?: Calibration): Calibration {
  checkScores(scores);
  let state: Calibration = start ?? {
    slope: 0.5,
    biases: new Float64Array(scores.labels),
    noise: 0.05,
    shares: sharesOf(scores),
  };
  for (let round = 0; round < ROUNDS; round++) {
    const next = improve(scores, state);
    const change = next.biases.reduce(
      (largest, bias, label) => Math.max(largest, Math.abs(bias - (state.biases[label] ?? 0))),
      Math.abs(next.slope - state.slope),
    );
    state = next;
    if (change < SETTLED) break;
  }
  return state;
}

/** Calibrated probability of every label for one row's log-probabilities. */
export function calibrated(calibration: Calibration, logProbabilities: Float64Array): Float64Array {
  const { noise, shares } = calibration;
  return softmax(calibration, logProbabilities).map(
    (p, label) => (1 - noise) * p + noise * (shares[label] ?? 0),
  );
}

/** Share of rows whose most probable label is the written one. */
export function agreement(
  calibration: Calibration,
  { logProbabilities, written }: LabelledScores,
): number {
  const agrees = logProbabilities.filter((row, index) => {
    const probabilities = calibrated(calibration, row);
    return probabilities.indexOf(Math.max(...probabilities)) === written[index];
  });
  return agrees.length / logProbabilities.length;
}

/** Sum of log p(written label | text), natural log. */
export function logLikelihood(
  calibration: Calibration,
  { logProbabilities, written }: LabelledScores,
): number {
  return logProbabilities.reduce(
    (sum, row, index) => sum + Math.log(calibrated(calibration, row)[written[index] ?? 0] ?? 0),
    0,
  );
}

function checkScores({ logProbabilities, written, labels }: LabelledScores): void {
  const sound =
    logProbabilities.length > 0 &&
    logProbabilities.length === written.length &&
    logProbabilities.every((row) => row.length === labels && row.every(Number.isFinite));
  if (!sound)
    throw new UnderstudyError(
      "INTERNAL",
      "a calibration needs one finite log-probability for every row and label",
    );
}

function sharesOf({ written, labels }: LabelledScores): Float64Array {
  const shares = new Float64Array(labels).fill(PSEUDO_ROWS);
  for (const label of written) shares[label] = (shares[label] ?? 0) + 1;
  return shares.map((count) => count / (written.length + PSEUDO_ROWS * labels));
}

function improve(scores: LabelledScores, state: Calibration): Calibration {
  const wanted = new Float64Array(scores.labels).fill(PSEUDO_ROWS);
  const given = state.shares.map((share) => PSEUDO_ROWS * scores.labels * share);
  let [gradient, curvature, clean] = [0, 1e-6, 0];
  for (const [index, row] of scores.logProbabilities.entries()) {
    const label = scores.written[index] ?? 0;
    const probabilities = softmax(state, row);
    const signal = (1 - state.noise) * (probabilities[label] ?? 0);
    const weight = signal / (signal + state.noise * (state.shares[label] ?? 0));
    const { mean, variance } = momentsOf(row, probabilities);
    wanted[label] = (wanted[label] ?? 0) + weight;
    for (let c = 0; c < scores.labels; c++)
      given[c] = (given[c] ?? 0) + weight * (probabilities[c] ?? 0);
    gradient += weight * ((row[label] ?? 0) - mean);
    curvature += weight * variance;
    clean += weight;
  }
  const step = Math.min(0.2, Math.max(-0.2, gradient / curvature));
  return {
    slope: Math.min(LARGEST_SLOPE, Math.max(0, state.slope + step)),
    biases: state.biases.map(
      (bias, label) => bias + Math.log((wanted[label] ?? 1) / Math.max(given[label] ?? 1, 1e-12)),
    ),
    noise: Math.min(LARGEST_NOISE, 1 - clean / scores.written.length),
    shares: state.shares,
  };
}

function momentsOf(
  values: Float64Array,
  probabilities: Float64Array,
): { readonly mean: number; readonly variance: number } {
  let [mean, square] = [0, 0];
  for (const [index, p] of probabilities.entries()) {
    const value = values[index] ?? 0;
    mean += p * value;
    square += p * value * value;
  }
  return { mean, variance: Math.max(0, square - mean * mean) };
}

function softmax({ slope, biases }: Calibration, logProbabilities: Float64Array): Float64Array {
  const weights = new Float64Array(logProbabilities.length);
  let largest = -Infinity;
  for (let label = 0; label < weights.length; label++) {
    const logit = slope * (logProbabilities[label] ?? 0) + (biases[label] ?? 0);
    weights[label] = logit;
    if (logit > largest) largest = logit;
  }
  let total = 0;
  for (let label = 0; label < weights.length; label++)
    total += weights[label] = Math.exp((weights[label] ?? 0) - largest);
  for (let label = 0; label < weights.length; label++)
    weights[label] = (weights[label] ?? 0) / total;
  return weights;
}
