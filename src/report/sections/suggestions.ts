/** Which lines of certified deletions stand as suggestions on the diff, and which lie outside of it. */
import { escapeMarkdown } from "../markdown/escape.js";
import { bullets } from "../markdown/blocks.js";
import { quantity } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

/** What was made of the certified deletions of one file. */
export interface SuggestionNotes {
  readonly path: string;
  readonly placed: number;
  readonly outside: readonly {
    readonly startLine: number;
    readonly endLine: number;
    readonly reason: string;
  }[];
}

/** Runs of lines that are named one by one. */
const LINES = 10;

/** A line a file; null where nothing was to be suggested. */
export function suggestionsSection(view: View, notes: readonly SuggestionNotes[]): string | null {
  return bullets(notes, view.rows, ({ path, placed, outside }) => {
    const parts = placed + outside.length;
    const together =
      parts === 1 ? "" : `, of ${quantity(parts, "part")} that were certified together`;
    const named = outside
      .slice(0, LINES)
      .map((lines) => `lines ${linesOf(view, path, lines)} (${escapeMarkdown(lines.reason, 120)})`);
    const more = outside.length - named.length;
    const rest =
      named.length === 0
        ? ""
        : `; not in this diff, so only in the diff below: ${[...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ")}`;
    return `${fileName(path)}: ${quantity(placed, "suggestion")} on the lines of this diff${together}${rest}.`;
  });
}
