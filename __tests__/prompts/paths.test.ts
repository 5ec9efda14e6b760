import { describe, expect, test } from "@jest/globals";
import { namedPromptFormat, promptFormatOf } from "../../src/prompts/paths.js";
import {
  isPromptPath,
  promptSettings,
  siblingInputsPath,
  unreadPromptReason,
} from "../../src/prompts/index.js";

describe("prompt files by name", () => {
  test.each([
    "triage.prompt.yml",
    "a/b.prompt.yaml",
    "a/B.PROMPT.YML",
    "x.prompt.md",
    "x.prompt.txt",
    "prompts/a.md",
    "src/prompts/deep/er/a.txt",
    "chat.prompt.json",
    "chat.messages.json",
  ])("%s is one", (path) => {
    expect(isPromptPath(path)).toBe(true);
    expect(unreadPromptReason(path)).toBeNull();
  });

  test.each([
    "README.md",
    "prompts/README.md",
    "notes.txt",
    "prompt.json",
    "prompts/a.json",
    "prompts.yml",
    "myprompts/a.md",
    "train.jsonl",
    "a.inputs.jsonl",
    "src/prompts/parse.ts",
    "ansible/site.j2",
  ])("%s is none", (path) => {
    expect(isPromptPath(path)).toBe(false);
    expect(unreadPromptReason(path)).toBeNull();
  });

  test.each([
    ["chat.prompty", "prompty"],
    ["a/chat.prompt", "dotprompt"],
    ["prompts/a.j2", "jinja"],
    ["system_prompt.jinja2", "jinja"],
    ["prompts/x.hbs", "handlebars"],
    ["prompts/x.mustache", "handlebars"],
    ["prompts/x.liquid", "liquid"],
    ["examples/promptfooconfig.yaml", "promptfoo"],
    ["promptfooconfig.staging.json", "promptfoo"],
    [".gemini/commands/a/b.toml", "named-value"],
    ["chat.messages.jsonl", "chat-jsonl"],
  ])("%s is read as %s", (path, format) => {
    expect(promptFormatOf(path)).toBe(format);
    expect(unreadPromptReason(path)).toBeNull();
  });

  test.each([
    ["prompts/p.toml", /prompts\/p\.toml#prompt/],
    ["my_prompt.toml", /name the value/],
    ["promptfooconfig.ts", /never run/],
  ])("%s is no prompt of its own, and why is said", (path, reason) => {
    expect(isPromptPath(path)).toBe(false);
    expect(unreadPromptReason(path)).toMatch(reason);
  });

  test("a file that somebody names is read by its extension, a value of it by its keys", () => {
    const named = (path: string, name: string | null = null): string | null =>
      namedPromptFormat(path, name);
    expect(named("a/b.j2")).toBe("jinja");
    expect(named("chat.yaml")).toBe("chat-yaml");
    expect(named("chat.yaml", "a.b")).toBe("named-value");
    expect(named("x.prompt.yaml", "template")).toBe("named-value");
    expect(named("x.toml")).toBeNull();
    expect(named("x.toml", "prompt")).toBe("named-value");
    expect(named("promptfooconfig.yaml", "first")).toBe("promptfoo");
    expect(named("x.txt", "a")).toBeNull();
    expect(named("x.exe")).toBeNull();
  });

  test("the setting `prompts` names files, or values in them", () => {
    expect(promptSettings(["a/*.txt", "c/*.yaml#agent.*.system"])).toEqual([
      { glob: "a/*.txt", keyPath: null },
      { glob: "c/*.yaml", keyPath: "agent.*.system" },
    ]);
    for (const wrong of ["a.txt#x", "a.yaml#", "a.yaml#x..y"])
      expect(() => promptSettings([wrong])).toThrow(/names no value[\s\S]*fix:/);
  });

  test.each([
    ["triage.prompt.yml", "triage.prompt.inputs.jsonl"],
    ["a.b/c", "a.b/c.inputs.jsonl"],
    ["prompts/x.md", "prompts/x.inputs.jsonl"],
    ["prompts/.hidden", "prompts/.hidden.inputs.jsonl"],
  ])("the inputs of %s are %s", (path, inputs) => {
    expect(siblingInputsPath(path)).toBe(inputs);
  });
});
