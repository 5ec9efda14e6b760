/** The surrogate's side: every input of the search set under the same masks, the oracle's output held fixed. */
import type { Mask, OracleAnswer, Surrogate } from "../domain.js";
import { enumerateMasks } from "../explain/mask-designs/enumeration.js";
import {
  explainBySurrogate,
  poolSurrogateValues,
  type SurrogateExplanation,
} from "../explain/surrogate-lasso.js";
import { designMasks } from "../explain/masks.js";
import type { Job } from "./ports.js";
import type { OracleValues } from "./oracle-values.js";
import type { PromptStudy } from "./study.js";
import { measureObjective, type FixedInput } from "./surrogate-objective.js";

/** Up to here every mask is evaluated and the attribution is exact (methods A4). */
const ENUMERABLE_SPANS = 8;
/** The pooled fit is cubic in its rows; beyond this the Lasso of each input stands in. */
const MOST_POOLED_ROWS = 2000;

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

/**
 * Scores the length-normalised log-odds of the fixed output (methods A3) and fits each input's attribution (A4). Where the surrogate
 * scores labels alone, their margins stand in. Throws as `measureObjective` and the surrogate do.
 */
export async function explainOnSurrogate(
  job: Job,
  study: PromptStudy,
  values: Pick<OracleValues, "inputs" | "classes">,
  fixed: readonly (OracleAnswer | null)[],
): Promise<SurrogateStudy> {
  const masks = sharedMasks(job, study);
  const measured = await measureObjective({
    job,
    study,
    objective: objectiveFor(job.ports.surrogate),
    inputs: fixedInputs(study, values, fixed),
    masks,
  });
  const inputs = measured.values.map((own) => ({ masks, values: own }));
  const problem = {
    spans: study.maskable.length,
    inputs,
    seed: `${study.inputs?.hash}:${job.ports.surrogate.identity.sha256}`,
  };
  const alone = explainBySurrogate(problem).perInput;
  const poolable = study.maskable.length > ENUMERABLE_SPANS && measured.masks <= MOST_POOLED_ROWS;
  return {
    name: job.ports.surrogate.identity.model,
    alone,
    pooled: poolable
      ? poolSurrogateValues({ ...problem, classes: values.classes }).attributions
      : alone.map((one) => one.attribution),
    masksPerInput: masks.length,
    masks: measured.masks,
    tokens: measured.tokens,
  };
}

function objectiveFor({ lacks = [] }: Surrogate): "log-odds" | "label-margin" {
  return lacks.includes("output scores") ? "label-margin" : "log-odds";
}

function fixedInputs(
  study: PromptStudy,
  values: Pick<OracleValues, "inputs" | "classes">,
  fixed: readonly (OracleAnswer | null)[],
): readonly FixedInput[] {
  return values.inputs.map((index) => {
    const input = study.inputs?.search[index];
    const output = fixed[index]?.text.trim();
    if (!input || !output) throw new RangeError(`no fixed output for input ${index}`);
    return { input, output };
  });
}

/** One set of masks for all inputs: a mask's rendered template is then computed once. Few spans: all their masks. */
function sharedMasks(job: Job, study: PromptStudy): readonly Mask[] {
  if (study.maskable.length <= ENUMERABLE_SPANS) return enumerateMasks(study.maskable.length);
  const count = job.settings["surrogate-masks-per-input"];
  return designMasks({
    spans: study.maskable.length,
    inputs: 1,
    masksPerInput: count,
    poolSize: count,
    seed: `surrogate:${study.template.source}`,
  }).pool;
}
