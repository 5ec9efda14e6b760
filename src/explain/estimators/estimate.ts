import type { EstimatorName } from "../../domain.js";
import { assertNever } from "../../errors.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { type ExactIndex, estimateExactly } from "./exact.js";
import { type GsmileOptions, estimateByGsmile } from "./gsmile.js";
import { type KernelShapOptions, estimateByKernelShap } from "./kernel-shap.js";
import { estimateByContextCite, estimateByLasso } from "./lasso.js";
import { estimateByLeaveOneOut } from "./leave-one-out.js";
import { type LimeOptions, estimateByLime } from "./lime.js";
import { type RopeLimeOptions, estimateByRopeLime } from "./rope-lime.js";

export interface EstimateOptions {
  /** Whatever an estimator draws is drawn from this. */
  readonly seed: string;
  /**
   * [mask]: weights of a locality kernel. Lasso: equal ones by default. LIME: in place of its own. RoPE-LIME: required.
   * Leave-one-out, exact, Kernel SHAP and gSMILE have no kernel to choose and leave them aside.
   */
  readonly kernelWeights?: Float64Array;
  /** "context-cite": that package's Lasso in place of ours. */
  readonly lasso?: { readonly recipe?: "cross-validated" | "context-cite" };
  readonly lime?: Omit<LimeOptions, "kernelWeights">;
  readonly kernelShap?: KernelShapOptions;
  readonly ropeLime?: Omit<RopeLimeOptions, "kernelWeights">;
  readonly exact?: { readonly index?: ExactIndex };
  readonly gsmile?: GsmileOptions;
}

/**
 * Explains one game by the method named. What masks a method needs, and what it throws without them, is said with each method.
 */
export function estimate(
  method: EstimatorName,
  game: MeasuredGame,
  options: EstimateOptions,
): Estimate {
  const { seed, kernelWeights } = options;
  const kernel = kernelWeights === undefined ? {} : { kernelWeights };
  switch (method) {
    case "lasso":
      return options.lasso?.recipe === "context-cite"
        ? estimateByContextCite(game)
        : estimateByLasso(game, { seed, ...kernel });
    case "lime":
      return estimateByLime(game, { ...options.lime, ...kernel });
    case "kernel-shap":
      return estimateByKernelShap(game, options.kernelShap);
    case "rope-lime":
      return estimateByRopeLime(game, { ...options.ropeLime, ...kernel });
    case "leave-one-out":
      return estimateByLeaveOneOut(game);
    case "exact":
      return estimateExactly(game, options.exact);
    case "gsmile":
      return estimateByGsmile(game, options.gsmile);
    default:
      return assertNever(method);
  }
}
