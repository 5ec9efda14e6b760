import type { Mask, MaskedInput } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { type Random, randomFrom } from "../numerics/random.js";
import { deletions, drawPool } from "./mask-pool.js";

export interface MaskDesignOptions {
  /** Number of maskable spans, at least 2. */
  readonly spans: number;
  /** Number of inputs. */
  readonly inputs: number;
  readonly masksPerInput: number;
  /** Number of different masks for the whole template, such as 32 to 64. */
  readonly poolSize: number;
  readonly seed: string;
}

export interface MaskDesign {
  readonly pool: readonly Mask[];
  /** Sorted by input; the masks are those of the pool, by identity. */
  readonly assignment: readonly MaskedInput[];
}

/**
 * Which masks to measure (docs/methods.md, A5 and A10). The pool holds different masks, half of them dense (a span is kept with
 * probability 1/2) and half Sparse-K (1 to a quarter of the spans deleted), each span deleted about equally often; never the full
 * mask, whose value is the fixed output's own, nor the empty one. Every input gets `masksPerInput` different masks, half and half,
 * that delete its spans evenly; every mask serves two inputs or more where there are enough inputs, which is why the pool may be
 * smaller than asked. Few spans have few masks: then inputs get as many as there are. Same seed, same design.
 * Throws USAGE for fewer than two spans: deleting the only one leaves nothing to compare.
 */
export function designMasks(options: MaskDesignOptions): MaskDesign {
  const { spans, inputs, masksPerInput, seed } = options;
  if (spans < 2)
    throw new UnderstudyError(
      "USAGE",
      `${spans} maskable span${spans === 1 ? "" : "s"}: an explanation compares at least 2`,
      { fix: "split the prompt into more sentences or sections, or remove pins" },
    );
  const random = randomFrom(
    `masks\n${seed}\n${spans} spans, ${inputs} inputs, ${masksPerInput} masks, pool ${options.poolSize}`,
  );
  // Even, so that both halves can serve every mask twice.
  const shared = 2 * Math.floor((inputs * masksPerInput) / 4);
  const pool = drawPool(spans, Math.max(masksPerInput, Math.min(options.poolSize, shared)), random);
  const groups = [pool.sparse, pool.dense].map((masks) => masks.map((mask) => ({ mask, uses: 0 })));
  const assignment = Array.from({ length: inputs }, (_, input) =>
    dealHand({ groups, hand: masksPerInput, spans, turn: input }, random).map((mask) => ({
      input,
      mask,
    })),
  );
  return { pool: [...pool.sparse, ...pool.dense], assignment: assignment.flat() };
}

interface CountedMask {
  readonly mask: Mask;
  uses: number;
}

interface Deal {
  readonly groups: readonly CountedMask[][];
  readonly hand: number;
  readonly spans: number;
  /** Alternates which group gives the odd mask. */
  readonly turn: number;
}

/** One input's masks: from each group about half, the least used first, among equals the one that deletes what the hand deletes least. */
function dealHand(deal: Deal, random: Random): Mask[] {
  const deleted = new Float64Array(deal.spans);
  const hand: Mask[] = [];
  const turns = Array.from({ length: deal.hand }, (_, position) => (position + deal.turn) % 2);
  for (const turn of turns) {
    const groups = [deal.groups[turn], deal.groups[1 - turn]];
    const group = groups
      .map((masks) => (masks ?? []).filter(({ mask }) => !hand.includes(mask)))
      .find((masks) => masks.length > 0);
    if (!group) break;
    const chosen = leastUsed(group, deleted, random);
    chosen.uses++;
    hand.push(chosen.mask);
    chosen.mask.forEach((kept, span) => (deleted[span] = (deleted[span] as number) + 1 - kept));
  }
  return hand;
}

function leastUsed(
  group: readonly CountedMask[],
  deleted: Float64Array,
  random: Random,
): CountedMask {
  const fewest = Math.min(...group.map(({ uses }) => uses));
  const ranked = group
    .filter(({ uses }) => uses === fewest)
    .map((counted) => ({ counted, rank: overlap(counted.mask, deleted) + 1e-3 * random.uniform() }))
    .sort((a, b) => a.rank - b.rank);
  return (ranked[0] as { counted: CountedMask }).counted;
}

/** How often, on average, the spans that a mask deletes are deleted already. */
function overlap(mask: Mask, deleted: Float64Array): number {
  let sum = 0;
  mask.forEach((kept, span) => (sum += kept === 1 ? 0 : (deleted[span] as number)));
  return sum / deletions(mask);
}
