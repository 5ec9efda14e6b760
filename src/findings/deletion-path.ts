import { createHash } from "node:crypto";

/** A maskable span of the template. */
export interface CandidateSpan {
  /** `Span.index`: what deletions are written in. */
  readonly index: number;
  readonly tokens: number;
  /** Never deleted. */
  readonly pinned: boolean;
  /** Why it is never deleted, for the report; by default "pinned". */
  readonly pinnedBecause?: "pinned" | "locked" | "suspicious";
  /** Of a heading or lead-in: indices of all that stands under it. It goes exactly when these have all gone, and is no candidate itself. */
  readonly heads?: readonly number[];
}

/** Spans that may be deleted on their own account. */
export function candidatesOf(spans: readonly CandidateSpan[]): readonly CandidateSpan[] {
  return spans.filter((span) => !span.pinned && span.heads === undefined);
}

/**
 * A deletion with the headings whose whole section it takes: no heading stands over nothing, and none goes while something stands under
 * it. Larger deletions take more headings, so that a nested path stays nested. Headings under headings are followed inwards out.
 */
export function withHeadings(
  deleted: readonly CandidateSpan[],
  spans: readonly CandidateSpan[],
): readonly CandidateSpan[] {
  const gone = new Set(deleted.map((span) => span.index));
  const headings = spans.filter((span) => span.heads !== undefined && !span.pinned);
  const taken: CandidateSpan[] = [];
  for (let found = true; found;) {
    const next = headings.find(
      ({ index, heads = [] }) =>
        !gone.has(index) && heads.length > 0 && heads.every((one) => gone.has(one)),
    );
    found = next !== undefined;
    if (next === undefined) continue;
    gone.add(next.index);
    taken.push(next);
  }
  return [...deleted, ...taken];
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
  const keyed = candidatesOf(spans).map((span) => ({ span, key: key(span) }));
  const chosen: CandidateSpan[] = [];
  for (const { span } of keyed.sort((left, right) => (left.key < right.key ? -1 : 1))) {
    const now = tokensOf(chosen);
    if (Math.abs(now + span.tokens - tokens) < Math.abs(now - tokens)) chosen.push(span);
  }
  return chosen;
}

/** The shortest prefix of the order that holds at least the given tokens; never empty where the order is not. */
export function firstTokens(
  order: readonly CandidateSpan[],
  tokens: number,
): readonly CandidateSpan[] {
  let sum = 0;
  const enough = order.findIndex((span) => (sum += span.tokens) >= tokens);
  return enough < 0 ? order : order.slice(0, enough + 1);
}

export function tokensOf(spans: readonly CandidateSpan[]): number {
  return spans.reduce((sum, span) => sum + span.tokens, 0);
}

/** Indices in the template, ascending. */
export function indicesOf(spans: readonly CandidateSpan[]): readonly number[] {
  return spans.map((span) => span.index).sort((left, right) => left - right);
}
