/** Candidates: demonstrations, rows and phrases that a person should look at, with the evidence and its error rate. */
import { suspiciousDemonstrations, suspiciousRows, triggers } from "../facts.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, table } from "../markdown/blocks.js";
import { decimal, probability, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

const LABEL_LIMIT = 40;

/** Few-shot examples whose label the oracle would not give. */
export function demonstrationsTable(view: View): string | null {
  const found = suspiciousDemonstrations(view.report);
  return underHeading(
    "Suspicious examples",
    table(found, view.rows, [
      ["File", "l", ({ path }) => fileName(path)],
      ["Line", "l", ({ path, startLine }) => lineOf(view, path, startLine)],
      ["Label written", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
      ["Oracle would say", "l", ({ suggested }) => codeSpan(suggested, LABEL_LIMIT)],
      ["Evidence", "l", ({ evidence }) => escapeMarkdown(evidence, view.text * 3)],
      ["Error rate", "l", ({ errorRate }) => escapeMarkdown(errorRate, view.text)],
    ]),
    confirmation(found),
  );
}

/** Rows of data files, in the order in which the report has them. */
export function rowsTable(view: View): string | null {
  const found = suspiciousRows(view.report);
  return underHeading(
    "Suspicious rows",
    table(found, view.rows, [
      ["File", "l", ({ path }) => fileName(path)],
      ["Line", "l", ({ path, line }) => lineOf(view, path, line)],
      ["Label", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
      ["Text", "l", ({ text }) => codeSpan(text, view.text)],
      ["Evidence", "l", ({ evidence }) => escapeMarkdown(evidence, view.text * 3)],
      ["q", "r", ({ qValue }) => probability(qValue)],
    ]),
    confirmation(found),
  );
}

/** Phrases that carry a label more often than their content explains. */
export function triggersTable(view: View): string | null {
  return underHeading(
    "Phrases that go with one label",
    table(triggers(view.report), view.rows, [
      ["File", "l", ({ path }) => fileName(path)],
      ["Phrase", "l", ({ text }) => codeSpan(text, view.text)],
      ["Label", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
      ["Rows with it", "r", ({ labelled, rows }) => `${whole(labelled)} of ${whole(rows)}`],
      ["Expected", "r", ({ expected }) => decimal(expected, 1)],
      ["z", "r", ({ zScore }) => decimal(zScore, 1)],
      ["q", "r", ({ qValue }) => probability(qValue)],
    ]),
    null,
  );
}

function underHeading(title: string, body: string | null, after: string | null): string | null {
  return body === null ? null : blocks(`#### ${title}`, body, after);
}

function lineOf(view: View, path: string, line: number): string {
  return linesOf(view, path, { startLine: line, endLine: line });
}

const CONFIRMATIONS = 3;

/** What would confirm the findings, each way once. */
function confirmation(found: readonly { readonly confirm: string }[]): string | null {
  const distinct = [...new Set(found.map(({ confirm }) => confirm))].slice(0, CONFIRMATIONS);
  const list = bullets(
    distinct.filter((text) => text.trim() !== ""),
    CONFIRMATIONS,
    (text) => escapeMarkdown(text),
  );
  return list === null ? null : blocks("To confirm:", list);
}
