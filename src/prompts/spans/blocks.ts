/** Blocks: paragraphs, list items, tables, blocks of code; examples are blocks of their own. */

import type { Line } from "./lines.js";

/**
 * Offsets at which a block starts. Lines of prose without a blank line between them are one paragraph; an item goes on over deeper
 * indented prose; every heading, rule and tag stands alone.
 */
export function blockStarts(lines: readonly Line[]): number[] {
  const starts: number[] = [];
  let item: Line | null = null;
  lines.forEach((line, index) => {
    const before = lines[index - 1];
    const continuesItem =
      item !== null &&
      line.kind === "prose" &&
      before?.kind !== "blank" &&
      line.indent > item.indent;
    if (line.kind !== "blank" && !continuesItem && !continuesBlock(before, line))
      starts.push(line.start);
    if (!continuesItem) item = line.kind === "item" ? line : null;
  });
  return starts;
}

function continuesBlock(before: Line | undefined, line: Line): boolean {
  if (before?.kind !== line.kind) return false;
  if (line.kind === "code") return before.block === line.block;
  return line.kind === "prose" || line.kind === "table";
}
