/** Questions that several sections ask of a report. */
import type {
  Certificate,
  PromptReport,
  Report,
  ReportSpan,
  SuspiciousDemonstration,
  SuspiciousRow,
  Trigger,
} from "../domain.js";

/** A prompt's certified deletion: never empty, always with its certificate. */
export interface CertifiedDeletion {
  readonly prompt: PromptReport;
  readonly spans: readonly number[];
  readonly tokensSaved: number;
  readonly certificate: Certificate;
}

/** The prompts that can be shortened with a certificate, in the report's order. */
export function certifiedDeletions(report: Report): readonly CertifiedDeletion[] {
  return report.prompts.flatMap((prompt) => {
    const { removable } = prompt;
    if (removable === null || removable.certificate === null || removable.spans.length === 0)
      return [];
    return [
      {
        prompt,
        spans: removable.spans,
        tokensSaved: removable.tokensSaved,
        certificate: removable.certificate,
      },
    ];
  });
}

/** The spans of a deletion with text and lines; those the explanation does not describe are left out. */
export function spansOf(prompt: PromptReport, indexes: readonly number[]): readonly ReportSpan[] {
  const wanted = new Set(indexes);
  return (prompt.explanation?.spans ?? []).filter((span) => wanted.has(span.index));
}

/** Something found in a file of this path. */
export type Located<Finding> = Finding & { readonly path: string };

export function suspiciousDemonstrations(
  report: Report,
): readonly Located<SuspiciousDemonstration>[] {
  return report.prompts.flatMap(({ path, demonstrations }) =>
    (demonstrations ?? []).map((found) => ({ ...found, path })),
  );
}

export function suspiciousRows(report: Report): readonly SuspiciousRow[] {
  return report.data.flatMap((data) => data.suspicious ?? []);
}

export function triggers(report: Report): readonly Located<Trigger>[] {
  return report.data.flatMap((data) =>
    data.triggers.map((trigger) => ({ ...trigger, path: data.path })),
  );
}

/** Whether there is anything a reviewer should act on. An incomplete run without findings has none: what it could not know is no finding. */
export function hasFindings(report: Report): boolean {
  return (
    certifiedDeletions(report).length > 0 ||
    suspiciousDemonstrations(report).length > 0 ||
    suspiciousRows(report).length > 0 ||
    triggers(report).length > 0 ||
    report.prompts.some((prompt) => prompt.problems.length > 0)
  );
}

/** A file's question that got no answer, and why. */
export interface Unanswered {
  readonly path: string;
  readonly question: string;
  readonly reason: string;
}

/** Everything that could not be known, in the report's order; every null of the report shows up here with its reason. */
export function unanswered(report: Report): readonly Unanswered[] {
  return [...report.prompts.flatMap(unansweredOfPrompt), ...report.data.flatMap(unansweredOfData)];
}

const NO_REASON = "no reason was recorded";

function unansweredOfPrompt(prompt: PromptReport): readonly Unanswered[] {
  const found: Unanswered[] = [];
  const add = (question: string, reason: string | null): number =>
    found.push({ path: prompt.path, question, reason: reason ?? NO_REASON });
  if (prompt.explanation === null) add("influence of the spans", prompt.explanationReason);
  else if (!prompt.explanation.shown) add("influence of the spans", prompt.explanation.withheld);
  if (prompt.removable === null) add("removable spans", prompt.removableReason);
  else if (prompt.removable.certificate === null)
    add("certified shorter prompt", prompt.removable.reason);
  if (prompt.demonstrations === null) add("test of the examples", prompt.demonstrationsReason);
  return found;
}

function unansweredOfData(data: Report["data"][number]): readonly Unanswered[] {
  if (data.suspicious !== null) return [];
  return [
    { path: data.path, question: "test of the rows", reason: data.suspiciousReason ?? NO_REASON },
  ];
}

/** The largest absolute influence among the shown spans; null where none is shown. */
export function strongestInfluence(spans: readonly ReportSpan[]): number | null {
  const sizes = spans.flatMap((span) =>
    span.influence === null ? [] : [Math.abs(span.influence.estimate)],
  );
  return sizes.length === 0 ? null : Math.max(...sizes);
}
