/** What `explain` and `screen` print: plain text for a terminal, hostile text made visible, a bar where a colour would be. */
import { promptLabel } from "./facts.js";
import type { Explanation, Interval, Ledger, PromptReport, ReportSpan, Screen } from "../domain.js";
import { decimal, money, quantity, whole } from "./markdown/numbers.js";
import { courseNotes, instanceNote, unusualNotes } from "./screen-notes.js";
import { reductionParts } from "./sections/ledger.js";
import { truncate, visibleLine } from "./markdown/visible.js";

const BAR_WIDTH = 12;
const TEXT_WIDTH = 72;

/** Spans in the order of the file, each with influence, 90 % interval, a bar relative to the strongest, and its text. */
export function renderExplanation(report: PromptReport): string {
  const { explanation } = report;
  const title = visibleLine(promptLabel(report));
  if (explanation === null)
    return `${[title, `no explanation: ${visibleLine(report.explanationReason ?? "no reason given")}`, ...injectionLines(report)].join("\n")}\n`;
  const { fidelity } = explanation;
  const head = [
    title,
    `${explanation.method}, value: ${explanation.value}${explanation.objective === null ? "" : ` (surrogate: ${explanation.objective})`}, ${explanation.granularity} spans, ${explanation.inputs} inputs x ${decimal(explanation.masksPerInput, 0)} masks, ${explanation.oracleCalls} oracle calls`,
    `fidelity ${decimal(fidelity.estimate)} (${decimal(fidelity.low)} to ${decimal(fidelity.high)}; ${fidelity.measure}, ${fidelity.inputs} inputs)`,
    ...Object.entries(explanation.baselines).flatMap(([name, value]) =>
      value
        ? [
            `  ${name.padEnd(18)} ${decimal(value.estimate)} (${decimal(value.low)} to ${decimal(value.high)})`,
          ]
        : [],
    ),
    ...explanation.surrogates.map(
      (surrogate) =>
        `weight of the prior ${visibleLine(surrogate.name)}: ${decimal(surrogate.weight)}`,
    ),
    `${explanation.stability.verdict}${explanation.stability.rankCorrelation === null ? "" : `: rank correlation of refits ${decimal(explanation.stability.rankCorrelation)}`}`,
    ...curveLines(explanation),
    ...(explanation.interactions ?? []).map(({ sentence }) => `pair: ${visibleLine(sentence)}`),
    ...(explanation.withheld === null
      ? []
      : [`influence withheld: ${visibleLine(explanation.withheld)}`]),
    "",
  ];
  const strongest = Math.max(
    0,
    ...explanation.spans.map((span) => Math.abs(span.influence?.estimate ?? 0)),
  );
  const spans = strongestFirst(explanation.spans);
  const rest = explanation.spans.length - spans.length;
  return `${[...head, ...spans.map((span) => spanLine(span, strongest)), ...(rest > 0 ? [`and ${rest} weaker spans`] : []), ...injectionLines(report)].join("\n")}\n`;
}

/** A line a suspected instruction; old ones are said to be. */
function injectionLines({ injections }: PromptReport): readonly string[] {
  return injections.map(
    ({ source, rule, severity, isNew, evidence }) =>
      `suspected instruction, line ${source.startLine}, column ${source.startColumn} (${rule}, ${severity}${isNew ? "" : ", not new"}): ${visibleLine(evidence)}`,
  );
}

const MOST_SPANS = 60;

/** Spans in the order of the file; of very many only the strongest. */
function strongestFirst(spans: readonly ReportSpan[]): readonly ReportSpan[] {
  if (spans.length <= MOST_SPANS) return spans;
  const size = (span: ReportSpan): number => Math.abs(span.influence?.estimate ?? 0);
  const least = spans.map(size).sort((a, b) => b - a)[MOST_SPANS - 1] ?? 0;
  return spans.filter((span) => size(span) >= least).slice(0, MOST_SPANS);
}

function curveLines({ curve }: Explanation): string[] {
  return curve.map(
    ({ masksPerInput, oracleCalls, fidelity }) =>
      `  with ${masksPerInput} oracle masks an input (${oracleCalls} calls): ${decimal(fidelity.estimate)} (${decimal(fidelity.low)} to ${decimal(fidelity.high)})`,
  );
}

/** A line an input: its three strongest spans. */
export function renderPerInput(
  explanation: Explanation,
  perInput: readonly { readonly id: string; readonly influence: readonly Interval[] }[] | null,
): string {
  if (perInput === null) return "influence on each input is withheld as well\n";
  const lines = perInput.map(({ id, influence }) => {
    const strongest = influence
      .map((value, index) => ({ value, index }))
      .sort((a, b) => Math.abs(b.value.estimate) - Math.abs(a.value.estimate))
      .slice(0, 3)
      .map(({ value, index }) => {
        const line = explanation.spans[index]?.startLine ?? 0;
        return `line ${line} ${decimal(value.estimate)} (${decimal(value.low)} to ${decimal(value.high)})`;
      });
    return `${truncate(visibleLine(id), 40)}: ${strongest.join(", ")}`;
  });
  return `strongest spans of each input:\n${lines.join("\n")}\n`;
}

function spanLine(span: ReportSpan, strongest: number): string {
  const lines =
    `${span.startLine}${span.endLine === span.startLine ? "" : `-${span.endLine}`}`.padStart(7);
  const text = truncate(visibleLine(span.text.trim()), TEXT_WIDTH);
  const tokens = String(span.tokens).padStart(4);
  if (span.influence === null) return `${lines} ${tokens} tokens  ${text}`;
  const { estimate, low, high } = span.influence;
  const cells = strongest === 0 ? 0 : Math.round((Math.abs(estimate) / strongest) * BAR_WIDTH);
  const bar = (estimate < 0 ? "-" : "#").repeat(cells).padEnd(BAR_WIDTH);
  return `${lines} ${tokens} tokens ${decimal(estimate).padStart(7)} (${decimal(low)} to ${decimal(high)}) ${bar} ${text}`;
}

/**
 * One paragraph a surrogate: verdict first, then the numbers that made it; then who may explain which inputs, and what it took. `ledger`:
 * of this command alone, or null where no oracle was asked.
 */
export function renderScreens(report: PromptReport, ledger: Ledger | null): string {
  const levels = report.instanceLevels.map(
    (level) => `${visibleLine(level.surrogate)}: ${visibleLine(instanceNote(level))}`,
  );
  return `${[visibleLine(promptLabel(report)), ...report.screens.map(screenLines), ...levels, ...costLines(ledger)].join("\n")}\n`;
}

function costLines(ledger: Ledger | null): string[] {
  if (ledger === null) return [];
  const { oracle, surrogate, explanations } = ledger;
  const { byPurpose } = oracle;
  const scored =
    surrogate === null
      ? []
      : [
          `surrogates: ${quantity(surrogate.masks, "prompt")}, ${quantity(surrogate.tokens, "token")}`,
        ];
  return [
    `oracle: ${quantity(oracle.calls, "call")} (${whole(byPurpose["fixed outputs"].calls)} fixed outputs, ${whole(byPurpose.masks.calls)} masks), ${quantity(oracle.promptTokens + oracle.completionTokens, "token")}, ${money(oracle.cost)}`,
    ...scored,
    ...(explanations === null ? [] : [`cost-reduction ratio ${reductionParts(explanations)}`]),
  ];
}

function screenLines(screen: Screen): string {
  const measured =
    screen.estimate === null
      ? []
      : [
          `  ${screen.mode === "explain" ? "ratio" : "mean q"} ${decimal(screen.estimate)}, lower bound ${screen.low === null ? "unknown" : decimal(screen.low)} at alpha ${screen.alpha}, threshold ${screen.threshold}, ${screen.inputs} inputs, wealth ${screen.wealth === null ? "unknown" : decimal(screen.wealth)} of ${decimal(1 / screen.alpha, 0)}`,
        ];
  return [
    `${visibleLine(screen.surrogate)}: ${screen.verdict} (mode ${screen.mode})`,
    `  ${visibleLine(screen.reason)}`,
    ...measured,
    ...[...unusualNotes(screen), ...courseNotes(screen)].map((note) => `  ${note}`),
  ].join("\n");
}
