/** Values of masked prompts on the surrogate, the oracle's outputs held fixed, by any objective. */
import type { Input, Mask, Message, Objective } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { valuesOfLabelScores, valuesOfScores } from "../explain/objectives.js";
import { progress } from "./asking.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";

/** An input of the search set with its fixed output. */
export interface FixedInput {
  readonly input: Input;
  readonly output: string;
}

export interface ObjectiveRequest {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly objective: Objective;
  readonly inputs: readonly FixedInput[];
  /** The same masks for every input: a mask's template is then a prefix that all inputs share. */
  readonly masks: readonly Mask[];
}

export interface ObjectiveValues {
  /** [input][mask], larger = the fixed output is better supported; unit and sign as `valuesOfScores` says. */
  readonly values: readonly Float64Array[];
  /** Masked prompts that were scored, and their tokens. */
  readonly masks: number;
  readonly tokens: number;
}

/**
 * Scores every input under every mask. Throws USAGE for label margins without a set of labels or of an output that is none of them.
 */
export async function measureObjective(request: ObjectiveRequest): Promise<ObjectiveValues> {
  switch (request.objective) {
    case "log-odds":
    case "negative-log-likelihood":
      return measureOutputs(request, request.objective);
    case "divergence":
      return measureDivergence(request);
    case "label-margin":
      return measureMargins(request);
  }
}

/** Masks outside, inputs inside: neighbours share their longest prefix. */
async function measureOutputs(
  request: ObjectiveRequest,
  objective: "log-odds" | "negative-log-likelihood",
): Promise<ObjectiveValues> {
  const { job, inputs, masks } = request;
  const requests = masks.flatMap((mask) =>
    inputs.map((fixed) => ({ messages: render(request, mask, fixed), response: fixed.output })),
  );
  const scores = await job.ports.surrogate.score(requests, {
    onProgress: progress(job, "surrogate masks"),
  });
  const flat = valuesOfScores(objective, scores);
  return {
    values: inputs.map((_, input) => every(flat, { first: input, step: inputs.length })),
    masks: requests.length,
    tokens: scores.tokensAsked,
  };
}

/** Divergence is from the unmasked run of the same input, so inputs are scored one by one. */
async function measureDivergence(request: ObjectiveRequest): Promise<ObjectiveValues> {
  const { job, inputs, masks } = request;
  const values: Float64Array[] = [];
  let tokens = 0;
  for (const [done, fixed] of inputs.entries()) {
    const prompts = [null, ...masks].map((mask) => ({
      messages: render(request, mask, fixed),
      response: fixed.output,
    }));
    const scores = await job.ports.surrogate.score(prompts, { divergenceFrom: 0 });
    values.push(valuesOfScores("divergence", scores).subarray(1));
    tokens += scores.tokensAsked;
    progress(job, "surrogate masks")((done + 1) * masks.length, inputs.length * masks.length);
  }
  return { values, masks: inputs.length * (masks.length + 1), tokens };
}

async function measureMargins(request: ObjectiveRequest): Promise<ObjectiveValues> {
  const { job, study, inputs, masks } = request;
  const { labels } = study;
  if (labels.length < 2)
    throw new UnderstudyError(
      "USAGE",
      `label margins need a set of at least 2 labels; ${study.template.path} has ${labels.length}`,
      { fix: "give `labels`, expected outputs that repeat, or another objective" },
    );
  const prompts = masks.flatMap((mask) => inputs.map((fixed) => render(request, mask, fixed)));
  const scores = await job.ports.surrogate.scoreLabels(prompts, labels, {
    onProgress: progress(job, "surrogate masks"),
  });
  const values = inputs.map(({ input, output }, position) => {
    const fixed = labels.indexOf(output);
    if (fixed < 0)
      throw new UnderstudyError(
        "USAGE",
        `the output ${JSON.stringify(output.slice(0, 60))} of input ${JSON.stringify(input.id)} is none of the labels ${labels.join(", ")}`,
        { fix: "complete `labels`, or choose the objective log-odds" },
      );
    const own = scores.logProbabilities.filter((_, at) => at % inputs.length === position);
    return valuesOfLabelScores({ ...scores, logProbabilities: own }, fixed);
  });
  return { values, masks: prompts.length, tokens: scores.tokensAsked };
}

function render(
  { study }: ObjectiveRequest,
  mask: Mask | null,
  { input }: FixedInput,
): readonly Message[] {
  return renderMasked(study, mask, input);
}

function every(
  values: Float64Array,
  { first, step }: { readonly first: number; readonly step: number },
): Float64Array {
  return values.filter((_, at) => at % step === first);
}
