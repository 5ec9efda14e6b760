/** What the explanations needed, and what the same ones would have needed on the oracle alone. */
import type {
  CostReduction,
  OraclePurpose,
  OracleUsage,
  PlannedCalls,
  Report,
} from "../../domain.js";
import { codeSpan } from "../markdown/escape.js";
import { blocks, table } from "../markdown/blocks.js";
import { decimal, money, quantity, whole } from "../markdown/numbers.js";

/** The one line that stays visible. */
export function ledgerLine(report: Report): string {
  const { oracle, onOracleAlone } = report.ledger;
  if (oracle.calls === 0) return "**Ledger**: no oracle calls.";
  const alone =
    onOracleAlone.calls === 0
      ? ""
      : `; explanations with 256 masks an input on the oracle alone: ${quantity(onOracleAlone.calls, "call")}, ${money(onOracleAlone.cost)}`;
  return `**Ledger**: ${quantity(oracle.calls, "oracle call")}, ${quantity(tokensOf(oracle), "token")}, ${money(oracle.cost)}${alone}${ratio(report)}.`;
}

function ratio(report: Report): string {
  const { costReductionRatio, onOracleAlone } = report.ledger;
  if (onOracleAlone.calls === 0) return "";
  return costReductionRatio === null
    ? "; ratio unknown"
    : `, **${decimal(costReductionRatio, 1)} times** the cost`;
}

function tokensOf(usage: OracleUsage): number {
  return usage.promptTokens + usage.completionTokens;
}

/** Calls, tokens and price by purpose, the surrogate's share of the work, and the comparison. */
export function ledgerTable(report: Report): string {
  const { oracle, onOracleAlone, planned } = report.ledger;
  const lines: readonly LedgerLine[] = [
    ...PURPOSES.map((name) => ({
      name,
      planned: planned?.byPurpose[name] ?? null,
      ...oracle.byPurpose[name],
    })).filter((line) => line.calls > 0 || (line.planned ?? 0) > 0),
    { ...oracle, name: "**oracle, all**", planned: planned?.calls ?? null },
    ...(onOracleAlone.calls === 0
      ? []
      : [
          {
            ...onOracleAlone,
            name: "on the oracle alone (256 masks an input)",
            planned: null,
            promptTokens: null,
            completionTokens: null,
          },
        ]),
  ];
  const number = (count: number | null): string => (count === null ? "" : whole(count));
  return blocks(
    table(lines, lines.length, [
      ["Purpose", "l", (line) => line.name],
      ["Calls", "r", (line) => whole(line.calls)],
      ...(planned === null
        ? []
        : [["Planned", "r", (line: LedgerLine) => number(line.planned)] as const]),
      ["Tokens in", "r", (line) => number(line.promptTokens)],
      ["Tokens out", "r", (line) => number(line.completionTokens)],
      ["Price", "r", (line) => money(line.cost)],
    ]),
    planned === null ? null : planSentence(report.ledger.oracle, planned),
    report.ledger.explanations === null
      ? null
      : `Explanations alone: cost-reduction ratio ${reductionParts(report.ledger.explanations)}. Fallback is what they are made from, screen what only tests; 256 masks an input on the oracle alone.`,
    surrogateSentence(report.ledger.surrogate),
    servedSentence(report.ledger.servedSurrogates),
    "Calls, tokens and prices are those that the input needs; answers that were already stored cost nothing again.",
  );
}

/** In the order in which they are asked. */
const PURPOSES = [
  "fixed outputs",
  "masks",
  "demonstrations",
  "influence of demonstrations",
  "confirmation",
  "injections",
  "search",
  "certification",
  "control",
  "repeats",
  "base",
] as const satisfies readonly OraclePurpose[];

/** What was said before the first call against what was needed: the plan is an upper estimate, for searches stop early. */
function planSentence(
  used: OracleUsage,
  { calls, promptTokens, cost, most }: PlannedCalls,
): string {
  const sampled =
    most.calls > calls
      ? `; at most ${quantity(most.calls, "call")}, ${money(most.cost)}, where the oracle gives no log-probabilities`
      : "";
  return (
    `Planned before the first call: up to ${quantity(calls, "call")}, ${quantity(promptTokens, "prompt token")}, ${money(cost)}${sampled}. ` +
    `Needed: ${quantity(used.calls, "call")}, ${quantity(used.promptTokens, "prompt token")}, ${money(used.cost)}.`
  );
}

/** `28.1 = $0.66 / ($0.00 surrogate + $0.02 fallback + $0.0004 screen)`, and from how many inputs on it pays. */
export function reductionParts(reduction: CostReduction): string {
  const { unit, oracle, proxy, fallback, screen, ratio, breakEvenInputs } = reduction;
  const amount = (value: number): string => (unit === "USD" ? money(value) : whole(value));
  const surrogate = proxy === null ? [] : [`${amount(proxy)} surrogate`];
  const parts = [...surrogate, `${amount(fallback)} fallback`, `${amount(screen)} screen`];
  const without = proxy === null ? ", the surrogate's time not counted" : "";
  const pays =
    breakEvenInputs === null
      ? "never cheaper than the oracle alone"
      : `cheaper than the oracle alone from ${quantity(breakEvenInputs, "input")} on`;
  return `${decimal(ratio, 1)} = ${amount(oracle)} / (${parts.join(" + ")})${unit === "USD" ? "" : " in prompt tokens"}${without}; ${pays}`;
}

interface LedgerLine extends Pick<OracleUsage, "calls" | "cost"> {
  readonly name: string;
  readonly planned: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

function servedSentence(served: OracleUsage | null): string | null {
  if (served === null) return null;
  return `Surrogates on servers: ${quantity(served.calls, "answer")}, ${quantity(tokensOf(served), "token")}, ${money(served.cost)}.`;
}

function surrogateSentence(surrogate: Report["ledger"]["surrogate"]): string {
  if (surrogate === null) return "Surrogate: not used.";
  const { model, precision, masks, tokens } = surrogate;
  return `Surrogate: ${codeSpan(model)} (${codeSpan(precision)}), ${quantity(masks, "masked prompt")}, ${quantity(tokens, "token")}, ${precision === "as served" ? "on its server" : "on this machine"}.`;
}
