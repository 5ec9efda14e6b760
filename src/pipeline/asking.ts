/** Small words of every step that asks the oracle. */
import type { MaskedInput, Message, OracleAnswer, OracleOutcome } from "../domain.js";
import type { Job } from "./ports.js";

/** A masked prompt as it is asked, and the answer to the unmasked one that its value is about. */
export interface MaskedPrompt {
  readonly masked: MaskedInput;
  readonly messages: readonly Message[];
  readonly fixed: OracleAnswer;
}

export function answerOf(outcome: OracleOutcome | undefined): OracleAnswer | null {
  return outcome?.kind === "answer" ? outcome.answer : null;
}

export function progress(job: Job, what: string): (done: number, total: number) => void {
  return (done, total) => job.ports.say(`${what}: ${done}/${total}`);
}
