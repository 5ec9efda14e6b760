import { describe, expect, test } from "@jest/globals";
import type { Input } from "../../src/domain.js";
import { checkPrompt, parsePrompt, slotProblems } from "../../src/prompts/index.js";

const input = (id: string, slots: Record<string, string>): Input => ({
  id,
  slots,
  expected: null,
  line: 1,
});

describe("checks without an oracle", () => {
  test("a clean prompt has no problems", () => {
    expect(
      checkPrompt(
        parsePrompt("prompts/a.txt", "Sort the ticket into a class.\nNever guess.\n\n{{t}}"),
        [input("1", { t: "x" })],
      ),
    ).toEqual([]);
  });

  test("undefined and unused slots", () => {
    const template = parsePrompt("prompts/a.txt", "Sort {{t}} well.\nFor {{name}}.");
    expect(
      slotProblems(template, [
        input("one", { t: "x", name: "n", extra: "e" }),
        input("two", { t: "x" }),
      ]),
    ).toEqual([
      'line 2: the slot "name" has no value in 1 of 2 inputs (first: "two")',
      'the inputs give "extra", which the prompt does not use',
    ]);
    expect(slotProblems(template, [])).toEqual([]);
  });

  test("template code, with its line in the source", () => {
    const template = parsePrompt(
      "a.prompt.yml",
      "messages:\n  - role: user\n    content: |\n      Hello there.\n      {% if x %}{{t}}\n      and 5 %s\n",
    );
    expect(checkPrompt(template, [])).toEqual([
      expect.stringMatching(/^line 5: "{% if x %}" is not evaluated/),
      expect.stringMatching(/^line 6: "%s" is not evaluated/),
    ]);
  });

  test("repeated and nearly repeated sentences, but not examples, code or headings", () => {
    const template = parsePrompt(
      "prompts/a.txt",
      "Answer with one word and nothing else.\nBe polite to the customer.\n- Answer with one word, and nothing else!\nAlways answer with one word and nothing else.\n```\nAnswer with one word and nothing else.\n```\n",
    );
    expect(checkPrompt(template, [])).toEqual([
      'line 3: "- Answer with one word, and nothing else!" repeats line 1',
      'line 4: "Always answer with one word and nothing else." says nearly the same as line 1 ("Answer with one word and nothing else.")',
    ]);
  });

  test("the same example twice, with the same label and with another", () => {
    const template = parsePrompt(
      "prompts/a.txt",
      "Q: it crashes\nA: bug\n\nQ: It  crashes!\nA: billing\n\nQ: it crashes\nA: Bug\n\nQ: no login\nA: account\n",
    );
    expect(checkPrompt(template, [])).toEqual([
      'line 4: the example gives "billing" for the input that line 1 labels "bug"',
      "line 7: the example repeats the one on line 1",
    ]);
  });
});
