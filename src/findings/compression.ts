import type { Compression } from "../domain.js";
import {
  certifySteps,
  inputsNeeded,
  labelledInputsNeeded,
  type CertificationDesign,
} from "./certification.js";
import type { LookClaim } from "./certify-looks.js";
import { CERTIFIED_SHARES, SEARCH_TRIALS } from "./compression-defaults.js";
import { jobOf, type CompressionJob, type CompressionRequest } from "./compression-request.js";
import { describeCompression, nothingRemovable, percent } from "./compression-result.js";
import {
  candidatesOf,
  indicesOf,
  nestedSteps,
  randomDeletion,
  tokensOf,
  withHeadings,
  type CandidateSpan,
} from "./deletion-path.js";
import { rankingFrom, type DeletionRanking } from "./deletion-ranking.js";
import { searchDeletions, type SearchResult } from "./deletion-search.js";
import {
  countChanges,
  type ChangeRequest,
  type DeletionQuestion,
  type OutputChanges,
} from "./output-changes.js";

export { DEFAULT_GUARANTEE } from "./compression-defaults.js";
export type { CompressionRequest } from "./compression-request.js";
export type { CandidateSpan } from "./deletion-path.js";
export type {
  DeletionQuestion,
  MeasuredOutput,
  OutputEquality,
  OutputsUnder,
} from "./output-changes.js";
export { plannedCalls, type PlannedCalls } from "./planned-calls.js";

/**
 * The longest deletion that the oracle's answers support (methods D2, D3): ranked by attribution, searched on set A with at most half
 * the tolerated share of changes, certified on the disjoint set B, with a random deletion of equal length beside it. Without a
 * certificate `spans` is empty and `reason` says why.
 */
export async function compress(request: CompressionRequest): Promise<Compression> {
  const job = jobOf(request);
  const lacking = lackingInputs(job, request.firstLevel ?? 1 - job.confidence);
  if (lacking !== null) return nothingRemovable(job, lacking);
  if (job.search.length === 0)
    return nothingRemovable(job, "insufficient data: there is no input to search on");
  const ranking = rankingFrom({
    ...request,
    ...(request.influenceInputs === undefined ? {} : { rowInputs: request.influenceInputs }),
  });
  const search = await searchOn(job, ranking);
  const steps = stepsOf(job, search, ranking);
  if (steps.length === 0) return describeCompression({ job, search, tested: [], look: null });
  const claim = await claimLook(job, steps);
  if (claim.kind === "refused")
    return describeCompression({ job, search, tested: [], look: claim });
  const design = designOf(job, claim);
  const tested = await certifySteps({
    ...design,
    steps,
    tryDeletion: (spans, limits) =>
      ask(job, { spans, ...limits, purpose: "certification", inputs: claim.inputs }),
  });
  const attempted = { job, search, tested, look: { ...claim, design } };
  const last = tested.findLast((step) => step.passed);
  return describeCompression({
    ...attempted,
    control: last === undefined ? null : await controlArm(job, tokensOf(last.spans), claim.inputs),
  });
}

/** Why the certify set is too small for any certificate; later looks, which need more, are refused when they are claimed. */
function lackingInputs(job: CompressionJob, level: number): string | null {
  const { certify, tolerance, confidence, guarantee, accuracyMargin, request } = job;
  const needed = inputsNeeded(tolerance, level);
  const at = `at ${percent(confidence)} confidence${level < 1 - confidence - 1e-12 ? `, level ${Number(level.toPrecision(3))} of a first look,` : ""}`;
  if (guarantee !== "accuracy" && certify.length < needed)
    return `insufficient data: a certificate of at most ${percent(tolerance)} changed outputs ${at} needs ${needed} inputs to certify on, and there are ${certify.length}`;
  if (guarantee === "outputs") return null;
  const labelled = certify.filter(
    (input) => (request.expected?.certify[input] ?? null) !== null,
  ).length;
  const least = labelledInputsNeeded(accuracyMargin, level);
  return labelled >= least
    ? null
    : `insufficient data: accuracy within ${percent(accuracyMargin)} ${at} needs ${least} inputs with an expected output to certify on, and there are ${labelled}`;
}

type Asked = Pick<ChangeRequest, "most" | "stop" | "inputs"> & {
  readonly spans: readonly CandidateSpan[];
  readonly purpose: DeletionQuestion["purpose"];
};

function ask(job: CompressionJob, { spans, purpose, ...limits }: Asked): Promise<OutputChanges> {
  const { request, equality } = job;
  const set = purpose === "search" ? "search" : "certify";
  const deleted = indicesOf(withHeadings(spans, request.spans));
  return countChanges({
    ...limits,
    outputsUnder: request.outputsUnder,
    question: { deleted, set, purpose },
    fixedOutputs: request.fixedOutputs[set],
    equality,
  });
}

/** Held: at most half the tolerated share of changes, or of a fall of accuracy where that alone is guaranteed. */
function searchOn(job: CompressionJob, ranking: DeletionRanking): Promise<SearchResult> {
  const { search, request, guarantee } = job;
  const byAccuracy = guarantee === "accuracy";
  const share = byAccuracy ? job.accuracyMargin : job.tolerance;
  const most = Math.floor((share / 2) * search.length + 1e-9);
  return searchDeletions({
    candidates: candidatesOf(request.spans),
    ranking,
    redundant: job.redundant,
    mostCalls: SEARCH_TRIALS * search.length,
    callsPerTrial: search.length,
    tryDeletion: async (spans) => {
      const limit = byAccuracy ? search.length : most;
      const changes = await ask(job, { spans, most: limit, purpose: "search", inputs: search });
      return { changes, held: byAccuracy ? accuracyFall(job, changes) <= most : !changes.exceeded };
    },
  });
}

/** Answers right under the whole prompt alone less those right under the shorter one alone, on the search set. */
function accuracyFall({ request, equality }: CompressionJob, changes: OutputChanges): number {
  return changes.comparisons.reduce((fall, { input, before, after }) => {
    const right = request.expected?.search[input] ?? null;
    if (right === null || before === null) return fall;
    const shorter = after !== null && equality.same(right, after);
    return fall + Number(equality.same(right, before)) - Number(shorter);
  }, 0);
}

/** Nested deletions from mild to aggressive, ranked once more by all that the search set has shown. */
function stepsOf(
  { request }: CompressionJob,
  { deletable }: SearchResult,
  ranking: DeletionRanking,
): readonly (readonly CandidateSpan[])[] {
  return nestedSteps(ranking.order(deletable, []), CERTIFIED_SHARES).map((step) =>
    withHeadings(step, request.spans),
  );
}

async function claimLook(
  { request, confidence, certify }: CompressionJob,
  steps: readonly (readonly CandidateSpan[])[],
): Promise<LookClaim> {
  return (
    (await request.claimLook?.(steps.map(indicesOf), certify)) ?? {
      kind: "granted",
      alpha: 1 - confidence,
      inputs: certify,
      look: { reuse: "spend", number: 1, alphaLeft: 0 },
    }
  );
}

function designOf(
  { request, tolerance, guarantee, accuracyMargin, equality }: CompressionJob,
  { alpha, inputs }: Extract<LookClaim, { kind: "granted" }>,
): CertificationDesign {
  return {
    tolerance,
    alpha,
    guarantee,
    accuracyMargin,
    inputs,
    expected: request.expected?.certify ?? [],
    ownOutputs: request.ownOutputs ?? null,
    equality,
  };
}

async function controlArm(
  job: CompressionJob,
  tokens: number,
  inputs: readonly number[],
): Promise<Compression["control"]> {
  const spans = randomDeletion(job.request.spans, tokens, job.request.seed);
  const changes = await ask(job, { spans, purpose: "control", most: Infinity, inputs });
  return changes.unanswered > 0
    ? null
    : { inputs: changes.inputs, changed: changes.changed, spans: indicesOf(spans) };
}
