/** What an explanation and a certified shorter prompt would cost, for a prompt that has no oracle yet. */
import { planOf } from "../cost/plan.js";
import type { PromptReport } from "../domain.js";
import { oracleMasksPerInput } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { pricing } from "./pricing.js";
import { renderMasked, type PromptStudy } from "./study.js";

/** Chat APIs add a few tokens for roles and separators to every message. */
const TOKENS_PER_MESSAGE = 4;
/** Half the masks keep half of the spans, the other half nearly all: about three quarters of the template on average. */
const KEPT_SHARE = 0.75;
const SEARCH_STEPS = 4;
const CERTIFICATION_STEPS = 4;

export function planPrompt(job: Job, study: PromptStudy): PromptReport["plan"] {
  const inputs = study.inputs;
  const first = inputs?.search[0];
  if (!inputs || !first) return null;
  const messages = renderMasked(study, null, first);
  const promptTokens = messages.reduce(
    (sum, message) => sum + TOKENS_PER_MESSAGE + job.ports.surrogate.countTokens(message.content),
    0,
  );
  return planOf({
    model: job.settings["oracle-model"],
    price: pricing(job.settings),
    searchInputs: inputs.search.length,
    certifyInputs: inputs.certify.length,
    masksPerInput: oracleMasksPerInput(job),
    promptTokens,
    maskedPromptTokens: Math.round(promptTokens * KEPT_SHARE),
    completionTokens: job.settings["oracle-max-tokens"],
    searchSteps: SEARCH_STEPS,
    certificationSteps: CERTIFICATION_STEPS,
    demonstrations: study.template.demonstrations.length,
  });
}
