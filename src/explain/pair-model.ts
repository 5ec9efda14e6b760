import type { Mask } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** The effect of two spans beyond their own: v(both) - v(first alone) - v(second alone) + v(neither), others averaged. */
export interface PairTerm {
  /** Ascending. */
  readonly spans: readonly [number, number];
  readonly effect: number;
}

/**
 * A model of values with pair terms, in centred form (methods A7): intercept + sum a_i zt_i + sum q_ij zt_i zt_j with zt = z - 1/2.
 * a_i is the mean effect of keeping span i over all masks of the others (Banzhaf value), q_ij that of the pair (Banzhaf
 * interaction index).
 */
export interface PairModel {
  /** The mean over all masks. */
  readonly intercept: number;
  /** a: [span]. */
  readonly attribution: Float64Array;
  /** q of the pairs that the model has; all others are 0. */
  readonly pairs: readonly PairTerm[];
}

/** The model's value of a mask. */
export function predictPairs(model: PairModel, mask: Mask): number {
  const linear = model.attribution.reduce(
    (sum, effect, span) => sum + effect * ((mask[span] as number) - 0.5),
    model.intercept,
  );
  return model.pairs.reduce(
    (sum, { spans, effect }) => sum + effect * pairProduct(mask, spans),
    linear,
  );
}

/** (z_i - 1/2)(z_j - 1/2). */
export function pairProduct(mask: Mask, [first, second]: readonly [number, number]): number {
  return ((mask[first] as number) - 0.5) * ((mask[second] as number) - 0.5);
}

/** What deleting either span of a pair, and both, costs the full prompt. */
export interface DeletionCosts {
  readonly first: number;
  readonly second: number;
  readonly both: number;
}

/** The costs v(all) - v(all but the deleted) by the model. */
export function deletionCosts(
  model: PairModel,
  [first, second]: readonly [number, number],
): DeletionCosts {
  const spans = model.attribution.length;
  const full = new Uint8Array(spans).fill(1);
  const value = predictPairs(model, full);
  const without = (deleted: readonly number[]): number =>
    value -
    predictPairs(
      model,
      full.map((kept, span) => (deleted.includes(span) ? 0 : kept)),
    );
  return { first: without([first]), second: without([second]), both: without([first, second]) };
}

/** Every pair of the given spans, each ascending. */
export function pairsOf(spans: readonly number[]): (readonly [number, number])[] {
  const ascending = [...spans].sort((a, b) => a - b);
  return ascending.flatMap((first, position) =>
    ascending.slice(position + 1).map((second) => [first, second] as const),
  );
}

/** The model that all 2^spans masks determine: contrasts of the full factorial, which are orthogonal. */
export function exactPairModel(
  spans: number,
  masks: readonly Mask[],
  values: ArrayLike<number>,
): PairModel {
  if (masks.length !== 2 ** spans || values.length !== masks.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${masks.length} masks where all of ${spans} spans are needed`,
    );
  const contrast = (weight: (mask: Mask) => number): number => {
    let product = 0;
    let square = 0;
    masks.forEach((mask, row) => {
      product += weight(mask) * (values[row] as number);
      square += weight(mask) ** 2;
    });
    return product / square;
  };
  return {
    intercept: contrast(() => 1),
    attribution: Float64Array.from({ length: spans }, (_, span) =>
      contrast((mask) => (mask[span] as number) - 0.5),
    ),
    pairs: pairsOf(Array.from({ length: spans }, (_, span) => span)).map((pair) => ({
      spans: pair,
      effect: contrast((mask) => pairProduct(mask, pair)),
    })),
  };
}
