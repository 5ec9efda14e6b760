import { UnderstudyError } from "../../errors.js";
import { gaussLegendre } from "../../numerics/gauss-legendre.js";
import type { Mask } from "../../domain.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { MOST_ENUMERATED_SPANS } from "../mask-designs/enumeration.js";

/** Which exact attribution: the best linear predictor of random masks (Banzhaf) or the one that adds up to v(full) - v(empty) (Shapley). */
export type ExactIndex = "banzhaf" | "shapley";

/** Number of a mask: bit `span` set where the span is kept. Sets of spans are numbered the same way. */
export function codeOfMask(mask: Mask): number {
  return mask.reduce((code, kept, span) => code + (kept === 1 ? 2 ** span : 0), 0);
}

/**
 * Values of an enumerated game by mask code, or null where masks are missing; the mean where one was measured more than once.
 * Throws USAGE for more than 16 spans.
 */
export function enumeratedValues(game: MeasuredGame): Float64Array | null {
  checkSpans(game.spans);
  const size = 2 ** game.spans;
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  game.masks.forEach((mask, row) => {
    const code = codeOfMask(mask);
    sums[code] = (sums[code] as number) + (game.values[row] as number);
    counts[code] = (counts[code] as number) + 1;
  });
  return counts.includes(0) ? null : sums.map((sum, code) => sum / (counts[code] as number));
}

/** Whether every mask of the game was measured; false for more than 16 spans, which are never enumerated. */
export function isEnumerated(game: MeasuredGame): boolean {
  return (
    game.spans <= MOST_ENUMERATED_SPANS &&
    game.masks.length >= 2 ** game.spans &&
    enumeratedValues(game) !== null
  );
}

/**
 * Exact attributions from all 2^spans masks: Banzhaf values by default, which are the least-squares fit to all masks and what Lasso
 * estimates from some (intercept: that of the fit), or Shapley values, what Kernel SHAP estimates (intercept: value of the empty mask).
 * Throws USAGE where masks are missing or there are more than 16 spans.
 */
export function estimateExactly(
  game: MeasuredGame,
  options: { readonly index?: ExactIndex } = {},
): Estimate {
  const values = enumeratedValues(game);
  if (values === null)
    throw new UnderstudyError(
      "USAGE",
      `exact values of ${game.spans} spans need all ${2 ** game.spans} masks, and some are missing`,
      { fix: "raise the budget to the number of masks, or choose another method" },
    );
  if (options.index === "shapley")
    return {
      method: "exact",
      attribution: singles(shapleyInteractions(values, game.spans), game.spans),
      intercept: values[0] as number,
    };
  const interactions = banzhafInteractions(values, game.spans);
  const attribution = singles(interactions, game.spans);
  return {
    method: "exact",
    attribution,
    // The interaction of no spans is the mean value; masks keep half of the spans on average.
    intercept: attribution.reduce((rest, value) => rest - value / 2, interactions[0] as number),
  };
}

/**
 * Moebius transform (Harsanyi dividends) by set code: m_S = sum over T in S of (-1)^(|S| - |T|) v(T), so that v(z) is the sum of the
 * m_S whose spans are all kept. `values` by mask code.
 */
export function moebiusTransform(values: Float64Array, spans: number): Float64Array {
  return butterfly(values, spans, (without) => without);
}

/**
 * Banzhaf interaction index of every set by set code (Grabisch and Roubens 1999): the mean over the masks of the other spans of
 * the set's discrete derivative. Singles are the Banzhaf values, the empty set's entry is the mean value.
 */
export function banzhafInteractions(values: Float64Array, spans: number): Float64Array {
  return butterfly(values, spans, (without, withSpan) => (without + withSpan) / 2);
}

/**
 * Shapley interaction index of every set by set code (Grabisch and Roubens 1999). Singles are the Shapley values; the empty set's
 * entry is the mean over sizes of the mean values, as in shapiq. Computed as the integral over p of the discrete derivative's
 * mean under masks that keep each other span with probability p (Owen 1972), a polynomial, by Gauss-Legendre nodes enough to be exact.
 */
export function shapleyInteractions(values: Float64Array, spans: number): Float64Array {
  const total = new Float64Array(values.length);
  for (const { node, weight } of gaussLegendre(Math.ceil((spans + 1) / 2))) {
    const part = butterfly(
      values,
      spans,
      (without, withSpan) => (1 - node) * without + node * withSpan,
    );
    for (let code = 0; code < total.length; code++)
      total[code] = (total[code] as number) + weight * (part[code] as number);
  }
  return total;
}

/** Span by span: a set with the span becomes the difference that the span makes, one without it the given average. */
function butterfly(
  values: Float64Array,
  spans: number,
  average: (without: number, withSpan: number) => number,
): Float64Array {
  checkSpans(spans);
  if (values.length !== 2 ** spans)
    throw new UnderstudyError("INTERNAL", `${values.length} values of ${spans} enumerated spans`);
  const table = Float64Array.from(values);
  for (let bit = 1; bit < table.length; bit *= 2)
    for (let code = 0; code < table.length; code++) {
      if ((code & bit) !== 0) continue;
      const without = table[code] as number;
      const withSpan = table[code | bit] as number;
      table[code] = average(without, withSpan);
      table[code | bit] = withSpan - without;
    }
  return table;
}

function singles(bySet: Float64Array, spans: number): Float64Array {
  return Float64Array.from({ length: spans }, (_, span) => bySet[2 ** span] as number);
}

function checkSpans(spans: number): void {
  if (!(spans >= 1 && spans <= MOST_ENUMERATED_SPANS))
    throw new UnderstudyError(
      "USAGE",
      `exact values of ${spans} spans: at least 1 and at most ${MOST_ENUMERATED_SPANS} can be enumerated`,
      { fix: "choose a coarser granularity or another method" },
    );
}
