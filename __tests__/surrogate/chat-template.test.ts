import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Message } from "../../src/domain.js";
import { createChatTemplate } from "../../src/surrogate/chat-template.js";
import type { ChatTemplate } from "../../src/surrogate/chat-template.js";
import { createGgufMetadata } from "../../src/surrogate/gguf-metadata.js";
import { openGguf } from "../../src/surrogate/gguf.js";
import { embeddedModel, repository } from "./embedded-model.js";

interface RenderedChat {
  readonly template: string;
  readonly messages: readonly Message[];
  readonly addGenerationPrompt: boolean;
  /** null: the template raised. */
  readonly text: string | null;
}

const path = join(repository, "__tests__/references/chat-template/rendered.json");
const references = JSON.parse(readFileSync(path, "utf8")) as {
  readonly templates: Readonly<Record<string, string>>;
  readonly cases: readonly RenderedChat[];
};

function templateOf(source: string | undefined): ChatTemplate {
  const values: readonly [string, unknown][] = [
    ["tokenizer.ggml.tokens", ["<bos>", "<eos>"]],
    ["tokenizer.ggml.bos_token_id", 0],
    ["tokenizer.ggml.eos_token_id", 1],
  ];
  const template: readonly [string, unknown][] =
    source === undefined ? [] : [["tokenizer.chat_template", source]];
  return createChatTemplate({
    path: "x.gguf",
    metadata: createGgufMetadata("x.gguf", new Map([...values, ...template])),
  });
}

describe("chat templates", () => {
  test.each(Object.keys(references.templates))(
    "are rendered as Jinja2 renders them: %s",
    (name) => {
      const template = templateOf(references.templates[name]);
      const cases = references.cases.filter((rendered) => rendered.template === name);
      expect(cases.length).toBe(8);
      for (const { messages, addGenerationPrompt, text } of cases) {
        if (text === null)
          expect(() => template.render(messages, { addGenerationPrompt })).toThrow(
            /x\.gguf: .*turns must alternate/,
          );
        else expect(template.render(messages, { addGenerationPrompt })).toBe(text);
      }
    },
  );

  test("of the embedded model frames turns and adds its system message", async () => {
    const gguf = await openGguf(embeddedModel);
    const rendered = createChatTemplate(gguf).render([{ role: "user", content: "Hi" }], {
      addGenerationPrompt: true,
    });
    gguf.close();
    expect(rendered).toMatch(
      /^<\|im_start\|>system\n[^<]+<\|im_end\|>\n<\|im_start\|>user\nHi<\|im_end\|>\n<\|im_start\|>assistant\n$/,
    );
  });

  test("are refused with the way out where there is none or it does not parse", () => {
    expect(() => templateOf(undefined)).toThrow(/x\.gguf: the model has no chat template\n.*--raw/);
    expect(() => templateOf("{% for %}")).toThrow(/chat template cannot be read/);
  });

  test("cannot learn the date", () => {
    expect(() =>
      templateOf("{{ strftime_now('%Y') }}").render([], { addGenerationPrompt: true }),
    ).toThrow(/refuses the messages/);
  });
});
