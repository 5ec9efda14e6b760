/** Counts what the questions of a run needed, whoever paid: each distinct question once, under the purpose that asked first. */
import { createHash } from "node:crypto";
import type { Oracle, OracleOutcome, OraclePurpose, OracleQuestion, Progress } from "../domain.js";

export interface PurposeUsage {
  readonly purpose: OraclePurpose;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface CountingOracle extends Oracle {
  usages(): readonly PurposeUsage[];
  /** Questions that got no answer, by cause and message. */
  refusals(): ReadonlyMap<string, number>;
}

export function countUsage(oracle: Oracle): CountingOracle {
  const usages = new Map<string, PurposeUsage>();
  const refusals = new Map<string, number>();
  const note = (question: OracleQuestion, outcome: OracleOutcome): void => {
    if (outcome.kind === "refused") {
      refusals.set(outcome.message, (refusals.get(outcome.message) ?? 0) + 1);
      return;
    }
    const { messages, mode = null } = question;
    const key = createHash("sha256")
      .update(JSON.stringify([messages, mode]))
      .digest("hex");
    if (!usages.has(key))
      usages.set(key, { purpose: question.purpose, model: oracle.model, ...outcome.answer.usage });
  };
  return {
    model: oracle.model,
    host: oracle.host,
    ask: async (questions: readonly OracleQuestion[], onProgress?: Progress) => {
      const outcomes = await oracle.ask(questions, onProgress);
      outcomes.forEach((outcome, index) => {
        const question = questions[index];
        if (question) note(question, outcome);
      });
      return outcomes;
    },
    canScore: async (prompts) => {
      const ability = await oracle.canScore(prompts);
      // That the server does not score is a finding, not a question left without an answer.
      for (const { question, outcome } of ability.asked)
        if (outcome.kind === "answer") note(question, outcome);
      return ability;
    },
    usages: () => [...usages.values()],
    refusals: () => refusals,
  };
}
