/** Few-shot examples as demonstrations: which spans they are, what they show, and how one is asked as a query. */

import type { Demonstration, Message, PromptTemplate, Slot } from "../domain.js";
import { withoutKeepComment } from "./source-file.js";
import { finalTurn } from "./spans/examples.js";
import type { DraftSpan } from "./spans/partition.js";

type Described = Pick<PromptTemplate, "messages" | "spans" | "slots">;

/** Fixed text around the single slot of the turn that asks. */
interface Affixes {
  readonly before: string;
  readonly after: string;
}

/** Demonstrations of the spans of kind "example", in order. Input and label are null where they are not certain. */
export function describeDemonstrations(
  template: Described,
  drafts: readonly DraftSpan[],
): Demonstration[] {
  const byPlace = new Map(
    drafts
      .filter((draft) => draft.kind === "example")
      .map((draft) => [placeOf(draft.pieces[0]), draft]),
  );
  return template.spans.flatMap((span) => {
    const draft = span.kind === "example" ? byPlace.get(placeOf(span.parts[0])) : undefined;
    if (!draft) return [];
    const shown =
      draft.pieces.length > 1
        ? chatDemonstration(template, draft)
        : textDemonstration(template, draft);
    return [{ span: span.index, ...shown, startLine: span.source.startLine }];
  });
}

function placeOf(piece: { readonly message: number; readonly start: number } | undefined): string {
  return `${piece?.message}:${piece?.start}`;
}

function chatDemonstration(
  template: Described,
  draft: DraftSpan,
): Pick<Demonstration, "input" | "label"> {
  const [input, label] = draft.pieces.map((piece) =>
    withoutKeepComment(template.messages[piece.message]?.content ?? ""),
  );
  return certain(strip(input ?? "", affixesOf(template, "message")), label ?? null);
}

function textDemonstration(
  template: Described,
  draft: DraftSpan,
): Pick<Demonstration, "input" | "label"> {
  const content = template.messages[draft.pieces[0]?.message ?? 0]?.content ?? "";
  const { input, label } = draft.example ?? { input: null, label: null };
  if (!input || !label) return { input: null, label: null };
  return certain(
    strip(withoutKeepComment(content.slice(input.start, input.end)), affixesOf(template, "field")),
    withoutKeepComment(content.slice(label.start, label.end)),
  );
}

function certain(
  input: string | null,
  label: string | null,
): Pick<Demonstration, "input" | "label"> {
  return input === null || label === null || input === "" || label === ""
    ? { input: null, label: null }
    : { input, label };
}

/** The text around the query's slot: in its whole message, or after the label on its line. */
function affixesOf(template: Described, scope: "message" | "field"): Affixes {
  const slot = querySlot(template);
  const content = slot ? (template.messages[slot.message]?.content ?? "") : "";
  if (!slot) return { before: "", after: "" };
  if (scope === "message")
    return {
      before: content.slice(0, slot.start).trimStart(),
      after: content.slice(slot.end).trimEnd(),
    };
  const lineStart = content.lastIndexOf("\n", slot.start - 1) + 1;
  const lineEnd = content.indexOf("\n", slot.end);
  const before = content.slice(lineStart, slot.start);
  return {
    before: before.slice(before.lastIndexOf(":") + 1).trimStart(),
    after: content.slice(slot.end, lineEnd < 0 ? undefined : lineEnd).trimEnd(),
  };
}

/** What a demonstration puts in the slot's place: all of it where neither side matches, null where only one does. */
function strip(shown: string, affixes: Affixes): string | null {
  const hasBefore = affixes.before.trim() === "" || shown.startsWith(affixes.before.trimEnd());
  const hasAfter = affixes.after.trim() === "" || shown.endsWith(affixes.after.trimStart());
  if (hasBefore && hasAfter)
    return shown
      .slice(affixes.before.trimEnd().length, shown.length - affixes.after.trimStart().length)
      .trim();
  const oneSided =
    (affixes.before.trim() !== "" && hasBefore) || (affixes.after.trim() !== "" && hasAfter);
  return oneSided ? null : shown;
}

/**
 * The slot of the turn that asks: the last place of the only slot name in the final user message, null where there is none
 * or several names. A demonstration is asked by rendering with its input as this slot's value.
 */
export function querySlot(template: Pick<PromptTemplate, "messages" | "slots">): Slot | null {
  const turn = finalTurn(template.messages.map((message: Message) => message.role));
  const slots = template.slots.filter((slot) => slot.message === turn);
  const names = new Set(slots.map((slot) => slot.name));
  return names.size === 1 ? (slots[slots.length - 1] ?? null) : null;
}

/**
 * Indices of the spans that are few-shot examples, pinned ones too, in order: rendered with all of them deleted the prompt
 * is zero-shot. Examples that hold a slot are not among them.
 */
export function demonstrationSpans(template: PromptTemplate): readonly number[] {
  return template.spans
    .filter(
      (span) =>
        span.kind === "example" && span.protection !== "slot" && span.protection !== "query",
    )
    .map((span) => span.index);
}

/** All spans kept but the demonstrations, in the form that `renderMessages` takes. */
export function withoutDemonstrations(template: PromptTemplate): {
  readonly mask: Uint8Array;
  readonly maskable: readonly number[];
} {
  const maskable = demonstrationSpans(template);
  return { mask: new Uint8Array(maskable.length), maskable };
}
