import { createHash } from "node:crypto";
import type { Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** A maskable span of the template. */
export interface CandidateSpan {
  /** `Span.index`: what deletions are written in. */
  readonly index: number;
  readonly tokens: number;
  /** Never deleted. */
  readonly pinned: boolean;
}

export interface Ranking {
  /** The maskable spans in mask order. */
  readonly spans: readonly CandidateSpan[];
  /** [input][span in mask order]; no inputs = no attribution, and the longest span goes first. */
  readonly influence: readonly (readonly Interval[])[];
}

/**
 * Spans in the order of deletion: first those whose deletion takes the least from the fixed output of any input, for a span
 * that is vital to few inputs must survive; then the smaller mean influence; then the longer span.
 */
export function rankForDeletion({ spans, influence }: Ranking): readonly CandidateSpan[] {
  const wrong = influence.find((row) => row.length !== spans.length);
  if (wrong)
    throw new UnderstudyError(
      "INTERNAL",
      `an attribution of ${wrong.length} spans for a template of ${spans.length}`,
    );
  const keyed = spans.map((span, position) => {
    const effects = influence.map((row) => row[position]?.estimate ?? 0);
    const worst = effects.reduce((most, effect) => Math.max(most, effect), 0);
    const mean =
      effects.reduce((sum, effect) => sum + Math.abs(effect), 0) / Math.max(1, effects.length);
    return { span, worst, mean };
  });
  const ranked = keyed.sort(
    (left, right) =>
      left.worst - right.worst ||
      left.mean - right.mean ||
      right.span.tokens - left.span.tokens ||
      left.span.index - right.span.index,
  );
  return ranked.map(({ span }) => span).filter((span) => !span.pinned);
}

/** Nested prefixes of a deletion order that hold about the given shares of its tokens; the last one is the whole. */
export function nestedSteps(
  order: readonly CandidateSpan[],
  shares: readonly number[],
): readonly (readonly CandidateSpan[])[] {
  const total = tokensOf(order);
  const lengths = shares.map((share) => {
    const enough = order.findIndex(
      (_, last) => tokensOf(order.slice(0, last + 1)) >= share * total,
    );
    return enough < 0 ? order.length : enough + 1;
  });
  return [...new Set(lengths)]
    .filter((length) => length > 0)
    .map((length) => order.slice(0, length));
}

/** Spans in an order that depends on the seed alone, up to about the given number of tokens: the control arm. */
export function randomDeletion(
  spans: readonly CandidateSpan[],
  tokens: number,
  seed: string,
): readonly CandidateSpan[] {
  const key = (span: CandidateSpan): string =>
    createHash("sha256")
      .update(JSON.stringify([seed, "control", span.index]))
      .digest("hex");
  const keyed = spans.filter((span) => !span.pinned).map((span) => ({ span, key: key(span) }));
  const chosen: CandidateSpan[] = [];
  for (const { span } of keyed.sort((left, right) => (left.key < right.key ? -1 : 1))) {
    const now = tokensOf(chosen);
    if (Math.abs(now + span.tokens - tokens) < Math.abs(now - tokens)) chosen.push(span);
  }
  return chosen;
}

export function tokensOf(spans: readonly CandidateSpan[]): number {
  return spans.reduce((sum, span) => sum + span.tokens, 0);
}

/** Indices in the template, ascending. */
export function indicesOf(spans: readonly CandidateSpan[]): readonly number[] {
  return spans.map((span) => span.index).sort((left, right) => left - right);
}
