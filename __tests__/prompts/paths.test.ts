import { describe, expect, test } from "@jest/globals";
import {
  isPromptPath,
  siblingInputsPath,
  unsupportedPromptFormat,
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
    expect(unsupportedPromptFormat(path)).toBeNull();
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
    expect(unsupportedPromptFormat(path)).toBeNull();
  });

  test.each([
    ["chat.prompty", /Prompty/],
    ["a/chat.prompt", /dotprompt/],
    ["prompts/a.j2", /Jinja2/],
    ["system_prompt.jinja2", /Jinja2/],
    ["prompts/x.hbs", /Handlebars/],
    ["examples/promptfooconfig.yaml", /promptfoo/],
    ["prompts/p.toml", /TOML/],
  ])("%s is known but not read", (path, name) => {
    expect(isPromptPath(path)).toBe(false);
    expect(unsupportedPromptFormat(path)).toMatch(name);
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
