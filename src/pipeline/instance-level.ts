/** Input by input: whether the surrogate may explain it, from what both models answer to the unmasked prompt. */
import type { OracleAnswer, Unknown } from "../domain.js";
import { shiftToShares } from "../findings/label-shares.js";
import {
  gateInstances,
  type InstanceGate,
  type InstanceLabels,
  type InstanceRule,
} from "../screening/instance-gate.js";
import { progress } from "./asking.js";
import type { Job } from "./ports.js";
import { renderMasked, type PromptStudy } from "./study.js";

export interface InstanceLevel {
  readonly job: Job;
  readonly study: PromptStudy;
  /** The oracle's answers to the unmasked prompt, by input of the search set. */
  readonly fixed: readonly (OracleAnswer | null)[];
  readonly rule: InstanceRule;
  /** Lower bound of kappa that must be exceeded; the gate's own by default. */
  readonly threshold?: number;
  /** Inputs that the budget lets the oracle explain. */
  readonly oracleInstances: number;
}

/**
 * Asks the job's surrogate for its label of every input, shifts its labels to the oracle's shares and gates the inputs. Without a set of
 * labels agreement is not defined: a fixed free text need not be what the surrogate would write for its explanation to be useful (methods
 * 0b.5), so no input is left to the surrogate alone. Ids are those of the search set, made distinct by position where they repeat.
 */
export async function gateSearchInputs(level: InstanceLevel): Promise<InstanceGate> {
  const { study, fixed, rule, threshold, oracleInstances } = level;
  const search = study.inputs?.search ?? [];
  const oracle = search.map((_, index) => fixed[index]?.text.trim() || null);
  const surrogate = await surrogateLabels(level, oracle);
  const instances = search.map(({ id }, index): InstanceLabels => ({
    id: search.findIndex((other) => other.id === id) === index ? id : `${id} (${index + 1})`,
    oracle: oracle[index] ?? null,
    surrogate: surrogate[index] ?? unknown("the surrogate was not asked"),
  }));
  return gateInstances({
    instances,
    rule,
    oracleInstances,
    ...(threshold === undefined ? {} : { threshold }),
  });
}

async function surrogateLabels(
  { job, study }: InstanceLevel,
  oracle: readonly (string | null)[],
): Promise<readonly (string | Unknown)[]> {
  const { labels } = study;
  const search = study.inputs?.search ?? [];
  if (labels.length < 2)
    return search.map(() =>
      unknown("the outputs are no labels of a set, so agreement is not defined"),
    );
  const { logProbabilities } = await job.ports.surrogate.scoreLabels(
    search.map((input) => renderMasked(study, null, input)),
    labels,
    { onProgress: progress(job, "surrogate labels") },
  );
  const given = labels.map((label) => oracle.filter((one) => one === label).length);
  if (given.every((count) => count === 0))
    return search.map(() => unknown("none of the oracle's outputs is a label of the set"));
  return shiftToShares({ logProbabilities, counts: given }).map((label) => labels[label] ?? "");
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}
