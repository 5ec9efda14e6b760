/** Values of kind (d): how often the oracle gives the fixed label when every masked prompt is sampled. */
import type { MaskedValue, OracleAnswer, OracleQuestion } from "../domain.js";
import { sampledLogOdds } from "../explain/sampled-log-odds.js";
import { answerOf, progress, type MaskedPrompt } from "./asking.js";
import type { Job } from "./ports.js";
import type { CountingOracle } from "./usage.js";

/**
 * Smoothed log-odds of the fixed label with their variance, from `samples` answers a masked prompt. Draws that got no answer
 * are left out of the count; a prompt with fewer than two has no value, for one draw says hardly more than its own noise.
 */
export async function sampleMasked(options: {
  readonly job: Job;
  readonly oracle: CountingOracle;
  readonly prompts: readonly MaskedPrompt[];
  readonly samples: number;
}): Promise<readonly MaskedValue[]> {
  const { job, oracle, prompts, samples } = options;
  const questions = prompts.flatMap(({ messages }) => drawsOf(messages, samples));
  const outcomes = await oracle.ask(questions, progress(job, "samples of masked prompts"));
  return prompts.flatMap(({ masked, fixed }, index) => {
    const drawn = outcomes.slice(index * samples, (index + 1) * samples).map(answerOf);
    const value = valueOf(
      drawn.filter((answer) => answer !== null),
      fixed,
    );
    return value === null ? [] : [{ ...masked, ...value, bounded: false }];
  });
}

function drawsOf(messages: MaskedPrompt["messages"], samples: number): OracleQuestion[] {
  return Array.from({ length: samples }, (_, draw) => ({
    purpose: "masks",
    messages,
    mode: { kind: "sample", draw },
  }));
}

function valueOf(
  drawn: readonly OracleAnswer[],
  fixed: OracleAnswer,
): ReturnType<typeof sampledLogOdds> | null {
  if (drawn.length < 2) return null;
  const agreeing = drawn.filter((answer) => answer.text.trim() === fixed.text.trim()).length;
  return sampledLogOdds(agreeing, drawn.length);
}
