import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Message } from "../../src/domain.js";
import { noOpEdits } from "../../src/prompts/no-op-edits.js";

const contents = (edits: readonly (readonly Message[])[]): string[][] =>
  edits.map((messages) => messages.map(({ content }) => content));

const message = (role: Message["role"], content: string): Message => ({ role, content });

describe("edits that change nothing", () => {
  test("double spaces between words at its quarters, and add a line end", () => {
    const prompt = [message("system", "one two three"), message("user", "four five six")];
    expect(contents(noOpEdits(prompt))).toEqual([
      ["one two  three", "four five six"],
      ["one two three", "four  five six"],
      ["one two three", "four five  six"],
      ["one two three", "four five six\n"],
    ]);
  });

  test("leave indentation, lists and tables alone", () => {
    const prompt = [message("user", "- a\n  - b\n| c | d |\n    code = 1")];
    expect(contents(noOpEdits(prompt))).toEqual(
      ["\n", " ", "\n\n", " \n"].map((end) => [`${prompt[0]?.content}${end}`]),
    );
  });

  test("are four, all different, with the same words, roles and order, whatever the prompt", () => {
    const content = fc
      .array(fc.constantFrom("a", "zwei", " ", "  ", "\n", "漢", "é", "- "), { maxLength: 12 })
      .map((parts) => parts.join(""));
    const prompts = fc.array(
      fc.record({ role: fc.constantFrom<Message["role"]>("system", "user"), content }),
      { minLength: 1, maxLength: 3 },
    );
    const words = (messages: readonly Message[]) =>
      messages.map((one) => [one.role, one.content.split(/\s+/).join(" ").trim()]);
    fc.assert(
      fc.property(prompts, (prompt) => {
        const edits = noOpEdits(prompt);
        expect(new Set([prompt, ...edits].map((one) => JSON.stringify(one))).size).toBe(5);
        edits.forEach((edit) => expect(words(edit)).toEqual(words(prompt)));
      }),
    );
  });
});
