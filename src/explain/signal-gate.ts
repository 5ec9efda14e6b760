import { UnderstudyError } from "../errors.js";

/** What the prompt's spans must move the value by, in standard deviations of edits that change nothing (docs/methods.md, A3). */
const LEAST_SIGNAL = 3;

/** Values of one input under the unmasked prompt, with everything maskable gone, and under edits that change no meaning. */
export interface GatedValues {
  readonly unmasked: number;
  readonly empty: number;
  readonly unchanged: Float64Array | readonly number[];
}

export interface SignalMeasured {
  /** v(1) - v(0): what all spans together add to the value. */
  readonly gain: number;
  /** Standard deviation of the value over the edits that change nothing (n - 1). */
  readonly noise: number;
}

/** Whether there is anything to explain; a reason as a sentence for a person where there is not. */
export type SignalVerdict =
  | ({ readonly kind: "signal" } & SignalMeasured)
  | ({ readonly kind: "no signal"; readonly reason: string } & SignalMeasured);

/**
 * Abstains unless v(1) - v(0) is above 0 and at least three times the noise (docs/methods.md, A3): a surrogate that finds the output
 * unlikely in every context explains nothing. Throws INTERNAL for fewer than two edits or values that are not finite.
 */
export function noiseGate(values: GatedValues): SignalVerdict {
  const gain = values.unmasked - values.empty;
  const noise = standardDeviation([...values.unchanged]);
  if (!Number.isFinite(gain) || !Number.isFinite(noise))
    throw new UnderstudyError("INTERNAL", `a gain of ${gain} against a noise of ${noise}`);
  if (gain > 0 && gain >= LEAST_SIGNAL * noise) return { kind: "signal", gain, noise };
  const reason =
    gain > 0
      ? `the spans raise the value by ${gain.toPrecision(2)}, and edits that change nothing move it by ${noise.toPrecision(2)} (standard deviation): less than ${LEAST_SIGNAL} times that is no signal`
      : `the spans do not raise the value (${gain.toPrecision(2)}): the surrogate finds the output no more likely with them than without`;
  return { kind: "no signal", reason, gain, noise };
}

function standardDeviation(values: readonly number[]): number {
  if (values.length < 2)
    throw new UnderstudyError("INTERNAL", `the spread of ${values.length} edits`);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
