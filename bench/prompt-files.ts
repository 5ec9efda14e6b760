/**
 * Reads the prompts collected from public repositories that are of our formats and prints what becomes of them: messages,
 * spans, protected spans, demonstrations, and whether the spans partition the text and deleting every second one gives a
 * file that reads as the masked prompt. The collection is looked for under UNDERSTUDY_SHARED or ../shared.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../src/errors.js";
import type { PromptTemplate } from "../src/domain.js";
import {
  checkPrompt,
  deleteSpans,
  isPromptPath,
  maskableSpans,
  parsePrompt,
  spansAt,
  unsupportedPromptFormat,
} from "../src/prompts/index.js";

interface CollectedPrompt {
  readonly path: string;
  readonly text: string;
}

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const shared = process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared");
const collection = join(shared, "bench", "prompts.dev.jsonl");

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

/** Text and Markdown in any folder count as prompts here: the collection holds nothing else. */
function isReadable(path: string): boolean {
  return isPromptPath(path) || /\.(md|txt)$/.test(path);
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
  const maskable = maskableSpans(template);
  try {
    deleteSpans(
      template,
      maskable.filter((_, index) => index % 2 === 1),
    );
    return "yes";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function describePrompt({ path, text }: CollectedPrompt): string {
  try {
    const template = parsePrompt(path, text);
    const certain = template.demonstrations.filter((shown) => shown.label !== null).length;
    const counts = [
      template.messages.length,
      template.spans.length,
      maskableSpans(template).length,
      spansAt(template, "section").length,
      template.slots.length,
      `${certain}/${template.demonstrations.length}`,
      checkPrompt(template, []).length,
    ];
    return `${counts.map((count) => String(count).padStart(6)).join("")}  ${partitions(template) ? "yes" : "NO"}  ${deletes(template)}  ${path}`;
  } catch (thrown) {
    return `  not read: ${messageOf(thrown).split("\n")[0]}`;
  }
}

function main(): void {
  if (!existsSync(collection)) {
    console.log(
      `prompt-files: no collection of prompts here (looked for bench/prompts.dev.jsonl under UNDERSTUDY_SHARED or ../shared)`,
    );
    return;
  }
  const prompts = readFileSync(collection, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))
    .filter(isCollectedPrompt);
  const readable = prompts.filter((prompt) => isReadable(prompt.path));
  const named = prompts.filter((prompt) => unsupportedPromptFormat(prompt.path) !== null).length;
  console.log(
    "  msgs spans maskable sections slots demos(certain/all) problems  partition  delete  path",
  );
  for (const prompt of readable) console.log(describePrompt(prompt));
  console.log(
    `${prompts.length} prompts: ${readable.length} of our formats, ${named} recognised but not read yet, ${prompts.length - readable.length - named} others`,
  );
}

main();
