/** The default: oracle values pooled over the inputs, every surrogate as a prior that the data can switch off. */
import type { AttributionMethod, Explanation, SurrogateFit } from "../domain.js";
import {
  compareFidelity,
  decideShown,
  type FidelityComparison,
} from "../explain/fidelity/compare-fidelity.js";
import { CONTROLS } from "../explain/fidelity/controls.js";
import { type ControlTexts, labelMatches } from "../explain/fidelity/text-controls.js";
import { measureFidelityCurve } from "../explain/fidelity/fidelity-curve.js";
import {
  fitHierarchical,
  type HierarchicalFit,
  type HierarchicalProblem,
  type SurrogatePrior,
} from "../explain/hierarchical.js";
import { hierarchicalStability } from "../explain/hierarchical-stability.js";
import { interactionsOfTemplate } from "../explain/interactions.js";
import { randomFrom } from "../numerics/random.js";
import type { ExplainedValues, ExplanationOutcome } from "./explanation-outcome.js";
import { explainOnLadder, ladderPriors, screenLadder } from "./ladder.js";
import { measureInstanceLevels } from "./instance-level.js";
import { meanKnown } from "./mean-known.js";
import type { OracleValues } from "./oracle-values.js";
import { controlTexts, reportSpans, spanNames, spanTokens } from "./report-spans.js";
import type { PromptStudy } from "./study.js";
import type { SurrogateStudy } from "./surrogate-values.js";

const LASSO = "its Lasso";
const LABEL_MATCH = "label-match";
const BASELINES: readonly AttributionMethod[] = ["pooled", "input-by-input", ...CONTROLS];

export async function explainHierarchically(given: ExplainedValues): Promise<ExplanationOutcome> {
  const { job, study, oracle, fixed, values } = given;
  const rungs = given.rungs ?? (await explainOnLadder(job, study, values, fixed));
  const studies = rungs.flatMap((rung) => (rung.kind === "explained" ? [rung.study] : []));
  const texts = controlTexts(study, values);
  const noiseFloor = values.noise?.kind === "estimated" ? values.noise.variance : 0;
  const problem = {
    noiseFloor,
    spans: study.maskable.length,
    classes: values.classes,
    rows: values.rows,
    surrogates: [...ladderPriors(rungs), ...priorsOfTexts(texts)],
  };
  const comparison = compareFidelity({
    ...problem,
    alone: studies
      .slice(0, 1)
      .map(({ alone }) => ({ name: LASSO, attributions: alone.map((one) => one.attribution) })),
    spanTokens: spanTokens(job, study),
    texts,
    seed: `${study.inputs?.hash}:fidelity`,
    folds: 4,
  });
  if (comparison.kind === "unknown")
    return { kind: "not explained", reason: `insufficient data: ${comparison.reason}` };
  const fit = fitHierarchical(problem);
  const { screens, decision } = await screenLadder({ job, study, values, oracle }, rungs);
  const explained = rungs.filter(({ kind }) => kind === "explained");
  const instances = await measureInstanceLevels(given, explained);
  if (rungs.length > 1) job.ports.say(`ladder of surrogates: ${decision.reason}`);
  return {
    kind: "explained",
    explained: {
      explanation: summarise({ ...given, studies, comparison, fit, problem }),
      screens,
      instanceLevels: instances.levels,
      perInput: fit.attributions().perInput,
      ranking: fitOfAnswers(problem, fit).attributions().perInput,
      values,
      surrogate: {
        masks: studies.reduce((sum, { masks }) => sum + masks, instances.masks),
        tokens: studies.reduce((sum, { tokens }) => sum + tokens, instances.tokens),
      },
    },
  };
}

/** A span is no better to keep for naming an output: deletions are ranked by a fit without what the texts suggest. */
function fitOfAnswers(problem: HierarchicalProblem, fit: HierarchicalFit): HierarchicalFit {
  const surrogates = problem.surrogates.filter(({ name }) => name !== LABEL_MATCH);
  return surrogates.length === problem.surrogates.length
    ? fit
    : fitHierarchical({ ...problem, surrogates });
}

/**
 * What the texts alone suggest, at no call: spans that name the fixed output carry it. A prior like any other, which the data weigh
 * (ADR 8); none where no span names any output.
 */
function priorsOfTexts(texts: ControlTexts): SurrogatePrior[] {
  const attributions = labelMatches(texts);
  return attributions.some((own) => own.some((value) => value !== 0))
    ? [{ name: LABEL_MATCH, attributions }]
    : [];
}

function summarise(
  parts: ExplainedValues & {
    /** Of the surrogates that could explain, in order of cost. */
    readonly studies: readonly SurrogateStudy[];
    readonly comparison: FidelityComparison;
    readonly fit: HierarchicalFit;
    readonly problem: HierarchicalProblem;
  },
): Explanation {
  const { job, study, values, studies, comparison, fit, problem } = parts;
  const { shown, withheld } = decideShown(comparison);
  const { template } = fit.attributions();
  // One surrogate stands beside the explanation as what it must beat: the cheapest, alone in two ways.
  const dearer = new Set(studies.slice(1).map(({ name }) => `surrogate:${name}`));
  return {
    method: "hierarchical",
    value: values.kind,
    inputs: values.inputs.length,
    masksPerInput: values.inputs.length === 0 ? 0 : values.masked / values.inputs.length,
    oracleCalls: values.inputs.length + values.asked,
    fidelity: comparison.hierarchical,
    granularity: job.settings.granularity,
    objective: null,
    curve: curveOf(problem, values, study),
    interactions: shown ? interactionsOfTemplate(fit, spanNames(study)) : null,
    stability: hierarchicalStability(problem, fit, `${study.inputs?.hash}:stability`),
    baselines: Object.fromEntries(
      comparison.baselines
        // As a prior it is scored like the control of that name, which stands there anyway.
        .filter(({ name }) => name !== `surrogate:${LABEL_MATCH}` && !dearer.has(name))
        .map(({ name, fidelity }) => [baselineName(name), fidelity]),
    ),
    surrogates: fit.surrogateWeights,
    surrogateFits: studies.map(surrogateFit),
    shown,
    withheld,
    spans: reportSpans(job, study, shown ? template : null),
  };
}

/** Masks in random order, so that the first ones of an input are as mixed as all of them. */
function curveOf(
  problem: HierarchicalProblem,
  values: OracleValues,
  study: PromptStudy,
): Explanation["curve"] {
  const seed = `${study.inputs?.hash}:curve`;
  const curve = measureFidelityCurve({
    ...problem,
    rows: randomFrom(seed).shuffle(values.rows),
    seed,
    compare: false,
  });
  if (curve.kind === "unknown") return [];
  return curve.points.map(({ masksPerInput, hierarchical }) => ({
    masksPerInput,
    oracleCalls: values.inputs.length * (masksPerInput + 1),
    fidelity: hierarchical,
  }));
}

function surrogateFit({ name, masksPerInput, alone }: SurrogateStudy): SurrogateFit {
  return {
    name,
    masksPerInput,
    heldOutR2: meanKnown(alone.map((one) => one.heldOutR2)),
    stability: meanKnown(alone.map((one) => one.stability)),
  };
}

/** The cheapest surrogate is shown, in two ways, so its name is that of the method. */
function baselineName(name: string): AttributionMethod {
  if (name === `surrogate:${LASSO}`) return "surrogate-lasso";
  return BASELINES.find((known) => known === name) ?? "surrogate-pooled";
}
