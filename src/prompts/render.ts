/** Template, mask and slot values -> the messages that go to a model. */

import { UnderstudyError } from "../errors.js";
import type { Message, PromptTemplate, Slot } from "../domain.js";
import type { TextRange } from "./decoded-text.js";
import { deletedSpans, keptRanges, type SpanMask } from "./masking.js";

/**
 * The messages of a masked prompt: deleted spans gone (`keptRanges` says how), messages with nothing left dropped except
 * the turn that asks, slots filled in one pass. A slot's value is never searched for slots. Values that no slot names are
 * ignored. Throws SLOT_UNDEFINED for a slot without a value, naming its place and the input.
 */
export function renderMessages(
  template: PromptTemplate,
  kept: SpanMask | "all",
  slots: Readonly<Record<string, string>>,
  inputId?: string,
): Message[] {
  const ranges = keptRanges(template, kept === "all" ? new Set() : deletedSpans(template, kept));
  return template.messages.flatMap((message, index) => {
    const keptOfMessage = ranges[index];
    if (!keptOfMessage) return [];
    const own = template.slots.filter((slot) => slot.message === index);
    const content = keptOfMessage
      .map((range) =>
        fill(template, message.content, { range, slots: own, values: slots, inputId }),
      )
      .join("");
    return [{ role: message.role, content }];
  });
}

interface Filling {
  readonly range: TextRange;
  readonly slots: readonly Slot[];
  readonly values: Readonly<Record<string, string>>;
  readonly inputId: string | undefined;
}

function fill(template: PromptTemplate, content: string, filling: Filling): string {
  let text = "";
  let at = filling.range.start;
  for (const slot of filling.slots) {
    if (slot.start < at || slot.end > filling.range.end) continue;
    text += content.slice(at, slot.start) + valueOf(template, slot, filling);
    at = slot.end;
  }
  return text + content.slice(at, filling.range.end);
}

function valueOf(template: PromptTemplate, slot: Slot, filling: Filling): string {
  const value = Object.hasOwn(filling.values, slot.name) ? filling.values[slot.name] : undefined;
  if (value !== undefined) return value;
  const whose = filling.inputId === undefined ? "" : ` in input ${JSON.stringify(filling.inputId)}`;
  throw new UnderstudyError("SLOT_UNDEFINED", `the slot \`${slot.name}\` has no value${whose}`, {
    place: {
      path: slot.source.path ?? template.path,
      line: slot.source.startLine,
      column: slot.source.startColumn,
    },
    fix: `give every input a value for \`${slot.name}\`, or take the slot out of the prompt`,
  });
}
