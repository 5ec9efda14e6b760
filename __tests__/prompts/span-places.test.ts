import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePrompt, placeSpans, renderMessages } from "../../src/prompts/index.js";
import { promptFile } from "./arbitraries.js";

describe("places of spans in the rendered prompt", () => {
  test("hold each part's text with its slots filled, whatever these say", () => {
    fc.assert(
      fc.property(promptFile, fc.string(), ({ path, text }, filling) => {
        const template = parsePrompt(path, text);
        const slots = Object.fromEntries(template.slots.map(({ name }) => [name, filling]));
        const messages = renderMessages(template, "all", slots);
        const places = placeSpans(template, slots);
        for (const [index, span] of template.spans.entries()) {
          const rendered = (places[index] ?? []).map(({ message, start, end }) =>
            (messages[message]?.content ?? "").slice(start, end),
          );
          const written = span.parts.map(({ message, start, end }) => {
            const content = template.messages[message]?.content ?? "";
            // From behind, so that what is filled in does not move what comes before it.
            return template.slots
              .filter((slot) => slot.message === message && slot.start >= start && slot.end <= end)
              .sort((a, b) => b.start - a.start)
              .reduce(
                (piece, slot) =>
                  piece.slice(0, slot.start - start) + filling + piece.slice(slot.end - start),
                content.slice(start, end),
              );
          });
          expect(rendered).toEqual(written);
        }
      }),
    );
  });

  test("shift by what slots before them grow or shrink", () => {
    const template = parsePrompt(
      "a.prompt.json",
      JSON.stringify([{ role: "user", content: "{{a}}\n\nFirst.\n\n{{long_name}}\n\nThird." }]),
    );
    const slots = { a: "longer than it was", long_name: "x" };
    const [message] = renderMessages(template, "all", slots);
    const texts = placeSpans(template, slots).map((places) =>
      places.map(({ start, end }) => message?.content.slice(start, end).trim()).join("|"),
    );
    expect(texts).toContain("First.");
    expect(texts.at(-1)).toBe("Third.");
  });
});
