/** The spans that can go, each with its lines, text, size and influence, under the certificate that covers them together. */
import type { Certificate, PromptReport, ReportSpan } from "../../domain.js";
import { certifiedDeletions, promptLabel, spansOf, type CertifiedDeletion } from "../facts.js";
import { boundWords, excessSentence } from "../certificate-words.js";
import { whyDeleted } from "../decisions.js";
import { codeSpan } from "../markdown/escape.js";
import { blocks, each, table } from "../markdown/blocks.js";
import { interval, money, quantity, whole } from "../markdown/numbers.js";
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
    [savingsSentence(prompt), certificateSentence(certificate), ownChanges(prompt)]
      .join(" ")
      .trim(),
    spanTable(view, prompt, described),
    undescribed > 0
      ? `${quantity(undescribed, "span")} without a description in this report; the diff shows them.`
      : null,
  );
}

function spanTable(view: View, prompt: PromptReport, spans: readonly ReportSpan[]): string | null {
  return table(spans, view.rows, [
    ["Lines", "l", (span) => linesOf(view, prompt.path, span)],
    ["Text", "l", (span) => codeSpan(span.text.trim(), view.text)],
    ["Tokens", "r", (span) => whole(span.tokens)],
    ["Influence (90 %)", "l", influenceCell],
    ["Why", "l", (span) => whyDeleted(prompt, span)],
  ]);
}

/** `Saves 134,000 prompt tokens every 1,000 calls, $0.02.` */
export function savingsSentence({ savings }: PromptReport): string {
  if (savings === null) return "";
  return `Saves ${quantity(savings.promptTokens, "prompt token")} every 1,000 calls, ${money(savings.cost)}.`;
}

/** What was measured, on what, and how much it bounds. */
export function certificateSentence(certificate: Certificate): string {
  const { changed, inputs } = certificate;
  return (
    `Deleted together they changed ${changed === 0 ? "none" : whole(changed)} of ${quantity(inputs, "output")}, on inputs that the search never saw: ` +
    `${boundWords(certificate)}. Certified together, not one by one.`
  );
}

/** Said beside the bound only where the oracle was seen to waver: a reader would take the changes for the deletion's. */
function ownChanges({ selfDisagreement, removable }: PromptReport): string {
  if (selfDisagreement === null || selfDisagreement.changed === 0) return "";
  const excess = removable?.certificate ? excessSentence(removable.certificate) : null;
  if (excess !== null) return excess;
  const { changed, inputs } = selfDisagreement;
  return `The whole prompt asked again changed ${whole(changed)} of ${quantity(inputs, "output")} by itself; the bound counts such changes, and nothing is subtracted.`;
}

/** `0.02 (−0.05 to 0.09)`, or that it is not known. */
export function influenceCell(span: ReportSpan): string {
  return span.influence === null ? "not known" : interval(span.influence);
}
