/** Rows of text/label data in JSON Lines. */

import { UnderstudyError } from "../errors.js";
import type { Row } from "../domain.js";

/** Rows of a file, or why it is not a text/label file. */
export type TextLabelRows =
  | {
      readonly kind: "rows";
      readonly textField: string;
      readonly labelField: string;
      readonly rows: Row[];
    }
  | { readonly kind: "not text/label"; readonly reason: string };

const TEXT_FIELDS = [
  "text",
  "sentence",
  "input",
  "content",
  "review",
  "message",
  "utterance",
  "question",
  "query",
  "tweet",
  "comment",
  "ticket",
  "title",
  "body",
  "document",
];
const LABEL_FIELDS = [
  "label",
  "category",
  "intent",
  "class",
  "sentiment",
  "label_text",
  "labels",
  "target",
  "topic",
  "tag",
  "answer",
  "output",
];
/** Fields of other known schemas; a file with one of them is named as such and not scored. */
const OTHER_SCHEMAS: Readonly<Record<string, string>> = {
  messages: "chat fine-tuning data",
  conversations: "chat fine-tuning data",
  completion: "prompt/completion data",
  instruction: "instruction data",
  chosen: "preference pairs",
  slots: "inputs of a prompt",
  request: "a recording of answers",
};

interface RawRow {
  readonly line: number;
  readonly value: ReadonlyMap<string, unknown>;
}

/** Whether a file is a data file by its name: `.jsonl`, neither a prompt's inputs nor a recording. */
export function isDataPath(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return (
    name.endsWith(".jsonl") &&
    !name.endsWith(".inputs.jsonl") &&
    !/(^|[.\-_])recordings?(\.[\w-]+)*\.jsonl$/.test(name) &&
    !/(^|\/)(?:recordings?|\.understudy)\//i.test(path)
  );
}

/**
 * Reads text/label rows and says which fields hold them: the first text-like and label-like name, in a fixed order of
 * preference, that the first row has. Numbers and booleans as labels are kept as text. Blank lines are skipped; lines
 * count from 1. Throws DATA with the line for malformed JSON.
 */
export function parseTextLabelRows(path: string, text: string): TextLabelRows {
  const raw = readLines(path, text);
  const first = raw[0];
  if (!first) return { kind: "not text/label", reason: "the file has no rows" };
  const fields = detectFields(first);
  if ("reason" in fields) return { kind: "not text/label", reason: fields.reason };
  const rows: Row[] = [];
  for (const row of raw) {
    const content = row.value.get(fields.textField);
    const label = labelText(row.value.get(fields.labelField));
    if (typeof content !== "string" || label === null)
      return { kind: "not text/label", reason: deviation(row, fields) };
    rows.push({ line: row.line, text: content, label });
  }
  return { kind: "rows", ...fields, rows };
}

function readLines(path: string, text: string): RawRow[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .flatMap((source, index) => (source.trim() === "" ? [] : [readRow(path, index + 1, source)]));
}

function readRow(path: string, line: number, source: string): RawRow {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new UnderstudyError("DATA", `not valid JSON: ${shown(source.trim())}`, {
      place: { path, line },
      fix: "write one JSON object a line",
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UnderstudyError("DATA", `found ${shown(source.trim())} where an object is needed`, {
      place: { path, line },
      fix: "write one JSON object a line",
    });
  return { line, value: new Map(Object.entries(value)) };
}

function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}

function detectFields(
  row: RawRow,
): { readonly textField: string; readonly labelField: string } | { readonly reason: string } {
  const other = Object.keys(OTHER_SCHEMAS).find((field) => row.value.has(field));
  if (other !== undefined)
    return { reason: `line ${row.line} has "${other}": ${OTHER_SCHEMAS[other]}` };
  const textField = TEXT_FIELDS.find((field) => typeof row.value.get(field) === "string");
  const labelField = LABEL_FIELDS.find((field) => labelText(row.value.get(field)) !== null);
  if (textField === undefined)
    return {
      reason: `line ${row.line} has no text field (known: ${TEXT_FIELDS.slice(0, 4).join(", ")}, ...)`,
    };
  if (labelField === undefined)
    return {
      reason: `line ${row.line} has no label field (known: ${LABEL_FIELDS.slice(0, 4).join(", ")}, ...)`,
    };
  return { textField, labelField };
}

function labelText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

function deviation(
  row: RawRow,
  fields: { readonly textField: string; readonly labelField: string },
): string {
  const missing =
    typeof row.value.get(fields.textField) === "string" ? fields.labelField : fields.textField;
  return `line ${row.line} has no usable "${missing}", unlike the rows before it`;
}

/** Rows of `head` that `base` does not have, as multisets by text and label: of equal rows as many as were added, the last ones. */
export function newRows(base: readonly Row[], head: readonly Row[]): Row[] {
  const left = new Map<string, number>();
  for (const row of base) left.set(contentOf(row), (left.get(contentOf(row)) ?? 0) + 1);
  return head.filter((row) => {
    const known = left.get(contentOf(row)) ?? 0;
    if (known > 0) left.set(contentOf(row), known - 1);
    return known === 0;
  });
}

function contentOf(row: Row): string {
  return JSON.stringify([row.text, row.label]);
}
