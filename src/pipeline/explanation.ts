/** From values to an explanation: hierarchical attribution, its fidelity beside everything it must beat, and the screen. */
import type {
  Attribution,
  AttributionMethod,
  Explanation,
  Interval,
  OracleAnswer,
  ReportSpan,
  Screen,
  SurrogateFit,
} from "../domain.js";
import {
  compareFidelity,
  decideShown,
  type FidelityComparison,
} from "../explain/fidelity/compare-fidelity.js";
import { CONTROLS } from "../explain/fidelity/controls.js";
import type { ControlTexts } from "../explain/fidelity/text-controls.js";
import { fitHierarchical, type HierarchicalFit } from "../explain/hierarchical.js";
import { spearman } from "../numerics/rank-correlation.js";
import { parseCertificate, serialiseCertificate } from "../screening/certificate.js";
import { screenPredict, type ScreenInstance } from "../screening/verdict.js";
import { createHash } from "node:crypto";
import { measureMasks, type OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import { explainOnSurrogate, type SurrogateStudy } from "./surrogate-values.js";
import type { CountingOracle } from "./usage.js";

export interface PromptExplanation {
  readonly explanation: Explanation;
  readonly screens: readonly Screen[];
  /** Influence by input and span: what compression ranks by. */
  readonly perInput: readonly (readonly Interval[])[];
  readonly values: OracleValues;
  readonly surrogate: SurrogateStudy;
}

export type ExplanationOutcome =
  | { readonly kind: "explained"; readonly explained: PromptExplanation }
  | { readonly kind: "not explained"; readonly reason: string };

/** Fewest inputs and rows from which anything is fitted. */
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
  const values = await measureMasks(job, study, oracle, fixed);
  const refusal = [...oracle.refusals().keys()][0];
  if (values.inputs.length < FEWEST_INPUTS || values.rows.length < study.maskable.length) {
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
  const surrogate = await explainOnSurrogate(job, study, values, fixed);
  const pooled = { name: surrogate.name, attributions: surrogate.pooled };
  const problem = {
    spans: study.maskable.length,
    classes: values.classes,
    rows: values.rows,
    surrogates: [pooled],
  };
  const comparison = compareFidelity({
    ...problem,
    alone: [{ name: LASSO, attributions: surrogate.alone.map((one) => one.attribution) }],
    spanTokens: spanTokens(job, study),
    texts: controlTexts(study, values),
    seed: `${study.inputs?.hash}:fidelity`,
    folds: 4,
  });
  if (comparison.kind === "unknown")
    return { kind: "not explained", reason: `insufficient data: ${comparison.reason}` };
  const noiseFloor = values.noise?.kind === "estimated" ? values.noise.variance : 0;
  const fit = fitHierarchical({ ...problem, noiseFloor });
  return {
    kind: "explained",
    explained: {
      explanation: summarise({ job, study, values, surrogate, comparison, fit }),
      screens: [await screen({ job, study, values, oracle, surrogate })],
      perInput: fit.attributions().perInput,
      values,
      surrogate,
    },
  };
}

function summarise(parts: {
  job: Job;
  study: PromptStudy;
  values: OracleValues;
  surrogate: SurrogateStudy;
  comparison: FidelityComparison;
  fit: HierarchicalFit;
}): Explanation {
  const { job, study, values, surrogate, comparison, fit } = parts;
  const { shown, withheld } = decideShown(comparison);
  const { template } = fit.attributions();
  return {
    method: "hierarchical",
    value: values.kind,
    inputs: values.inputs.length,
    masksPerInput: values.inputs.length === 0 ? 0 : values.masked / values.inputs.length,
    oracleCalls: values.inputs.length + values.asked,
    fidelity: comparison.hierarchical,
    baselines: Object.fromEntries(
      comparison.baselines.map(({ name, fidelity }) => [baselineName(name), fidelity]),
    ),
    surrogates: fit.surrogateWeights,
    surrogateFits: [surrogateFit(surrogate)],
    shown,
    withheld,
    spans: reportSpans(job, study, shown ? template : null),
  };
}

function surrogateFit({ name, masksPerInput, alone }: SurrogateStudy): SurrogateFit {
  return {
    name,
    masksPerInput,
    heldOutR2: meanKnown(alone.map((one) => one.heldOutR2)),
    stability: meanKnown(alone.map((one) => one.stability)),
  };
}

function meanKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

const BASELINES: readonly AttributionMethod[] = ["pooled", "input-by-input", ...CONTROLS];

const LASSO = "its Lasso";

/** One surrogate takes part, in two ways, so its name is that of the method. */
function baselineName(name: string): AttributionMethod {
  if (name === `surrogate:${LASSO}`) return "surrogate-lasso";
  return BASELINES.find((known) => known === name) ?? "surrogate-pooled";
}

/** Every maskable span with its tokens and, where it may be shown, its influence. */
export function reportSpans(
  job: Job,
  study: PromptStudy,
  influence: Attribution["template"] | null,
): readonly ReportSpan[] {
  return study.maskable.flatMap((index, position) => {
    const span = study.template.spans[index];
    if (!span) return [];
    const { startLine, endLine, startOffset, endOffset } = span.source;
    return [
      {
        index: position,
        kind: span.kind,
        startLine,
        endLine,
        startOffset,
        endOffset,
        text: span.text,
        tokens: job.ports.surrogate.countTokens(span.text),
        influence: influence?.[position] ?? null,
      },
    ];
  });
}

export function spanTokens(job: Job, study: PromptStudy): readonly number[] {
  return study.maskable.map((index) =>
    job.ports.surrogate.countTokens(study.template.spans[index]?.text ?? ""),
  );
}

/** What the text controls compare: the spans with what fills the slots and with the fixed output. */
function controlTexts(study: PromptStudy, values: OracleValues): ControlTexts {
  const search = study.inputs?.search ?? [];
  return {
    spans: study.maskable.map((index) => study.template.spans[index]?.text ?? ""),
    inputs: values.inputs.map((index, position) => ({
      text: Object.values(search[index]?.slots ?? {}).join("\n"),
      output: values.classes[position] ?? "",
    })),
  };
}

/** The surrogate's attribution never saw the oracle's values: its rank correlation with them is the evidence (methods C3). */
async function screen(parts: {
  job: Job;
  study: PromptStudy;
  values: OracleValues;
  oracle: CountingOracle;
  surrogate: SurrogateStudy;
}): Promise<Screen> {
  const { job, study, values, oracle, surrogate } = parts;
  const { identity } = job.ports.surrogate;
  const test = {
    inputSetHash: hashOf([study.inputs?.hash ?? "", study.template.source]),
    surrogate: `${surrogate.name} (${identity.precision}, sha256 ${identity.sha256.slice(0, 12)})`,
    oracle: oracle.model,
    threshold: job.settings["screen-threshold"],
    alpha: job.settings["screen-alpha"],
  };
  const name = `screen-${hashOf(Object.values(test).map(String)).slice(0, 24)}.json`;
  const stored = await job.ports.state.read(name);
  const outcome = screenPredict({
    ...test,
    instances: screenInstances(study, values, surrogate),
    population: study.inputs?.search.length ?? 0,
    ...(stored === null ? {} : { previous: parseCertificate(stored, name) }),
  });
  await job.ports.state.write(name, serialiseCertificate(outcome.state));
  return { ...outcome.screen, surrogate: surrogate.name };
}

function screenInstances(
  study: PromptStudy,
  values: OracleValues,
  surrogate: SurrogateStudy,
): readonly ScreenInstance[] {
  return values.inputs.map((index, position) => {
    const rows = values.rows.filter((row) => row.input === position);
    const attribution = surrogate.pooled[position] ?? new Float64Array();
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
