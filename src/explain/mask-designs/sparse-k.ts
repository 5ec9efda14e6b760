import type { Mask } from "../../domain.js";
import { binomialCoefficient } from "../../numerics/binomial-coefficient.js";
import type { Random } from "../../numerics/random.js";
import { largestDeletion, sparseMasks } from "../mask-pool.js";
import { masksOfSize } from "./enumeration.js";

/**
 * Up to `budget` distinct Sparse-K masks by our definition (docs/methods.md, A5): the full mask, then masks that delete K spans, K uniform
 * in 1 .. max(2, spans / 4), balanced so that all spans are deleted about equally often. All such masks where they fit.
 */
export function sparseKMasks(
  { spans, budget }: { readonly spans: number; readonly budget: number },
  random: Random,
): Mask[] {
  const full = new Uint8Array(spans).fill(1);
  const deletions = Array.from({ length: largestDeletion(spans) }, (_, index) => index + 1);
  const available = deletions.reduce((sum, count) => sum + binomialCoefficient(spans, count), 0);
  if (available < budget)
    return [full, ...deletions.flatMap((count) => masksOfSize(spans, spans - count))];
  return [full, ...sparseMasks(spans, budget - 1, new Set(), random)];
}
