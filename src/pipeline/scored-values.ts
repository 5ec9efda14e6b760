/** Values of kind (b): the oracle scores the fixed output under every masked prompt. */
import type { MaskedValue, OracleQuestion } from "../domain.js";
import { logOddsOfText } from "../explain/values.js";
import { answerOf, progress, type MaskedPrompt } from "./asking.js";
import type { Job } from "./ports.js";
import type { CountingOracle } from "./usage.js";

/**
 * Log-odds of the fixed output per token, one score a masked prompt. White space around the output is left out, since chat
 * templates trim it from messages. A prompt without a score has no value.
 */
export async function scoreMasked(
  job: Job,
  oracle: CountingOracle,
  prompts: readonly MaskedPrompt[],
): Promise<readonly MaskedValue[]> {
  const questions = prompts.map(({ messages, fixed }): OracleQuestion => ({
    purpose: "masks",
    messages,
    mode: { kind: "score", response: fixed.text.trim() },
  }));
  const outcomes = await oracle.ask(questions, progress(job, "masked prompts scored"));
  return prompts.flatMap(({ masked }, index) => {
    const scored = answerOf(outcomes[index])?.scored;
    return scored instanceof Float64Array
      ? [{ ...masked, value: logOddsOfText(scored), bounded: false }]
      : [];
  });
}
