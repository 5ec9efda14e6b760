/** Rounding errors may lift a certain token's log-probability a little over 0; more than that is no log-probability. */
const ROUNDING = 1e-3;
/** vLLM writes -9999 for minus infinity, which JSON has not. */
const STANDS_FOR_ZERO = -9999;

/** A log-probability (natural log, at most 0) with seven significant digits, as many as a float32 has; null where it is none. */
export function readLogProbability(value: unknown): number | null {
  if (typeof value !== "number" || !Number.isFinite(value) || value > ROUNDING) return null;
  return value >= 0 ? 0 : Number(value.toPrecision(7));
}

/** As `readLogProbability`, and null for a token that the server calls impossible: its logarithm is no number. */
export function readPossibleLogProbability(value: unknown): number | null {
  const read = readLogProbability(value);
  return read === null || read <= STANDS_FOR_ZERO ? null : read;
}
