import { UnderstudyError } from "../errors.js";

/** Scores are divided by this share of their spread before they compete: the shift then moves whole answers, not probabilities. */
const TEMPERATURE = 0.1;
const ROUNDS = 500;
const SETTLED = 1e-6;

export interface SharedLabels {
  /** [input][label]: the surrogate's log p(label | prompt), natural log. */
  readonly logProbabilities: readonly Float64Array[];
  /** [label]: how many of the same inputs the oracle (or the data) gives each label. */
  readonly counts: ArrayLike<number>;
}

/**
 * The surrogate's label of each input after the share shift (methods 0b.5): a bias a label, added to its log-probabilities so that
 * as many inputs get each label as the oracle gives it, up to ties; found by iterative proportional fitting at a low temperature.
 * Of the oracle's answers only the counts enter, not which input got which. So a surrogate that knows nothing keeps agreement at
 * chance: agreement with the same answers may be tested afterwards. (`calibrateOnLabels` fits slope and biases to the pairs
 * themselves and would test its own fit.) Index of the label by input. Throws INTERNAL for rows that do not fit the counts.
 */
export function shiftToShares({ logProbabilities, counts }: SharedLabels): readonly number[] {
  const scaled = scale(logProbabilities, counts.length);
  const shares = Float64Array.from(counts);
  const total = shares.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) throw new UnderstudyError("INTERNAL", "a share shift to no counts");
  // A label that the oracle never gives is never the surrogate's either.
  const biases = shares.map((count) => (count > 0 ? 0 : -Infinity));
  const wanted = shares.map((count) => (count / total) * scaled.length);
  for (let round = 0; round < ROUNDS; round++) {
    const change = fitOnce(scaled, biases, wanted);
    if (change < SETTLED) break;
  }
  return scaled.map((row) => largest(row.map((value, label) => value + (biases[label] as number))));
}

function fitOnce(
  rows: readonly Float64Array[],
  biases: Float64Array,
  wanted: Float64Array,
): number {
  const given = new Float64Array(biases.length);
  for (const row of rows) addProbabilities(given, row, biases);
  let most = 0;
  for (let label = 0; label < biases.length; label++) {
    if (wanted[label] === 0) continue;
    const step = Math.log((wanted[label] as number) / Math.max(given[label] as number, 1e-300));
    biases[label] = (biases[label] as number) + step;
    most = Math.max(most, Math.abs(step));
  }
  return most;
}

function addProbabilities(sums: Float64Array, row: Float64Array, biases: Float64Array): void {
  const logits = row.map((value, label) => value + (biases[label] as number));
  const most = logits[largest(logits)] as number;
  const weights = logits.map((logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  weights.forEach((weight, label) => (sums[label] = (sums[label] as number) + weight / total));
}

/** Rows without their mean, divided by the temperature times their root mean square. */
function scale(rows: readonly Float64Array[], labels: number): readonly Float64Array[] {
  if (rows.some((row) => row.length !== labels || !row.every(Number.isFinite)))
    throw new UnderstudyError(
      "INTERNAL",
      "a share shift needs one finite log-probability for every input and label",
    );
  const centred = rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / labels;
    return row.map((value) => value - mean);
  });
  const square = centred.reduce(
    (sum, row) => sum + row.reduce((own, value) => own + value * value, 0),
    0,
  );
  const spread = Math.sqrt(square / Math.max(1, rows.length * labels)) || 1;
  return centred.map((row) => row.map((value) => value / (TEMPERATURE * spread)));
}

function largest(values: Float64Array): number {
  return values.reduce((best, value, at) => (value > (values[best] as number) ? at : best), 0);
}
