/** The two lines that suffice: what was looked at, and what is in it for the reviewer. */
import type { Report } from "../../domain.js";
import {
  certifiedDeletions,
  distinctSuspiciousRows,
  hasFindings,
  injections,
  suspiciousDemonstrations,
  triggers,
  unanswered,
} from "../facts.js";
import { decimal, money, percent, quantity, range, whole } from "../markdown/numbers.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks } from "../markdown/blocks.js";
import { fileName } from "../view.js";

/** Finished steps named in the warning. */
const STEPS = 10;

/** `### Understudy: 2 prompts, 1 data set`, the line of findings, and a warning where the run was cut short. */
export function headline(report: Report): string {
  return blocks(
    `### Understudy: ${title(report)}\n${summaryLine(report)}`,
    incomplete(report),
    substitute(report),
  );
}

/** Findings about another model than the one in production are worth little, and a reader must know before anything else. */
function substitute({ oracle }: Report): string | null {
  if (oracle === null || oracle.substitutes.length === 0) return null;
  return `> **Another model answered.** ${codeSpan(oracle.model)} was asked for, and the server says that it is ${nameList(oracle.substitutes)}.`;
}

const NAMES = 5;

/** Model names as code; the first few of many. */
export function nameList(names: readonly string[]): string {
  const more = names.length > NAMES ? ` and ${whole(names.length - NAMES)} more` : "";
  return `${names
    .slice(0, NAMES)
    .map((name) => codeSpan(name, 60))
    .join(", ")}${more}`;
}

function title(report: Report): string {
  if (hasFindings(report)) return scope(report);
  const everything = report.complete === true && unanswered(report).length === 0;
  return everything
    ? `nothing to report in ${scope(report)}`
    : `nothing found in what could be tested: ${scope(report)}`;
}

function scope(report: Report): string {
  const counted = [
    ...(report.prompts.length > 0 ? [quantity(report.prompts.length, "prompt")] : []),
    ...(report.data.length > 0 ? [quantity(report.data.length, "data set")] : []),
  ];
  return counted.length > 0 ? counted.join(", ") : "no prompt or data file among the changes";
}

/** The findings first, then what was not found, then what it rests on and what it cost. */
function summaryLine(report: Report): string {
  const tokens = tokensPart(report);
  const suspicious = suspiciousParts(report);
  const absent = [
    ...(tokens === null && report.prompts.length > 0 && report.oracle !== null
      ? ["no shorter prompt certified"]
      : []),
    ...(suspicious.length === 0 ? [nothingSuspicious(report)] : []),
  ];
  const parts = [tokens, ...suspicious, problemsPart(report), ...absent, ...basis(report)];
  return parts.filter((part) => part !== null).join(" · ");
}

function tokensPart(report: Report): string | null {
  const certified = certifiedDeletions(report);
  if (certified.length === 0) return null;
  const saved = certified.reduce((sum, deletion) => sum + deletion.tokensSaved, 0);
  const before = certified.reduce((sum, deletion) => sum + deletion.prompt.tokens.head, 0);
  const share = before > 0 ? `${percent(saved / before)}, certified` : "certified";
  const cost = sumOfKnown(certified.map(({ prompt }) => prompt.savings?.cost ?? null));
  return `**−${whole(saved)} tokens** possible${inFiles(certified.map(({ prompt }) => prompt.path))} (${share}; ${cost === null ? "price unknown" : `${money(cost)} every 1,000 calls`})`;
}

/** null as soon as one is unknown. */
function sumOfKnown(costs: readonly (number | null)[]): number | null {
  return costs.reduce<number | null>(
    (sum, cost) => (sum === null || cost === null ? null : sum + cost),
    0,
  );
}

function suspiciousParts(report: Report): readonly string[] {
  const count = (noun: string, found: readonly { readonly path: string }[]): readonly string[] =>
    found.length === 0
      ? []
      : [`**${quantity(found.length, noun)}**${inFiles(found.map(({ path }) => path))}`];
  const rows = distinctSuspiciousRows(report);
  return [
    ...count("suspected instruction", injections(report)),
    ...count("suspicious example", suspiciousDemonstrations(report)),
    ...count("suspicious row", rows),
    ...(rows.length === 0 ? count("suspicious phrase", triggers(report)) : []),
  ];
}

function nothingSuspicious(report: Report): string {
  const untested = unanswered(report).some(({ kind }) => kind === "suspicion");
  return untested ? "nothing suspicious in what could be tested" : "nothing suspicious";
}

function inFiles(paths: readonly string[]): string {
  const distinct = [...new Set(paths)];
  return distinct.length === 1
    ? ` in ${distinct.map(fileName).join("")}`
    : ` in ${quantity(distinct.length, "file")}`;
}

function problemsPart(report: Report): string | null {
  const problems = report.prompts.reduce((sum, prompt) => sum + prompt.problems.length, 0);
  return problems > 0 ? `**${quantity(problems, "problem")}** in the wording` : null;
}

function basis(report: Report): readonly (string | null)[] {
  if (report.prompts.length === 0) return [costPart(report)];
  if (report.oracle === null)
    return ["no oracle was asked: nothing explained, screened or certified"];
  return [fidelityPart(report), costPart(report), surrogatePart(report)];
}

function fidelityPart(report: Report): string {
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

function surrogatePart(report: Report): string {
  const verdicts = report.prompts.flatMap((prompt) =>
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
