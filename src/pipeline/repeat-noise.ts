/** How much values of kind (c) differ when nothing was changed: the unmasked prompt asked again. */
import type { OracleQuestion, Unknown } from "../domain.js";
import { answerAgreement, type AnswerCheck } from "../explain/answer-agreement.js";
import { noiseFromRepeats, type RepeatNoise } from "../explain/repeat-noise.js";
import { answerOf, progress, type MaskedPrompt } from "./asking.js";
import type { Job } from "./ports.js";
import type { CountingOracle } from "./usage.js";

const REPEATS = 3;
const MOST_INPUTS = 8;

/** Most repeats that the noise of so many inputs takes. */
export function noiseRepeats(inputs: number): number {
  return REPEATS * Math.min(inputs, MOST_INPUTS);
}

/** Variance of the agreement with the fixed output among 3 repeats of the unmasked prompt, over the first 8 inputs. */
export async function measureNoise(options: {
  readonly job: Job;
  readonly oracle: CountingOracle;
  /** The unmasked prompt of every input. */
  readonly prompts: readonly Pick<MaskedPrompt, "messages" | "fixed">[];
  readonly check: AnswerCheck;
}): Promise<RepeatNoise | Unknown> {
  const { job, oracle, check } = options;
  const prompts = options.prompts.slice(0, MOST_INPUTS);
  const questions = prompts.flatMap(({ messages }) => repeatsOf(messages));
  const outcomes = await oracle.ask(questions, progress(job, "repeats of the unmasked prompt"));
  return noiseFromRepeats(
    prompts.map(({ fixed }, index) =>
      outcomes.slice(index * REPEATS, (index + 1) * REPEATS).flatMap((outcome) => {
        const answer = answerOf(outcome);
        return answer === null ? [] : [answerAgreement(check, answer.text, fixed.text)];
      }),
    ),
  );
}

function repeatsOf(messages: MaskedPrompt["messages"]): OracleQuestion[] {
  return Array.from({ length: REPEATS }, (_, index) => ({
    purpose: "repeats",
    messages,
    mode: { kind: "repeat", draw: index + 1 },
  }));
}
