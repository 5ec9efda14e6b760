/** Whether the surrogate may speak for the oracle, from the values that the explanation asked for anyway. */
import { createHash } from "node:crypto";
import type { Screen } from "../domain.js";
import { spearman } from "../numerics/rank-correlation.js";
import { parseCertificate, serialiseCertificate } from "../screening/certificate.js";
import { screenPredict, type ScreenInstance } from "../screening/verdict.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export interface Screening {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly values: OracleValues;
  readonly oracle: CountingOracle;
  /** [input]: the surrogate's own attributions, which saw none of the oracle's values. */
  readonly attributions: readonly Float64Array[];
  /** How they were made, where not as usual: another way is another test. */
  readonly method?: string;
}

/** The surrogate's rank correlation with the oracle's values is the evidence (methods C3). */
export async function screenSurrogate(screening: Screening): Promise<Screen> {
  const { job, study, oracle, method } = screening;
  const { identity } = job.ports.surrogate;
  const test = {
    inputSetHash: hashOf([study.inputs?.hash ?? "", study.template.source]),
    surrogate: `${identity.model} (${identity.precision}, sha256 ${identity.sha256.slice(0, 12)}${method === undefined ? "" : `, ${method}`})`,
    oracle: oracle.model,
    threshold: job.settings["screen-threshold"],
    alpha: job.settings["screen-alpha"],
  };
  const name = `screen-${hashOf(Object.values(test).map(String)).slice(0, 24)}.json`;
  const stored = await job.ports.state.read(name);
  const outcome = screenPredict({
    ...test,
    instances: screenInstances(screening),
    population: study.inputs?.search.length ?? 0,
    ...(stored === null ? {} : { previous: parseCertificate(stored, name) }),
  });
  await job.ports.state.write(name, serialiseCertificate(outcome.state));
  return { ...outcome.screen, surrogate: identity.model };
}

function screenInstances({ study, values, attributions }: Screening): readonly ScreenInstance[] {
  return values.inputs.map((index, position) => {
    const rows = values.rows.filter((row) => row.input === position);
    const attribution = attributions[position] ?? new Float64Array();
    const predicted = rows.map((row) =>
      row.mask.reduce((sum, kept, span) => sum + kept * (attribution[span] ?? 0), 0),
    );
    const constant = rows.every((row) => row.value === rows[0]?.value);
    return {
      id: study.inputs?.search[index]?.id ?? String(index),
      masks: rows.length,
      spearman: constant
        ? null
        : (spearman(
            predicted,
            rows.map((row) => row.value),
          ) ?? 0),
    };
  });
}

function hashOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
