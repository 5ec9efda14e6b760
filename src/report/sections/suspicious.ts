/** Candidates: demonstrations, rows and phrases that a person should look at, with the evidence and its error rate. */
import { suspiciousDemonstrations, suspiciousRows, triggers } from "../facts.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, capped, table } from "../markdown/blocks.js";
import { decimal, probability, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

const LABEL_LIMIT = 40;

/** Few-shot examples whose label the oracle would not give. */
export function demonstrationsTable(view: View): string | null {
  const found = suspiciousDemonstrations(view.report);
  if (found.length === 0) return null;
  const { shown, rest } = capped(found, view.rows);
  const rows = shown.map(({ path, found: example }) => [
    fileName(path),
    linesOf(view, path, { startLine: example.startLine, endLine: example.startLine }),
    codeSpan(example.label, LABEL_LIMIT),
    codeSpan(example.suggested, LABEL_LIMIT),
    escapeMarkdown(example.evidence, view.text * 3),
    escapeMarkdown(example.errorRate, view.text),
  ]);
  const head = ["File", "Line", "Label written", "Oracle would say", "Evidence", "Error rate"];
  return blocks(
    "#### Suspicious examples",
    table(head, "llllll", rows),
    rest,
    confirmation(found.map((item) => item.found.confirm)),
  );
}

/** Rows of data files, lowest q-value first, as the report has them. */
export function rowsTable(view: View): string | null {
  const found = suspiciousRows(view.report);
  if (found.length === 0) return null;
  const { shown, rest } = capped(found, view.rows);
  const rows = shown.map((row) => [
    fileName(row.path),
    linesOf(view, row.path, { startLine: row.line, endLine: row.line }),
    codeSpan(row.label, LABEL_LIMIT),
    codeSpan(row.text, view.text),
    escapeMarkdown(row.evidence, view.text * 3),
    probability(row.qValue),
  ]);
  const head = ["File", "Line", "Label", "Text", "Evidence", "q"];
  return blocks(
    "#### Suspicious rows",
    table(head, "lllllr", rows),
    rest,
    confirmation(found.map((row) => row.confirm)),
  );
}

/** Phrases that carry a label more often than their content explains. */
export function triggersTable(view: View): string | null {
  const found = triggers(view.report);
  if (found.length === 0) return null;
  const { shown, rest } = capped(found, view.rows);
  const rows = shown.map(({ path, trigger }) => [
    fileName(path),
    codeSpan(trigger.text, view.text),
    codeSpan(trigger.label, LABEL_LIMIT),
    `${whole(trigger.labelled)} of ${whole(trigger.rows)}`,
    decimal(trigger.expected, 1),
    decimal(trigger.zScore, 1),
    probability(trigger.qValue),
  ]);
  const head = ["File", "Phrase", "Label", "Rows with it", "Expected", "z", "q"];
  return blocks("#### Phrases that go with one label", table(head, "lllrrrr", rows), rest);
}

function confirmation(texts: readonly string[]): string | null {
  const distinct = [...new Set(texts.filter((text) => text.trim() !== ""))];
  const list = bullets(distinct.slice(0, 3).map((text) => escapeMarkdown(text)));
  return list === null ? null : blocks("To confirm:", list);
}
