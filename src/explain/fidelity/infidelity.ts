import type { Mask, Unknown } from "../../domain.js";

export interface Infidelity {
  /** Mean of (scale . (1 - z).psi - (v(1) - v(z)))^2, in squared units of the values; low is good. */
  readonly error: number;
  /** The factor that makes it least; negative where the attribution has the wrong sign on the whole. */
  readonly scale: number;
  /** error / mean of (v(1) - v(z))^2: 0 = exact, 1 = as good as no attribution. What instances may be averaged by. */
  readonly share: number | Unknown;
}

/**
 * Infidelity of one instance with the optimal scale: E_z[(beta I.psi - (v(1) - v(z)))^2] for the perturbation I = 1 - z, and
 * beta = E[I.psi (v(1) - v(z))] / E[(I.psi)^2] (Yeh et al. 2019, "On the (In)fidelity and Sensitivity of
 * Explanations", definition 2.1, every explanation first brought to its best scale). An
 * attribution of zeros has scale 0.
 */
export function infidelity(
  attribution: ArrayLike<number>,
  measured: {
    readonly masks: readonly Mask[];
    readonly values: ArrayLike<number>;
    /** v(1), the value of the full prompt. */
    readonly fullValue: number;
  },
): Infidelity {
  const { masks, values, fullValue } = measured;
  const predicted = masks.map((mask) =>
    mask.reduce((sum, kept, span) => sum + (1 - kept) * (attribution[span] as number), 0),
  );
  const drops = masks.map((_, row) => fullValue - (values[row] as number));
  const square = meanProduct(predicted, predicted);
  const scale = square === 0 ? 0 : meanProduct(predicted, drops) / square;
  const errors = drops.map((drop, row) => scale * (predicted[row] as number) - drop);
  const error = meanProduct(errors, errors);
  const whole = meanProduct(drops, drops);
  return {
    error,
    scale,
    share:
      whole > 0
        ? error / whole
        : { kind: "unknown", reason: "no deletion changed the value of the full prompt" },
  };
}

function meanProduct(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, row) => sum + value * (b[row] as number), 0) / a.length;
}
