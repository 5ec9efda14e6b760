import type { OraclePurpose } from "../domain.js";
import type { CallTokens } from "./prices.js";

/** Tokens of one distinct question that was answered, whether the answer was bought now or replayed. */
export interface AnsweredQuestion extends CallTokens {
  readonly purpose: OraclePurpose;
  readonly model: string;
}

/** Mean tokens of one call; NaN of none. */
export function meanTokens(usages: readonly CallTokens[]): CallTokens {
  const mean = (pick: (usage: CallTokens) => number): number =>
    usages.reduce((sum, usage) => sum + pick(usage), 0) / usages.length;
  return {
    promptTokens: mean((usage) => usage.promptTokens),
    completionTokens: mean((usage) => usage.completionTokens),
  };
}
