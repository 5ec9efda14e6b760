import { UnderstudyError } from "../errors.js";
import { midRanks } from "./rank-correlation.js";

/**
 * Area under the ROC curve: P(score of a positive > score of a negative), ties counted half, from the rank sum of the positives
 * (Mann and Whitney 1947); equals sklearn.metrics.roc_auc_score. null where one side is empty. Throws INTERNAL for different
 * lengths.
 */
export function rocAuc(scores: ArrayLike<number>, positive: readonly boolean[]): number | null {
  if (scores.length !== positive.length)
    throw new UnderstudyError(
      "INTERNAL",
      `ROC of ${scores.length} scores with ${positive.length} outcomes`,
    );
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const rankSum = midRanks(scores).reduce(
    (sum, rank, index) => sum + (positive[index] ? rank : 0),
    0,
  );
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
