/** Which surrogate serves a prompt best: speed and fidelity of each on the user's own inputs, all judged by the same oracle answers. */
import type { Interval, OracleAnswer, Surrogate, Unknown } from "../domain.js";
import { compareAttribution } from "../explain/fidelity/compare-attribution.js";
import type { InstanceGate } from "../screening/instance-gate.js";
import { gateSearchInputs } from "./instance-level.js";
import { explainOnLadder, surrogatesOf, withSurrogate, type StudiedRung } from "./ladder.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { controlTexts, spanTokens } from "./report-spans.js";
import type { PromptStudy } from "./study.js";

/** LDS of the surrogate's attributions on the oracle's masks, 90 % interval over inputs. */
export interface MeasuredFidelity extends Interval {
  readonly kind: "measured";
  readonly inputs: number;
  /** Whether it beats every control, which know no model; and if not, what stands in the way. */
  readonly beatsControls: boolean;
  readonly why: string | null;
}

export interface MeasuredSurrogate {
  readonly kind: "measured";
  readonly name: string;
  readonly masks: number;
  /** In which these masks were scored; what a recording or cache answers counts too. */
  readonly seconds: number;
  readonly masksPerSecond: number;
  readonly fidelity: MeasuredFidelity | Unknown;
  /** Share of the inputs that the surrogate may explain itself, by the setting `instance-rule`. */
  readonly instances:
    | { readonly kind: "gated"; readonly share: number; readonly gate: InstanceGate }
    | Unknown;
}

export interface SurrogateRanking {
  /** The most faithful first, where that is equal the fastest; those that cannot be used last. */
  readonly surrogates: readonly (
    | MeasuredSurrogate
    | { readonly kind: "unusable"; readonly name: string; readonly reason: string }
  )[];
  /** What attributions reach that know no model, on the same masks. */
  readonly controls: readonly { readonly name: string; readonly fidelity: Interval }[];
  readonly inputs: number;
  readonly oracleMasks: number;
}

export interface RankingRequest {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly values: OracleValues;
  readonly fixed: readonly (OracleAnswer | null)[];
  /** Seconds on a clock that only runs forwards. */
  readonly clock: () => number;
}

/** Explains the prompt on every surrogate and holds each against the oracle's values. Throws as `explainOnLadder`. */
export async function rankSurrogates(request: RankingRequest): Promise<SurrogateRanking> {
  const { study, values, fixed, clock } = request;
  const timed = surrogatesOf(request.job.ports).map((surrogate) => timeScoring(surrogate, clock));
  const job = withSurrogates(
    request.job,
    timed.map((one) => one.surrogate),
  );
  const rungs = await explainOnLadder(job, study, values, fixed);
  // Before labels are scored: they are no masks.
  const seconds = timed.map((one) => one.seconds());
  const measured: SurrogateRanking["surrogates"][number][] = [];
  for (const [place, rung] of rungs.entries())
    measured.push(
      rung.kind === "unusable"
        ? { kind: "unusable", name: rung.name, reason: rung.reason }
        : await measure({ ...request, job }, rung, seconds[place] ?? Number.NaN),
    );
  return {
    surrogates: measured.sort(byWorth),
    controls: controlsOf(request, rungs),
    inputs: values.inputs.length,
    oracleMasks: values.rows.length,
  };
}

type ExplainedRung = Extract<StudiedRung, { kind: "explained" }>;

async function measure(
  { job, study, values, fixed }: RankingRequest,
  rung: ExplainedRung,
  seconds: number,
): Promise<MeasuredSurrogate> {
  const { masks, pooled } = rung.study;
  return {
    kind: "measured",
    name: rung.name,
    masks,
    seconds,
    masksPerSecond: masks / Math.max(seconds, 1e-9),
    fidelity: fidelityOf(compare({ job, study, values }, pooled)),
    instances: await gate({ job: withSurrogate(job, rung.surrogate), study, fixed }),
  };
}

type Compared = ReturnType<typeof compareAttribution>;

function compare(
  { job, study, values }: Pick<RankingRequest, "job" | "study" | "values">,
  attributions: readonly Float64Array[],
): Compared {
  return compareAttribution({
    attributions,
    spans: study.maskable.length,
    classes: values.classes,
    rows: values.rows,
    spanTokens: spanTokens(job, study),
    texts: controlTexts(study, values),
    seed: `${study.inputs?.hash}:fidelity`,
  });
}

function fidelityOf(compared: Compared): MeasuredFidelity | Unknown {
  if (compared.kind === "unknown") return compared;
  const { estimate, low, high, inputs } = compared.fidelity;
  const { shown, withheld } = compared.decision;
  return { kind: "measured", estimate, low, high, inputs, beatsControls: shown, why: withheld };
}

async function gate(
  given: Pick<RankingRequest, "job" | "study" | "fixed">,
): Promise<MeasuredSurrogate["instances"]> {
  if (given.study.labels.length < 2)
    return {
      kind: "unknown",
      reason: "the outputs are no labels of a set, so agreement is not defined",
    };
  const { settings } = given.job;
  const found = await gateSearchInputs({
    ...given,
    rule: settings["instance-rule"],
    threshold: settings["instance-kappa"],
    oracleInstances: 0,
  });
  return { kind: "gated", share: 1 - (found.fallbackShare ?? 1), gate: found };
}

/** Controls know no attribution, so any rung's comparison has them. */
function controlsOf(
  request: RankingRequest,
  rungs: readonly StudiedRung[],
): SurrogateRanking["controls"] {
  const any = rungs.find((rung) => rung.kind === "explained");
  const compared = any && compare(request, any.study.pooled);
  if (compared?.kind !== "compared") return [];
  return compared.baselines.map(({ name, fidelity }) => ({ name, fidelity }));
}

function byWorth(
  left: SurrogateRanking["surrogates"][number],
  right: SurrogateRanking["surrogates"][number],
): number {
  const worth = (one: typeof left): number =>
    one.kind === "unusable" ? -3 : one.fidelity.kind === "unknown" ? -2 : one.fidelity.estimate;
  const speed = (one: typeof left): number => (one.kind === "measured" ? one.masksPerSecond : 0);
  return worth(right) - worth(left) || speed(right) - speed(left);
}

function withSurrogates(job: Job, surrogates: readonly Surrogate[]): Job {
  const [surrogate = job.ports.surrogate] = surrogates;
  return { ...job, ports: { ...job.ports, surrogate, surrogates } };
}

function timeScoring(
  surrogate: Surrogate,
  clock: () => number,
): { readonly surrogate: Surrogate; readonly seconds: () => number } {
  let seconds = 0;
  const measured = async <Result>(task: () => Promise<Result>): Promise<Result> => {
    const started = clock();
    try {
      return await task();
    } finally {
      seconds += clock() - started;
    }
  };
  return {
    seconds: () => seconds,
    surrogate: {
      identity: surrogate.identity,
      ...(surrogate.lacks === undefined ? {} : { lacks: surrogate.lacks }),
      ...(surrogate.countedBy === undefined ? {} : { countedBy: surrogate.countedBy }),
      score: (requests, options) => measured(() => surrogate.score(requests, options)),
      scoreLabels: (prompts, labels, options) =>
        measured(() => surrogate.scoreLabels(prompts, labels, options)),
      embedPrompt: (messages) => surrogate.embedPrompt(messages),
      countTokens: (text) => surrogate.countTokens(text),
      close: () => surrogate.close(),
    },
  };
}
