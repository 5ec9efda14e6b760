/** One line a file with its verdicts, then what could not be known and why. */
import type { DataReport, PromptReport, Screen } from "../../domain.js";
import { promptLabel, unanswered, type Unanswered } from "../facts.js";
import { escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, table } from "../markdown/blocks.js";
import { change, interval, money, percent, quantity, whole } from "../markdown/numbers.js";
import { fileName, type View } from "../view.js";

const NOT_APPLICABLE = "–";
const NOT_KNOWN = "not known";

/** The table of files and verdicts; null where the report has none. */
export function filesTable(view: View): string | null {
  const files: readonly (PromptReport | DataReport)[] = [
    ...view.report.prompts,
    ...view.report.data,
  ];
  return table(files, view.rows, [
    ["File", "l", (file) => fileName(isPrompt(file) ? promptLabel(file) : file.path)],
    ["Size", "l", (file) => (isPrompt(file) ? promptSize(file) : dataSize(file))],
    ["Removable", "l", (file) => (isPrompt(file) ? removableCell(file) : NOT_APPLICABLE)],
    ["Suspicious", "l", (file) => (isPrompt(file) ? demonstrationsCell(file) : rowsCell(file))],
    ["Fidelity", "l", (file) => (isPrompt(file) ? fidelityCell(file) : NOT_APPLICABLE)],
    ["Surrogate", "l", (file) => (isPrompt(file) ? surrogateCell(file) : NOT_APPLICABLE)],
  ]);
}

function isPrompt(file: PromptReport | DataReport): file is PromptReport {
  return "tokens" in file;
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

function demonstrationsCell({ demonstrations, injections }: PromptReport): string {
  const added = injections.filter(({ isNew }) => isNew).length;
  const instructions = added > 0 ? [`**${quantity(added, "instruction")}**`] : [];
  if (demonstrations === null) return [...instructions, NOT_KNOWN].join(", ");
  const examples =
    demonstrations.length > 0 ? [`**${quantity(demonstrations.length, "example")}**`] : [];
  return [...examples, ...instructions].join(", ") || "none found";
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

function dataSize({ rows, newRows }: DataReport): string {
  return `${quantity(rows, "row")} (${whole(newRows)} new)`;
}

function rowsCell({ suspicious, triggers, injections }: DataReport): string {
  const phrases = [
    ...(triggers.length > 0 ? [`**${quantity(triggers.length, "phrase")}**`] : []),
    ...(injections.foundNew > 0 ? [`**${quantity(injections.foundNew, "instruction")}**`] : []),
  ];
  if (suspicious === null) return [...phrases, NOT_KNOWN].join(", ");
  const rows = suspicious.length > 0 ? [`**${quantity(suspicious.length, "row")}**`] : [];
  return [...rows, ...phrases].join(", ") || "none found";
}

const ABSENT: Readonly<Record<Unanswered["kind"], string>> = {
  influence: "influence of the spans not shown",
  deletion: "no certified shorter prompt",
  suspicion: "suspicious entries not looked for",
  file: "not judged",
};

/** Reasons for everything that is missing, file by file, and what buying the answer would take. */
export function missing(view: View): string | null {
  const open = unanswered(view.report);
  const byFile = new Map(open.map(({ path }) => [path, open.filter((one) => one.path === path)]));
  const plans = new Map(view.report.prompts.map((prompt) => [promptLabel(prompt), prompt.plan]));
  const list = bullets([...byFile], view.rows, ([path, questions]) => {
    const reasons = questions.map(
      ({ kind, reason }) => `${ABSENT[kind]}: ${escapeMarkdown(reason)}`,
    );
    return [fileName(path), ...reasons, ...planLines(plans.get(path) ?? null)].join("\n  - ");
  });
  return list === null ? null : blocks("**Missing, and why**", list);
}

function planLines(plan: PromptReport["plan"]): readonly string[] {
  if (plan === null) return [];
  const { most } = plan;
  const price = (cost: number | null): string =>
    cost === null ? money(null) : `about ${money(cost)}`;
  const sampled =
    most.calls > plan.calls
      ? `; up to ${whole(most.calls)} (${price(most.cost)}) from an oracle that gives no log-probabilities`
      : "";
  return [
    `an explanation and a certified shorter prompt would take about ${quantity(plan.calls, "oracle call")} ` +
      `(${quantity(plan.promptTokens, "prompt token")}, ${price(plan.cost)})${sampled}`,
  ];
}

/** Problems in the wording that need no oracle: unused slots, contradictions, injected instructions. */
export function problems(view: View): string | null {
  const found = view.report.prompts.flatMap((prompt) =>
    prompt.problems.map((text) => ({ path: promptLabel(prompt), text })),
  );
  const list = bullets(
    found,
    view.rows,
    ({ path, text }) => `${fileName(path)}: ${escapeMarkdown(text)}`,
  );
  return list === null ? null : blocks("#### Problems in the wording", list);
}
