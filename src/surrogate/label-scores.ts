/** Scores a few labels as the answer to many prompts: in one pass a prompt where each is a single token. */

import type { LabelScores, Progress } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { joinTokens } from "./sequence-plan.js";
import type { TokenScorer } from "./token-scorer.js";

/** A label and its tokens, as the model would write it first in its answer. */
export interface LabelTokens {
  readonly label: string;
  readonly ids: Int32Array;
}

export interface LabelJob {
  /** Token ids of each prompt, up to where the answer begins. */
  readonly prompts: readonly Int32Array[];
  readonly labels: readonly LabelTokens[];
  readonly onProgress?: Progress | undefined;
}

type ScoreTokens = Pick<TokenScorer, "score">;

/**
 * Log-probabilities of the labels under each prompt, natural log (docs/methods.md, A3, label(z)). All labels single tokens: each prompt
 * runs once, and the graph picks the labels' entries from the distribution of the next token. Otherwise each label is scored as a response
 * of its own, passes of one prompt share its keys and values, and a label counts with the mean over its tokens.
 * Throws INPUTS where there is no label, one is empty, or two have the same tokens and could not be told apart.
 */
export async function scoreLabelTokens(scorer: ScoreTokens, job: LabelJob): Promise<LabelScores> {
  checkLabels(job.labels);
  return job.labels.every(({ ids }) => ids.length === 1)
    ? scoreInOnePass(scorer, job)
    : scoreOneByOne(scorer, job);
}

function checkLabels(labels: readonly LabelTokens[]): void {
  if (labels.length === 0)
    throw new UnderstudyError("INPUTS", "there are no labels to score", {
      fix: "Give at least one label.",
    });
  const seen = new Map<string, string>();
  for (const { label, ids } of labels) {
    if (ids.length === 0)
      throw new UnderstudyError("INPUTS", `the label ${JSON.stringify(label)} has no tokens`, {
        fix: "Give labels of at least one character.",
      });
    const key = ids.join();
    const other = seen.get(key);
    if (other !== undefined)
      throw new UnderstudyError(
        "INPUTS",
        `the labels ${JSON.stringify(other)} and ${JSON.stringify(label)} have the same tokens in the model's vocabulary`,
        { fix: "Give each label once, and labels that the model can tell apart." },
      );
    seen.set(key, label);
  }
}

/**
 * The first label stands as the response that is run, so that the rows are those of scoring it alone, and its score the same to the last
 * bit; what the answer's own token is has no influence on the distribution before it.
 */
async function scoreInOnePass(scorer: ScoreTokens, job: LabelJob): Promise<LabelScores> {
  const candidates = Int32Array.from(job.labels, ({ ids }) => ids[0] as number);
  const sequences = job.prompts.map((prompt) => joinTokens(prompt, candidates.subarray(0, 1)));
  const { logProbabilities, tokensRun, tokensAsked } = await scorer.score(sequences, {
    candidates,
    ...(job.onProgress ? { onProgress: job.onProgress } : {}),
  });
  return { logProbabilities, singleToken: true, tokensRun, tokensAsked };
}

async function scoreOneByOne(scorer: ScoreTokens, job: LabelJob): Promise<LabelScores> {
  const { prompts, labels } = job;
  const sequences = prompts.flatMap((prompt) => labels.map(({ ids }) => joinTokens(prompt, ids)));
  const { logProbabilities, tokensRun, tokensAsked } = await scorer.score(
    sequences,
    job.onProgress ? { onProgress: job.onProgress } : {},
  );
  const means = prompts.map((_, prompt) =>
    Float64Array.from(labels, (__, label) =>
      mean(logProbabilities[prompt * labels.length + label] as Float64Array),
    ),
  );
  return { logProbabilities: means, singleToken: false, tokensRun, tokensAsked };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
