/** Taking whole messages out of the list that holds them. */

import type { PromptFormat } from "../../domain.js";
import type { Edit, SourceFile } from "../source-file.js";

/** Formats whose messages may be items of a YAML block sequence. */
const YAML_FORMATS: ReadonlySet<PromptFormat> = new Set([
  "prompt-yaml",
  "chat-yaml",
  "promptfoo",
  "named-value",
]);

/** Ways to take the messages with these indices out of the file, each a set of edits; one empty set where none is to go. */
export function itemCuts(file: SourceFile, dropped: readonly number[]): Edit[][] {
  if (dropped.length === 0) return [[]];
  const cut = YAML_FORMATS.has(file.format) ? [blockItem, separatedItem] : [separatedItem];
  return cut.map((way) => runsOf(dropped).map((run) => way(file, run)));
}

/** Neighbouring indices as [first, last]. */
function runsOf(indices: readonly number[]): (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = runs[runs.length - 1];
    if (last && last[1] + 1 === index) last[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

/** Items of a YAML block sequence: from the first one's dash to the dash after the last one, or to the last one's end. */
function blockItem(file: SourceFile, [first, last]: readonly [number, number]): Edit {
  const start = dashLine(file, first);
  const next = file.messages[last + 1];
  const end = next
    ? dashLine(file, last + 1)
    : endOfLine(file.text, file.messages[last]?.item.end ?? start);
  return { start, end, text: "" };
}

/** Start of the line with the dash that opens an item; comment lines above belong to the item. */
function dashLine(file: SourceFile, index: number): number {
  const item = file.messages[index]?.item.start ?? 0;
  const dash = file.text.lastIndexOf("-", item);
  let start = file.lines.lineStart(Math.max(0, dash));
  const floor = file.messages[index - 1]?.item.end ?? 0;
  for (;;) {
    const above = start > 0 ? file.lines.lineStart(start - 1) : start;
    if (above >= start || above < floor || !/^[ \t]*#/.test(file.text.slice(above, start)))
      return start;
    start = above;
  }
}

function endOfLine(text: string, offset: number): number {
  if (text[offset - 1] === "\n") return offset;
  const feed = text.indexOf("\n", offset);
  return feed < 0 ? text.length : feed + 1;
}

/** Items of a list with commas, of a file with role lines, or one a line: with what follows them, or with what stands before where they are the last. */
function separatedItem(file: SourceFile, [first, last]: readonly [number, number]): Edit {
  const items = file.messages.map((message) => message.item);
  const next = items[last + 1];
  if (next) return { start: items[first]?.start ?? 0, end: next.start, text: "" };
  return {
    start: items[first - 1]?.end ?? items[first]?.start ?? 0,
    end: items[last]?.end ?? 0,
    text: "",
  };
}
