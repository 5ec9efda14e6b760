import type { SelfDisagreement, Unknown } from "../domain.js";
import { binomialUpperBound } from "../numerics/binomial.js";
import { EXACT, type OutputEquality } from "./output-changes.js";

/** An output, and what the same prompt gave when it was asked again; null = no answer was to be had. */
export interface Repeated {
  readonly fixed: string;
  readonly again: string | null;
}

/**
 * How often the oracle changes its output when nothing was changed (methods D3): share among the repeats that were answered, with its
 * exact one-sided upper bound (Clopper and Pearson 1934). Unknown where none was answered: a share of 0 would claim what was never
 * measured.
 *
 * By default it is counted within a certificate's bound and never subtracted from it. Let P and Q be an input's distributions of outputs under the
 * whole and the shorter prompt, and A from P, B from Q the two outputs that are compared. The certificate bounds the mean over inputs of
 * P(A != B), for any coupling at least the total variation distance of P and Q, which is the share of outputs that the deletion itself
 * changes. So noise makes the bound wider than need be, never too narrow. Their difference bounds nothing: with P = (1/2, 1/2) the whole
 * prompt disagrees with itself as often as with any Q on the same two outputs. What can be tested instead is that very excess, named as
 * such, on pairs of the same inputs (`compareChanges`, setting `self-disagreement: excess`): P(A != B) - P(A != A').
 */
export function selfDisagreement(
  repeats: readonly Repeated[],
  confidence: number,
  equality: OutputEquality = EXACT,
): SelfDisagreement | Unknown {
  const answered = repeats.flatMap(({ fixed, again }) =>
    again === null ? [] : [{ fixed, again }],
  );
  if (answered.length === 0)
    return { kind: "unknown", reason: "no output was asked for a second time" };
  const changed = answered.filter(({ fixed, again }) => !equality.same(fixed, again)).length;
  return {
    inputs: answered.length,
    changed,
    bound: binomialUpperBound(changed, answered.length, confidence),
    confidence,
  };
}

/**
 * Why there is no certificate, with what the oracle adds to it: one that changes its own outputs makes every deletion look worse, which
 * a person who looks for the cause should know. null stays null.
 */
export function explainedBy(reason: string | null, own: SelfDisagreement | null): string | null {
  if (reason === null || own === null || own.changed === 0) return reason;
  return `${reason}; the whole prompt asked again changed ${own.changed} of ${own.inputs} outputs by itself, and such changes count`;
}
