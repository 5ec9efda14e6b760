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
const ODDS_FACTORS = Float64Array.from(OFFSETS, (offset) => Math.exp(offset));
const SCALES: readonly number[] = [0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.4, 2];
/** Rows of one n-gram beyond this number say nothing new about its offset. */
const MOST_ROWS = 80;

/** Probability of a label after its log-odds moved by the offset at a position of the grid. */
export function offsetProbability(p: number, position: number): number {
  if (p >= 1) return 1;
  const odds = (p / (1 - p)) * (ODDS_FACTORS[position] ?? 1);
  return odds / (1 + odds);
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

/** Factors of at least 1e-12 that are multiplied before a logarithm is taken: far from underflow, and few logarithms. */
const CHUNK = 20;

function logLikelihoods({ probabilities, carried }: LabelTrials): Float64Array {
  const rows = Math.min(MOST_ROWS, probabilities.length);
  return Float64Array.from(OFFSETS, (_, position) => {
    let sum = 0;
    for (let start = 0; start < rows; start += CHUNK) {
      let product = 1;
      for (let row = start; row < rows && row < start + CHUNK; row++) {
        const p = offsetProbability(probabilities[row] ?? 0, position);
        const factor = carried[row] ? p : 1 - p;
        product *= factor > 1e-12 ? factor : 1e-12;
      }
      sum += Math.log(product);
    }
    return sum;
  });
}

function normalised(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
