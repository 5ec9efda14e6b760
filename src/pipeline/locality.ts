/** Weights of masks in the local fit of one input, by the kernel asked for. */
import type { EstimatorName, LocalityKernel, Mask } from "../domain.js";
import type { KernelWeights } from "../explain/kernels/bandwidth.js";
import { flatKernel } from "../explain/kernels/flat.js";
import { limeKernel } from "../explain/kernels/lime-cosine.js";
import { ropeRwmdKernel } from "../explain/kernels/rope-rwmd.js";
import { placeSpans } from "../prompts/index.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { FixedInput } from "./surrogate-objective.js";

/** The kernel that a method was made with. */
export function kernelOf(method: EstimatorName): LocalityKernel {
  if (method === "rope-lime") return "rope-rwmd";
  return method === "lime" ? "lime" : "flat";
}

export async function localityWeights(
  kernel: LocalityKernel,
  context: {
    readonly job: Job;
    readonly study: PromptStudy;
    readonly fixed: FixedInput;
    readonly masks: readonly Mask[];
  },
): Promise<KernelWeights> {
  const { job, study, fixed, masks } = context;
  switch (kernel) {
    case "flat":
      return flatKernel(masks.length);
    case "lime":
      return limeKernel(masks);
    case "rope-rwmd": {
      const embeddings = await job.ports.surrogate.embedPrompt(
        renderMasked(study, null, fixed.input),
      );
      const places = placeSpans(study.template, fixed.input.slots);
      const spanOf = Int32Array.from(embeddings.tokens, ({ message, start, end }) =>
        study.maskable.findIndex((index) =>
          (places[index] ?? []).some(
            (place) => place.message === message && place.start < end && start < place.end,
          ),
        ),
      );
      return ropeRwmdKernel({ embeddings, spanOf, masks });
    }
  }
}
