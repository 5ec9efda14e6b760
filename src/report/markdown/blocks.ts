/** Block-level Markdown. What goes in is Markdown already: untrusted text comes through escape.ts first. */
import { markdownTable } from "markdown-table";
import { UnderstudyError } from "../../errors.js";

/** Paragraph-level pieces with a blank line between them; null and empty pieces leave no trace. */
export function blocks(...pieces: readonly (string | null)[]): string {
  return pieces.filter((piece) => piece !== null && piece !== "").join("\n\n");
}

/** A column of a table: its head, left or right, and the Markdown of a row's cell. */
export type Column<Row> = readonly [
  head: string,
  align: "l" | "r",
  cell: (row: Row, index: number) => string,
];

/**
 * A GitHub table of the first `limit` rows and a sentence about the rest; only what is shown is rendered. Null without rows.
 * @throws UnderstudyError INTERNAL where a cell would break its row: an unescaped pipe or a line break.
 */
export function table<Row>(
  rows: readonly Row[],
  limit: number,
  columns: readonly Column<Row>[],
): string | null {
  if (rows.length === 0) return null;
  const cells = rows
    .slice(0, limit)
    .map((row, index) => columns.map(([, , cell]) => checkedCell(cell(row, index))));
  const head = columns.map(([name]) => name);
  const align = columns.map(([, side]) => side);
  return blocks(
    markdownTable([head, ...cells], { align, alignDelimiters: false }),
    rest(rows.length - limit),
  );
}

function checkedCell(cell: string): string {
  if (!/[|\r\n]/.test(cell)) return cell;
  throw new UnderstudyError(
    "INTERNAL",
    `table cell would break its row: ${JSON.stringify(cell.slice(0, 200))}`,
  );
}

/** The blocks of the first `limit` items that have one, and a sentence about the rest; null where none has. */
export function each<Item>(
  items: readonly Item[],
  limit: number,
  render: (item: Item) => string | null,
): string | null {
  const body = blocks(...items.slice(0, limit).map(render));
  return body === "" ? null : blocks(body, rest(items.length - limit));
}

/** A bullet list of the first `limit` items and a sentence about the rest; null without items. */
export function bullets<Item>(
  items: readonly Item[],
  limit: number,
  render: (item: Item) => string,
): string | null {
  if (items.length === 0) return null;
  const shown = items.slice(0, limit).map((item) => `- ${render(item)}`);
  return blocks(shown.join("\n"), rest(items.length - limit));
}

function rest(left: number): string | null {
  return left > 0 ? `and ${left} more, in \`understudy-report.json\`` : null;
}

/** A folded section. `title` is ours: Markdown is not read there. */
export function details(title: string, body: string): string {
  return `<details>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;
}
