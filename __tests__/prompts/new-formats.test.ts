import { describe, expect, test } from "@jest/globals";
import { UnderstudyError } from "../../src/errors.js";
import { listPrompts, parsePrompt } from "../../src/prompts/index.js";

function failure(path: string, text: string, name: string | null = null): UnderstudyError {
  try {
    parsePrompt(path, text, { name });
  } catch (thrown) {
    if (thrown instanceof UnderstudyError) return thrown;
    throw thrown;
  }
  throw new Error("parsed without complaint");
}

describe("Prompty", () => {
  const text = `---
name: x
model: {api: chat, configuration: {azure_deployment: gpt-4o}}
sample:
  question: What is it?
  customer: {name: Ann, age: 4}
---
system:
You help {{customer.name}}.

![logo](\${file:logo.png}) stays.
{% for item in documents %}
title: {{item.title}}
{% endfor %}
# user:
user: not a role line
{{question}}
`;

  test("is a chat under role lines, with the sample as an input", () => {
    const template = parsePrompt("a.prompty", text);
    expect(template.messages.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(template.messages[1]?.content).toBe("user: not a role line\n{{question}}");
    expect(template.model).toBe("gpt-4o");
    expect(template.slots.map(({ name }) => name)).toEqual(["customer.name", "question"]);
    expect(template.embeddedInputs.map(({ slots, line }) => [{ ...slots }, line])).toEqual([
      [{ question: "What is it?", "customer.name": "Ann", "customer.age": "4" }, 5],
    ]);
    expect(
      template.spans
        .filter((span) => /logo|{%|item\.title/.test(span.text))
        .map((span) => [span.text.trim(), span.protection]),
    ).toEqual([
      ["![logo](${file:logo.png}) stays.", "slot"],
      ["{% for item in documents %}", "slot"],
      ["title: {{item.title}}", "slot"],
      ["{% endfor %}", "slot"],
    ]);
  });

  test("uses no sample that leaves a slot open or lies in another file, and says so", () => {
    const open = parsePrompt("a.prompty", text.replace("  question: What is it?\n", ""));
    expect(open.embeddedInputs).toEqual([]);
    expect(open.notes.join()).toMatch(/line 5: 1 of the 1 inputs.*`question`/);
    const elsewhere = parsePrompt("a.prompty", "---\nsample: ${file:s.json}\n---\nuser:\n{{q}}");
    expect(elsewhere.notes.join()).toMatch(
      /line 2: the sample in "\$\{file:s\.json\}" is not read/,
    );
  });

  test("of the newer kind names inputs with defaults and its template format", () => {
    const template = parsePrompt(
      "a.prompty",
      "---\nmodel: {id: m}\ninputs:\n  - {name: city, kind: string, default: Rome}\ntemplate: {format: {kind: mustache}}\n---\nuser:\nIn {{city}}?",
    );
    expect([template.model, template.syntax]).toEqual(["m", "handlebars"]);
    expect(template.embeddedInputs.map(({ slots }) => slots["city"])).toEqual(["Rome"]);
  });
});

describe("dotprompt", () => {
  test("begins messages with role tags and leaves comments out of them", () => {
    const template = parsePrompt(
      "a.prompt",
      `# a licence\n\n---\nmodel: googleai/gemini\ninput: {default: {topic: birds}}\n---\n{{!-- about --}}\n{{role "system"}}\nBe kind.\n{{#each tips}}\n- {{this}} {{name}}\n{{/each}}\n{{history}}\n{{role 'user'}}\nAbout {{topic}}: {{media url=photo}}\n{{role "model"}}\nWell,`,
    );
    expect(template.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant"]);
    expect(template.slots.map(({ name }) => name)).toEqual(["topic"]);
    expect(template.embeddedInputs.map(({ slots }) => slots["topic"])).toEqual(["birds"]);
    expect(template.spans.find((span) => span.text.startsWith("{{history}}"))?.protection).toBe(
      "slot",
    );
    expect(template.spans[0]?.source.startLine).toBe(9);
  });
});

describe("promptfoo", () => {
  const config = `prompts:
  - 'Sort {{q}}.'
  - file://prompts/chat.json
  - id: file://../outside/p.txt
    label: far
  - file://make.js
  - label: chat
    raw: |
      [{"role": "system", "content": "Be brief.\\nAlways."}, {"role": "user", "content": "{{q}}"}]
defaultTest: {vars: {tone: kind}}
tests:
  - vars: {q: one}
    assert: [{type: equals, value: a}]
  - vars: {q: two, tone: dry}
    assert: [{type: contains, value: a}]
  - vars: {q: [x, y]}
  - vars: {q: three, tone: dry}
    assert: [{type: equals, value: a}, {type: equals, value: b}]
`;

  test("lists inline prompts and files, with tests as inputs", () => {
    const { prompts, notes } = listPrompts("a/promptfooconfig.yaml", config);
    expect(prompts.map(({ path, name }) => [path, name])).toEqual([
      ["a/promptfooconfig.yaml", "1"],
      ["a/prompts/chat.json", null],
      ["outside/p.txt", null],
      ["a/promptfooconfig.yaml", "chat"],
    ]);
    expect(notes.join()).toMatch(/line 6: .*make\.js.* never run/);
    expect(prompts[1]?.given?.source).toBe("a/promptfooconfig.yaml");
    const chat = parsePrompt("a/promptfooconfig.yaml", config, { name: "chat" });
    expect(chat.messages[0]).toEqual({ role: "system", content: "Be brief.\nAlways." });
    expect(chat.spans[0]?.source).toMatchObject({ startLine: 9, startColumn: 39 });
    expect(chat.slots[0]?.source).toMatchObject({ startLine: 9, startColumn: 90 });
    expect(
      chat.embeddedInputs.map(({ slots, expected, line }) => [{ ...slots }, expected, line]),
    ).toEqual([
      [{ tone: "kind", q: "one" }, "a", 12],
      [{ q: "two", tone: "dry" }, null, 14],
      [{ q: "three", tone: "dry" }, null, 17],
    ]);
    expect(chat.notes.join()).toMatch(/line 16: 1 of 4 tests/);
  });

  test("says which prompts there are where a name is wrong or missing", () => {
    expect(failure("promptfooconfig.yaml", config).message).toMatch(
      /holds 2 prompts[\s\S]*#1, .*#chat/,
    );
    expect(failure("promptfooconfig.yaml", config, "no").message).toMatch(/no prompt named "no"/);
    expect(failure("promptfooconfig.yaml", "tests: []\n").message).toMatch(/no `prompts`/);
  });
});

describe("named values", () => {
  const toml = `description = "x"\nprompt = """\nSort it.\\u0021 \\\n   Then {{args}}.\n"""\n[[steps]]\nsay = 'Hello there.'\n[steps.more]\n"a.b" = "Dotted key."\n`;

  test("are found by their keys in TOML, through tables, lists and dotted keys", () => {
    const template = parsePrompt("c/x.toml", toml, { name: "prompt" });
    expect(template.messages).toEqual([{ role: "user", content: "Sort it.! Then {{args}}.\n" }]);
    expect(template.slots[0]?.source).toMatchObject({ startLine: 4, startColumn: 9 });
    expect(parsePrompt("c/x.toml", toml, { name: "steps.0.say" }).messages[0]?.content).toBe(
      "Hello there.",
    );
    expect(parsePrompt("c/x.toml", toml, { name: "steps.0.more.a.b" }).messages[0]?.content).toBe(
      "Dotted key.",
    );
    expect(listPrompts("c/x.toml", toml, ["steps.*.say"]).prompts.map(({ name }) => name)).toEqual([
      "steps.0.say",
    ]);
  });

  test("may be lists of chat messages, and aliases are not expanded without end", () => {
    const yaml =
      "a:\n  chat:\n    - {role: system, content: Be kind.}\n    - {role: user, content: '{{q}}'}\n";
    expect(parsePrompt("x.yaml", yaml, { name: "a.chat" }).messages).toHaveLength(2);
    const nine = (name: string): string =>
      `[${Array.from({ length: 9 }, () => `*${name}`).join(", ")}]`;
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\nb: &b ${nine("a")}\nc: &c ${nine("b")}\nd: &d ${nine("c")}\ne: &e ${nine("d")}\nf: ${nine("e")}\np: Say it now.\n`;
    expect(failure("x.yaml", bomb, "p").message).toMatch(/too large or too deep/);
    expect(failure("x.yaml", "a: &a\n  b: *a\np: Say it.\n", "p").message).toMatch(
      /too large or too deep/,
    );
  });
});

describe("what an engine would refuse", () => {
  test.each([
    ["prompts/a.j2", "One.\n{% if x %}\nTwo {{ q }}.", 2, 1, /`if` is never closed[\s\S]*endif/],
    ["prompts/a.j2", "One.\n{% for x in y %}{% endif %}", 2, 17, /endif.*where.*endfor/],
    ["prompts/a.j2", "One.\nTwo {{ q", 2, 5, /`\{\{` is never closed/],
    ["prompts/a.hbs", "{{#each x}}\n{{/if}}", 2, 1, /\{\{\/if\}\}.*where.*\{\{\/each\}\}/],
    ["prompts/a.mustache", "{{=<% %>=}}\nHi", 1, 1, /delimiters/],
    ["prompts/a.liquid", "{% raw %}x", 1, 1, /never closed[\s\S]*endraw/],
    ["a.prompty", "---\nname: x\nuser:\nhi", 1, 1, /front matter is never closed/],
    ["a.prompty", "---\n- x\n---\nuser:\nhi", 2, 1, /no mapping/],
    ["a.prompty", "---\na: 'x\n---\nuser:\nhi", 3, 1, /not valid YAML/],
    [
      "a.prompty",
      "---\na: 1\n---\ntool:\nhi",
      4,
      1,
      /unknown role "tool"[\s\S]*system, user, assistant/,
    ],
    ["a.prompt", '{{role "robot"}}hi', 1, 1, /unknown role "robot"[\s\S]*model/],
    ["a.prompt", "---\na: 1\n---\n{{! nothing }}", 4, 1, /empty/],
    [
      "a.messages.jsonl",
      '{"role":"user","content":"x"}\n[1]\n',
      2,
      1,
      /no object[\s\S]*one message a line/,
    ],
    [
      "a.messages.jsonl",
      '{"role":"user","content":"x"}\n{"role":"user"\n',
      2,
      15,
      /not valid JSON/,
    ],
    [".gemini/commands/x.toml", "prompt = 'a\n", 1, 12, /not valid TOML/],
    [
      ".gemini/commands/x.toml",
      "promt = 'Sort it now.'\n",
      1,
      1,
      /no value at "prompt"[\s\S]*promt/,
    ],
    [".gemini/commands/x.toml", "prompt = 3\n", 1, 10, /`prompt` is "3"/],
  ])("%s: %j", (path, text, line, column, message) => {
    const error = failure(path, text);
    expect(error.code).toBe("PROMPT_SYNTAX");
    expect(error.message).toMatch(message);
    expect([error.place?.line, error.place?.column]).toEqual([line, column]);
    expect(error.fix).not.toBeNull();
  });

  test("is told from what only looks like a tag", () => {
    const slots = (path: string, text: string): readonly string[] =>
      parsePrompt(path, text).slots.map(({ name }) => name);
    expect(
      slots("prompts/a.j2", "{% raw %}{{ x }}{% endraw %} {{ y }} {{ z | upper }} {# {{ no #}"),
    ).toEqual(["y"]);
    expect(
      slots(
        "prompts/a.j2",
        "{% set a = 1 %}{{ a }} {% for i, j in b %}{{ i }} {{ j.k }} {{ c }}{% endfor %}",
      ),
    ).toEqual(["c"]);
    expect(
      slots(
        "prompts/a.hbs",
        "\\{{no}} {{{yes}}} {{#if a}}{{b}}{{/if}} {{#with c}}{{d}}{{/with}} {{{{raw}}}}{{e}}{{{{/raw}}}}",
      ),
    ).toEqual(["yes", "b"]);
    expect(
      slots(
        "prompts/a.liquid",
        "{% comment %}{{ a }}{% endcomment %}{% assign b = 'x' %}{{ b }} {{ c.d }}",
      ),
    ).toEqual(["c.d"]);
  });
});
