/** The surrogate's side: every input of the search set under the same masks, the oracle's output held fixed. */
import type { Mask, OracleAnswer } from "../domain.js";
import {
  explainBySurrogate,
  poolSurrogateValues,
  type SurrogateExplanation,
} from "../explain/surrogate-lasso.js";
import { designMasks } from "../explain/masks.js";
import { logOddsOfText } from "../explain/values.js";
import type { Job } from "./ports.js";
import type { OracleValues } from "./oracle-values.js";
import { progress } from "./oracle-values.js";
import { renderMasked, type PromptStudy } from "./study.js";

export interface SurrogateStudy {
  readonly name: string;
  /** Lasso, input by input. */
  readonly alone: readonly SurrogateExplanation[];
  /** The hierarchical model on the surrogate's own values: steadier, and what prior and screen use (methods 0b.10). */
  readonly pooled: readonly Float64Array[];
  readonly masksPerInput: number;
  readonly masks: number;
  readonly tokens: number;
}

/** Scores the length-normalised log-odds of the fixed output (methods A3) and fits each input's attribution (A4). */
export async function explainOnSurrogate(
  job: Job,
  study: PromptStudy,
  values: OracleValues,
  fixed: readonly (OracleAnswer | null)[],
): Promise<SurrogateStudy> {
  const search = study.inputs?.search ?? [];
  const masks = sharedMasks(job, study);
  const requests = masks.flatMap((mask) =>
    values.inputs.map((index) => {
      const input = search[index];
      const response = fixed[index]?.text.trim();
      if (!input || !response) throw new RangeError(`no fixed output for input ${index}`);
      return { messages: renderMasked(study, mask, input), response };
    }),
  );
  const scores = await job.ports.surrogate.score(requests, {
    onProgress: progress(job, "surrogate masks"),
  });
  const inputs = values.inputs.map((_, position) => ({
    masks,
    values: Float64Array.from(masks, (_mask, row) =>
      logOddsOfText(
        scores.logProbabilities[row * values.inputs.length + position] ?? new Float64Array(),
      ),
    ),
  }));
  const problem = {
    spans: study.maskable.length,
    inputs,
    seed: `${study.inputs?.hash}:${job.ports.surrogate.identity.sha256}`,
  };
  return {
    name: job.ports.surrogate.identity.model,
    alone: explainBySurrogate(problem).perInput,
    pooled: poolSurrogateValues({ ...problem, classes: values.classes }).attributions,
    masksPerInput: masks.length,
    masks: requests.length,
    tokens: scores.tokensAsked,
  };
}

/** One set of masks for all inputs: a mask's rendered template is then computed once. */
function sharedMasks(job: Job, study: PromptStudy): readonly Mask[] {
  const count = job.settings["surrogate-masks-per-input"];
  return designMasks({
    spans: study.maskable.length,
    inputs: 1,
    masksPerInput: count,
    poolSize: count,
    seed: `surrogate:${study.template.source}`,
  }).pool;
}
