/** Text that speaks to the model, or hides from people: every word of it hostile, shown and never rendered. */
import type { InjectedRow, PromptInjection, RowInjections } from "../../domain.js";
import { injectedRows, injections, type Located } from "../facts.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, table, type Column } from "../markdown/blocks.js";
import { quantity, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

/** New findings of prompts and of rows, what would confirm them, and what was taken for a file's format. */
export function injectionsSection(view: View): string | null {
  const inPrompts = injections(view.report);
  const inRows = injectedRows(view.report);
  const tables = blocks(promptsTable(view, inPrompts), rowsTable(view, inRows));
  const body = blocks(tables, confirmations([...inPrompts, ...inRows]), notes(view));
  return body === "" ? null : blocks("#### Suspected instructions to the model", body);
}

function promptsTable(view: View, found: readonly Located<PromptInjection>[]): string | null {
  return table(found, view.rows, [
    ["File", "l", ({ path }) => fileName(path)],
    ["Line", "l", ({ path, source }) => linesOf(view, path, source)],
    ["Where", "l", whereOf],
    ...common<Located<PromptInjection>>(view),
    ["Without it", "l", effectOf],
  ]);
}

function whereOf({ demonstration }: PromptInjection): string {
  return demonstration === null
    ? "the template's own text"
    : `the example of line ${demonstration.startLine}`;
}

/** What deleting its span did to the outputs, or that nobody knows. */
function effectOf({ effect }: PromptInjection): string {
  if (effect === null || effect.deletion === null) return "not known";
  const { changed, inputs } = effect.deletion;
  return `${whole(changed)} of ${quantity(inputs, "output")} ${changed === 1 ? "changes" : "change"}`;
}

function rowsTable(view: View, found: readonly InjectedRow[]): string | null {
  return table(found, view.rows, [
    ["File", "l", ({ path }) => fileName(path)],
    ["Line", "l", ({ path, line }) => linesOf(view, path, { startLine: line, endLine: line })],
    ["Field", "l", ({ field }) => codeSpan(field, 40)],
    ...common<InjectedRow>(view),
  ]);
}

function common<Found extends PromptInjection | InjectedRow>(view: View): readonly Column<Found>[] {
  return [
    ["Kind", "l", ({ rule, severity }) => escapeMarkdown(`${rule} (${severity})`)],
    ["Evidence", "l", ({ evidence }) => escapeMarkdown(evidence, view.text * 4)],
    ["False alarms", "l", ({ errorRate }) => escapeMarkdown(errorRate, view.text * 2)],
  ];
}

const CONFIRMATIONS = 4;

function confirmations(found: readonly (PromptInjection | InjectedRow)[]): string | null {
  const [only, ...others] = new Set(found.map(({ confirm }) => escapeMarkdown(confirm)));
  if (only === undefined) return null;
  if (others.length === 0) return `To confirm: ${only}`;
  return blocks(
    "To confirm:",
    bullets([only, ...others], CONFIRMATIONS, (text) => text),
  );
}

/** What is not listed, and why. */
function notes(view: View): string | null {
  const old = view.report.prompts.reduce(
    (sum, prompt) => sum + prompt.injections.filter(({ isNew }) => !isNew).length,
    0,
  );
  const oldRows = view.report.data.reduce(
    (sum, { injections: { found, foundNew } }) => sum + found - foundNew,
    0,
  );
  const lines = [
    ...(old + oldRows > 0
      ? [
          `${quantity(old + oldRows, "older one")} of the same kinds, which the base version has too, count as no findings; they are in the report file.`,
        ]
      : []),
    ...view.report.data.flatMap(({ path, injections: found }) => formatNotes(path, found)),
  ];
  return bullets(lines, view.rows, (line) => line);
}

function formatNotes(path: string, { formats, rows }: RowInjections): readonly string[] {
  return formats.map(
    ({ rule, rows: fired }) =>
      `${fileName(path)}: ${escapeMarkdown(rule)} in ${whole(fired)} of ${quantity(rows, "row")}, so it is taken for the file's format and not listed.`,
  );
}
