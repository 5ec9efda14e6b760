/** Prompt file -> PromptTemplate: format, slots, spans, demonstrations. */

import type { PromptTemplate, Slot } from "../domain.js";
import { sourceRangeOf } from "./decoded-text.js";
import { describeDemonstrations } from "./demonstrations.js";
import { readSourceFile } from "./formats/read.js";
import { findTemplateTokens, type TemplateTokens } from "./slots.js";
import type { SourceFile } from "./source-file.js";
import { fitToLimit, MOST_MASKABLE_SPANS } from "./spans/merge.js";
import { numberSpans, partition } from "./spans/partition.js";

export interface ParseOptions {
  /** Neighbouring sentences are merged until at most this many spans are maskable; Infinity keeps every sentence. */
  readonly mostMaskableSpans?: number;
}

/**
 * Reads a prompt file. The spans partition the messages: sentences, list items, whole examples, merged where more than
 * `mostMaskableSpans` (48) would be maskable. The text reaches the model as written: comments with `understudy: keep` too.
 * Throws PROMPT_SYNTAX with line and column.
 */
export function parsePrompt(
  path: string,
  text: string,
  options: ParseOptions = {},
): PromptTemplate {
  const file = readSourceFile(path, text);
  return templateOf(file, options.mostMaskableSpans ?? MOST_MASKABLE_SPANS);
}

/** The template of a file that has been read. */
export function templateOf(file: SourceFile, mostMaskableSpans: number): PromptTemplate {
  const contents = file.messages.map((message) => message.content.text);
  const tokens = findTemplateTokens(contents, file.format);
  const drafts = partition(file, tokens);
  const spans = fitToLimit(numberSpans(file, drafts), mostMaskableSpans);
  const messages = file.messages.map((message) => ({
    role: message.role,
    content: message.content.text,
  }));
  const slots = slotsOf(file, tokens);
  return {
    path: file.path,
    format: file.format,
    source: file.text,
    messages,
    spans,
    slots,
    demonstrations: describeDemonstrations({ messages, spans, slots }, drafts),
    embeddedInputs: file.embeddedInputs,
    model: file.model,
  };
}

function slotsOf(file: SourceFile, tokens: readonly TemplateTokens[]): Slot[] {
  return file.messages.flatMap((message, index) =>
    (tokens[index]?.slots ?? []).map((slot) => ({
      name: slot.name,
      message: index,
      start: slot.start,
      end: slot.end,
      source: sourceRangeOf(file.lines, message.content, slot),
    })),
  );
}
