import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PromptTemplate, Span } from "../../src/domain.js";
import {
  atGranularity,
  maskableSpans,
  parsePrompt,
  renderMessages,
  spansAt,
} from "../../src/prompts/index.js";
import { UnderstudyError } from "../../src/errors.js";
import { promptFile, type PromptFile } from "./arbitraries.js";

/** A file whose front matter a random text happened to break is a syntax error and nothing else. */
function parsed(file: PromptFile, mostMaskableSpans?: number): PromptTemplate | null {
  try {
    return parsePrompt(
      file.path,
      file.text,
      mostMaskableSpans === undefined ? {} : { mostMaskableSpans },
    );
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return null;
    throw thrown;
  }
}

function expectPartition(template: PromptTemplate, spans: readonly Span[]): void {
  const parts = spans.flatMap((span) => span.parts);
  template.messages.forEach((message, index) => {
    const own = parts.filter((part) => part.message === index);
    expect(own.map((part) => message.content.slice(part.start, part.end)).join("")).toBe(
      message.content,
    );
    own.forEach((part, at) => expect(part.start).toBe(at === 0 ? 0 : own[at - 1]?.end));
  });
  expect(parts.every((part) => part.end > part.start)).toBe(true);
  expect(spans.map((span) => span.index)).toEqual(spans.map((_, index) => index));
}

describe("the spans of any prompt file", () => {
  test("partition its messages at every granularity", () => {
    let read = 0;
    fc.assert(
      fc.property(promptFile, fc.constantFrom(3, 8, 48, Infinity), (file, most) => {
        const template = parsed(file, most);
        if (!template) return;
        read++;
        expectPartition(template, template.spans);
        expectPartition(template, spansAt(template, "section"));
      }),
      { numRuns: 200 },
    );
    expect(read).toBeGreaterThan(170);
  });

  test("never hold only white space, cut a slot or a surrogate pair, or let a slot be masked", () => {
    fc.assert(
      fc.property(promptFile, (file) => {
        const template = parsed(file);
        if (!template) return;
        for (const span of template.spans) {
          for (const part of span.parts) {
            const text = template.messages[part.message]?.content.slice(part.start, part.end) ?? "";
            expect(text.trim()).not.toBe("");
            expect(/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(text)).toBe(false);
            const slots = template.slots.filter(
              (slot) =>
                slot.message === part.message && slot.start < part.end && part.start < slot.end,
            );
            expect(slots.every((slot) => slot.start >= part.start && slot.end <= part.end)).toBe(
              true,
            );
            if (slots.length > 0) expect(span.protection).not.toBeNull();
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("stand in the source in order, each part after the one before it", () => {
    fc.assert(
      fc.property(promptFile, (file) => {
        const template = parsed(file);
        if (!template) return;
        const parts = template.spans.flatMap((span) => span.parts);
        parts.forEach((part, index) => {
          expect(part.source.endOffset).toBeLessThanOrEqual(file.text.length);
          const before = parts[index - 1];
          if (before)
            expect(part.source.startOffset).toBeGreaterThanOrEqual(
              before.source.endOffset - (before.message === part.message ? 0 : 1),
            );
        });
      }),
      { numRuns: 100 },
    );
  });

  test("render whole to the messages as written", () => {
    fc.assert(
      fc.property(promptFile, (file) => {
        const template = parsed(file);
        if (!template) return;
        const values = Object.fromEntries(
          template.slots.map((slot) => [
            slot.name,
            template.messages[slot.message]?.content.slice(slot.start, slot.end) ?? "",
          ]),
        );
        expect(renderMessages(template, "all", values)).toEqual(template.messages);
        const maskable = maskableSpans(template);
        expect(
          renderMessages(
            template,
            { mask: new Uint8Array(maskable.length).fill(1), maskable },
            values,
          ),
        ).toEqual(template.messages);
      }),
      { numRuns: 200 },
    );
  });

  test("keep every demonstration at the section level", () => {
    fc.assert(
      fc.property(promptFile, (file) => {
        const template = parsed(file);
        if (!template) return;
        const coarse = atGranularity(template, "section");
        expect(coarse.demonstrations.map((shown) => coarse.spans[shown.span]?.text)).toEqual(
          template.demonstrations.map((shown) => template.spans[shown.span]?.text),
        );
      }),
      { numRuns: 200 },
    );
  });
});
