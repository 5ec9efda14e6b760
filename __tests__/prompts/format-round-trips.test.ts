import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Message, PromptTemplate, SourceRange } from "../../src/domain.js";
import {
  deleteSpans,
  maskableSpans,
  parsePrompt,
  renderMessages,
} from "../../src/prompts/index.js";
import { readSourceFile } from "../../src/prompts/formats/read.js";
import {
  jsonlFile,
  namedValueFile,
  promptfooFile,
  renderedPrompt,
  sectionsFile,
  templateFile,
} from "./format-arbitraries.js";

/** The messages with every slot filled by its own text, deleted spans gone. */
function rendered(template: PromptTemplate, deleted: readonly number[]): Message[] {
  const maskable = maskableSpans(template);
  return renderMessages(
    template,
    { mask: Uint8Array.from(maskable, (span) => (deleted.includes(span) ? 0 : 1)), maskable },
    Object.fromEntries(template.slots.map((slot) => [slot.name, `<${slot.name}>`])),
  );
}

/** Line and column by counting, both from 1. */
function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1 };
}

function expectPlace(text: string, source: SourceRange): void {
  const start = placeOf(text, source.startOffset);
  expect([source.startLine, source.startColumn]).toEqual([start.line, start.column]);
  expect(source.endLine).toBe(placeOf(text, Math.max(0, source.endOffset - 1)).line);
}

/** What a stretch of source says for one unit: itself, an escape of JSON, YAML or TOML, doubled quotes, a folded break. */
function saysUnit(source: string, unit: string): boolean {
  if (source === unit || source === `${unit}${unit}`) return true;
  if (/^\s+$/.test(source)) return unit === " " || unit === "\n";
  if (!source.startsWith("\\")) return false;
  if (/^\\\\?u[0-9a-f]{4}$/i.test(source))
    return source.toLowerCase().endsWith(unit.charCodeAt(0).toString(16));
  const last = source.slice(-1);
  return unit === ({ n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" }[last] ?? last) || unit === last;
}

describe("messages rendered into a format", () => {
  test.each([
    ["sections under role markers", sectionsFile],
    ["a template", templateFile],
    ["JSON Lines", jsonlFile],
    ["promptfoo", promptfooFile],
    ["a named value", namedValueFile],
  ])("are read back from %s", (_, files) => {
    fc.assert(
      fc.property(files, ({ path, text, name, messages }) => {
        const template = parsePrompt(path, text, { name });
        expect(template.messages).toEqual(messages);
        expect(template.name).toBe(name);
      }),
      { numRuns: 60 },
    );
  });

  test("stand, unit for unit, where they are said to stand", () => {
    fc.assert(
      fc.property(renderedPrompt, ({ path, text, name }) => {
        const file = readSourceFile(path, text, { name });
        for (const { content, opaque } of file.messages) {
          expect(opaque).toBe(false);
          for (let unit = 0; unit < content.text.length; unit++) {
            const source = text.slice(content.starts[unit], content.ends[unit]);
            if (!saysUnit(source, content.text[unit] ?? ""))
              throw new Error(
                `${JSON.stringify(source)} is said to be ${JSON.stringify(content.text[unit])}`,
              );
          }
        }
        const template = parsePrompt(path, text, { name });
        for (const { source } of template.spans) expectPlace(text, source);
        for (const slot of template.slots) {
          expectPlace(text, slot.source);
          expect(text.slice(slot.source.startOffset, slot.source.endOffset)).toContain(slot.name);
        }
      }),
      { numRuns: 120 },
    );
  });

  test("are partitioned by their spans, and template tags are never masked", () => {
    fc.assert(
      fc.property(renderedPrompt, ({ path, text, name }) => {
        const template = parsePrompt(path, text, { name });
        template.messages.forEach((message, index) => {
          const parts = template.spans.flatMap((span) => span.parts);
          const own = parts.filter((part) => part.message === index);
          expect(own.map((part) => message.content.slice(part.start, part.end)).join("")).toBe(
            message.content,
          );
        });
        const isCode = template.syntax === "jinja" || template.syntax === "liquid";
        for (const span of template.spans)
          if (span.text.includes("{{ticket}}") || (isCode && span.text.includes("{%")))
            expect(span.protection).not.toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test("are, shortened in the file, exactly the masked messages", () => {
    let deletions = 0;
    fc.assert(
      fc.property(
        renderedPrompt,
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        ({ path, text, name }, choices) => {
          const template = parsePrompt(path, text, { name });
          const deleted = maskableSpans(template).filter((_, index) => choices[index % 60]);
          const expected = rendered(template, deleted);
          if (expected.some((message) => message.content.trim() === "")) return;
          const shorter = deleteSpans(template, deleted).text;
          const again = parsePrompt(path, shorter, { name });
          if (deleted.length > 0) deletions++;
          expect(rendered(again, [])).toEqual(expected);
          expect(again.embeddedInputs.map((input) => [input.slots, input.expected])).toEqual(
            template.embeddedInputs.map((input) => [input.slots, input.expected]),
          );
        },
      ),
      { numRuns: 120 },
    );
    expect(deletions).toBeGreaterThan(70);
  });
});
