/** The spans that can go, each with its lines, text, size and influence, under the certificate that covers them together. */
import type { Certificate, PromptReport, ReportSpan } from "../../domain.js";
import {
  certifiedDeletions,
  promptLabel,
  spansOf,
  strongestInfluence,
  type CertifiedDeletion,
} from "../facts.js";
import { codeSpan } from "../markdown/escape.js";
import { blocks, each, table } from "../markdown/blocks.js";
import { interval, percent, quantity, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

/** One table a prompt with a certified deletion; null without any. */
export function removableSpans(view: View): string | null {
  return each(certifiedDeletions(view.report), view.rows, (deletion) =>
    deletionSection(view, deletion),
  );
}

function deletionSection(view: View, deletion: CertifiedDeletion): string {
  const { prompt, spans, certificate, tokensSaved } = deletion;
  const described = spansOf(prompt, spans);
  const undescribed = spans.length - described.length;
  return blocks(
    `#### Can go from ${fileName(promptLabel(prompt))}: ${quantity(spans.length, "span")}, −${whole(tokensSaved)} tokens`,
    [certificateSentence(certificate), ownChanges(prompt)].join(" ").trim(),
    spanTable(view, prompt, described),
    undescribed > 0
      ? `${quantity(undescribed, "span")} without a description in this report; the diff shows them.`
      : null,
  );
}

function spanTable(view: View, prompt: PromptReport, spans: readonly ReportSpan[]): string | null {
  const strongest = strongestInfluence(prompt.explanation?.spans ?? []);
  return table(spans, view.rows, [
    ["Lines", "l", (span) => linesOf(view, prompt.path, span)],
    ["Text", "l", (span) => codeSpan(span.text.trim(), view.text)],
    ["Tokens", "r", (span) => whole(span.tokens)],
    ["Influence (90 %)", "l", influenceCell],
    ["Why", "l", (span) => why(span, strongest)],
  ]);
}

/** What was measured, on what, and how much it bounds. */
export function certificateSentence(certificate: Certificate): string {
  const { changed, inputs, bound, confidence } = certificate;
  return (
    `Deleted together they changed ${changed === 0 ? "none" : whole(changed)} of ${quantity(inputs, "output")}, on inputs that the search never saw: ` +
    `at most ${percent(bound)} change, at ${percent(confidence)} confidence. Certified together, not one by one.`
  );
}

/** Said beside the bound only where the oracle was seen to waver: a reader would take the changes for the deletion's. */
function ownChanges({ selfDisagreement }: PromptReport): string {
  if (selfDisagreement === null || selfDisagreement.changed === 0) return "";
  const { changed, inputs } = selfDisagreement;
  return `The whole prompt asked again changed ${whole(changed)} of ${quantity(inputs, "output")} by itself; the bound counts such changes, and nothing is subtracted.`;
}

/** `0.02 (−0.05 to 0.09)`, or that it is not known. */
export function influenceCell(span: ReportSpan): string {
  return span.influence === null ? "not known" : interval(span.influence);
}

/** What the number says about the span, and no more. */
function why({ influence }: ReportSpan, strongest: number | null): string {
  if (influence === null) return "part of the certified deletion";
  if (influence.low <= 0 && influence.high >= 0) return "not distinguishable from none";
  if (influence.estimate < 0) return "works against the fixed outputs";
  return strongest === null || strongest === 0
    ? "small"
    : `${percent(Math.abs(influence.estimate) / strongest)} of the strongest span`;
}
