/** The two lines that suffice: what was looked at, and what is in it for the reviewer. */
import type { PromptReport, Report } from "../../domain.js";
import {
  certifiedDeletions,
  hasFindings,
  suspiciousDemonstrations,
  suspiciousRows,
  triggers,
  unanswered,
} from "../facts.js";
import { decimal, money, percent, quantity, range, whole } from "../markdown/numbers.js";
import { escapeMarkdown } from "../markdown/escape.js";
import { blocks } from "../markdown/blocks.js";
import { fileName } from "../view.js";

/** Finished steps named in the warning. */
const STEPS = 10;

/** `### Understudy: 2 prompts, 1 data set`, the line of findings, and a warning where the run was cut short. */
export function headline(report: Report): string {
  const title = hasFindings(report) ? scope(report) : `nothing to report in ${scope(report)}`;
  return blocks(`### Understudy: ${title}\n${summaryLine(report)}`, incomplete(report));
}

function scope(report: Report): string {
  const counted = [
    ...(report.prompts.length > 0 ? [quantity(report.prompts.length, "prompt")] : []),
    ...(report.data.length > 0 ? [quantity(report.data.length, "data set")] : []),
  ];
  return counted.length > 0 ? counted.join(", ") : "no prompt or data file among the changes";
}

/** The findings first, then what they rest on and what they cost. */
function summaryLine(report: Report): string {
  const parts = [
    tokensPart(report),
    suspiciousPart(report),
    problemsPart(report),
    fidelityPart(report),
    costPart(report),
    surrogatePart(report),
  ];
  return parts.filter((part) => part !== null).join(" · ");
}

function tokensPart(report: Report): string | null {
  if (report.prompts.length === 0) return null;
  const certified = certifiedDeletions(report);
  const [first] = certified;
  if (first === undefined) return "no shorter prompt certified";
  const saved = certified.reduce((sum, deletion) => sum + deletion.tokensSaved, 0);
  const before = certified.reduce((sum, deletion) => sum + deletion.prompt.tokens.head, 0);
  const where =
    certified.length === 1 ? fileName(first.prompt.path) : quantity(certified.length, "prompt");
  const share = before > 0 ? `${percent(saved / before)}, certified` : "certified";
  return `**−${whole(saved)} tokens** possible in ${where} (${share})`;
}

function suspiciousPart(report: Report): string | null {
  const examples = suspiciousDemonstrations(report);
  const rows = suspiciousRows(report);
  const phrases = triggers(report).length;
  const found = [
    ...(examples.length > 0
      ? [
          `**${quantity(examples.length, "suspicious example")}**${inFile(examples.map((example) => example.path))}`,
        ]
      : []),
    ...(rows.length > 0
      ? [`**${quantity(rows.length, "suspicious row")}**${inFile(rows.map((row) => row.path))}`]
      : []),
    ...(rows.length === 0 && phrases > 0 ? [`**${quantity(phrases, "suspicious phrase")}**`] : []),
  ];
  if (found.length > 0) return found.join(" · ");
  const unknown = unanswered(report).some(({ question }) => question.startsWith("test of"));
  return unknown ? "nothing suspicious in what could be tested" : "nothing suspicious";
}

function inFile(paths: readonly string[]): string {
  const [path, ...others] = new Set(paths);
  return path === undefined || others.length > 0
    ? ` in ${quantity(others.length + 1, "file")}`
    : ` in ${fileName(path)}`;
}

function problemsPart(report: Report): string | null {
  const problems = report.prompts.reduce((sum, prompt) => sum + prompt.problems.length, 0);
  return problems > 0 ? `**${quantity(problems, "problem")}** in the wording` : null;
}

function fidelityPart(report: Report): string | null {
  if (report.prompts.length === 0) return null;
  const explained = report.prompts.flatMap((prompt) => prompt.explanation ?? []);
  const [first] = explained;
  if (first === undefined) return "not explained";
  if (explained.length > 1) {
    const estimates = explained.map((explanation) => explanation.fidelity.estimate);
    return `fidelity **${range(Math.min(...estimates), Math.max(...estimates))}** over ${quantity(explained.length, "prompt")}`;
  }
  const { estimate, low, high } = first.fidelity;
  const shown = first.shown ? "" : ", influence withheld";
  return `fidelity **${decimal(estimate)}** (${range(low, high)})${shown}`;
}

function costPart(report: Report): string {
  const { calls, cost } = report.ledger.oracle;
  return calls === 0 ? "no oracle calls" : `${quantity(calls, "oracle call")}, ${money(cost)}`;
}

function surrogatePart(report: Report): string | null {
  if (report.prompts.length === 0) return null;
  const verdicts = report.prompts.flatMap((prompt: PromptReport) =>
    prompt.screens.map((screen) => screen.verdict),
  );
  const kinds = [...new Set(verdicts)];
  if (kinds.length === 0) return "surrogate not screened";
  if (kinds.length === 1) return `surrogate ${kinds.join("")}`;
  return `surrogates ${kinds.map((kind) => `${verdicts.filter((verdict) => verdict === kind).length} ${kind}`).join(", ")}`;
}

function incomplete(report: Report): string | null {
  if (report.complete === true) return null;
  const { reason, finished } = report.complete;
  const steps = [...finished.slice(0, STEPS), ...(finished.length > STEPS ? ["and more"] : [])];
  const done =
    steps.length === 0
      ? "nothing was finished"
      : `finished: ${steps.map((step) => escapeMarkdown(step, 60)).join(", ")}`;
  return `> **Incomplete.** ${escapeMarkdown(reason)} (${done})`;
}
