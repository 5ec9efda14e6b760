/** understudy-report.json: written as canonical bytes, read back as hostile text. */
import { z } from "zod";
import type { Report } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";
import { visibleLine } from "./markdown/visible.js";
import { reportSchema } from "./schema.js";

export { reportJsonSchema } from "./schema.js";

/**
 * Significant decimal digits that a number keeps in the file. Sums of floating point numbers may differ in their last digits
 * between processors; nothing we measure is known to ten.
 */
const SIGNIFICANT_DIGITS = 10;

/** A report read back is refused unread above this many UTF-16 units. */
const MAX_LENGTH = 64_000_000;

/** Negative numbers above this are the rounding errors of a sum that is zero. */
const NEGATIVE_ZERO = -1e-12;

/**
 * The report as JSON: keys in the order of the schema, two spaces, `\n`, a newline at the end; numbers that are not whole
 * rounded to ten significant digits, never `-0`.
 * @throws UnderstudyError INTERNAL for a report that its own schema refuses, such as one with NaN.
 */
export function serializeReport(report: Report): string {
  const checked = reportSchema.safeParse(mapLeaves(report, canonical));
  if (checked.success) return `${JSON.stringify(checked.data, null, 2)}\n`;
  throw new UnderstudyError(
    "INTERNAL",
    `the report does not fit its own schema: ${issuesOf(checked.error)}`,
  );
}

/** The same value with `leaf` applied to everything in it that is no array and no object. */
function mapLeaves(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, leaf));
  if (typeof value !== "object" || value === null) return leaf(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapLeaves(item, leaf)]),
  );
}

/**
 * The report with `redact` applied to every text. Do this before rendering: a page cuts long texts and escapes others, and the
 * half of a secret is not found again.
 * @throws UnderstudyError USAGE where `redact` changes a word of the format itself, such as a verdict.
 */
export function redactReport(report: Report, redact: (text: string) => string): Report {
  const redacted = mapLeaves(report, (value) =>
    typeof value === "string" ? redact(value) : canonical(value),
  );
  const checked = reportSchema.safeParse(redacted);
  if (checked.success) return checked.data;
  throw new UnderstudyError(
    "USAGE",
    `a secret is a word of the report's format: ${issuesOf(checked.error)}`,
    {
      fix: "use a secret that is no common word",
    },
  );
}

/** Numbers are rounded before the check, which a probability of 1 + 1e-16 would fail. */
function canonical(value: unknown): unknown {
  if (typeof value !== "number") return value;
  if (value <= 0 && value > NEGATIVE_ZERO) return 0;
  return Number.isInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/**
 * Reads a report of this schema version.
 * @throws UnderstudyError FILE for text that is no JSON or does not fit the schema; it names the first places.
 */
export function parseReport(text: string, path = "understudy-report.json"): Report {
  const refuse = (problem: string): never => {
    throw new UnderstudyError("FILE", problem, {
      place: { path },
      fix: "use the understudy-report.json that this version of understudy wrote",
    });
  };
  if (text.length > MAX_LENGTH)
    return refuse(`report of ${text.length} characters, at most ${MAX_LENGTH} are read`);
  const checked = reportSchema.safeParse(parseJson(text, refuse));
  return checked.success
    ? checked.data
    : refuse(`not a report of schema version 1: ${issuesOf(checked.error)}`);
}

function parseJson(text: string, refuse: (problem: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    return refuse(`not JSON: ${visibleLine(messageOf(thrown))}`);
  }
}

const ISSUES_SHOWN = 5;
const ISSUE_LENGTH = 200;

function issuesOf(error: z.ZodError): string {
  const described = error.issues.slice(0, ISSUES_SHOWN).map((issue) => {
    const place = issue.path.length === 0 ? "the whole" : issue.path.map(String).join(".");
    return visibleLine(`${place}: ${issue.message}`).slice(0, ISSUE_LENGTH);
  });
  const left = error.issues.length - ISSUES_SHOWN;
  return described.join("; ") + (left > 0 ? `; and ${left} more` : "");
}
