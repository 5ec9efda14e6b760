/** Block-level Markdown. What goes in is Markdown already: untrusted text comes through escape.ts first. */
import { markdownTable } from "markdown-table";
import { UnderstudyError } from "../../errors.js";

/** Paragraph-level pieces with a blank line between them; null and empty pieces leave no trace. */
export function blocks(...pieces: readonly (string | null)[]): string {
  return pieces.filter((piece) => piece !== null && piece !== "").join("\n\n");
}

/**
 * A GitHub table. `align` has one letter a column, l or r.
 * @throws UnderstudyError INTERNAL where a cell would break its row: an unescaped pipe or a line break.
 */
export function table(
  head: readonly string[],
  align: string,
  rows: readonly (readonly string[])[],
): string {
  const broken = rows.flat().find((cell) => /[|\r\n]/.test(cell));
  if (broken !== undefined)
    throw new UnderstudyError(
      "INTERNAL",
      `table cell would break its row: ${JSON.stringify(broken)}`,
    );
  return markdownTable([head, ...rows], { align: [...align], alignDelimiters: false });
}

/** A folded section. `title` is ours: Markdown is not read there. */
export function details(title: string, body: string): string {
  return `<details>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;
}

/** A bullet list, null where there is nothing to list. */
export function bullets(items: readonly string[]): string | null {
  return items.length === 0 ? null : items.map((item) => `- ${item}`).join("\n");
}

/** The first `limit` of the rows, and a sentence about the rest or null. */
export function capped<Row>(
  rows: readonly Row[],
  limit: number,
): { readonly shown: readonly Row[]; readonly rest: string | null } {
  const left = rows.length - limit;
  return {
    shown: rows.slice(0, limit),
    rest:
      left > 0 ? `and ${left} more, in the job summary and in \`understudy-report.json\`` : null,
  };
}
