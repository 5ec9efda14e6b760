/** One changed prompt file: tokens, explanation, screen, shorter prompt, demonstrations. Named steps, in order. */
import type {
  ChangedFile,
  Interval,
  OracleAnswer,
  PlannedCalls,
  PromptReport,
  PromptTemplate,
} from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { checkPrompt, parsePrompt, promptLabel } from "../prompts/index.js";
import { answerCheckOf } from "./answer-check.js";
import { compareWithBase } from "./base-change.js";
import { openBase, plannedBase, type BaseSide } from "./base-version.js";
import { checkCompression } from "./compression-settings.js";
import { compressPrompt } from "./compression.js";
import { demonstrationsWithoutOracle, judgePromptDemonstrations } from "./demonstrations.js";
import { measureEffects, plannedEffectCalls } from "./injection-effects.js";
import { findInjections } from "./injections.js";
import { explainPrompt } from "./explanation.js";
import type { ExplanationOutcome } from "./explanation-outcome.js";
import { coarseToFineStudy, evenStudy } from "./granular-study.js";
import { askUnmasked } from "./oracle-values.js";
import { announceOutcome, announcePlan, planPrompt, type FurtherCalls } from "./plan.js";
import type { Job } from "./ports.js";
import { savingsOfDeletion } from "./savings.js";
import { checkMaskChoice } from "./screen-and-apply.js";
import { unscreened } from "./screen-surrogate.js";
import { notMeasured } from "./self-disagreement.js";
import { openStudy, type ChosenPrompt, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export interface PromptReview {
  readonly report: PromptReport;
  /** The prompt as it was cut for the explanation. */
  readonly template: PromptTemplate;
  /** Masked prompts and tokens that went through the surrogate. */
  readonly surrogate: { readonly masks: number; readonly tokens: number };
  /** Inputs that the explanation is about: the ledger compares with the oracle alone. */
  readonly explainedInputs: number;
  /** Masked prompts of the oracle, and the answers that were asked for them. */
  readonly oracleMasks: { readonly masked: number; readonly asked: number };
  /** Tokens of the fixed output of each of these inputs. */
  readonly fixedOutputs: readonly OracleAnswer["usage"][];
  /** What was said before the first call; null where nothing was asked. */
  readonly planned: PlannedCalls | null;
  /** Influence of the explanation's spans for each of these inputs; null where nothing was explained or influence is withheld. */
  readonly perInput: readonly InputInfluence[] | null;
}

export interface InputInfluence {
  readonly id: string;
  /** [span], 90 % intervals. */
  readonly influence: readonly Interval[];
}

/** A prompt's file, which prompt in it, and the inputs that another file gives it. */
export type ReviewedFile = ChangedFile & { readonly head: string } & ChosenPrompt;

const NO_MASKS = { masked: 0, asked: 0 } as const;
const NOT_ASKED = "not part of this command";

export const NO_ORACLE =
  "no oracle: neither an API key nor a recording was given, so no attribution is shown";

export async function reviewPrompt(
  job: Job,
  file: ReviewedFile,
  oracle: CountingOracle | null,
  depth: "all" | "explanation" = "all",
): Promise<PromptReview> {
  // What contradicts itself is refused before anything is asked and paid for.
  const { granularity, method } = job.settings;
  checkDepth(granularity, depth);
  checkMaskChoice(job.settings);
  answerCheckOf(job.settings);
  checkCompression(job.settings);
  const written = await openStudy(job, file.path, file.head, file);
  const even = granularity === "coarse-to-fine" ? written : evenStudy(written, granularity, method);
  const common = describePrompt(job, even, file);
  const base: BaseSide =
    depth === "all" ? openBase(job, even, file) : { kind: "none", reason: NOT_ASKED };
  if (oracle === null || even.inputs === null)
    return await withoutOracle(
      job,
      { study: even, base },
      common,
      oracle === null ? NO_ORACLE : (even.inputsReason ?? ""),
    );

  const plan = planPrompt(
    job,
    even,
    depth,
    furtherCalls(job, even, base, depth === "all" ? common.injections : []),
  );
  const before = oracle.usages().length;
  if (plan !== null) announcePlan(job, even, oracle, plan);
  const fixed = await askUnmasked(job, even, oracle, even.inputs.search);
  if (fixed.every((answer) => answer === null))
    return await withoutOracle(
      job,
      { study: even, base },
      common,
      `the oracle answered none of the ${fixed.length} inputs: ${firstRefusal(oracle)}`,
      plan,
    );
  const study = granularity === "coarse-to-fine" ? await coarseToFineStudy(job, even, fixed) : even;
  const explained = await explainPrompt(job, study, oracle, fixed);
  const demonstrations =
    depth === "all"
      ? await judgePromptDemonstrations(job, study, oracle, fixed)
      : {
          demonstrations: null,
          demonstrationsReason: NOT_ASKED,
          demonstrationsExamined: null,
        };
  const injections =
    depth === "all"
      ? await measureEffects(job, study, oracle, common.injections, { fixed, explained })
      : common.injections;
  const suspicious = (demonstrations.demonstrations ?? []).map((found) => found.span);
  const removable =
    depth === "all"
      ? await compressPrompt(job, study, oracle, { fixed, explained, suspicious })
      : { removable: null, removableReason: NOT_ASKED, ...notMeasured(NOT_ASKED) };
  // Last: where the budget ends, what head needs has been asked.
  const change = await compareWithBase(
    job,
    {
      study,
      explanation: explained.kind === "explained" ? explained.explained.explanation : null,
      demonstrations: demonstrations.demonstrations ?? [],
      oracle: { kind: "oracle", oracle, fixed },
    },
    base,
  );
  if (plan !== null) announceOutcome(job, study, oracle, { plan, before });
  return {
    report: {
      ...common,
      ...explanationFields(job, explained),
      ...removable,
      savings: savingsOfDeletion(job, removable.removable, { oracle, fixed }),
      ...demonstrations,
      injections,
      ...change,
      plan: null,
    },
    template: study.template,
    surrogate:
      explained.kind === "explained" ? explained.explained.surrogate : { masks: 0, tokens: 0 },
    explainedInputs: explained.kind === "explained" ? explained.explained.values.inputs.length : 0,
    oracleMasks: explained.kind === "explained" ? explained.explained.values : NO_MASKS,
    fixedOutputs: explained.kind === "explained" ? usagesOf(explained, fixed) : [],
    planned: plan,
    perInput: perInputOf(study, explained),
  };
}

function usagesOf(
  { explained }: Extract<ExplanationOutcome, { kind: "explained" }>,
  fixed: FixedOutputs,
): PromptReview["fixedOutputs"] {
  return explained.values.inputs.flatMap((index) => fixed[index]?.usage ?? []);
}

/** Deleting words makes diffs nobody can read, so a review stops at sentences. */
function checkDepth(granularity: string, depth: "all" | "explanation"): void {
  if (depth === "explanation" || (granularity !== "word" && granularity !== "coarse-to-fine"))
    return;
  throw new UnderstudyError("USAGE", `granularity ${granularity} is for \`explain\` alone`, {
    fix: "use section, block, example or sentence in a review",
  });
}

function perInputOf(
  study: PromptStudy,
  outcome: ExplanationOutcome,
): readonly InputInfluence[] | null {
  if (outcome.kind !== "explained" || !outcome.explained.explanation.shown) return null;
  const { values, perInput } = outcome.explained;
  return values.inputs.map((index, position) => ({
    id: study.inputs?.search[index]?.id ?? String(index),
    influence: perInput[position] ?? [],
  }));
}

type CommonFields = Pick<
  PromptReport,
  "path" | "name" | "tokens" | "inputs" | "problems" | "injections"
>;

function describePrompt(job: Job, study: PromptStudy, file: ReviewedFile): CommonFields {
  const inputs = study.inputs;
  const all = [...(inputs?.search ?? []), ...(inputs?.certify ?? [])];
  return {
    path: file.path,
    name: study.template.name,
    tokens: {
      base: file.base === null ? null : baseTokens(job, study.template, file.base),
      head: countTokens(job, study.template.messages),
      countedBy: `tokenizer of ${job.ports.surrogate.countedBy ?? job.ports.surrogate.identity.model}`,
    },
    inputs: {
      source: inputs?.source ?? null,
      hash: inputs?.hash ?? null,
      search: inputs?.search.length ?? 0,
      certify: inputs?.certify.length ?? 0,
    },
    problems: checkPrompt(study.template, all),
    injections: findInjections(study.template, file),
  };
}

function furtherCalls(
  job: Job,
  study: PromptStudy,
  base: BaseSide,
  injections: CommonFields["injections"],
): FurtherCalls {
  return {
    injections: plannedEffectCalls(job, study, injections),
    base: plannedBase(job, study, base),
  };
}

function countTokens(job: Job, messages: readonly { readonly content: string }[]): number {
  return messages.reduce(
    (sum, message) => sum + job.ports.surrogate.countTokens(message.content),
    0,
  );
}

/** A base version that no longer parses must not stop the review of a head version that does. */
function baseTokens(job: Job, template: PromptTemplate, text: string): number | null {
  const { path, name, included } = template;
  try {
    return countTokens(job, parsePrompt(path, text, { name, included }).messages);
  } catch {
    job.ports.say(
      `${promptLabel(template)}: the base version does not parse; its tokens are unknown`,
    );
    return null;
  }
}

async function withoutOracle(
  job: Job,
  { study, base }: { readonly study: PromptStudy; readonly base: BaseSide },
  common: CommonFields,
  reason: string,
  planned: PlannedCalls | null = null,
): Promise<PromptReview> {
  const head = {
    study,
    explanation: null,
    demonstrations: [],
    oracle: { kind: "unknown", reason } as const,
  };
  const screens = [unscreened(job, "not screened", reason)];
  return {
    report: {
      ...common,
      explanation: null,
      explanationReason: reason,
      screens,
      instanceLevels: [],
      removable: null,
      removableReason: reason,
      savings: null,
      ...notMeasured(reason),
      ...demonstrationsWithoutOracle(study, reason),
      ...(await compareWithBase(job, head, base)),
      plan: planPrompt(job, study, "all", furtherCalls(job, study, base, common.injections)),
    },
    template: study.template,
    surrogate: { masks: 0, tokens: 0 },
    explainedInputs: 0,
    oracleMasks: NO_MASKS,
    fixedOutputs: [],
    planned,
    perInput: null,
  };
}

function explanationFields(
  job: Job,
  outcome: ExplanationOutcome,
): Pick<PromptReport, "explanation" | "explanationReason" | "screens" | "instanceLevels"> {
  if (outcome.kind === "explained")
    return {
      explanation: outcome.explained.explanation,
      explanationReason: null,
      screens: outcome.explained.screens,
      instanceLevels: outcome.explained.instanceLevels,
    };
  return {
    explanation: null,
    explanationReason: outcome.reason,
    screens: [unscreened(job, "insufficient data", outcome.reason)],
    instanceLevels: [],
  };
}

export function firstRefusal(oracle: CountingOracle): string {
  return [...oracle.refusals().keys()][0] ?? "no reason given";
}

export type FixedOutputs = readonly (OracleAnswer | null)[];
