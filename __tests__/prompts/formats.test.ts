import { describe, expect, test } from "@jest/globals";
import { UnderstudyError } from "../../src/errors.js";
import { parsePrompt } from "../../src/prompts/index.js";

function failure(
  path: string,
  text: string,
): {
  readonly code: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
  readonly fix: string | null;
} {
  try {
    parsePrompt(path, text);
  } catch (thrown) {
    if (thrown instanceof UnderstudyError)
      return {
        code: thrown.code,
        line: thrown.place?.line,
        column: thrown.place?.column,
        message: thrown.message,
        fix: thrown.fix,
      };
    throw thrown;
  }
  throw new Error("parsed without complaint");
}

const YAML = `name: triage
model: openai/gpt-4o-mini
modelParameters: {temperature: 0}
messages:
  - role: system
    content: |
      Sort the ticket.
  - role: user
    content: "{{ticket}}"
testData:
  - ticket: 1.10
    expected: yes
  - ticket: |
      two
      lines
  - {ticket: null, expected: false}
evaluators:
  - name: whatever
    string: {startsWith: x}
`;

describe(".prompt.yml", () => {
  test("gives messages, model and test data", () => {
    const template = parsePrompt("t.prompt.yml", YAML);
    expect(template.format).toBe("prompt-yaml");
    expect(template.model).toBe("openai/gpt-4o-mini");
    expect(template.messages).toEqual([
      { role: "system", content: "Sort the ticket.\n" },
      { role: "user", content: "{{ticket}}" },
    ]);
    expect(
      template.embeddedInputs.map(({ slots, expected, line }) => [slots["ticket"], expected, line]),
    ).toEqual([
      ["1.10", "yes", 11],
      ["two\nlines\n", null, 13],
      ["", "false", 16],
    ]);
    expect(
      template.slots.map(({ name, source }) => [name, source.startLine, source.startColumn]),
    ).toEqual([["ticket", 9, 15]]);
  });

  test("reads the same with CRLF, a byte order mark and an alias", () => {
    const plain = parsePrompt("t.prompt.yml", YAML);
    const marked = parsePrompt("t.prompt.yml", `\ufeff${YAML.replaceAll("\n", "\r\n")}`);
    expect(marked.messages).toEqual(plain.messages);
    expect(
      marked.spans.map((span) => [span.text, span.source.startLine, span.source.startColumn]),
    ).toEqual(
      plain.spans.map((span) => [span.text, span.source.startLine, span.source.startColumn]),
    );
    const aliased = parsePrompt(
      "t.prompt.yml",
      "shared: &s Be brief.\nmessages:\n  - {role: system, content: *s}\n  - {role: user, content: '{{x}}'}\n",
    );
    expect(aliased.spans[0]?.source).toMatchObject({ startLine: 1, startColumn: 12 });
  });

  const item = (fields: string): string =>
    `messages:\n  - role: user\n    content: hello\n  - ${fields}\n`;
  test.each([
    ["no messages", "name: x\n", 1, 1, /no `messages`/],
    ["a list at the root", "- a\n", 1, 1, /a list where a mapping/],
    ["messages of another type", "messages: soon\n", 1, 11, /`messages` is the text "soon"/],
    ["an empty list", "messages: []\n", 1, 11, /empty/],
    ["a message that is text", item("hi"), 4, 5, /the text "hi"/],
    [
      "an unknown role",
      item("role: tool\n    content: x"),
      4,
      11,
      /unknown role "tool"[\s\S]*system, user, assistant/,
    ],
    ["a missing content", item("role: user"), 4, 5, /without `content`/],
    ["an empty content", item("role: user\n    content: '  '"), 5, 14, /empty `content`/],
    [
      "a content that is a number",
      item("role: user\n    content: 42"),
      5,
      14,
      /`content` is the number "42"/,
    ],
    [
      "a content that is a list",
      item("role: user\n    content: [a]"),
      5,
      14,
      /`content` is a list/,
    ],
    ["a duplicate key", item("role: user\n    role: system\n    content: x"), 5, 5, /unique/],
    ["a broken quote", item('role: user\n    content: "x'), 6, 1, /not valid YAML/],
    ["a tab as indentation", "messages:\n\t- role: user\n", 2, 1, /not valid YAML/],
    ["an alias without anchor", item("role: user\n    content: *nobody"), 5, 14, /nobody/],
    [
      "test data that is no list",
      `${item("role: user\n    content: x")}testData: 3\n`,
      6,
      11,
      /`testData` is the number/,
    ],
    [
      "a test value that is a mapping",
      `${item("role: user\n    content: x")}testData:\n  - a: {b: c}\n`,
      7,
      8,
      /a mapping/,
    ],
  ])("refuses %s with its place", (_, text, line, column, message) => {
    const error = failure("a/t.prompt.yml", text);
    expect(error).toMatchObject({ code: "PROMPT_SYNTAX", line, column });
    expect(error.message).toMatch(message);
    expect(error.fix).not.toBeNull();
  });

  test("does not expand an alias bomb", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\nmessages: *d\n`;
    expect(failure("t.prompt.yml", bomb).code).toBe("PROMPT_SYNTAX");
  });

  test("takes hostile slot names as names", () => {
    const template = parsePrompt(
      "t.prompt.yml",
      "messages:\n  - role: user\n    content: '{{__proto__}}'\ntestData:\n  - __proto__: x\n    constructor: y\n",
    );
    expect(Object.keys(template.embeddedInputs[0]?.slots ?? {}).sort()).toEqual([
      "__proto__",
      "constructor",
    ]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("text and Markdown", () => {
  test("are one user message as written, without the byte order mark", () => {
    const template = parsePrompt("prompts/a.txt", "\ufeffDo one thing.\r\nThen do two.\r\n");
    expect(template.messages).toEqual([
      { role: "user", content: "Do one thing.\r\nThen do two.\r\n" },
    ]);
    expect(template.spans.map((span) => [span.text, span.source.startOffset])).toEqual([
      ["Do one thing.\r\n", 1],
      ["Then do two.\r\n", 16],
    ]);
  });

  test("keep front matter out of the message", () => {
    const template = parsePrompt(
      "prompts/a.md",
      "---\nmodel: gpt-4o\nmode: agent\n---\n# Task\nDo it.\n",
    );
    expect(template.messages[0]?.content).toBe("# Task\nDo it.\n");
    expect(template.model).toBe("gpt-4o");
    expect(template.spans[0]?.source.startLine).toBe(5);
    expect(
      parsePrompt("prompts/a.md", "---\nNot front matter.\n---\nText.\n").messages[0]?.content,
    ).toMatch(/^---/);
  });

  test("refuse an empty file and broken front matter", () => {
    expect(failure("prompts/a.txt", " \n\n")).toMatchObject({ code: "PROMPT_SYNTAX", line: 1 });
    expect(failure("prompts/a.md", "---\nmodel: 'x\n---\nText.\n")).toMatchObject({
      code: "PROMPT_SYNTAX",
    });
    expect(failure("prompts/a.md", "---\na: 1\na: 2\n---\nText.\n")).toMatchObject({
      code: "PROMPT_SYNTAX",
      line: 3,
      column: 1,
    });
  });
});

describe("chat messages in JSON", () => {
  test("are a list or an object with messages", () => {
    const list = parsePrompt(
      "a.messages.json",
      '[{"role":"system","content":"Say A.\\nSay B \\u00e9."},{"role":"user","content":"{{q}}"}]',
    );
    expect(list.messages[0]?.content).toBe("Say A.\nSay B é.");
    expect(list.spans[1]?.source).toMatchObject({ startLine: 1, startColumn: 38 });
    expect(
      parsePrompt(
        "a.prompt.json",
        '\ufeff{"model":"m","messages":[{"role":"user","content":"x y z"}]}',
      ).model,
    ).toBe("m");
  });

  test.each([
    ["broken JSON", '[{"role": "user",}]', 1, /not valid JSON/],
    ["a comment", "[\n// no\n]", 2, /not valid JSON/],
    ["an empty list", "[]", 1, /empty/],
    ["an empty file", "", 1, /./],
    ["no list", '{"a": 1}', 1, /where a list of messages is needed/],
    ["a key twice", '[{"role":"user",\n"role":"user","content":"x"}]', 2, /stands twice/],
    ["an unknown role", '[\n{"role":"function","content":"x"}]', 2, /unknown role "function"/],
    [
      "content parts",
      '[{"role":"user",\n"content":[{"type":"text","text":"x"}]}]',
      2,
      /"content" is a list/,
    ],
    ["empty content", '[{"role":"user",\n"content":" "}]', 2, /empty/],
  ])("refuse %s with its place", (_, text, line, message) => {
    const error = failure("a.prompt.json", text);
    expect(error).toMatchObject({ code: "PROMPT_SYNTAX", line });
    expect(error.message).toMatch(message);
  });
});

test("a file that is no prompt is refused with what would be one", () => {
  expect(failure("prompts/a.toml", "x = 1").message).toMatch(/name the value/);
  expect(failure("a.exe", "x").fix).toMatch(/\.prompt\.yml/);
});
