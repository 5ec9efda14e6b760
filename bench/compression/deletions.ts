/** Checkpoints of a ranking: which masks are asked about. */
import { nestedSteps, type CandidateSpan } from "../../src/findings/deletion-path.js";

/** Shares of the maskable tokens at which a path is looked at; the last deletes every maskable span and is the same on every path. */
export const CHECKPOINTS = [0.15, 0.3, 0.45, 0.6, 0.8, 1];

/**
 * Inputs that every ranking is measured on, the first of each list of a recording: what one core could read in an afternoon. The
 * program's own compression is certified on all fresh ones.
 */
export const MEASURED = { fresh: 20, attributed: 10 } as const;

export interface Checkpoint {
  /** Mask over the maskable spans as text, 1 = kept. */
  readonly mask: string;
  /** Share of the maskable tokens that are gone. */
  readonly share: number;
}

/** The checkpoints of an order, mild to complete. */
export function checkpointsOf(order: readonly CandidateSpan[]): readonly Checkpoint[] {
  const total = tokens(order);
  return nestedSteps(order, CHECKPOINTS).map((gone) => ({
    mask: maskWithout(
      gone.map(({ index }) => index),
      order.length,
    ),
    share: tokens(gone) / total,
  }));
}

/** Mask as text that lacks the spans at these positions. */
export function maskWithout(gone: readonly number[], spans: number): string {
  return Array.from({ length: spans }, (_, span) => (gone.includes(span) ? "0" : "1")).join("");
}

function tokens(spans: readonly CandidateSpan[]): number {
  return spans.reduce((sum, span) => sum + span.tokens, 0);
}
