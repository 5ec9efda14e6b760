/** How one estimator explains the surrogate: the caller's settings, with the method's own where they say `auto`. */
import type { EstimatorName, LocalityKernel, MaskDesignName, Objective } from "../domain.js";
import { designFor } from "../explain/mask-designs/design.js";
import { kernelOf } from "./locality.js";
import type { Job } from "./ports.js";

/** Masks an input where the caller gives no budget: methods have mostly converged (methods A8), and forty inputs stay affordable. */
export const DEFAULT_BUDGET = 128;
/** Spans of which all masks are measured where the caller gives no budget: interactions are then exact. */
const ENUMERATED_SPANS = 8;

/** How single games are explained. */
export interface SingleGameSettings {
  readonly method: EstimatorName;
  readonly objective: Objective;
  readonly kernel: LocalityKernel;
  readonly design: MaskDesignName;
  readonly paired: boolean;
  /** Most masks an input. */
  readonly budget: number;
}

/** Settings of the caller with the method's own where they say `auto`. */
export function singleGameSettings(
  job: Job,
  { method, spans }: { readonly method: EstimatorName; readonly spans: number },
): SingleGameSettings {
  const { objective, kernel, masks, budget } = job.settings;
  return {
    method,
    objective:
      objective === "auto"
        ? method === "rope-lime"
          ? "negative-log-likelihood"
          : "log-odds"
        : objective,
    kernel: kernel === "auto" ? kernelOf(method) : kernel,
    design: masks === "auto" ? designFor(method) : masks === "paired" ? "bernoulli" : masks,
    paired: masks === "paired",
    budget: budget ?? Math.max(DEFAULT_BUDGET, spans <= ENUMERATED_SPANS ? 2 ** spans : 0),
  };
}
