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
  const lock = LOCKS[reasonOf(prompt, span)?.why ?? "not tried"];
  if (lock !== undefined) return { span, kind: "locked", why: lock };
  return { span, kind: "kept", why: whyKept(prompt, span) };
}

function deletedOf({ removable }: PromptReport): readonly number[] {
  return removable?.certificate ? removable.spans : [];
}

type FoundDecision = NonNullable<PromptReport["removable"]>["decisions"][number];

/** What the search for a shorter prompt says of a span; null where there was none. */
function reasonOf({ removable }: PromptReport, { index }: ReportSpan): FoundDecision | null {
  return removable?.decisions.find((one) => one.span === index) ?? null;
}

/** Why a span was no candidate. */
const LOCKS: Readonly<Partial<Record<FoundDecision["why"], string>>> = {
  pinned: "pinned by the author",
  locked: "about output format, policy or safety (settings lock, lock-patterns)",
  heading: "a heading, which goes with what stands under it",
  suspicious: "a suspicious example, to be corrected first",
};

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
  const { influence } = span;
  const carries = explanation?.shown === true && influence !== null && influence.low > 0;
  const reasons = [
    ...(carries ? ["carries outputs"] : []),
    ...trialWords(removable, span.index),
    ...pairWords(going, "redundant with", "which goes"),
  ];
  return reasons.join("; ") || untriedWords(reasonOf(prompt, span));
}

/** For a span of which no trial is told. */
function untriedWords(found: FoundDecision | null): string {
  switch (found?.why) {
    case "redundant":
      return "redundant with another span that goes: either can, not both";
    case "changes outputs":
      return "outputs changed too often without it";
    case "not certified":
      return "held on the search inputs, and no certificate came to it";
    default:
      return "not tried: its influence on some input ranks it behind those that were";
  }
}

type Removable = NonNullable<PromptReport["removable"]>;

/** What the mildest deletion that went as far as this span did, on the held-out inputs where it came to that. */
function trialWords(removable: Removable, span: number): readonly string[] {
  const holding = removable.path.filter(({ spans }) => spans.includes(span));
  const mildest = holding.reduce<PathStep | null>(
    (best, step) => (best === null || step.spans.length < best.spans.length ? step : best),
    null,
  );
  const certified = holding.find(({ certify }) => certify !== null);
  const step = certified ?? mildest;
  const trial = step?.certify ?? step?.search ?? null;
  if (step === null || step === undefined || trial === null) return [];
  const others = step.spans.filter(
    (index) => index !== span && !removable.spans.includes(index),
  ).length;
  const beside = others === 0 ? "" : ` with ${whole(others)} more`;
  const where = step.certify === null ? "search" : "held-out";
  const changed = `deleting it too${beside} changed ${whole(trial.changed)} of ${whole(trial.inputs)} ${where} outputs`;
  return [
    step.certify === null && held(removable, trial)
      ? `${changed}, but certification ended at a milder deletion`
      : changed,
  ];
}

/** Whether a trial on the search set stayed within half the tolerance, as the search demands. */
function held({ certificate }: Removable, { changed, inputs }: Trial): boolean {
  return certificate !== null && changed <= (certificate.tolerance / 2) * inputs;
}

type Trial = NonNullable<PathStep["search"]>;

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
