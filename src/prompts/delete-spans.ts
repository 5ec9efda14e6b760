/** A shorter prompt file: the same source with spans deleted, checked by reading it again. */

import { UnderstudyError, messageOf } from "../errors.js";
import type { Message, PromptTemplate } from "../domain.js";
import type { TextRange } from "./decoded-text.js";
import { readAgain, readSourceFile, type ReadOptions } from "./formats/read.js";
import { itemCuts } from "./formats/list-items.js";
import { keptRanges } from "./masking.js";
import type { Edit, SourceFile, SourceMessage } from "./source-file.js";

/**
 * The source of the prompt file without the given spans (indices into `template.spans`; protected ones are refused) and the
 * `headings` whose whole section goes with them. The new file, read again, has exactly the messages that masking these spans gives, the same model and the same test data;
 * where no such edit is found it throws INTERNAL and writes nothing. As little as possible of the source changes: whole
 * list items go for whole messages, text goes from where it stands, and only where that would mean something else is a
 * message's text written anew in its own style.
 */
export function deleteSpans(
  template: PromptTemplate,
  spanIndices: readonly number[],
  headings: readonly number[] = [],
): { readonly text: string } {
  refuseProtected(template, spanIndices);
  const file = readAgain(template);
  const kept = keptRanges(template, new Set([...spanIndices, ...headings]));
  const wanted = template.messages.flatMap((message, index): Message[] => {
    const ranges = kept[index];
    return ranges ? [{ role: message.role, content: join(message.content, ranges) }] : [];
  });
  if (wanted.some((message) => message.content.trim() === ""))
    throw new UnderstudyError("INTERNAL", "nothing would be left of the prompt", {
      place: { path: template.path },
    });
  const attempts = attemptsFor({ file, options: template }, kept);
  for (const edits of attempts) {
    const text = applyEdits(file.text, edits);
    if (isExactly({ file, options: template }, text, wanted)) return { text };
  }
  throw new UnderstudyError(
    "INTERNAL",
    "no edit of the file deletes these spans and nothing else",
    {
      place: { path: template.path },
      fix: "delete them by hand, and please report the file's structure",
    },
  );
}

function refuseProtected(template: PromptTemplate, spanIndices: readonly number[]): void {
  for (const index of spanIndices) {
    const span = template.spans[index];
    if (!span)
      throw new UnderstudyError(
        "INTERNAL",
        `span ${index} of a template with ${template.spans.length} spans`,
      );
    if (span.protection !== null)
      throw new UnderstudyError("INTERNAL", `span ${index} is protected (${span.protection})`, {
        place: { path: template.path, line: span.source.startLine },
      });
  }
}

function join(content: string, ranges: readonly TextRange[]): string {
  return ranges.map((range) => content.slice(range.start, range.end)).join("");
}

/** The file as it is, and how it is read. */
interface OriginalFile {
  readonly file: SourceFile;
  readonly options: ReadOptions;
}

/** Sets of edits to try, least change first. Every message contributes its own alternatives; they are tried in step. */
function attemptsFor(
  before: OriginalFile,
  kept: readonly (readonly TextRange[] | null)[],
): Edit[][] {
  const { file } = before;
  const items = itemCuts(
    file,
    kept.flatMap((ranges, index) => (ranges === null ? [index] : [])),
  );
  const changed = file.messages.flatMap((message, index) => {
    const ranges = kept[index];
    return ranges && !isWhole(message, ranges) ? [alternatives(file, message, ranges)] : [];
  });
  const combinations = chooseEach(before, changed);
  return items.flatMap((cut) => combinations.map((edits) => [...cut, ...edits]));
}

function isWhole(message: SourceMessage, ranges: readonly TextRange[]): boolean {
  return (
    ranges.length === 1 && ranges[0]?.start === 0 && ranges[0].end === message.content.text.length
  );
}

interface Alternative {
  readonly edits: readonly Edit[];
  readonly wanted: string;
  readonly message: SourceMessage;
}

/** Ways to shorten one message: cut whole lines, cut exact places, write its text anew. */
function alternatives(
  file: SourceFile,
  message: SourceMessage,
  ranges: readonly TextRange[],
): Alternative[] {
  const gaps = gapsOf(message.content.text.length, ranges);
  const wanted = join(message.content.text, ranges);
  const ways = [
    gaps.map((gap) => cutLines(file, message, gap)),
    gaps.map((gap) => cutExactly(message, gap)),
    ...message.rewrites(wanted).map((text): Edit[] => [{ ...message.literal, text }]),
  ];
  return ways.map((edits) => ({ edits, wanted, message }));
}

/** For every changed message on its own the first way that gives its text; then all of them together, and all rewritten. */
function chooseEach(before: OriginalFile, changed: readonly (readonly Alternative[])[]): Edit[][] {
  const chosen = changed.map(
    (ways) => ways.find((way) => givesText(before, way)) ?? ways[ways.length - 1],
  );
  const rewritten = changed.map((ways) => ways[ways.length - 1]);
  return [chosen, rewritten].map((ways) => ways.flatMap((way) => way?.edits ?? []));
}

function givesText(before: OriginalFile, way: Alternative): boolean {
  const { file } = before;
  const index = file.messages.indexOf(way.message);
  const wanted = file.messages.map((message, at) => ({
    role: message.role,
    content: at === index ? way.wanted : message.content.text,
  }));
  return isExactly(before, applyEdits(file.text, way.edits), wanted);
}

function gapsOf(length: number, ranges: readonly TextRange[]): TextRange[] {
  const edges = [0, ...ranges.flatMap((range) => [range.start, range.end]), length];
  const gaps: TextRange[] = [];
  for (let index = 0; index + 1 < edges.length; index += 2)
    gaps.push({ start: edges[index] ?? 0, end: edges[index + 1] ?? 0 });
  return gaps.filter((gap) => gap.end > gap.start);
}

/** Source range of decoded[start, end): up to where the next unit begins, so that what lies between goes with it. */
function cutExactly(message: SourceMessage, gap: TextRange): Edit {
  const { starts, ends } = message.content;
  const start = starts[gap.start] ?? message.literal.start;
  return { start, end: starts[gap.end] ?? ends[gap.end - 1] ?? start, text: "" };
}

/** The same, but from the beginning of the source lines where the gap is made of whole lines, so that indentation goes with them. */
function cutLines(file: SourceFile, message: SourceMessage, gap: TextRange): Edit {
  const exact = cutExactly(message, gap);
  const { text } = message.content;
  const startsLine = gap.start === 0 || text[gap.start - 1] === "\n";
  const endsLine = text[gap.end - 1] === "\n";
  if (!startsLine || !endsLine) return exact;
  const start = file.lines.lineStart(exact.start);
  return {
    start,
    end: gap.end === text.length ? exact.end : file.lines.lineStart(exact.end),
    text: "",
  };
}

/** Applies edits that do not overlap, in any order. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let text = "";
  let at = 0;
  for (const edit of ordered) {
    if (edit.start < at) return source;
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at);
}

function isExactly(
  { file: before, options }: OriginalFile,
  text: string,
  wanted: readonly Message[],
): boolean {
  const after = tryRead(before.path, text, options);
  if (!after || after.messages.length !== wanted.length || after.model !== before.model)
    return false;
  if (after.rest !== before.rest) return false;
  const sameMessages = after.messages.every(
    (message, index) =>
      message.role === wanted[index]?.role && message.content.text === wanted[index]?.content,
  );
  const content = (file: SourceFile): string =>
    JSON.stringify(file.embeddedInputs.map((input) => [input.id, input.slots, input.expected]));
  return sameMessages && content(after) === content(before);
}

function tryRead(path: string, text: string, options: ReadOptions): SourceFile | null {
  try {
    return readSourceFile(path, text, {
      name: options.name ?? null,
      included: options.included ?? new Map(),
    });
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return null;
    throw new UnderstudyError(
      "INTERNAL",
      `the shortened file could not be read again: ${messageOf(thrown)}`,
      { cause: thrown },
    );
  }
}
