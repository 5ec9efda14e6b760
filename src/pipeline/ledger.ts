/** What the run's questions needed, priced, against the same explanations on the oracle alone. */
import { buildLedger } from "../cost/ledger.js";
import { sumPlans } from "../cost/plan.js";
import type { Ledger } from "../domain.js";
import type { DataReview } from "./data-review.js";
import { surrogatesOf } from "./ladder.js";
import type { Job } from "./ports.js";
import { pricing } from "./pricing.js";
import type { PromptReview } from "./prompt-review.js";
import type { CountingOracle } from "./usage.js";

export function assembleLedger(
  job: Job,
  oracle: CountingOracle | null,
  prompts: readonly PromptReview[],
  rows: readonly DataReview[],
): Ledger {
  const { identity } = job.ports.surrogate;
  const masks = prompts.reduce((sum, prompt) => sum + prompt.surrogate.masks, 0);
  const tokens = [...prompts.map((prompt) => prompt.surrogate), ...rows].reduce(
    (sum, one) => sum + one.tokens,
    0,
  );
  const servers = surrogatesOf(job.ports).flatMap(({ served }) => (served ? [served()] : []));
  return buildLedger({
    served: servers.length === 0 ? null : servers.flat(),
    usages: oracle?.usages() ?? [],
    price: pricing(job.settings),
    surrogate:
      tokens > 0 ? { model: identity.model, precision: identity.precision, masks, tokens } : null,
    explainedInputs: prompts.reduce((sum, prompt) => sum + prompt.explainedInputs, 0),
    planned: sumPlans(prompts.flatMap(({ planned }) => planned ?? [])),
    explanations:
      oracle === null
        ? null
        : {
            fixedOutputs: prompts.flatMap(({ fixedOutputs }) =>
              fixedOutputs.map((usage) => ({
                purpose: "fixed outputs" as const,
                model: oracle.model,
                ...usage,
              })),
            ),
            explained: job.settings.method === "hierarchical" ? "oracle" : "surrogate",
            answersPerMask: answersPerMask(prompts),
            surrogateTokens: prompts.reduce((sum, prompt) => sum + prompt.surrogate.tokens, 0),
          },
  });
}

function answersPerMask(prompts: readonly PromptReview[]): number {
  const sum = (pick: (masks: PromptReview["oracleMasks"]) => number): number =>
    prompts.reduce((total, { oracleMasks }) => total + pick(oracleMasks), 0);
  const masked = sum((masks) => masks.masked);
  return masked === 0 ? 1 : sum((masks) => masks.asked) / masked;
}
