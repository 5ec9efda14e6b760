/** LIME over all words at once, for thousands of words and a few hundred masks: what bench/long-prompts.ts compares with. */

import type { Mask } from "../src/domain.js";
import { choleskyOrThrow, dot, solveCholesky } from "../src/numerics/linear-algebra.js";

/** LIME's text kernel: width 25, distances of 100 times the cosine distance to the full text (marcotcr/lime, lime_text.py). */
const KERNEL_WIDTH = 25;
/** scikit-learn's Ridge(alpha=1), LIME's default regressor. */
const ALPHA = 1;

/**
 * Word attributions by LIME's weighted ridge regression with a free intercept, all features (LIME shows the ten largest). Solved in its
 * dual form, X'(XX' + alpha)^-1 y on centred rows scaled by the roots of their weights: rows^2 instead of words^2.
 */
export function flatWordLime(masks: readonly Mask[], values: Float64Array): Float64Array {
  const words = masks[0]?.length ?? 0;
  const roots = Float64Array.from(masks, (mask) => Math.sqrt(limeWeight(mask)));
  const total = dot(roots, roots);
  const columnMeans = new Float64Array(words);
  masks.forEach((mask, row) =>
    mask.forEach((kept, word) => {
      columnMeans[word] =
        (columnMeans[word] as number) + (kept * (roots[row] as number) ** 2) / total;
    }),
  );
  const valueMean =
    values.reduce((sum, value, row) => sum + value * (roots[row] as number) ** 2, 0) / total;
  const rows = masks.map((mask, row) =>
    Float64Array.from(
      mask,
      (kept, word) => (roots[row] as number) * (kept - (columnMeans[word] as number)),
    ),
  );
  const size = rows.length;
  const kernel = new Float64Array(size * size);
  rows.forEach((a, i) =>
    rows.forEach((b, j) => (kernel[i * size + j] = dot(a, b) + (i === j ? ALPHA : 0))),
  );
  const dual = solveCholesky(
    choleskyOrThrow(kernel, size),
    values.map((value, row) => (roots[row] as number) * (value - valueMean)),
  );
  const attribution = new Float64Array(words);
  rows.forEach((row, i) =>
    row.forEach((entry, word) => {
      attribution[word] = (attribution[word] as number) + entry * (dual[i] as number);
    }),
  );
  return attribution;
}

function limeWeight(mask: Mask): number {
  const kept = mask.reduce((sum, entry) => sum + entry, 0) / mask.length;
  const distance = 100 * (1 - Math.sqrt(kept));
  return Math.sqrt(Math.exp(-((distance / KERNEL_WIDTH) ** 2)));
}
