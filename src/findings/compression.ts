import type { ChangedOutput, Compression, Interval, PathStep } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  certificateOf,
  certifySteps,
  inputsNeeded,
  type Guarantee,
  type TestedStep,
} from "./certification.js";
import {
  indicesOf,
  nestedSteps,
  randomDeletion,
  rankForDeletion,
  tokensOf,
  type CandidateSpan,
} from "./deletion-path.js";
import { searchDeletions, type SearchResult } from "./deletion-search.js";
import {
  countChanges,
  type DeletionQuestion,
  type OutputChanges,
  type OutputsUnder,
} from "./output-changes.js";

export type { CandidateSpan } from "./deletion-path.js";
export type { DeletionQuestion, OutputsUnder } from "./output-changes.js";

/** Default guarantee: at most 5 % of the outputs change, said with 95 % confidence. */
export const DEFAULT_GUARANTEE: Guarantee = { tolerance: 0.05, confidence: 0.95 };
/** Trials on the search set that are paid for in full; failing ones stop early and leave room for more. */
const SEARCH_TRIALS = 4;
/** Steps of the path that are certified, as shares of the tokens that the search found deletable. */
const CERTIFIED_SHARES = [0.2, 0.4, 0.7, 1];

export interface CompressionRequest {
  /** The maskable spans in mask order. */
  readonly spans: readonly CandidateSpan[];
  /** `Attribution.perInput`: [input][span in mask order]. Only ranks the spans; the oracle decides. */
  readonly influence: readonly (readonly Interval[])[];
  /** Ids of the inputs of the certify set, for the list of changed outputs. */
  readonly certifyIds: readonly string[];
  /** The oracle's outputs under the whole template; inputs without one (null) are left out before anything is tested. */
  readonly fixedOutputs: {
    readonly search: readonly (string | null)[];
    readonly certify: readonly (string | null)[];
  };
  readonly tolerance?: number;
  readonly confidence?: number;
  readonly seed: string;
  readonly outputsUnder: OutputsUnder;
}

/** Most oracle calls each part can need; early stops make it fewer. */
export interface PlannedCalls {
  readonly search: number;
  readonly certification: number;
  readonly control: number;
  readonly total: number;
}

/** What `compress` may ask of the oracle, for the plan before the first paid call. */
export function plannedCalls(
  sizes: {
    readonly search: number;
    readonly certify: number;
    readonly spans: number;
  } & Partial<Guarantee>,
): PlannedCalls {
  const enough =
    sizes.search > 0 &&
    sizes.spans > 0 &&
    sizes.certify >= inputsNeeded({ ...DEFAULT_GUARANTEE, ...sizes });
  if (!enough) return { search: 0, certification: 0, control: 0, total: 0 };
  const search = SEARCH_TRIALS * sizes.search;
  const certification = CERTIFIED_SHARES.length * sizes.certify;
  return {
    search,
    certification,
    control: sizes.certify,
    total: search + certification + sizes.certify,
  };
}

/**
 * The longest deletion that the oracle's answers support (methods D2, D3): ranked by attribution, searched on set A with at
 * most half the tolerated share of changes, certified on the disjoint set B, with a random deletion of equal length beside
 * it. Without a certificate `spans` is empty and `reason` says why.
 */
export async function compress(request: CompressionRequest): Promise<Compression> {
  const job = jobOf(request);
  const needed = inputsNeeded(job);
  if (job.certify.length < needed)
    return nothing(
      `insufficient data: a certificate of at most ${percent(job.tolerance)} changed outputs at ${percent(job.confidence)} confidence needs ${needed} inputs to certify on, and there are ${job.certify.length}`,
    );
  if (job.search.length === 0) return nothing("insufficient data: there is no input to search on");
  const search = await searchOn(job);
  const steps = nestedSteps(search.deletable, CERTIFIED_SHARES);
  const tested = await certifySteps({
    ...job,
    steps,
    inputs: job.certify.length,
    tryDeletion: (spans, most) => ask(job, { spans, most, purpose: "certification" }),
  });
  return report(job, search, tested);
}

interface Job extends Guarantee {
  readonly request: CompressionRequest;
  readonly search: readonly number[];
  readonly certify: readonly number[];
}

function jobOf(request: CompressionRequest): Job {
  const { fixedOutputs, certifyIds, tolerance, confidence } = { ...DEFAULT_GUARANTEE, ...request };
  if (certifyIds.length !== fixedOutputs.certify.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${certifyIds.length} ids for ${fixedOutputs.certify.length} inputs`,
    );
  return {
    request,
    tolerance,
    confidence,
    search: answered(fixedOutputs.search),
    certify: answered(fixedOutputs.certify),
  };
}

function answered(outputs: readonly (string | null)[]): readonly number[] {
  return [...outputs.keys()].filter((input) => outputs[input] !== null);
}

interface Deletion {
  readonly spans: readonly CandidateSpan[];
  readonly purpose: DeletionQuestion["purpose"];
  readonly most: number;
}

function ask(
  { request, search, certify }: Job,
  { spans, purpose, most }: Deletion,
): Promise<OutputChanges> {
  const set = purpose === "search" ? "search" : "certify";
  const inputs = set === "search" ? search : certify;
  const question = { deleted: indicesOf(spans), set, purpose } as const;
  return countChanges({
    outputsUnder: request.outputsUnder,
    question,
    inputs,
    fixedOutputs: request.fixedOutputs[set],
    most,
  });
}

function searchOn(job: Job): Promise<SearchResult> {
  const most = Math.floor((job.tolerance / 2) * job.search.length + 1e-9);
  return searchDeletions({
    order: rankForDeletion(job.request),
    mostCalls: SEARCH_TRIALS * job.search.length,
    callsPerTrial: job.search.length,
    tryDeletion: (spans) => ask(job, { spans, most, purpose: "search" }),
  });
}

async function report(
  job: Job,
  search: SearchResult,
  tested: readonly TestedStep[],
): Promise<Compression> {
  const path = pathOf(search, tested);
  const last = tested.findLast((step) => step.passed);
  if (!last) return { ...nothing(reasonOf(job, search, tested)), path };
  const changedOutputs = last.changes.differences.map(
    ({ input, before, after }): ChangedOutput => ({
      input: job.request.certifyIds[input] ?? "",
      before,
      after,
    }),
  );
  const tokensSaved = tokensOf(last.spans);
  const control = await controlArm(job, tokensSaved);
  return {
    spans: indicesOf(last.spans),
    tokensSaved,
    path,
    certificate: certificateOf(last, job),
    reason: null,
    changedOutputs,
    control,
    equality: "exact",
    accuracy: null,
    accuracyReason: "not compared",
    decisions: [],
  };
}

async function controlArm(job: Job, tokens: number): Promise<Compression["control"]> {
  const spans = randomDeletion(job.request.spans, tokens, job.request.seed);
  const { inputs, changed, unanswered } = await ask(job, {
    spans,
    purpose: "control",
    most: job.certify.length,
  });
  return unanswered > 0 ? null : { inputs, changed, spans: indicesOf(spans) };
}

/** Trials of the search and steps of the certification as one path, mild to aggressive, equal deletions joined. */
function pathOf(search: SearchResult, tested: readonly TestedStep[]): readonly PathStep[] {
  const deletions = [...search.trials, ...tested].map((trial) => trial.spans);
  const distinct = new Map(deletions.map((spans) => [String(indicesOf(spans)), spans]));
  const find = <Trial extends { readonly spans: readonly CandidateSpan[] }>(
    trials: readonly Trial[],
    key: string,
  ): Trial | undefined => trials.find((trial) => String(indicesOf(trial.spans)) === key);
  const steps = [...distinct].map(([key, spans]): PathStep => {
    const [searched, certified] = [find(search.trials, key), find(tested, key)];
    return {
      spans: indicesOf(spans),
      tokensSaved: tokensOf(spans),
      search: searched ? counts(searched.changes) : null,
      certify: certified ? { ...counts(certified.changes), pValue: certified.pValue } : null,
    };
  });
  return steps.sort(
    (left, right) => left.tokensSaved - right.tokensSaved || left.spans.length - right.spans.length,
  );
}

function counts({ inputs, changed }: OutputChanges): {
  readonly inputs: number;
  readonly changed: number;
} {
  return { inputs, changed };
}

function reasonOf(job: Job, search: SearchResult, tested: readonly TestedStep[]): string {
  const failed = tested.at(-1)?.changes;
  const missing = failed?.unanswered ?? search.unanswered;
  if (missing > 0)
    return `incomplete: ${missing} of the oracle's answers could not be had, and a missing answer counts as a changed one`;
  if (!failed)
    return `no deletion that was tried kept all but ${percent(job.tolerance / 2)} of the outputs on the ${job.search.length} search inputs`;
  return `the mildest deletion changed ${failed.changed} of the first ${failed.inputs} outputs on the certify set, too many for ${percent(job.tolerance)} at ${percent(job.confidence)} confidence`;
}

function nothing(reason: string): Compression {
  return {
    spans: [],
    tokensSaved: 0,
    path: [],
    certificate: null,
    reason,
    changedOutputs: [],
    control: null,
    equality: "exact",
    accuracy: null,
    accuracyReason: "no step was certified",
    decisions: [],
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
