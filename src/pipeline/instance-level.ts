/** Input by input: whether the surrogate may explain it, from what both models answer to the unmasked prompt. */
import type { InstanceLevel, OracleAnswer, Surrogate, Unknown } from "../domain.js";
import { shiftToShares } from "../findings/label-shares.js";
import {
  gateInstances,
  type InstanceGate,
  type InstanceLabels,
  type InstanceRule,
} from "../screening/instance-gate.js";
import { progress } from "./asking.js";
import type { Job } from "./ports.js";
import type { OracleValues } from "./oracle-values.js";
import { renderMasked, type PromptStudy } from "./study.js";

/** Inputs to gate, and the budget for those that the surrogate may not explain. */
export interface GatedSearch {
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

/** The gate, with the prompts that the surrogate labelled for it and their tokens. */
export interface GatedInputs extends InstanceGate {
  readonly prompts: number;
  readonly tokens: number;
}

interface SurrogateLabels extends Pick<GatedInputs, "prompts" | "tokens"> {
  readonly labels: readonly (string | Unknown)[];
}

/**
 * Asks the job's surrogate for its label of every input, shifts its labels to the oracle's shares and gates the inputs. Without a set of
 * labels agreement is not defined: a fixed free text need not be what the surrogate would write for its explanation to be useful (methods
 * 0b.5), so no input is left to the surrogate alone. Ids are those of the search set, made distinct by position where they repeat.
 */
export async function gateSearchInputs(level: GatedSearch): Promise<GatedInputs> {
  const { study, fixed, rule, threshold, oracleInstances } = level;
  const search = study.inputs?.search ?? [];
  const oracle = search.map((_, index) => fixed[index]?.text.trim() || null);
  const { labels: surrogate, prompts, tokens } = await surrogateLabels(level, oracle);
  const instances = search.map(({ id }, index): InstanceLabels => ({
    id: search.findIndex((other) => other.id === id) === index ? id : `${id} (${index + 1})`,
    oracle: oracle[index] ?? null,
    surrogate: surrogate[index] ?? unknown("the surrogate was not asked"),
  }));
  const gate = gateInstances({
    instances,
    rule,
    oracleInstances,
    ...(threshold === undefined ? {} : { threshold }),
  });
  return { ...gate, prompts, tokens };
}

export interface InstanceLevels {
  readonly levels: readonly InstanceLevel[];
  /** Prompts that the surrogates labelled, and their tokens. */
  readonly masks: number;
  readonly tokens: number;
}

/**
 * Which inputs each surrogate may explain by itself, by the rule of the settings. The oracle explains those whose masks it answered.
 * Nothing is asked where the outputs are no labels of a set.
 */
export async function measureInstanceLevels(
  given: Pick<GatedSearch, "job" | "study" | "fixed"> & { readonly values: OracleValues },
  surrogates: readonly { readonly name: string; readonly surrogate: Surrogate }[],
): Promise<InstanceLevels> {
  const { job, study, fixed, values } = given;
  const levels: InstanceLevel[] = [];
  let [masks, tokens] = [0, 0];
  for (const { name, surrogate } of study.labels.length < 2 ? [] : surrogates) {
    const gate = await gateSearchInputs({
      job: { ...job, ports: { ...job.ports, surrogate } },
      study,
      fixed,
      rule: job.settings["instance-rule"],
      threshold: job.settings["instance-kappa"],
      oracleInstances: new Set(values.rows.map((row) => row.input)).size,
    });
    masks += gate.prompts;
    tokens += gate.tokens;
    levels.push(levelOf(name, gate));
  }
  return { levels, masks, tokens };
}

function levelOf(surrogate: string, gate: InstanceGate): InstanceLevel {
  const { rule, open, reason, agreement, counts, fallbackShare } = gate;
  return {
    surrogate,
    rule,
    open,
    reason,
    agreement:
      agreement.kind === "unknown"
        ? null
        : {
            inputs: agreement.inputs,
            raw: agreement.raw,
            kappa: agreement.kappa,
            low: agreement.low,
          },
    bySurrogate: counts.surrogate,
    byOracle: counts.oracle,
    notExplained: counts["not explained"],
    fallbackShare,
  };
}

async function surrogateLabels(
  { job, study }: GatedSearch,
  oracle: readonly (string | null)[],
): Promise<SurrogateLabels> {
  const { labels } = study;
  const search = study.inputs?.search ?? [];
  if (labels.length < 2)
    return {
      labels: search.map(() =>
        unknown("the outputs are no labels of a set, so agreement is not defined"),
      ),
      prompts: 0,
      tokens: 0,
    };
  const { logProbabilities, tokensAsked: tokens } = await job.ports.surrogate.scoreLabels(
    search.map((input) => renderMasked(study, null, input)),
    labels,
    { onProgress: progress(job, "surrogate labels") },
  );
  const given = labels.map((label) => oracle.filter((one) => one === label).length);
  const prompts = search.length;
  if (given.every((count) => count === 0))
    return {
      labels: search.map(() => unknown("none of the oracle's outputs is a label of the set")),
      prompts,
      tokens,
    };
  const shifted = shiftToShares({ logProbabilities, counts: given });
  return { labels: shifted.map((label) => labels[label] ?? ""), prompts, tokens };
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}
