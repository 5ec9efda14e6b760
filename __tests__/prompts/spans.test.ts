import { describe, expect, test } from "@jest/globals";
import type { Demonstration, PromptTemplate } from "../../src/domain.js";
import {
  atGranularity,
  checkPrompt,
  demonstrationSpans,
  maskableSpans,
  MOST_MASKABLE_SPANS,
  parsePrompt,
  spansAt,
} from "../../src/prompts/index.js";

function text(content: string): PromptTemplate {
  return parsePrompt("prompts/a.txt", content);
}

/** Each span as "protection|kind: text", with "-" for maskable. */
function listing(template: PromptTemplate): string[] {
  return template.spans.map(
    (span) => `${span.protection ?? "-"}|${span.kind}: ${span.text.trimEnd()}`,
  );
}

function shown(template: PromptTemplate): Omit<Demonstration, "span">[] {
  return template.demonstrations.map(({ input, label, startLine }) => ({
    input,
    label,
    startLine,
  }));
}

describe("sentences", () => {
  test.each([
    ["Ask Dr. Smith first. Then answer.", ["Ask Dr. Smith first. ", "Then answer."]],
    [
      "Use short words, e.g. Yes or no, i.e. Nothing else. See sec. 3 too.",
      ["Use short words, e.g. Yes or no, i.e. Nothing else. ", "See sec. 3 too."],
    ],
    [
      "Step 1. Read the ticket. Step 2. Answer it.",
      ["Step 1. Read the ticket. ", "Step 2. Answer it."],
    ],
    [
      "Version v1.2.3 costs 3.5 dollars. No. 5 is free.",
      ["Version v1.2.3 costs 3.5 dollars. ", "No. 5 is free."],
    ],
    [
      "Write to J. Smith today. Wait! Do not send it.",
      ["Write to J. Smith today. Wait! ", "Do not send it."],
    ],
    ["Yes. Always reply in English.", ["Yes. Always reply in English."]],
    ["请只回答一个词。不要解释原因。", ["请只回答一个词。", "不要解释原因。"]],
    [
      "This sentence was wrapped\nby hand over two lines. This one was not.\nAnother line here.",
      [
        "This sentence was wrapped\nby hand over two lines. ",
        "This one was not.\n",
        "Another line here.",
      ],
    ],
    [
      "Answer {{a. B}} now please. Use {% if x. Y %} carefully here.",
      ["Answer {{a. B}} now please. ", "Use {% if x. Y %} carefully here."],
    ],
  ])("%j", (content, expected) => {
    expect(text(content).spans.map((span) => span.text)).toEqual(expected);
  });

  test("list items, tables and code stay whole; indentation goes with its line", () => {
    const template = text(
      'Rules follow here:\n- One. Two. Three.\n  goes on. And on.\n  - nested item here\n| a. B. | c |\n| d | e |\n```\nx. Y.\n\nz\n```\n{\n  "a": 1\n}\nThe end of it.',
    );
    expect(template.spans.map((span) => span.text)).toEqual([
      "Rules follow here:\n",
      "- One. Two. Three.\n  goes on. And on.\n",
      "  - nested item here\n",
      "| a. B. | c |\n| d | e |\n",
      "```\nx. Y.\n\nz\n```\n",
      '{\n  "a": 1\n}\n',
      "The end of it.",
    ]);
  });
});

describe("protected spans", () => {
  test("headings, rules, lone tags, slots, the answer's prefix", () => {
    const template = text(
      "# Task\nSort the ticket below.\n\nRULES\n---\nNever guess a label.\n<ticket>\n{{ticket}}\n</ticket>\nBe brief with {{name}} please.\nTicket title:\n{{title}}\n\nAnswer:",
    );
    expect(listing(template)).toEqual([
      "delimiter|sentence: # Task",
      "-|sentence: Sort the ticket below.",
      "delimiter|sentence: RULES",
      "delimiter|sentence: ---",
      "-|sentence: Never guess a label.",
      "delimiter|sentence: <ticket>",
      "query|sentence: {{ticket}}",
      "delimiter|sentence: </ticket>",
      "query|sentence: Be brief with {{name}} please.",
      "delimiter|sentence: Ticket title:",
      "query|sentence: {{title}}",
      "delimiter|sentence: Answer:",
    ]);
  });

  test("slots outside the asking turn, template code, the whole asking turn without a slot, an answer's beginning", () => {
    const messages = [
      {
        role: "system",
        content: "Help {{name}} today. Stay calm always.\n{% if x %}\nDo this too.\n",
      },
      { role: "user", content: "What is new? Tell me now." },
      { role: "assistant", content: "The news are" },
    ];
    expect(listing(parsePrompt("a.prompt.json", JSON.stringify(messages)))).toEqual([
      "slot|sentence: Help {{name}} today.",
      "-|sentence: Stay calm always.",
      "slot|sentence: {% if x %}",
      "-|sentence: Do this too.",
      "query|sentence: What is new?",
      "query|sentence: Tell me now.",
      "query|sentence: The news are",
    ]);
  });

  test.each([
    ["{{x}}", "a {{x}} {y} ${z}", ["x"]],
    ["${x}", "a ${x} {y}", ["x"]],
    ["%(x)s", "a %(x)s {y}", ["x"]],
    ["{x}", 'a {x} {y_1} {3} {"json": 1} x^{n} \\frac{a}{b}', ["x", "y_1"]],
    [
      "{{{x}}}",
      "a {{{x}}} {{ y }} {{- z -}} {{$input}} {{user.name}}",
      ["x", "y", "z", "input", "user.name"],
    ],
    ["none", "nothing here, 100 %s", []],
    ["block helpers", "{{#each items}} {{x}} {{else}} {{/each}}", ["x"]],
  ])("slots written as %s", (_, content, names) => {
    expect(text(content).slots.map((slot) => slot.name)).toEqual(names);
  });

  test("a .prompt.yml knows double braces only", () => {
    expect(
      parsePrompt("a.prompt.yml", "messages:\n  - role: user\n    content: Use {x} and ${y}.\n")
        .slots,
    ).toEqual([]);
  });

  test("what the author pins: a line, the line after a lone comment, a heading's section, an example, a YAML scalar", () => {
    const pinned = (content: string): string[] =>
      text(content)
        .spans.filter((span) => span.protection === "pinned")
        .map((span) => span.text.trim());
    expect(
      pinned(
        "Go now please.\nStay here always. Never leave it. <!-- understudy: keep -->\nCome back soon.",
      ),
    ).toEqual(["Stay here always.", "Never leave it.", "<!-- understudy: keep -->"]);
    expect(
      pinned("Go now please.\n# understudy: keep\nStay here always.\nCome back soon."),
    ).toEqual(["# understudy: keep", "Stay here always."]);
    expect(
      pinned(
        "# A <!-- understudy: keep -->\nStay here always.\n## Sub\nMe too please.\n# B\nCome back soon.",
      ),
    ).toHaveLength(4);
    expect(pinned("Q: a b c\nA: d  # understudy: keep\n\nQ: e f g\nA: h\n")).toEqual([
      "Q: a b c\nA: d  # understudy: keep",
    ]);
    expect(shown(text("Q: a b c\nA: d  # understudy: keep\n\nQ: e f g\nA: h\n"))[0]).toMatchObject({
      input: "a b c",
      label: "d",
    });
    const yaml = parsePrompt(
      "a.prompt.yml",
      "messages:\n  - role: system\n    content: | # understudy: keep\n      Stay here always.\n  - role: system\n    content: Go now please. # understudy: keep\n  - role: user\n    content: '{{x}}'\n",
    );
    expect(yaml.spans.map((span) => span.protection)).toEqual(["pinned", "pinned", "query"]);
  });
});

describe("few-shot examples", () => {
  test("user and assistant turns before the asking turn are one span of two parts", () => {
    const messages = [
      ["system", "Sort it please."],
      ["user", "Ticket: it crashes"],
      ["assistant", "bug"],
      ["user", "Ticket: {{t}}"],
    ].map(([role, content]) => ({ role, content }));
    const template = parsePrompt("a.prompt.json", JSON.stringify(messages));
    expect(template.spans[1]?.parts.map((part) => part.message)).toEqual([1, 2]);
    expect(template.spans[1]).toMatchObject({
      kind: "example",
      text: "Ticket: it crashes\nbug",
      protection: null,
    });
    expect(shown(template)).toEqual([{ input: "it crashes", label: "bug", startLine: 1 }]);
  });

  test("an input is what would stand in the slot; where only one side of it matches, it is not known", () => {
    const demonstrated = (user: string, query: string): string | null | undefined =>
      parsePrompt(
        "a.prompt.json",
        JSON.stringify(
          [
            ["user", user],
            ["assistant", "x"],
            ["user", query],
          ].map(([role, content]) => ({ role, content })),
        ),
      ).demonstrations[0]?.input;
    expect(demonstrated("<t>hello there</t>", "<t>{{t}}</t>")).toBe("hello there");
    expect(demonstrated("hello there", "Sort this: {{t}}")).toBe("hello there");
    expect(demonstrated("<t>hello there", "<t>{{t}}</t>")).toBeNull();
    expect(demonstrated("hello there", "{{t}} for {{name}}")).toBe("hello there");
  });

  test("label lines, with the query left out and instructions after the last example left alone", () => {
    const template = text(
      "Sort the ticket.\n\nInput: it crashes\nat start\nOutput: bug\n\nInput: too much money\nOutput: billing\nReasoning: about money\n\nNow sort this one.\n\nInput: {{t}}\nOutput:",
    );
    expect(listing(template)).toEqual([
      "-|sentence: Sort the ticket.",
      "-|example: Input: it crashes\nat start\nOutput: bug",
      "-|example: Input: too much money\nOutput: billing\nReasoning: about money",
      "-|sentence: Now sort this one.",
      "query|sentence: Input: {{t}}\nOutput:",
    ]);
    expect(shown(template)).toEqual([
      { input: "it crashes\nat start", label: "bug", startLine: 3 },
      { input: "too much money", label: "billing", startLine: 7 },
    ]);
  });

  test("headers and rules around examples go with them; quotes that the query has too are no part of the input", () => {
    const template = text(
      '### Example 1\nQ: "a b"\nA: x\n\n---\n### Example 2\nQ: "c d"\nA: y\n\n---\n\nQ: "{{q}}"\nA:',
    );
    expect(template.spans.map((span) => span.kind)).toEqual([
      "example",
      "sentence",
      "example",
      "sentence",
      "sentence",
    ]);
    expect(shown(template).map((demonstration) => demonstration.input)).toEqual(["a b", "c d"]);
  });

  test("a pair with a slot in it is never masked and no demonstration to leave out", () => {
    const template = parsePrompt(
      "a.prompt.json",
      JSON.stringify([
        { role: "user", content: "Context: {{context}}" },
        { role: "assistant", content: "Understood." },
        { role: "user", content: "{{q}}" },
      ]),
    );
    expect(template.spans[0]).toMatchObject({ kind: "example", protection: "slot" });
    expect(demonstrationSpans(template)).toEqual([]);
  });

  test("an answer of several paragraphs belongs to its example where another follows", () => {
    const template = text("Q: a b\nA: think\n\nso it is x\n\nQ: c d\nA: y\n\nNow do the rest.");
    expect(template.spans.map((span) => span.text.trim())).toEqual([
      "Q: a b\nA: think\n\nso it is x",
      "Q: c d\nA: y",
      "Now do the rest.",
    ]);
  });

  test("other labels only where they repeat beyond doubt", () => {
    const rows = (count: number): string =>
      Array.from({ length: count }, (_, index) => `Fruit: apple ${index}\nColour: red\n`).join(
        "\n",
      );
    expect(text(rows(2)).demonstrations).toEqual([]);
    expect(shown(text(rows(3))).map((demonstration) => demonstration.label)).toEqual([
      "red",
      "red",
      "red",
    ]);
    expect(text(`${rows(2)}\nFruit: {{f}}\nColour:`).demonstrations).toHaveLength(2);
  });

  test("elements, JSON lines, sections, quoted text with an arrow", () => {
    expect(
      shown(
        text(
          "<examples>\n<example>\n<input>a b</input>\n<output>x</output>\n</example>\n<example>\nInput: c\nOutput: y\n</example>\n</examples>",
        ),
      ),
    ).toEqual([
      { input: "a b", label: "x", startLine: 2 },
      { input: "c", label: "y", startLine: 6 },
    ]);
    expect(
      shown(
        text(
          'Examples follow here:\n{"text": "a b", "label": "x"}\n{"text": "c \\"d\\"", "label": "y"}\n',
        ),
      ),
    ).toEqual([
      { input: "a b", label: "x", startLine: 2 },
      { input: null, label: null, startLine: 3 },
    ]);
    expect(
      shown(
        text(
          "# Task\nSort them all.\n## Example 1\nsome text\n## Example 2\nmore text\n# End\nDo it now.",
        ),
      ),
    ).toEqual([
      { input: null, label: null, startLine: 3 },
      { input: null, label: null, startLine: 5 },
    ]);
    expect(
      shown(text('- "too dear" -> billing\n- "no login" -> account\n- "crash" -> bug\n')),
    ).toEqual([
      { input: "too dear", label: "billing", startLine: 1 },
      { input: "no login", label: "account", startLine: 2 },
      { input: "crash", label: "bug", startLine: 3 },
    ]);
  });

  test.each([
    ["two outputs", "Q: a b\nLabel: x\nPriority: y\n\nQ: c d\nLabel: x\nPriority: z\n"],
    ["an output in code", "Q: a b\nA: ```\nx\n```\n\nQ: c d\nA: ```\ny\n```\n"],
    ["an empty output", "<example>\nQ: a b\nA:\n</example>"],
  ])("%s: the label is not guessed", (_, content) => {
    expect(
      text(content).demonstrations.every(
        (demonstration) => demonstration.label === null && demonstration.input === null,
      ),
    ).toBe(true);
  });
});

describe("granularity", () => {
  const long = `# Rules\n${Array.from({ length: 40 }, (_, index) => `- Rule number ${index} says something.`).join("\n")}\n\n# More\n${Array.from({ length: 40 }, (_, index) => `Sentence number ${index} is here.`).join(" ")}\n\nQ: a\nA: b\n\nQ: c\nA: d\n\nTicket {{t}} follows.`;

  test("neighbours are merged until an explanation can carry them, examples are not, and the report says so", () => {
    const template = text(long);
    expect(maskableSpans(template)).toHaveLength(MOST_MASKABLE_SPANS);
    expect(template.spans.filter((span) => span.kind === "example")).toHaveLength(2);
    expect(
      maskableSpans(parsePrompt("prompts/a.txt", long, { mostMaskableSpans: Infinity })),
    ).toHaveLength(82);
    expect(checkPrompt(template, [])).toContain(
      "82 sentences and examples are judged in 48 pieces: neighbours were merged",
    );
    expect(
      template.spans.every((span) => span.kind !== "section" || !span.text.includes("#")),
    ).toBe(true);
  });

  test("a section goes with its heading unless something in it must stay", () => {
    const template = text(
      "Begin here now.\n# One\nFirst rule here. Second rule here.\n# Two\nThird rule here.\nUse {{t}} well.\nFourth rule here.\n<a>\nFifth rule here.\n</a>\nSixth rule here.",
    );
    expect(spansAt(template, "section").map((span) => [span.protection, span.text.trim()])).toEqual(
      [
        [null, "Begin here now."],
        [null, "# One\nFirst rule here. Second rule here."],
        ["delimiter", "# Two"],
        [null, "Third rule here."],
        ["query", "Use {{t}} well."],
        [null, "Fourth rule here."],
        [null, "<a>\nFifth rule here.\n</a>"],
        [null, "Sixth rule here."],
      ],
    );
    expect(maskableSpans(template, "section")).toEqual([0, 1, 3, 5, 6, 7]);
    expect(spansAt(atGranularity(template, "section"), "section")).toEqual(
      spansAt(template, "section"),
    );
  });

  test("a tag is never masked without its counterpart", () => {
    const template = text("<a>\nFirst rule here.\n# Two\nSecond rule here.\n</a>\nUse {{t}} well.");
    for (const span of spansAt(template, "section"))
      if (span.protection === null)
        expect((span.text.match(/<a>/g) ?? []).length).toBe(
          (span.text.match(/<\/a>/g) ?? []).length,
        );
  });
});
