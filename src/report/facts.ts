/** Questions that several sections ask of a report. */
import type {
  Certificate,
  DataReport,
  InjectedRow,
  PromptInjection,
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

/** Whether the version before the change had this example too: such a finding is old. False where that is not known. */
export function isOld(report: Report, { path, span }: Located<SuspiciousDemonstration>): boolean {
  return report.prompts.some(
    (prompt) => prompt.path === path && prompt.change?.oldDemonstrations.includes(span) === true,
  );
}

export function suspiciousRows(report: Report): readonly SuspiciousRow[] {
  return report.data.flatMap((data) => data.suspicious ?? []);
}

/** Suspected instructions that a prompt file gained; older ones are no findings. */
export function injections(report: Report): readonly Located<PromptInjection>[] {
  return report.prompts.flatMap(({ path, injections: found }) =>
    found.filter(({ isNew }) => isNew).map((one) => ({ ...one, path })),
  );
}

/** The same in new rows of data files. */
export function injectedRows(report: Report): readonly InjectedRow[] {
  return report.data.flatMap((data) => data.injections.listed.filter(({ isNew }) => isNew));
}

/** Rows that anything is suspicious about, each once. */
export function distinctSuspiciousRows(
  report: Report,
): readonly { readonly path: string; readonly line: number }[] {
  const rows = [...suspiciousRows(report), ...injectedRows(report)];
  return [...new Map(rows.map(({ path, line }) => [`${line} ${path}`, { path, line }])).values()];
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
    injections(report).length > 0 ||
    injectedRows(report).length > 0 ||
    triggers(report).length > 0 ||
    report.prompts.some((prompt) => prompt.problems.length > 0)
  );
}

/** A prompt as people write it: its file, and `#name` where the file holds several. */
export function promptLabel({ path, name }: Pick<PromptReport, "path" | "name">): string {
  return name === null ? path : `${path}#${name}`;
}

/** A file's question that got no answer, and why. */
export interface Unanswered {
  readonly path: string;
  readonly kind: "influence" | "deletion" | "suspicion" | "file";
  readonly reason: string;
}

/** Everything that could not be known, in the report's order; every null of the report shows up here with its reason. */
export function unanswered(report: Report): readonly Unanswered[] {
  return [
    ...report.prompts.flatMap(unansweredOfPrompt),
    ...report.data.flatMap(unansweredOfData),
    ...report.skipped.map(({ path, reason }): Unanswered => ({ path, kind: "file", reason })),
  ];
}

const NO_REASON = "no reason was recorded";

function unansweredOfPrompt(prompt: PromptReport): readonly Unanswered[] {
  const { explanation, removable, demonstrations } = prompt;
  const path = promptLabel(prompt);
  const open = (kind: Unanswered["kind"], reason: string | null): readonly Unanswered[] => [
    { path, kind, reason: reason ?? NO_REASON },
  ];
  return [
    ...(explanation === null ? open("influence", prompt.explanationReason) : []),
    ...(explanation !== null && !explanation.shown ? open("influence", explanation.withheld) : []),
    ...(removable === null ? open("deletion", prompt.removableReason) : []),
    ...(removable !== null && removable.certificate === null
      ? open("deletion", removable.reason)
      : []),
    ...(demonstrations === null || prompt.demonstrationsReason !== null
      ? open("suspicion", prompt.demonstrationsReason)
      : []),
  ];
}

function unansweredOfData({
  path,
  suspicious,
  suspiciousReason,
}: DataReport): readonly Unanswered[] {
  return suspicious === null
    ? [{ path, kind: "suspicion", reason: suspiciousReason ?? NO_REASON }]
    : [];
}

/** The largest absolute influence among the shown spans; null where none is shown. */
export function strongestInfluence(spans: readonly ReportSpan[]): number | null {
  const sizes = spans.flatMap((span) =>
    span.influence === null ? [] : [Math.abs(span.influence.estimate)],
  );
  return sizes.length === 0 ? null : Math.max(...sizes);
}
