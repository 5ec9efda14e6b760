/** Why each span of a prompt goes or stays: read off the report, in words that claim what was measured. */
import type { PathStep, PromptReport, ReportSpan } from "../domain.js";
import { strongestInfluence } from "./facts.js";
import { percent, whole } from "./markdown/numbers.js";

/** deleted: part of the certified deletion; locked: never tried; kept: tried or ranked, and not deleted. */
export interface SpanDecision {
  readonly span: ReportSpan;
  readonly kind: "deleted" | "kept" | "locked";
  /** For a person; where nothing was deleted it may quote the reason, which is to be escaped. */
  readonly why: string;
}

/** One a maskable span, in the order of the file; empty where nothing was explained. */
export function decideSpans(prompt: PromptReport): readonly SpanDecision[] {
  return (prompt.explanation?.spans ?? []).map((span) => decide(prompt, span));
}

function decide(prompt: PromptReport, span: ReportSpan): SpanDecision {
  if (deletedOf(prompt).includes(span.index))
    return { span, kind: "deleted", why: whyDeleted(prompt, span) };
  if (isSuspicious(prompt, span))
    return { span, kind: "locked", why: "a suspicious example, to be corrected first" };
  return { span, kind: "kept", why: whyKept(prompt, span) };
}

function deletedOf({ removable }: PromptReport): readonly number[] {
  return removable?.certificate ? removable.spans : [];
}

function isSuspicious(
  { demonstrations }: PromptReport,
  { startLine, endLine }: ReportSpan,
): boolean {
  return (demonstrations ?? []).some(
    (one) => startLine <= one.startLine && one.startLine <= endLine,
  );
}

/** What the influence says of a deleted span, and with what it may not go; the certificate covers all together. */
export function whyDeleted(prompt: PromptReport, span: ReportSpan): string {
  const partners = redundantWith(prompt, span.index);
  const staying = partners.filter(({ index }) => !deletedOf(prompt).includes(index));
  return [
    influenceWords(prompt, span),
    ...pairWords(staying, "redundant with", "which stays"),
  ].join("; ");
}

function influenceWords(prompt: PromptReport, { influence }: ReportSpan): string {
  const strongest = strongestInfluence(prompt.explanation?.spans ?? []);
  if (influence === null) return "part of the certified deletion";
  if (influence.low <= 0 && influence.high >= 0) return "not distinguishable from none";
  if (influence.estimate < 0) return "works against the fixed outputs";
  return strongest === null || strongest === 0
    ? "small"
    : `${percent(Math.abs(influence.estimate) / strongest)} of the strongest span`;
}

function whyKept(prompt: PromptReport, span: ReportSpan): string {
  const { removable, removableReason, explanation } = prompt;
  if (removable === null)
    return `nothing was deleted: ${removableReason ?? "no reason was recorded"}`;
  const going = redundantWith(prompt, span.index).filter(({ index }) =>
    deletedOf(prompt).includes(index),
  );
  const pairs = pairWords(going, "redundant with", "which goes");
  const tried = failedStep(removable.path, span.index, deletedOf(prompt));
  const { influence } = span;
  const carries =
    explanation?.shown && influence !== null && influence.low > 0 ? ["carries the outputs"] : [];
  if (tried !== null) return [...carries, tried, ...pairs].join("; ");
  return [...carries, ...pairs].join("; ") || "not tried: others were found to matter less";
}

/** The mildest step beyond the certified deletion that holds the span, and what it changed. */
function failedStep(
  path: readonly PathStep[],
  span: number,
  deleted: readonly number[],
): string | null {
  const step = path
    .filter(({ spans }) => spans.includes(span))
    .sort((left, right) => left.spans.length - right.spans.length)[0];
  if (step === undefined) return null;
  const others = step.spans.filter((index) => index !== span && !deleted.includes(index)).length;
  const beside = others === 0 ? "" : ` (with ${whole(others)} more)`;
  const trial = step.certify ?? step.search;
  if (trial === null) return null;
  const where = step.certify === null ? "search" : "held-out";
  return `deleting it too${beside} changed ${whole(trial.changed)} of ${whole(trial.inputs)} ${where} outputs`;
}

function redundantWith(
  { explanation }: PromptReport,
  span: number,
): readonly { readonly index: number; readonly line: number }[] {
  return (explanation?.interactions ?? []).flatMap(({ kind, spans: [one, other] }) => {
    if (kind !== "redundant" || (one !== span && other !== span)) return [];
    const index = one === span ? other : one;
    const partner = explanation?.spans[index];
    return partner === undefined ? [] : [{ index, line: partner.startLine }];
  });
}

function pairWords(
  partners: readonly { readonly line: number }[],
  how: string,
  fate: string,
): readonly string[] {
  return partners.map(({ line }) => `${how} line ${line}, ${fate}`);
}
