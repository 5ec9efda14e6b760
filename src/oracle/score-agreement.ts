/**
 * Largest difference, in nats, between the log-probability of a token while it was written and when it is scored later. Both are
 * the same number computed by other kernels, in other batches: servers that hold logits in bfloat16 round them to steps of
 * 0.125 between 16 and 32, and a difference of two rounded logits may be off by two steps.
 */
const LARGEST = 0.25;
/** The same for the median, of at least this many tokens: among fewer one rounded step decides it. */
const MEDIAN = 0.05;
const FEWEST_FOR_MEDIAN = 5;

/** At most this, a log-probability tells a true score from zeros: twice the largest difference below 0. */
export const UNCERTAIN = -2 * LARGEST;

/** Why scores are not those that the server gave while it wrote the same tokens, or null where they are. Equal lengths. */
export function compareScores(scored: Float64Array, written: readonly number[]): string | null {
  const differences = written.map((value, token) => Math.abs(value - (scored[token] as number)));
  if (differences.some((difference) => Number.isNaN(difference)))
    return "the server's log-probabilities of given text are no numbers";
  const largest = Math.max(...differences);
  const median = medianOf(differences);
  if (largest <= LARGEST && (median <= MEDIAN || differences.length < FEWEST_FOR_MEDIAN))
    return null;
  if (scored.every((value) => value === 0))
    return "the server gives 0 as the log-probability of every token of given text";
  return `the server's log-probabilities of given text disagree with those it generated: by up to ${largest.toFixed(2)} nats over ${written.length} tokens, median ${median.toFixed(2)}`;
}

/** The upper one of two middle values. */
function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
