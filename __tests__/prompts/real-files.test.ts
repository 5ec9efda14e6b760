/** The collected prompts of public repositories, which are read where they lie and never copied: skipped where they are not. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { listPrompts, deleteSpans, maskableSpans, parsePrompt } from "../../src/prompts/index.js";
import { renderMessages } from "../../src/prompts/index.js";
import type { PromptTemplate } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";

const COLLECTION = join(
  process.env["UNDERSTUDY_SHARED"] ?? join(process.cwd(), "..", "shared"),
  "bench",
  "prompts.dev.jsonl",
);

/** Values that hold the prompts of files whose names do not say so. */
const KEY_PATHS: Readonly<Record<string, string>> = {
  "dotnet/samples/LearnResources/Resources/getIntent.prompt.yaml": "template",
  "dotnet/samples/Concepts/Resources/LiquidPrompt.yaml": "template",
  ".github/commands/gemini-triage.toml": "prompt",
  ".github/commands/gemini-review.toml": "prompt",
  "config/default.yaml": "agent.templates.*",
  "LongBench/config/dataset2prompt.json": "*",
  "taskweaver/planner/compression_prompt.yaml": "content",
  "taskweaver/planner/planner_prompt.yaml": "*",
  "rdagent/components/coder/factor_coder/prompts.yaml": "*",
  "nemoguardrails/llm/prompts/general.yml": "prompts.*.content",
};

/** Front matter that is no YAML, `name: {a: b}[]`, which the format's own reader would send to the model as text. */
const MALFORMED = "packages/codemirror/samples/10-kitchen-sink.prompt";

interface Collected {
  readonly path: string;
  readonly text: string;
}

function isCollected(value: unknown): value is Collected {
  return typeof value === "object" && value !== null && "path" in value && "text" in value;
}

function templatesOf({ path, text }: Collected): PromptTemplate[] {
  const keyPath = KEY_PATHS[path];
  const { prompts } = listPrompts(path, text, keyPath === undefined ? [] : [keyPath]);
  return prompts
    .filter((prompt) => prompt.path === path)
    .map(({ name }) => parsePrompt(path, text, { name }));
}

function filled(template: PromptTemplate): Readonly<Record<string, string>> {
  return Object.fromEntries(template.slots.map((slot) => [slot.name, `<${slot.name}>`]));
}

const available = existsSync(COLLECTION);
if (!available)
  console.warn(
    `real-files: skipped, no collection of prompts at ${COLLECTION} (set UNDERSTUDY_SHARED)`,
  );

(available ? test : test.skip)(
  "all but the malformed one are read, partitioned, placed and shortened to exactly the masked prompt",
  () => {
    const files = readFileSync(COLLECTION, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line))
      .filter(isCollected);
    let prompts = 0;
    for (const file of files) {
      if (file.path === MALFORMED) {
        expect(() => templatesOf(file)).toThrow(UnderstudyError);
        expect(() => templatesOf(file)).toThrow(/kitchen-sink\.prompt:33:\d+: [\s\S]*fix:/);
        continue;
      }
      for (const template of templatesOf(file)) {
        prompts++;
        const parts = template.spans.flatMap((span) => span.parts);
        template.messages.forEach((message, index) => {
          const own = parts.filter((part) => part.message === index);
          expect(own.map((part) => message.content.slice(part.start, part.end)).join("")).toBe(
            message.content,
          );
        });
        for (const span of template.spans) {
          const { startLine, startOffset, endOffset } = span.source;
          expect(file.text.slice(0, startOffset).split("\n").length).toBe(startLine);
          // The first and last word stand at the ends of the range, whatever is escaped or folded between.
          const source = file.text.slice(startOffset, endOffset);
          expect(source.startsWith(/^[A-Za-z]*/.exec(span.text.trim())?.[0] ?? "")).toBe(true);
          expect(source.endsWith(/[A-Za-z]*$/.exec(span.text.trim())?.[0] ?? "")).toBe(true);
        }
        for (const parity of [0, 1]) {
          const maskable = maskableSpans(template);
          const deleted = maskable.filter((_, index) => index % 2 === parity);
          const mask = Uint8Array.from(maskable, (_, index) => (index % 2 === parity ? 0 : 1));
          const wanted = renderMessages(template, { mask, maskable }, filled(template));
          if (wanted.some(({ content }) => content.trim() === "")) continue;
          const shorter = deleteSpans(template, deleted).text;
          const again = parsePrompt(template.path, shorter, { name: template.name });
          expect(renderMessages(again, "all", filled(again))).toEqual(wanted);
        }
      }
    }
    expect([files.length, prompts]).toEqual([51, 97]);
  },
);
