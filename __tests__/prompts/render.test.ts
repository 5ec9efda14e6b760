import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { UnderstudyError } from "../../src/errors.js";
import {
  demonstrationSpans,
  maskableSpans,
  parsePrompt,
  querySlot,
  renderMessages,
  withoutDemonstrations,
} from "../../src/prompts/index.js";

const chat = (...messages: readonly (readonly [string, string])[]): string =>
  JSON.stringify(messages.map(([role, content]) => ({ role, content })));
const template = parsePrompt(
  "a.prompt.json",
  chat(
    ["system", "Sort the ticket. Be brief now."],
    ["user", "it crashes"],
    ["assistant", "bug"],
    ["user", "Ticket: {{ticket}} by {{ name }} ({{ticket}})"],
  ),
);

describe("rendering", () => {
  test("fills slots once: a value is never read for slots or patterns", () => {
    const hostile = "{{name}} $& $1 {{ticket}} {% x %}";
    expect(
      renderMessages(template, "all", { ticket: hostile, name: "{{ticket}}", unused: "x" }).at(-1)
        ?.content,
    ).toBe(`Ticket: ${hostile} by {{ticket}} (${hostile})`);
  });

  test("any values give exactly the text around the slots", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (ticket, name) => {
        expect(renderMessages(template, "all", { ticket, name }).at(-1)?.content).toBe(
          `Ticket: ${ticket} by ${name} (${ticket})`,
        );
      }),
    );
  });

  test("drops what the mask deletes and messages with nothing left, but never the turn that asks", () => {
    const maskable = maskableSpans(template);
    expect(maskable).toEqual([0, 1, 2]);
    const values = { ticket: "t", name: "n" };
    const roles = (mask: readonly number[]): string[] =>
      renderMessages(template, { mask: Uint8Array.from(mask), maskable }, values).map(
        (message) => `${message.role}: ${message.content}`,
      );
    expect(roles([1, 0, 1])).toEqual([
      "system: Sort the ticket.",
      "user: it crashes",
      "assistant: bug",
      "user: Ticket: t by n (t)",
    ]);
    expect(roles([0, 0, 0])).toEqual(["user: Ticket: t by n (t)"]);
    const plain = parsePrompt("prompts/a.txt", "One sentence here. Another one here.");
    expect(renderMessages(plain, { mask: new Uint8Array(2), maskable: [0, 1] }, {})).toEqual([
      { role: "user", content: "" },
    ]);
  });

  test("an undefined slot is named with its place and the input", () => {
    const yaml = parsePrompt(
      "p/t.prompt.yml",
      "messages:\n  - role: user\n    content: |\n      Read this.\n      {{ticket}}\n",
    );
    const attempt = (): unknown => renderMessages(yaml, "all", { constructor: "x" }, "input-7");
    expect(attempt).toThrow(UnderstudyError);
    expect(attempt).toThrow(
      /p\/t\.prompt\.yml:5:7: the slot `ticket` has no value in input "input-7"/,
    );
    expect(() => renderMessages(parsePrompt("prompts/a.txt", "{{toString}}"), "all", {})).toThrow(
      /toString/,
    );
  });

  test("a mask of another template is refused", () => {
    expect(() => renderMessages(template, { mask: new Uint8Array(2), maskable: [0] }, {})).toThrow(
      /mask of 2/,
    );
    expect(() => renderMessages(template, { mask: new Uint8Array(1), maskable: [9] }, {})).toThrow(
      /span 9/,
    );
  });
});

describe("demonstrations", () => {
  test("zero-shot keeps everything but them, pinned ones too", () => {
    const pinned = parsePrompt(
      "prompts/a.txt",
      "Sort it please.\n\nQ: a b\nA: x <!-- understudy: keep -->\n\nQ: c d\nA: y\n\nQ: {{q}}\nA:",
    );
    expect(demonstrationSpans(pinned)).toEqual([1, 2]);
    expect(renderMessages(pinned, withoutDemonstrations(pinned), { q: "e" })).toEqual([
      { role: "user", content: "Sort it please.\n\nQ: e\nA:" },
    ]);
  });

  test("the query slot is the only slot of the turn that asks", () => {
    expect(querySlot(template)).toBeNull();
    expect(
      querySlot(
        parsePrompt(
          "a.prompt.json",
          chat(["system", "For {{name}}."], ["user", "{{q}} again {{q}}"]),
        ),
      ),
    ).toMatchObject({ name: "q", message: 1, start: 12 });
    expect(querySlot(parsePrompt("prompts/a.txt", "No slot here."))).toBeNull();
  });

  test("a demonstration asked as a query stands as it stood", () => {
    const asked = parsePrompt(
      "prompts/a.txt",
      'Q: "a b"\nA: x\n\nQ: "c d"\nA: y\n\nQ: "{{q}}"\nA:',
    );
    const slot = querySlot(asked);
    const rendered = renderMessages(asked, withoutDemonstrations(asked), {
      [slot?.name ?? ""]: asked.demonstrations[0]?.input ?? "",
    });
    expect(rendered[0]?.content).toBe('Q: "a b"\nA:');
  });
});
