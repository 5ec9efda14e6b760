/** What a search and its certification come to: the finding, the path, and what became of every span. */
import type {
  AccuracyComparison,
  ChangedOutput,
  Compression,
  PathStep,
  SpanDecision,
} from "../domain.js";
import {
  accuracyDesign,
  certificateOf,
  judgedOf,
  type CertificationDesign,
  type TestedStep,
} from "./certification.js";
import type { LookClaim } from "./certify-looks.js";
import type { CompressionJob } from "./compression-request.js";
import { indicesOf, tokensOf, withHeadings, type CandidateSpan } from "./deletion-path.js";
import type { SearchResult } from "./deletion-search.js";
import type { OutputChanges } from "./output-changes.js";
import { compareAccuracy } from "./paired-test.js";

type GrantedLook = Extract<LookClaim, { kind: "granted" }> & {
  readonly design: CertificationDesign;
};

export interface Attempted {
  readonly job: CompressionJob;
  readonly search: SearchResult;
  readonly tested: readonly TestedStep[];
  /** null: there was nothing to certify. */
  readonly look: GrantedLook | Extract<LookClaim, { kind: "refused" }> | null;
  readonly control?: Compression["control"];
}

/** The finding; without a passed step an empty one with its reason. */
export function describeCompression(attempted: Attempted): Compression {
  const { job, search, tested, look, control = null } = attempted;
  const path = pathOf(job, search, tested);
  const last = tested.findLast((step) => step.passed);
  const granted = look?.kind === "granted" ? look : null;
  if (last === undefined || granted === null) {
    const reason =
      look?.kind === "refused"
        ? look.reason
        : reasonOf(job, search, tested, granted?.alpha ?? null);
    const failed = tested.at(-1);
    return {
      ...nothingRemovable(job, reason),
      path,
      decisions: decisionsOf(job, search, null),
      ...(failed && granted ? accuracyOf(granted.design, failed) : {}),
    };
  }
  return {
    spans: indicesOf(last.spans),
    tokensSaved: tokensOf(last.spans),
    path,
    certificate: certificateOf(last, granted.design, {
      confidence: job.confidence,
      look: granted.look,
    }),
    reason: null,
    changedOutputs: last.changes.differences.map(({ input, before, after }): ChangedOutput => ({
      input: job.request.certifyIds[input] ?? "",
      before,
      after,
    })),
    control,
    equality: job.equality.name,
    ...accuracyOf(granted.design, last),
    decisions: decisionsOf(job, search, last.spans),
  };
}

/** Nothing may go, and why. */
export function nothingRemovable(job: CompressionJob, reason: string): Compression {
  return {
    spans: [],
    tokensSaved: 0,
    path: [],
    certificate: null,
    reason,
    changedOutputs: [],
    control: null,
    equality: job.equality.name,
    accuracy: null,
    accuracyReason: "no deletion was tried on the certify set",
    decisions: decisionsOf(job, null, null),
  };
}

function accuracyOf(
  design: CertificationDesign,
  { changes }: TestedStep,
): { readonly accuracy: AccuracyComparison | null; readonly accuracyReason: string | null } {
  const judged = judgedOf(design, changes.comparisons);
  return judged.length === 0
    ? { accuracy: null, accuracyReason: "no input of the certify set has an expected output" }
    : { accuracy: compareAccuracy(judged, accuracyDesign(design)), accuracyReason: null };
}

/** Trials of the search and steps of the certification as one path, mild to aggressive, equal deletions joined. */
function pathOf(
  job: CompressionJob,
  search: SearchResult,
  tested: readonly TestedStep[],
): readonly PathStep[] {
  const trials = search.trials.map(({ spans, changes }) => ({
    spans: withHeadings(spans, job.request.spans),
    changes,
  }));
  const distinct = new Map(
    [...trials, ...tested].map(({ spans }) => [String(indicesOf(spans)), spans]),
  );
  const find = <Trial extends { readonly spans: readonly CandidateSpan[] }>(
    among: readonly Trial[],
    key: string,
  ): Trial | undefined => among.find((trial) => String(indicesOf(trial.spans)) === key);
  const steps = [...distinct].map(([key, spans]): PathStep => {
    const [searched, certified] = [find(trials, key), find(tested, key)];
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

function decisionsOf(
  { request, redundant }: CompressionJob,
  search: SearchResult | null,
  certified: readonly CandidateSpan[] | null,
): readonly SpanDecision[] {
  const gone = new Set((certified ?? []).map(({ index }) => index));
  const held = new Set((search?.deletable ?? []).map(({ index }) => index));
  const partnerOf = (index: number): number | null => {
    const partners = redundant.flatMap(([one, other]) =>
      one === index ? [other] : other === index ? [one] : [],
    );
    return partners.find((partner) => held.has(partner)) ?? partners[0] ?? null;
  };
  return request.spans.map((span): SpanDecision => {
    const { index, pinned, heads } = span;
    const decided = (why: SpanDecision["why"]): SpanDecision => ({
      span: index,
      deleted: gone.has(index),
      why,
      partner: partnerOf(index),
    });
    if (gone.has(index)) return decided("certified");
    if (pinned) return decided(span.pinnedBecause ?? "pinned");
    if (heads !== undefined) return decided("heading");
    if (held.has(index)) return decided("not certified");
    return decided(search?.kept.get(span) ?? "not tried");
  });
}

function reasonOf(
  job: CompressionJob,
  search: SearchResult,
  tested: readonly TestedStep[],
  level: number | null,
): string {
  const failed = tested.at(-1)?.changes;
  const missing = failed?.unanswered ?? search.unanswered;
  if (missing > 0)
    return `incomplete: ${missing} of the oracle's answers could not be had, and a missing answer counts as a changed one`;
  if (search.kept.size === 0 && search.deletable.length === 0)
    return "there is no span that may go: all are pinned, locked or headings";
  if (!failed)
    return job.guarantee === "accuracy"
      ? `no deletion that was tried kept accuracy within ${percent(job.accuracyMargin / 2)} on the ${job.search.length} search inputs`
      : `no deletion that was tried kept all but ${percent(job.tolerance / 2)} of the outputs on the ${job.search.length} search inputs`;
  if (job.guarantee !== "outputs")
    return `the mildest deletion was not shown to keep accuracy within ${percent(job.accuracyMargin)}${job.guarantee === "both" ? ` and outputs within ${percent(job.tolerance)}` : ""} at ${percent(job.confidence)} confidence (${failed.inputs} of the certify inputs asked)`;
  return `the mildest deletion changed ${failed.changed} of the first ${failed.inputs} outputs on the certify set, too many for ${percent(job.tolerance)} at ${percent(job.confidence)} confidence${level === null ? "" : ` (level ${Number(level.toPrecision(3))} of this look)`}`;
}

export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
