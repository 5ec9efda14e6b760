/** Spans that stay unless their author says otherwise: what is said about output format, policy and safety. */
import type { PromptTemplate } from "../domain.js";
import { UnderstudyError, messageOf } from "../errors.js";
import { sectionHeadings } from "./section-headings.js";

/**
 * Headings and tags whose section is locked. Deleting what they hold may leave every output on ordinary inputs as it is and still be
 * wrong: such rules are there for the inputs that are rare.
 */
const SECTION =
  /\b(?:safety|security|polic(?:y|ies)|guardrails?|compliance|legal|privacy|confidential(?:ity)?|restrictions?|prohibited|forbidden|disclaimers?|(?:output|response|answer|reply)[ _-]?(?:format|schema|structure)|format|schema|json)\b/i;

/** Sentences about the form of the answer. */
const FORMAT =
  /\b(?:reply|respond|answer|return|output|write|print|produce|give)\b[^.!?]{0,80}\b(?:only|nothing else|json|xml|yaml|csv|markdown|schema|format|exactly one|a single|one word|verbatim|no explanations?|without explanations?)\b|\b(?:valid|well-formed) (?:json|xml|yaml)\b|\bno (?:preamble|explanations?|markdown|code fences?)\b/i;

/** Sentences that forbid or protect. */
const SAFETY =
  /\b(?:never|do not|don['’]t|must not|may not|cannot|refuse|decline|under no circumstances)\b[^.!?]{0,100}\b(?:reveal|disclose|share|leak|instructions|system prompt|medical|legal|financial advice|diagnos\w*|personal (?:data|information)|personally|password|passcode|confidential|secrets?|private|harm\w*|illegal|unsafe|violen\w*|weapons?|self-harm|suicide|discriminat\w*|hate)\b|\b(?:ignore|disregard)\b[^.!?]{0,60}\binstructions\b|\b(?:GDPR|HIPAA|PII)\b/i;

const LONGEST_PATTERN = 500;

/**
 * Indices of the spans that are locked: those under a heading or tag about format, policy or safety, sentences about these, and what a
 * pattern of the user's matches. `sections: false` leaves the user's patterns alone.
 */
export function lockedSpans(
  template: PromptTemplate,
  { sections, patterns }: { readonly sections: boolean; readonly patterns: readonly RegExp[] },
): ReadonlySet<number> {
  const locked = new Set<number>();
  for (const { span, directly } of sections ? sectionHeadings(template) : [])
    if (SECTION.test(template.spans[span]?.text ?? "")) for (const one of directly) locked.add(one);
  for (const { index, kind, text, protection } of template.spans) {
    if (protection !== null) continue;
    const byText = sections && kind !== "example" && (FORMAT.test(text) || SAFETY.test(text));
    if (byText || patterns.some((pattern) => pattern.test(text))) locked.add(index);
  }
  return locked;
}

/** @throws UnderstudyError CONFIG for what is no regular expression or longer than 500 characters. */
export function parseLockPatterns(sources: readonly string[]): readonly RegExp[] {
  return sources.map((source) => {
    const fix = "give regular expressions (JavaScript), such as `refund policy`";
    if (source.length > LONGEST_PATTERN)
      throw new UnderstudyError("CONFIG", `lock-patterns: one of ${source.length} characters`, {
        fix,
      });
    try {
      return new RegExp(source, "iu");
    } catch (cause) {
      throw new UnderstudyError("CONFIG", `lock-patterns: ${messageOf(cause)}`, { fix, cause });
    }
  });
}
