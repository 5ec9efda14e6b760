/** One changed data file: its new rows against the rows that were there before. No oracle is asked. */
import type { ChangedFile, DataReport } from "../domain.js";
import { newRows, parseTextLabelRows } from "../data/rows.js";
import { scanFile } from "./row-injections.js";
import { findSuspiciousRows } from "../findings/rows.js";
import { labelScores, planRowScoring, sampleByHash } from "../findings/rows-prompt.js";
import { progress } from "./oracle-values.js";
import { cheapestAble } from "./ladder.js";
import type { Job } from "./ports.js";

export interface DataReview {
  readonly report: DataReport;
  /** Tokens that went to the surrogate. */
  readonly tokens: number;
}

export async function reviewData(
  job: Job,
  file: ChangedFile & { readonly head: string },
): Promise<DataReview> {
  const head = parseTextLabelRows(file.path, file.head);
  const injections = scanFile(file);
  if (head.kind !== "rows")
    return unjudged({ path: file.path, rows: 0, newRows: 0, injections }, head.reason);
  const base = file.base === null ? null : parseTextLabelRows(file.path, file.base);
  const reference = base?.kind === "rows" ? base.rows : [];
  const added = newRows(reference, head.rows);
  const counts = { path: file.path, rows: head.rows.length, newRows: added.length, injections };
  const judged = sampleByHash(added, job.settings["max-rows"]);
  const plan = planRowScoring({ referenceRows: reference, newRows: judged });
  if (plan.kind === "unknown") return unjudged(counts, plan.reason);
  const scores = await cheapestAble(job.ports, "output scores").score(plan.requests, {
    onProgress: progress(job, `rows of ${file.path}`),
  });
  const found = findSuspiciousRows({
    path: file.path,
    referenceRows: plan.referenceRows,
    newRows: plan.newRows,
    labels: plan.labels,
    logProbabilities: labelScores(plan, scores.logProbabilities),
    level: job.settings["row-level"],
  });
  if (found.kind === "unknown") return unjudged(counts, found.reason);
  return {
    report: {
      ...counts,
      scored: plan.newRows.length,
      suspicious: found.suspicious,
      suspiciousReason: null,
      triggers: found.triggers,
      referenceAgreement: found.referenceAgreement,
    },
    tokens: scores.tokensAsked,
  };
}

function unjudged(
  counts: Pick<DataReport, "path" | "rows" | "newRows" | "injections">,
  reason: string,
): DataReview {
  return {
    report: {
      ...counts,
      scored: 0,
      suspicious: null,
      suspiciousReason: reason,
      triggers: [],
      referenceAgreement: null,
    },
    tokens: 0,
  };
}
