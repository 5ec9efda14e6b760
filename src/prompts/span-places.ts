import type { PromptTemplate } from "../domain.js";
import type { TextRange } from "./decoded-text.js";
import { keptRanges } from "./masking.js";

/** Where a piece of a span stands in the messages that `renderMessages` gives for the unmasked prompt. */
export interface RenderedPlace extends TextRange {
  /** Index among the rendered messages. */
  readonly message: number;
}

/**
 * Places of each span's parts, [span], in the unmasked prompt with its slots filled: [start, end) in UTF-16 units of a rendered
 * message. Parts of messages that are not rendered, because nothing is in them, have no place.
 */
export function placeSpans(
  template: PromptTemplate,
  slots: Readonly<Record<string, string>>,
): readonly (readonly RenderedPlace[])[] {
  const rendered = keptRanges(template, new Set());
  let next = 0;
  const indexOf = rendered.map((ranges) => (ranges === null ? null : next++));
  return template.spans.map((span) =>
    span.parts.flatMap((part) => {
      const message = indexOf[part.message] ?? null;
      if (message === null) return [];
      const shift = (offset: number): number =>
        offset + growthBefore(template, part, offset, slots);
      return [{ message, start: shift(part.start), end: shift(part.end) }];
    }),
  );
}

/** How much longer the text before an offset is with its slots filled. */
function growthBefore(
  template: PromptTemplate,
  part: { readonly message: number },
  offset: number,
  slots: Readonly<Record<string, string>>,
): number {
  return template.slots
    .filter((slot) => slot.message === part.message && slot.end <= offset)
    .reduce((sum, slot) => sum + (slots[slot.name] ?? "").length - (slot.end - slot.start), 0);
}
