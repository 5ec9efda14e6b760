/** All rows of a data file under the rules that need no model, row by row, before anything is sampled. */
import { rowTexts, writtenLines } from "../data/row-fields.js";
import type { ChangedFile, RowInjections } from "../domain.js";
import { scanRows, type ScannedRow } from "../findings/injections/rows.js";

/** A row that the base version has, as written, is old; of equal rows as many as the base has. */
export function scanFile(
  file: Pick<ChangedFile, "path" | "base"> & { readonly head: string },
): RowInjections {
  return scanRows(file.path, rowsOf(file.head, countLines(file.base)));
}

function* rowsOf(head: string, old: Map<string, number>): Generator<ScannedRow> {
  for (const { line, source, fields } of rowTexts(head)) {
    const left = old.get(source) ?? 0;
    if (left > 0) old.set(source, left - 1);
    yield { line, fields, isNew: left === 0 };
  }
}

function countLines(text: string | null): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of writtenLines(text ?? ""))
    counts.set(source, (counts.get(source) ?? 0) + 1);
  return counts;
}
