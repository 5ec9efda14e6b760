/** A template with its demonstrations in another order, some of them only, or with other labels: for asking, never for writing files. */

import { UnderstudyError } from "../errors.js";
import type { Demonstration, Message, PromptTemplate, SpanPart } from "../domain.js";
import { demonstrationSpans } from "./demonstrations.js";
import { renderMessages } from "./render.js";

/** Text of each part of a demonstration's span, without the white space after it. */
export type ShownParts = readonly string[];

/** What stands in a label's place may stand beside these: the label is a field of its own, no word of a sentence. */
const BEFORE_LABEL = /(^|[\n:=>"'`|]|->)[ \t]*$/u;
const AFTER_LABEL = /^[ \t]*($|[\n"'`<|,}.])/u;

/**
 * The messages with exactly these demonstrations, spans of `demonstrationSpans`, in this order, the others deleted, and the slots filled.
 * They stand where these demonstrations stand in the file; of several shapes, such as chat pairs beside examples in running text, each
 * keeps to the places of its own shape. Throws INTERNAL for a span that is no demonstration or is given twice.
 */
export function renderDemonstrations(
  template: PromptTemplate,
  shown: readonly number[],
  slots: Readonly<Record<string, string>>,
): Message[] {
  const all = demonstrationSpans(template);
  if (new Set(shown).size !== shown.length || shown.some((span) => !all.includes(span)))
    throw new UnderstudyError("INTERNAL", `spans ${shown.join(", ")} are no demonstrations`);
  const places = all.filter((span) => shown.includes(span));
  const waiting = [...shown];
  const contents = new Map<number, ShownParts>();
  for (const place of places) {
    const shape = partsOf(template, place).length;
    const next = waiting.findIndex((span) => partsOf(template, span).length === shape);
    const [span] = waiting.splice(next, 1);
    if (span !== undefined) contents.set(place, partsOf(template, span));
  }
  const mask = Uint8Array.from(all, (span) => (shown.includes(span) ? 1 : 0));
  return renderMessages(withShown(template, contents), { mask, maskable: all }, slots);
}

/** The template with these demonstrations' labels replaced: span -> label. Spans whose label's place is not certain are left as they are. */
export function relabelled(
  template: PromptTemplate,
  labels: ReadonlyMap<number, string>,
): PromptTemplate {
  const contents = new Map<number, ShownParts>();
  for (const demonstration of template.demonstrations) {
    const label = labels.get(demonstration.span);
    const parts = label === undefined ? null : withLabel(template, demonstration, label);
    if (parts !== null) contents.set(demonstration.span, parts);
  }
  return withShown(template, contents);
}

/** Whether it is certain where a demonstration's label stands, so that it can be replaced. */
export function canRelabel(template: PromptTemplate, demonstration: Demonstration): boolean {
  return withLabel(template, demonstration, "") !== null;
}

function partsOf(template: PromptTemplate, span: number): ShownParts {
  return (template.spans[span]?.parts ?? []).map((part) =>
    (template.messages[part.message]?.content.slice(part.start, part.end) ?? "").trimEnd(),
  );
}

/** In a chat pair the answer is the label; in running text it is the one place where the label stands alone. null: not certain. */
function withLabel(
  template: PromptTemplate,
  { span, label: written }: Demonstration,
  label: string,
): ShownParts | null {
  const parts = partsOf(template, span);
  const last = parts.at(-1);
  if (last === undefined || written === null || written === "") return null;
  const rest = parts.slice(0, -1);
  if (parts.length > 1) return last.trim() === written.trim() ? [...rest, label] : null;
  const places = [];
  for (let at = last.indexOf(written); at >= 0; at = last.indexOf(written, at + 1))
    if (BEFORE_LABEL.test(last.slice(0, at)) && AFTER_LABEL.test(last.slice(at + written.length)))
      places.push(at);
  const [place, ...others] = places;
  return place === undefined || others.length > 0
    ? null
    : [last.slice(0, place) + label + last.slice(place + written.length)];
}

/** The template with other contents of some spans; offsets into messages are moved along, those into the file are not. */
function withShown(
  template: PromptTemplate,
  contents: ReadonlyMap<number, ShownParts>,
): PromptTemplate {
  const pieces = template.messages.map((): { part: SpanPart; text: string; at: number }[] => []);
  for (const span of template.spans)
    span.parts.forEach((part, index) => {
      const own = template.messages[part.message]?.content.slice(part.start, part.end) ?? "";
      const shown = contents.get(span.index)?.[index];
      const text = shown === undefined ? own : shown + own.slice(own.trimEnd().length);
      pieces[part.message]?.push({ part, text, at: 0 });
    });
  for (const ofMessage of pieces) {
    ofMessage.sort((left, right) => left.part.start - right.part.start);
    let at = 0;
    for (const piece of ofMessage) {
      piece.at = at;
      at += piece.text.length;
    }
  }
  const movedTo = new Map(pieces.flat().map((piece) => [piece.part, piece]));
  const moved = (part: SpanPart): SpanPart => {
    const piece = movedTo.get(part);
    return piece === undefined
      ? part
      : { ...part, start: piece.at, end: piece.at + piece.text.length };
  };
  const shift = (message: number, offset: number): number => {
    const piece = pieces[message]?.find(
      ({ part }) => part.start <= offset && (offset < part.end || part.start === part.end),
    );
    return piece === undefined ? 0 : piece.at - piece.part.start;
  };
  return {
    ...template,
    messages: template.messages.map((message, index) => ({
      ...message,
      content:
        (pieces[index] ?? []).length === 0
          ? message.content
          : (pieces[index] ?? []).map(({ text }) => text).join(""),
    })),
    spans: template.spans.map((span) => ({ ...span, parts: span.parts.map(moved) })),
    slots: template.slots.map((slot) => {
      const by = shift(slot.message, slot.start);
      return { ...slot, start: slot.start + by, end: slot.end + by };
    }),
  };
}
