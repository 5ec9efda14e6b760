/** An estimator of the papers on the surrogate's values, judged by the oracle's: same controls, same decision whether to show it. */
import type { EstimatorName, Explanation, Interval, SurrogateFit } from "../domain.js";
import { compareAttribution } from "../explain/fidelity/compare-attribution.js";
import type { ExplainedValues, ExplanationOutcome } from "./explanation-outcome.js";
import { meanKnown } from "./mean-known.js";
import { STABLE_RANK_CORRELATION } from "../explain/stability.js";
import { controlTexts, reportSpans, spanTokens } from "./report-spans.js";
import { screenSurrogate } from "./screen-surrogate.js";
import { singleGameSettings } from "./single-game-settings.js";
import { explainSingleGames, perInputIntervals, type SingleGames } from "./single-games.js";

export async function explainBySingleGames(
  given: ExplainedValues,
  method: EstimatorName,
): Promise<ExplanationOutcome> {
  const { job, study, values, fixed } = given;
  const search = study.inputs?.search ?? [];
  const inputs = values.inputs.map((index) => {
    const input = search[index];
    const output = fixed[index]?.text.trim();
    if (!input || !output) throw new RangeError(`no fixed output for input ${index}`);
    return { input, output };
  });
  const settings = singleGameSettings(job, { method, spans: study.maskable.length });
  const games = await explainSingleGames({ job, study, inputs, settings });
  const attributions = games.explained.map((one) => one.estimate.attribution);
  const comparison = compareAttribution({
    attributions,
    spans: study.maskable.length,
    classes: values.classes,
    rows: values.rows,
    spanTokens: spanTokens(job, study),
    texts: controlTexts(study, values),
    seed: `${study.inputs?.hash}:fidelity`,
  });
  if (comparison.kind === "unknown")
    return { kind: "not explained", reason: `insufficient data: ${comparison.reason}` };
  const { shown, withheld } = comparison.decision;
  const explanation: Explanation = {
    method,
    value: values.kind,
    inputs: values.inputs.length,
    masksPerInput: games.masksPerInput,
    oracleCalls: values.inputs.length + values.asked,
    fidelity: { measure: "LDS", ...comparison.fidelity },
    granularity: job.settings.granularity,
    objective: settings.objective,
    curve: [],
    interactions: shown ? games.interactions : null,
    stability: stabilityOf(games),
    baselines: Object.fromEntries(
      comparison.baselines.map(({ name, fidelity }): [string, Interval] => [name, fidelity]),
    ),
    surrogates: [],
    surrogateFits: [fitOf(job.ports.surrogate.identity.model, games)],
    shown,
    withheld,
    spans: reportSpans(job, study, shown ? games.template : null),
  };
  const perInput = perInputIntervals(games);
  return {
    kind: "explained",
    explained: {
      explanation,
      screens: [await screenSurrogate({ ...given, attributions, method })],
      // The budget is a promise, and labels of unmasked prompts are not asked for here.
      instanceLevels: [],
      perInput,
      ranking: perInput,
      values,
      surrogate: { masks: games.masks, tokens: games.tokens },
    },
  };
}

function stabilityOf({ explained }: SingleGames): Explanation["stability"] {
  const rankCorrelation = meanKnown(explained.map((one) => one.stability.rankCorrelation));
  const measured = explained.filter((one) => one.stability.verdict !== "not measured");
  if (measured.length === 0 || rankCorrelation === null)
    return { rankCorrelation, verdict: "not measured" };
  return {
    rankCorrelation,
    verdict: rankCorrelation < STABLE_RANK_CORRELATION ? "unstable" : "stable",
  };
}

/** Self-consistency of the fits, no word about the oracle. */
function fitOf(name: string, { explained, masksPerInput }: SingleGames): SurrogateFit {
  return {
    name,
    masksPerInput,
    heldOutR2: meanKnown(explained.map((one) => one.selfConsistency)),
    stability: meanKnown(explained.map((one) => one.stability.rankCorrelation)),
  };
}
