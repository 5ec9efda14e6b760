/** Templates with their demonstrations shuffled, thinned out and relabelled: what is asked, read back. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  canRelabel,
  demonstrationSpans,
  parsePrompt,
  relabelled,
  renderDemonstrations,
  renderMessages,
} from "../../src/prompts/index.js";
import "../property-seed.js";

const SHOWN = [
  ["When will my card arrive?", "CARDS"],
  ["Where is a machine?", "MACHINES"],
  ["What is the fee?", "BILLING"],
  ["Close my account.", "OFFICE"],
] as const;

const chat = parsePrompt(
  "prompts/a.prompt.json",
  JSON.stringify([
    { role: "system", content: "Sort it. Be kind." },
    ...SHOWN.flatMap(([user, assistant]) => [
      { role: "user", content: user },
      { role: "assistant", content: assistant },
    ]),
    { role: "user", content: "{{ticket}}" },
  ]),
);
const text = parsePrompt(
  "prompts/a.txt",
  `Sort the {{kind}} tickets.\n\n${SHOWN.map(([input, label]) => `Ticket: ${input}\nQueue: ${label}`).join("\n\n")}\n\nTicket: {{ticket}}\nQueue:`,
);
const SLOTS = { kind: "new", ticket: "Hello {{ticket}}" };
const orders = fc.shuffledSubarray([0, 1, 2, 3]);

function contentsOf(messages: readonly { readonly content: string }[]): string[] {
  return messages.map(({ content }) => content);
}

describe("demonstrations in another order", () => {
  test("are shown as chat pairs, the rest as it was", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const spans = demonstrationSpans(chat);
        const shown = order.flatMap((index) => spans[index] ?? []);
        expect(contentsOf(renderDemonstrations(chat, shown, SLOTS))).toEqual([
          "Sort it. Be kind.",
          ...order.flatMap((index) => SHOWN[index] ?? []),
          "Hello {{ticket}}",
        ]);
      }),
    );
  });

  test("are shown in running text with one blank line between them, and slots before and after filled", () => {
    fc.assert(
      fc.property(orders, (order) => {
        const spans = demonstrationSpans(text);
        const shown = order.flatMap((index) => spans[index] ?? []);
        const blocks = order.map(
          (index) => `Ticket: ${SHOWN[index]?.[0]}\nQueue: ${SHOWN[index]?.[1]}`,
        );
        expect(contentsOf(renderDemonstrations(text, shown, SLOTS))).toEqual([
          ["Sort the new tickets.", ...blocks, "Ticket: Hello {{ticket}}\nQueue:"].join("\n\n"),
        ]);
      }),
    );
  });

  test("as they stand in the file are the whole prompt", () => {
    for (const template of [chat, text])
      expect(renderDemonstrations(template, demonstrationSpans(template), SLOTS)).toEqual(
        renderMessages(template, "all", SLOTS),
      );
  });

  test("that are none, or twice, are refused", () => {
    expect(() => renderDemonstrations(chat, [0], SLOTS)).toThrow(/no demonstrations/);
    const [first = -1] = demonstrationSpans(chat);
    expect(() => renderDemonstrations(chat, [first, first], SLOTS)).toThrow(/no demonstrations/);
  });
});

describe("demonstrations with another label", () => {
  test("change that label and nothing else", () => {
    for (const template of [chat, text]) {
      const whole = contentsOf(renderMessages(template, "all", SLOTS)).join("\n");
      const changed = template.demonstrations[1];
      expect(changed && canRelabel(template, changed)).toBe(true);
      const other = relabelled(template, new Map([[changed?.span ?? -1, "A LONGER LABEL"]]));
      expect(contentsOf(renderMessages(other, "all", SLOTS)).join("\n")).toBe(
        whole.replace("MACHINES", "A LONGER LABEL"),
      );
    }
  });

  test("find the label beside the same word in the input", () => {
    const same = parsePrompt(
      "prompts/b.txt",
      "Text: I like cards\nLabel: cards\n\nText: so what\nLabel: other\n\nText: {{q}}\nLabel:",
    );
    const shown = relabelled(same, new Map([[same.demonstrations[0]?.span ?? -1, "games"]]));
    expect(renderMessages(shown, "all", { q: "x" })[0]?.content).toContain(
      "Text: I like cards\nLabel: games\n\n",
    );
  });

  test("are left alone where the label's place is not certain", () => {
    const twice = parsePrompt(
      "prompts/b.txt",
      "Text: cards\nLabel: cards\n\nText: so what\nLabel: other\n\nText: {{q}}\nLabel:",
    );
    const [first] = twice.demonstrations;
    expect(first && canRelabel(twice, first)).toBe(false);
    const shown = relabelled(twice, new Map([[first?.span ?? -1, "games"]]));
    expect(renderMessages(shown, "all", { q: "x" })).toEqual(
      renderMessages(twice, "all", { q: "x" }),
    );
  });
});
