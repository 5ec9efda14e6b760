/** Prompt file -> PromptTemplate: format, slots, spans, demonstrations. */

import type { Input, PromptTemplate, Slot } from "../domain.js";
import { sourceRangeOf } from "./decoded-text.js";
import { describeDemonstrations } from "./demonstrations.js";
import { readSourceFile, type ReadOptions } from "./formats/read.js";
import type { IncludedFiles } from "./includes/expand.js";
import { findTemplateTokens } from "./slots.js";
import type { TemplateTokens } from "./syntax/tokens.js";
import type { SourceFile } from "./source-file.js";
import { fitToLimit, MOST_MASKABLE_SPANS } from "./spans/merge.js";
import { numberSpans, partition } from "./spans/partition.js";

export interface ParseOptions extends ReadOptions {
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
  const file = readSourceFile(path, text, options);
  return templateOf(file, options.mostMaskableSpans ?? MOST_MASKABLE_SPANS, options.included);
}

/**
 * Paths of files that a prompt includes, as far as they are known and not among `included` yet: to be read and given, until none is
 * left. Throws PROMPT_SYNTAX like `parsePrompt`.
 */
export function wantedIncludes(
  path: string,
  text: string,
  options: ReadOptions,
): readonly string[] {
  return readSourceFile(path, text, options).wanted;
}

/** The template of a file that has been read. */
export function templateOf(
  file: SourceFile,
  mostMaskableSpans: number,
  included: IncludedFiles = new Map(),
): PromptTemplate {
  const texts = file.messages.map((message) => message.content.text);
  const tokens = findTemplateTokens({ texts, syntax: file.syntax, format: file.format });
  const drafts = partition(file, tokens);
  const spans = fitToLimit(numberSpans(file, drafts), mostMaskableSpans);
  const messages = file.messages.map((message) => ({
    role: message.role,
    content: message.content.text,
  }));
  const slots = slotsOf(file, tokens);
  const { inputs, notes } = completeInputs(file, slots);
  return {
    path: file.path,
    name: file.name,
    format: file.format,
    syntax: file.syntax,
    source: file.text,
    messages,
    spans,
    slots,
    demonstrations: describeDemonstrations({ messages, spans, slots }, drafts),
    embeddedInputs: inputs,
    model: file.model,
    included,
    notes: [...file.notes, ...notes],
  };
}

/** Samples and tests are meant for a run of the template's engine: only those that fill every slot are inputs here. */
function completeInputs(
  file: SourceFile,
  slots: readonly Slot[],
): { readonly inputs: readonly Input[]; readonly notes: readonly string[] } {
  const all = file.embeddedInputs;
  if (file.format === "prompt-yaml") return { inputs: all, notes: [] };
  const lacking = (input: Input): Slot | undefined =>
    slots.find((slot) => !Object.hasOwn(input.slots, slot.name));
  const inputs = all.filter((input) => lacking(input) === undefined);
  const incomplete = all.find((input) => lacking(input) !== undefined);
  if (!incomplete) return { inputs, notes: [] };
  return {
    inputs,
    notes: [
      `line ${incomplete.line}: ${all.length - inputs.length} of the ${all.length} inputs in the file do not fill every slot (such as \`${lacking(incomplete)?.name}\`) and are not used`,
    ],
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
