/** From values to an explanation, by the method that was asked for. */
import type { OracleAnswer } from "../domain.js";
import type { ExplanationOutcome } from "./explanation-outcome.js";
import { explainHierarchically } from "./hierarchical-explanation.js";
import { measureMasks } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { explainBySingleGames } from "./single-explanation.js";
import { screenAndApply } from "./screen-and-apply.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/** Fewest inputs from which anything is fitted. */
const FEWEST_INPUTS = 2;

export async function explainPrompt(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  fixed: readonly (OracleAnswer | null)[],
): Promise<ExplanationOutcome> {
  if (study.maskable.length < 2)
    return {
      kind: "not explained",
      reason: `the prompt has ${study.maskable.length} span(s) that can be masked; an explanation needs at least 2`,
    };
  const { method } = job.settings;
  const sparing =
    job.settings["mask-choice"] === "screened"
      ? screenAndApply({ job, study, oracle, fixed })
      : null;
  const values = await measureMasks(job, study, oracle, fixed, sparing?.open ?? null);
  const refusal = [...oracle.refusals().keys()][0];
  // Only where the oracle's answers are fitted must there be as many as spans; elsewhere they judge.
  const fewest = method === "hierarchical" ? study.maskable.length : FEWEST_INPUTS;
  if (values.inputs.length < FEWEST_INPUTS || values.rows.length < fewest) {
    return {
      kind: "not explained",
      reason: `insufficient data: ${values.rows.length} oracle answers on masked prompts over ${values.inputs.length} inputs${refusal ? ` (${refusal})` : ""}`,
    };
  }
  if (values.rows.every((row) => row.value === values.rows[0]?.value))
    return {
      kind: "not explained",
      reason: "the oracle's values do not vary under masks: there is nothing to attribute",
    };
  const rungs = sparing?.rungs() ?? null;
  const given = { job, study, oracle, fixed, values, ...(rungs && { rungs }) };
  return method === "hierarchical"
    ? explainHierarchically(given)
    : explainBySingleGames(given, method);
}
