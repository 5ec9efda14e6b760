/** One line a file with its verdicts, then what could not be known and why. */
import type { DataReport, PromptReport, Screen } from "../../domain.js";
import { unanswered } from "../facts.js";
import { escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, capped, table } from "../markdown/blocks.js";
import { change, interval, money, percent, quantity, whole } from "../markdown/numbers.js";
import { fileName, type View } from "../view.js";

const NOT_APPLICABLE = "–";
const NOT_KNOWN = "not known";

/** The table of files and verdicts; null where the report has none. */
export function filesTable(view: View): string | null {
  const rows = [...view.report.prompts.map(promptRow), ...view.report.data.map(dataRow)];
  if (rows.length === 0) return null;
  const { shown, rest } = capped(rows, view.rows);
  return blocks(
    table(["File", "Size", "Removable", "Suspicious", "Fidelity", "Surrogate"], "llllll", shown),
    rest,
  );
}

function promptRow(prompt: PromptReport): readonly string[] {
  return [
    fileName(prompt.path),
    promptSize(prompt),
    removableCell(prompt),
    demonstrationsCell(prompt),
    fidelityCell(prompt),
    surrogateCell(prompt),
  ];
}

function promptSize({ tokens }: PromptReport): string {
  const against = tokens.base === null ? "new" : change(tokens.head - tokens.base);
  return `${quantity(tokens.head, "token")} (${against})`;
}

function removableCell({ removable, tokens }: PromptReport): string {
  if (removable === null) return NOT_KNOWN;
  if (removable.certificate === null) return "nothing certified";
  if (removable.spans.length === 0) return "nothing";
  const share = tokens.head > 0 ? ` (${percent(removable.tokensSaved / tokens.head)})` : "";
  return `**−${whole(removable.tokensSaved)}**${share}, certified`;
}

function demonstrationsCell({ demonstrations }: PromptReport): string {
  if (demonstrations === null) return NOT_KNOWN;
  return demonstrations.length === 0
    ? "none found"
    : `**${quantity(demonstrations.length, "example")}**`;
}

function fidelityCell({ explanation }: PromptReport): string {
  if (explanation === null) return NOT_KNOWN;
  return `${interval(explanation.fidelity)}${explanation.shown ? "" : ", influence withheld"}`;
}

function surrogateCell({ screens }: PromptReport): string {
  const verdicts = [...new Set(screens.map(screenCell))];
  return verdicts.length === 0 ? "not screened" : verdicts.join(", ");
}

function screenCell(screen: Screen): string {
  return screen.verdict === "certified" || screen.verdict === "supported"
    ? `**${screen.verdict}**`
    : screen.verdict;
}

function dataRow(data: DataReport): readonly string[] {
  const size = `${quantity(data.rows, "row")} (${whole(data.newRows)} new)`;
  return [
    fileName(data.path),
    size,
    NOT_APPLICABLE,
    rowsCell(data),
    NOT_APPLICABLE,
    NOT_APPLICABLE,
  ];
}

function rowsCell({ suspicious, triggers }: DataReport): string {
  const phrases = triggers.length > 0 ? [`**${quantity(triggers.length, "phrase")}**`] : [];
  if (suspicious === null) return [...phrases, NOT_KNOWN].join(", ");
  const rows = suspicious.length > 0 ? [`**${quantity(suspicious.length, "row")}**`] : [];
  return [...rows, ...phrases].join(", ") || "none found";
}

/** Reasons for everything that is missing, file by file, and what buying the answer would take. */
export function missing(view: View): string | null {
  const open = unanswered(view.report);
  const notes = new Map(
    [...open, ...view.report.prompts].map(({ path }) => [path, [] as string[]]),
  );
  for (const { path, question, reason } of open)
    notes.get(path)?.push(`no ${question}: ${escapeMarkdown(reason)}`);
  for (const { path, plan } of view.report.prompts)
    if (plan !== null) notes.get(path)?.push(planLine(plan));
  const items = [...notes]
    .filter(([, lines]) => lines.length > 0)
    .map(([path, lines]) => [fileName(path), ...lines.map((line) => `  - ${line}`)].join("\n"));
  const { shown, rest } = capped(items, view.rows);
  const list = bullets(shown);
  return list === null ? null : blocks("**Missing, and why**", list, rest);
}

function planLine(plan: NonNullable<PromptReport["plan"]>): string {
  const cost = plan.cost === null ? money(null) : `about ${money(plan.cost)}`;
  return `an explanation and a certified shorter prompt would take about ${quantity(plan.calls, "oracle call")} (${quantity(plan.promptTokens, "prompt token")}, ${cost})`;
}

/** Problems in the wording that need no oracle: unused slots, contradictions, injected instructions. */
export function problems(view: View): string | null {
  const found = view.report.prompts.flatMap((prompt) =>
    prompt.problems.map((problem) => `${fileName(prompt.path)}: ${escapeMarkdown(problem)}`),
  );
  const { shown, rest } = capped(found, view.rows);
  const list = bullets(shown);
  return list === null ? null : blocks("#### Problems in the wording", list, rest);
}
