import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Message, PromptTemplate } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import {
  deleteSpans,
  maskableSpans,
  parsePrompt,
  renderMessages,
} from "../../src/prompts/index.js";
import { promptFile } from "./arbitraries.js";

function masked(template: PromptTemplate, deleted: readonly number[]): Message[] {
  const maskable = maskableSpans(template);
  const slots = Object.fromEntries(template.slots.map((slot) => [slot.name, `<${slot.name}>`]));
  return renderMessages(
    template,
    { mask: Uint8Array.from(maskable, (span) => (deleted.includes(span) ? 0 : 1)), maskable },
    slots,
  );
}

function rendered(template: PromptTemplate): Message[] {
  return renderMessages(
    template,
    "all",
    Object.fromEntries(template.slots.map((slot) => [slot.name, `<${slot.name}>`])),
  );
}

describe("deleting spans from the file", () => {
  test("gives a file that reads as the masked prompt, in every format", () => {
    let deletions = 0;
    fc.assert(
      fc.property(
        promptFile,
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        (file, choices) => {
          let template: PromptTemplate;
          try {
            template = parsePrompt(file.path, file.text);
          } catch (thrown) {
            if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return;
            throw thrown;
          }
          const deleted = maskableSpans(template).filter((_, index) => choices[index % 60]);
          const expected = masked(template, deleted);
          if (expected.some((message) => message.content.trim() === "")) return;
          const shorter = parsePrompt(file.path, deleteSpans(template, deleted).text);
          if (deleted.length > 0) deletions++;
          expect(rendered(shorter)).toEqual(expected);
          expect(shorter.model).toBe(template.model);
          expect(shorter.embeddedInputs.map((input) => input.slots)).toEqual(
            template.embeddedInputs.map((input) => input.slots),
          );
        },
      ),
      { numRuns: 250 },
    );
    expect(deletions).toBeGreaterThan(150);
  });

  const yaml = `# the prompt
name: triage
messages:
  - role: system
    content: |
      Sort the ticket. Be polite, e.g. say please. Never guess.

      # Rules
      - Billing: charges.

      - Account: login.
      Always answer.
  # first example
  - role: user
    content: it crashes
  - role: assistant
    content: bug
  - role: user # second
    content: too dear
  - role: assistant
    content: billing

  # the ticket
  - role: user
    content: "Read it well. {{ticket}}"
model: m
`;

  test("leaves the rest of the file as it was", () => {
    const template = parsePrompt("t.prompt.yml", yaml);
    const named = (...texts: string[]): number[] =>
      template.spans
        .filter((span) => texts.some((text) => span.text.startsWith(text)))
        .map((span) => span.index);
    expect(deleteSpans(template, named("Be polite", "Never", "- Account", "it crashes")).text).toBe(
      yaml
        .replace(" Be polite, e.g. say please. Never guess.", "")
        .replace("      - Account: login.\n", "")
        .replace(/  # first example[\s\S]*?content: bug\n/, ""),
    );
    expect(deleteSpans(template, named("too dear", "Always", "Sort")).text).toBe(
      yaml
        .replace("Sort the ticket. ", "")
        .replace("\n      Always answer.", "")
        .replace(/  - role: user # second[\s\S]*?content: billing\n\n/, ""),
    );
    expect(deleteSpans(template, []).text).toBe(yaml);
  });

  test("keeps the layout around what goes", () => {
    const after = (content: string, ...gone: string[]): string => {
      const template = parsePrompt("prompts/a.txt", content);
      return deleteSpans(
        template,
        template.spans
          .filter((span) => gone.some((text) => span.text.startsWith(text)))
          .map((span) => span.index),
      ).text;
    };
    expect(after("Do this first. Then do that.\n- an item here\n", "Then")).toBe(
      "Do this first.\n- an item here\n",
    );
    expect(after("Do this first.\n\nThen do that.\n\nAnd rest now.", "Then")).toBe(
      "Do this first.\n\nAnd rest now.",
    );
    expect(after("Do this first.\nThen do that.\n\nAnd rest now.", "Then")).toBe(
      "Do this first.\n\nAnd rest now.",
    );
    expect(after("Do this first.\n\nThen do that.\n", "Then")).toBe("Do this first.\n");
    expect(after("# One\n- an item here\n  - a nested item\n", "- an")).toBe(
      "# One\n  - a nested item\n",
    );
  });

  test("takes messages out of a JSON list with their commas", () => {
    const list =
      '[\n  {"role": "user", "content": "it crashes"},\n  {"role": "assistant", "content": "bug"},\n  {"role": "system", "content": "Stay calm always."},\n  {"role": "user", "content": "{{t}}"}\n]\n';
    const template = parsePrompt("a.prompt.json", list);
    expect(deleteSpans(template, [0]).text).toBe(
      '[\n  {"role": "system", "content": "Stay calm always."},\n  {"role": "user", "content": "{{t}}"}\n]\n',
    );
  });

  test("refuses protected spans, unknown spans, and what it cannot do without changing something else", () => {
    const template = parsePrompt("t.prompt.yml", yaml);
    const slot = template.spans.find((span) => span.protection === "query")?.index ?? -1;
    expect(() => deleteSpans(template, [slot])).toThrow(/protected \(query\)/);
    expect(() => deleteSpans(template, [99])).toThrow(/span 99/);
    expect(() => deleteSpans(parsePrompt("prompts/a.txt", "Only one sentence."), [0])).toThrow(
      /nothing would be left/,
    );
    const shared = parsePrompt(
      "t.prompt.yml",
      "s: &s First one here. Second one here.\nmessages:\n  - {role: system, content: *s}\n  - {role: system, content: *s}\n  - {role: user, content: '{{x}}'}\n",
    );
    expect(() => deleteSpans(shared, [0])).toThrow(/no edit of the file/);
  });

  test("refuses to change what else the document says, through an alias", () => {
    const yaml = "other: &t First one here. Second one here.\np: *t\nq: Alone here. Twice here.\n";
    const shared = parsePrompt("x.yaml", yaml, { name: "p" });
    expect(() => deleteSpans(shared, [0])).toThrow(/no edit of the file/);
    const alone = parsePrompt("x.yaml", yaml, { name: "q" });
    expect(deleteSpans(alone, [0]).text).toBe(yaml.replace("Alone here. ", ""));
  });
});
