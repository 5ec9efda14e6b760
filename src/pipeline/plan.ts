/** What an explanation and a certified shorter prompt would cost: said before the first call, held against what happened after. */
import { promptLabel } from "../prompts/index.js";
import { planOf, type PlanOptions } from "../cost/plan.js";
import { sumPrices } from "../cost/prices.js";
import type { Settings } from "../config.js";
import type { OraclePurpose, PlannedCalls } from "../domain.js";
import { plannedCalls } from "../findings/compression.js";
import { firstLevel } from "./compression-settings.js";
import { plannedDemonstrationCalls } from "./demonstrations.js";
import { oracleMasksPerInput } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { pricing } from "./pricing.js";
import { noiseRepeats } from "./repeat-noise.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle, PurposeUsage } from "./usage.js";

/** Chat APIs add a few tokens for roles and separators to every message. */
const TOKENS_PER_MESSAGE = 4;
/** Half the masks keep half of the spans, the other half nearly all: about three quarters of the template on average. */
const KEPT_SHARE = 0.75;
/** Most calls of `Oracle.canScore`: of three prompts the own answer and two others are scored. */
const PROBE_CALLS = 9;

/** What some parts of a review may ask besides; each part counts its own. */
export interface FurtherCalls {
  /** Outputs without spans that hold suspected instructions. */
  readonly injections?: number;
  /** What the version before the change is asked. */
  readonly base?: PlanOptions["base"] | null;
}

/** `depth`: a whole review, or an explanation alone. null without inputs. */
export function planPrompt(
  job: Job,
  study: PromptStudy,
  depth: "all" | "explanation" = "all",
  { injections = 0, base = null }: FurtherCalls = {},
): PlannedCalls | null {
  const inputs = study.inputs;
  const first = inputs?.search[0];
  if (!inputs || !first) return null;
  const messages = renderMasked(study, null, first);
  const promptTokens = messages.reduce(
    (sum, message) => sum + TOKENS_PER_MESSAGE + job.ports.surrogate.countTokens(message.content),
    0,
  );
  const search = inputs.search.length;
  const certify = depth === "all" ? inputs.certify.length : 0;
  const { tolerance, confidence, guarantee } = job.settings;
  return planOf({
    model: job.settings["oracle-model"],
    price: pricing(job.settings),
    searchInputs: search,
    certifyInputs: certify,
    masksPerInput: oracleMasksPerInput(job),
    promptTokens,
    maskedPromptTokens: Math.round(promptTokens * KEPT_SHARE),
    completionTokens: job.settings["oracle-max-tokens"],
    compression: plannedCalls({
      search,
      certify,
      spans: study.maskable.length,
      tolerance,
      confidence,
      ...(guarantee === "accuracy" ? { needed: 1 } : {}),
      level: firstLevel(job.settings),
    }),
    demonstrations:
      depth === "all"
        ? plannedDemonstrationCalls(job, study)
        : { judging: 0, influence: 0, confirmation: 0 },
    injections,
    ...(base && { base }),
    repeats: depth === "all" ? repeatsOf(job.settings, { search, certify }) : 0,
    withoutLogProbabilities: {
      labels: study.labels.length >= 2,
      samplesPerMask: job.settings["samples-per-mask"],
      noiseRepeats: noiseRepeats(search),
      probe: PROBE_CALLS,
    },
  });
}

/** All of the certify set where only changes beyond the repeats' count, else as many as are asked for. */
function repeatsOf(
  settings: Settings,
  { search, certify }: { readonly search: number; readonly certify: number },
): number {
  const own = settings["self-disagreement"] === "excess" ? certify : 0;
  return Math.max(own, Math.min(settings["oracle-repeats"], certify > 0 ? certify : search));
}

/** Said before the first call that may cost money: where questions go, how many at most, for what, and what they may cost. */
export function announcePlan(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  plan: PlannedCalls,
): void {
  const { most, byPurpose } = plan;
  const steps = Object.entries(byPurpose).flatMap(([purpose, calls]) =>
    calls > 0 ? [`${calls} ${purpose}`] : [],
  );
  const lines = [
    `plan for ${promptLabel(study.template)}: up to ${plan.calls} calls to ${oracle.model} at ${oracle.host} (${steps.join(", ")}), about ${plan.promptTokens} prompt tokens, ${price(plan.cost)}; what is recorded costs nothing`,
    ...(most.calls > plan.calls
      ? [
          `  where it gives no log-probabilities, masks are sampled: up to ${most.calls} calls, about ${most.promptTokens} prompt tokens, ${price(most.cost)}`,
        ]
      : []),
    ...capsBelow(job, plan).map((cap) => `  ${cap}: what comes last is cut, and said to be`),
  ];
  for (const line of lines) job.ports.say(line);
}

function capsBelow({ settings }: Job, { calls, cost }: PlannedCalls): readonly string[] {
  const { "max-oracle-calls": mostCalls, "max-cost": mostCost } = settings;
  return [
    ...(calls > mostCalls ? [`max-oracle-calls is ${mostCalls}`] : []),
    ...(mostCost !== null && cost !== null && cost > mostCost ? [`max-cost is $${mostCost}`] : []),
  ];
}

/** Said when a prompt is done: what its questions needed beside what was planned. `before`: usages when it began. */
export function announceOutcome(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  { plan, before }: { readonly plan: PlannedCalls; readonly before: number },
): void {
  const used = oracle.usages().slice(before);
  const own = pricing(job.settings);
  const cost = sumPrices(used.map((usage) => own(usage.model, usage)));
  const tokens = used.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const steps = Object.keys(plan.byPurpose)
    .filter((purpose): purpose is OraclePurpose => purpose in plan.byPurpose)
    .flatMap((purpose) => differenceOf(purpose, used, plan));
  const differing = steps.length === 0 ? "" : `; ${steps.join(", ")}`;
  job.ports.say(
    `used for ${promptLabel(study.template)}: ${used.length} of ${plan.calls} planned answers, ${tokens} of ${plan.promptTokens} prompt tokens, ${priceOf(cost, plan.cost)}${differing}`,
  );
}

function differenceOf(
  purpose: OraclePurpose,
  used: readonly PurposeUsage[],
  { byPurpose }: PlannedCalls,
): string[] {
  const count = used.filter((usage) => usage.purpose === purpose).length;
  return count === byPurpose[purpose] ? [] : [`${purpose} ${count} of ${byPurpose[purpose]}`];
}

function priceOf(spent: number | null, planned: number | null): string {
  return spent === null && planned === null ? price(null) : `${price(spent)} of ${price(planned)}`;
}

function price(cost: number | null): string {
  return cost === null ? "price unknown" : `about $${cost.toFixed(2)}`;
}
