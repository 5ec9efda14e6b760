/** Rows that contain one n-gram, seen from one label: calibrated probabilities of the label, and which rows carry it. */
export interface LabelTrials {
  readonly probabilities: readonly number[];
  readonly carried: readonly boolean[];
}

/** Offsets on the log-odds scale at which everything is evaluated. */
export const OFFSETS: readonly number[] = Array.from(
  { length: 41 },
  (_, index) => (index - 20) / 4,
);
const SCALES: readonly number[] = [0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.4, 2];
/** Rows of one n-gram beyond this number say nothing new about its offset. */
const MOST_ROWS = 80;

/** Probability of a label after its log-odds moved by an offset. */
export function offsetProbability(p: number, offset: number): number {
  const odds = (p / (1 - p)) * Math.exp(offset);
  return p >= 1 ? 1 : odds / (1 + odds);
}

/** Laplace prior of the offset on the grid, sums to 1. */
export function offsetPrior(scale: number): Float64Array {
  const weights = Float64Array.from(OFFSETS, (offset) => Math.exp(-Math.abs(offset) / scale));
  return normalised(weights);
}

/** Posterior of the offset on the grid, given the reference rows of an n-gram. */
export function offsetPosterior(prior: Float64Array, trials: LabelTrials): Float64Array {
  const logs = logLikelihoods(trials);
  const largest = Math.max(...logs);
  return normalised(prior.map((weight, index) => weight * Math.exp((logs[index] ?? 0) - largest)));
}

/**
 * How far n-grams' labels stray from what the surrogate expects of their rows, in honest data: the scale of a Laplace prior
 * of the offset, by maximum marginal likelihood over n-grams and labels. Near 0 = the surrogate explains them all.
 */
export function offsetScale(trials: readonly LabelTrials[]): number {
  const likelihoods = trials.map((one) => {
    const logs = logLikelihoods(one);
    const zero = logs[(OFFSETS.length - 1) / 2] ?? 0;
    return logs.map((log) => Math.exp(log - zero));
  });
  const scores = SCALES.map((scale) => {
    const prior = offsetPrior(scale);
    return likelihoods.reduce(
      (sum, likelihood) =>
        sum +
        Math.log(likelihood.reduce((mean, value, index) => mean + value * (prior[index] ?? 0), 0)),
      0,
    );
  });
  return SCALES[scores.indexOf(Math.max(...scores))] ?? 1;
}

function logLikelihoods({ probabilities, carried }: LabelTrials): Float64Array {
  const rows = Math.min(MOST_ROWS, probabilities.length);
  return Float64Array.from(OFFSETS, (offset) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const p = offsetProbability(probabilities[row] ?? 0, offset);
      sum += Math.log(Math.max(carried[row] ? p : 1 - p, 1e-12));
    }
    return sum;
  });
}

function normalised(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
