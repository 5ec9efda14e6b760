/** Candidates: demonstrations, rows and phrases that a person should look at, with the evidence and its error rate. */
import type { SuspiciousDemonstration } from "../../domain.js";
import {
  isOld,
  suspiciousDemonstrations,
  suspiciousRows,
  triggers,
  type Located,
} from "../facts.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, table, type Column } from "../markdown/blocks.js";
import { decimal, probability, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";
import { confirmationLines } from "./demonstrations.js";

const LABEL_LIMIT = 40;

/** Few-shot examples that a person should look at, and what became of the answers without them. */
export function demonstrationsTable(view: View): string | null {
  const suspicious = suspiciousDemonstrations(view.report);
  const found = section(view, "Suspicious examples", suspicious, [
    ["Line", "l", ({ path, startLine }) => lineOf(view, path, startLine)],
    ["Kind", "l", ({ kind }) => kind],
    ["Label written", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
    [
      "Oracle would say",
      "l",
      ({ suggested }) => (suggested === null ? "–" : codeSpan(suggested, LABEL_LIMIT)),
    ],
    ["Evidence", "l", ({ evidence }) => escapeMarkdown(evidence, view.text * 3)],
    ["Error rate", "l", ({ errorRate }) => escapeMarkdown(errorRate, view.text)],
    ...(suspicious.some((one) => isOld(view.report, one)) ? [since(view)] : []),
  ]);
  return found === null ? null : blocks(found, confirmationLines(view));
}

/** A column that says which examples the change did not bring. */
function since(view: View): Column<Located<SuspiciousDemonstration>> {
  return ["Since", "l", (one) => (isOld(view.report, one) ? "before this change" : "this change")];
}

/** Rows of data files, in the order in which the report has them. */
export function rowsTable(view: View): string | null {
  return section(view, "Suspicious rows", suspiciousRows(view.report), [
    ["Line", "l", ({ path, line }) => lineOf(view, path, line)],
    ["Label", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
    ["Text", "l", ({ text }) => codeSpan(text, view.text)],
    ["Evidence", "l", ({ evidence }) => escapeMarkdown(evidence, view.text * 3)],
    ["q", "r", ({ qValue }) => probability(qValue)],
  ]);
}

/** Phrases that carry a label more often than their content explains. */
export function triggersTable(view: View): string | null {
  return section(view, "Phrases that go with one label", triggers(view.report), [
    ["Phrase", "l", ({ text }) => codeSpan(text, view.text)],
    ["Label", "l", ({ label }) => codeSpan(label, LABEL_LIMIT)],
    ["Rows with it", "r", ({ labelled, rows }) => `${whole(labelled)} of ${whole(rows)}`],
    ["Expected", "r", ({ expected }) => decimal(expected, 1)],
    ["z", "r", ({ zScore }) => decimal(zScore, 1)],
    ["q", "r", ({ qValue }) => probability(qValue)],
  ]);
}

interface Candidate {
  readonly path: string;
  readonly confirm?: string;
}

/** A table under its heading; the file is in the heading where all candidates are in one, else in a column. */
function section<Found extends Candidate>(
  view: View,
  title: string,
  found: readonly Found[],
  columns: readonly Column<Found>[],
): string | null {
  const [path, ...others] = new Set(found.map((one) => one.path));
  if (path === undefined) return null;
  const file: Column<Found> = ["File", "l", (one) => fileName(one.path)];
  const heading = others.length === 0 ? `#### ${title} in ${fileName(path)}` : `#### ${title}`;
  return blocks(
    heading,
    table(found, view.rows, others.length === 0 ? columns : [file, ...columns]),
    confirmation(found),
  );
}

function lineOf(view: View, path: string, line: number): string {
  return linesOf(view, path, { startLine: line, endLine: line });
}

const CONFIRMATIONS = 3;

/** What would confirm the findings, each way once. */
function confirmation(found: readonly Candidate[]): string | null {
  const distinct = [...new Set(found.map(({ confirm }) => confirm?.trim() ?? ""))].filter(
    (text) => text !== "",
  );
  const [only, ...others] = distinct.slice(0, CONFIRMATIONS).map((text) => escapeMarkdown(text));
  if (only === undefined) return null;
  if (others.length === 0) return `To confirm: ${only}`;
  return blocks(
    "To confirm:",
    bullets([only, ...others], CONFIRMATIONS, (text) => text),
  );
}
