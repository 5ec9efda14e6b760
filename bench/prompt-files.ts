/**
 * Reads the prompts collected from public repositories and prints what becomes of each file: format, prompts, messages, spans, and
 * whether the spans partition the text, stand where they say, and leave, every second one deleted, a file that reads as the masked
 * prompt. The collection is looked for under UNDERSTUDY_SHARED or ../shared.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../src/errors.js";
import type { PromptTemplate } from "../src/domain.js";
import {
  deleteSpans,
  isPromptPath,
  listPrompts,
  maskableSpans,
  parsePrompt,
} from "../src/prompts/index.js";

interface CollectedPrompt {
  readonly path: string;
  readonly text: string;
}

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const shared = process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared");
const collection = join(shared, "bench", "prompts.dev.jsonl");

/** Values that hold the prompts of files whose names do not say so: what the setting `prompts` would name. */
const KEY_PATHS: readonly (readonly [RegExp, string])[] = [
  [/(?:getIntent\.prompt|LiquidPrompt)\.yaml$/, "template"],
  [/commands\/.*\.toml$/, "prompt"],
  [/config\/default\.yaml$/, "agent.templates.*"],
  [/dataset2prompt\.json$/, "*"],
  [/compression_prompt\.yaml$/, "content"],
  [/planner_prompt\.yaml$/, "*"],
  [/factor_coder\/prompts\.yaml$/, "*"],
  [/prompts\/general\.yml$/, "prompts.*.content"],
];

function isCollectedPrompt(value: unknown): value is CollectedPrompt {
  return (
    typeof value === "object" &&
    value !== null &&
    "path" in value &&
    typeof value.path === "string" &&
    "text" in value &&
    typeof value.text === "string"
  );
}

function partitions(template: PromptTemplate): boolean {
  const parts = template.spans.flatMap((span) => span.parts);
  return template.messages.every(
    (message, index) =>
      parts
        .filter((part) => part.message === index)
        .map((part) => message.content.slice(part.start, part.end))
        .join("") === message.content,
  );
}

function deletes(template: PromptTemplate): string {
  const every = maskableSpans(template).filter((_, index) => index % 2 === 1);
  try {
    deleteSpans(template, every);
    return "yes";
  } catch (thrown) {
    return messageOf(thrown).split("\n")[0] ?? "";
  }
}

interface Row {
  readonly format: string;
  readonly prompts: number;
  readonly line: string;
}

function describeFile({ path, text }: CollectedPrompt): Row {
  const keyPath = KEY_PATHS.find(([pattern]) => pattern.test(path))?.[1];
  try {
    const { prompts } = listPrompts(path, text, keyPath === undefined ? [] : [keyPath]);
    const own = prompts.filter((prompt) => prompt.path === path);
    const templates = own.map(({ name }) => parsePrompt(path, text, { name }));
    const sum = (count: (template: PromptTemplate) => number): string =>
      String(templates.reduce((total, template) => total + count(template), 0)).padStart(6);
    const format = templates[0]?.format ?? "?";
    const failed = templates.map(deletes).find((outcome) => outcome !== "yes");
    const how =
      keyPath !== undefined ? `#${keyPath}` : isPromptPath(path) ? "by name" : "when named";
    return {
      format,
      prompts: own.length,
      line: [
        format.padEnd(12),
        how.padEnd(18),
        String(own.length).padStart(7),
        sum((template) => template.messages.length),
        sum((template) => template.spans.length),
        sum((template) => maskableSpans(template).length),
        sum((template) => template.slots.length),
        sum((template) => template.embeddedInputs.length),
        `  ${templates.every(partitions) ? "yes" : "NO "}  ${failed ?? "yes"}  ${path}`,
      ].join(""),
    };
  } catch (thrown) {
    return { format: "not read", prompts: 0, line: `not read: ${messageOf(thrown)}` };
  }
}

function main(): void {
  if (!existsSync(collection)) {
    console.log(
      `prompt-files: no collection of prompts here (looked for bench/prompts.dev.jsonl under UNDERSTUDY_SHARED or ../shared)`,
    );
    return;
  }
  const files = readFileSync(collection, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))
    .filter(isCollectedPrompt);
  console.log(
    "format      found               prompts  msgs spans  mask slots inputs partition delete path",
  );
  const rows = files.map(describeFile);
  for (const row of rows) console.log(row.line);
  const read = rows.filter((row) => row.prompts > 0);
  console.log(
    `${files.length} files: ${read.length} read, with ${read.reduce((sum, row) => sum + row.prompts, 0)} prompts in ${new Set(read.map((row) => row.format)).size} formats; ${files.length - read.length} not read`,
  );
}

main();
