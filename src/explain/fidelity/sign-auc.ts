import type { Mask, Unknown } from "../../domain.js";
import { rocAuc } from "../../numerics/roc-auc.js";
import { predictedEffects } from "./linear-datamodeling-score.js";

/**
 * Sign-AUC of one instance, from labels alone: P(psi . z of a mask under which the oracle keeps its label > psi . z of one under
 * which it flips), ties half, in [0, 1] (methods B, our definition). Span length alone reaches .86 where flips need large
 * deletions (methods 0b.4): never read it without the controls. Unknown where no mask flips the label or none keeps it.
 */
export function signAuc(
  attribution: Float64Array,
  outcomes: { readonly masks: readonly Mask[]; readonly labelKept: readonly boolean[] },
): number | Unknown {
  const { masks, labelKept } = outcomes;
  const area = rocAuc(predictedEffects(attribution, masks), labelKept);
  return (
    area ?? {
      kind: "unknown",
      reason: labelKept.some(Boolean)
        ? `no label flipped under ${masks.length} masks: deletions must be larger`
        : `the label flipped under each of ${masks.length} masks: deletions must be smaller`,
    }
  );
}
