/** What every way to explain a prompt is given, and gives. */
import type { InstanceLevel, Explanation, Interval, OracleAnswer, Screen } from "../domain.js";
import type { StudiedRung } from "./ladder.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/** A prompt whose masked values the oracle has given. */
export interface ExplainedValues {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
  readonly values: OracleValues;
  /** What surrogates made of the inputs, where they were asked before the oracle's masks. */
  readonly rungs?: readonly StudiedRung[];
}

export interface PromptExplanation {
  readonly explanation: Explanation;
  readonly screens: readonly Screen[];
  readonly instanceLevels: readonly InstanceLevel[];
  /** Influence by input and span, as shown. */
  readonly perInput: readonly (readonly Interval[])[];
  /** Influence by input and span that compression ranks by: from what models answered, without what the texts suggest. */
  readonly ranking: readonly (readonly Interval[])[];
  readonly values: OracleValues;
  /** Masked prompts that went through the surrogate, and their tokens. */
  readonly surrogate: { readonly masks: number; readonly tokens: number };
}

export type ExplanationOutcome =
  | { readonly kind: "explained"; readonly explained: PromptExplanation }
  | { readonly kind: "not explained"; readonly reason: string };
