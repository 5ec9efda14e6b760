/** Scores a contiguous share of a plan in one session, reusing the keys and values of shared prefixes. */

import { UnderstudyError } from "../errors.js";
import { commonPrefix, reusablePrefix, type TokenSequence } from "./sequence-plan.js";
import type { EmbedTokens, ScoringSession, SequenceScores } from "./session.js";

export interface ShareOptions {
  readonly embed: EmbedTokens;
  /** The sequence whose distribution the others are compared with, or null. */
  readonly reference: TokenSequence | null;
  /** See `ScoreTokensOptions.candidates`. */
  readonly candidates: Int32Array | null;
  /** False recomputes every prefix: for tests and benchmarks, the result is the same to the last bit. */
  readonly reusePrefixes: boolean;
  readonly onScored?: (scored: number) => void;
}

/** The share's scores in its order, which must be a plan's for prefixes to be worth reusing. */
export async function scoreShare(
  session: ScoringSession,
  sequences: readonly TokenSequence[],
  options: ShareOptions,
): Promise<readonly SequenceScores[]> {
  const { embed, reusePrefixes, candidates } = options;
  session.reserve(
    Math.max(...sequences.map(({ ids }) => ids.length), options.reference?.ids.length ?? 0),
  );
  const reference =
    options.reference === null ? null : await session.distribution(options.reference, embed);
  const scores: SequenceScores[] = [];
  for (const [i, sequence] of sequences.entries()) {
    const next = sequences[i + 1];
    // Worth its copy only where the next sequence shares more with this one than with the one already held.
    const keep =
      reusePrefixes &&
      next !== undefined &&
      reusablePrefix(next, commonPrefix(sequence.ids, next.ids)) > session.sharedWithHeld(next);
    scores.push(
      await session.score(sequence, { embed, reuse: reusePrefixes, keep, reference, candidates }),
    );
    options.onScored?.(i + 1);
  }
  return scores;
}

/** Looks token ids up in a table made for a job: `ids` ascending, row i of `rows` [ids.length, hidden] belonging to ids[i]. */
export function embedFromTable(table: {
  readonly ids: Int32Array;
  readonly rows: Float32Array;
  readonly hidden: number;
}): EmbedTokens {
  const rowOf = new Map(Array.from(table.ids, (id, row) => [id, row] as const));
  const { hidden } = table;
  return (ids) => {
    const embeddings = new Float32Array(ids.length * hidden);
    ids.forEach((id, i) => {
      const row = rowOf.get(id);
      if (row === undefined)
        throw new UnderstudyError("INTERNAL", `token ${id} is missing from the embedding table`);
      embeddings.set(table.rows.subarray(row * hidden, (row + 1) * hidden), i * hidden);
    });
    return embeddings;
  };
}
