/** What the explanations needed, and what the same ones would have needed on the oracle alone. */
import type { OracleUsage, Report } from "../../domain.js";
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
  const { oracle, onOracleAlone } = report.ledger;
  const lines: readonly LedgerLine[] = [
    ...Object.entries(oracle.byPurpose)
      .filter(([, usage]) => usage.calls > 0)
      .map(([name, usage]) => ({ name, ...usage })),
    { ...oracle, name: "**oracle, all**" },
    ...(onOracleAlone.calls === 0
      ? []
      : [
          {
            ...onOracleAlone,
            name: "on the oracle alone (256 masks an input)",
            promptTokens: null,
            completionTokens: null,
          },
        ]),
  ];
  const tokens = (count: number | null): string => (count === null ? "" : whole(count));
  return blocks(
    table(lines, lines.length, [
      ["Purpose", "l", (line) => line.name],
      ["Calls", "r", (line) => whole(line.calls)],
      ["Tokens in", "r", (line) => tokens(line.promptTokens)],
      ["Tokens out", "r", (line) => tokens(line.completionTokens)],
      ["Price", "r", (line) => money(line.cost)],
    ]),
    surrogateSentence(report.ledger.surrogate),
    "Calls, tokens and prices are those that the input needs; answers that were already stored cost nothing again.",
  );
}

interface LedgerLine extends Pick<OracleUsage, "calls" | "cost"> {
  readonly name: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

function surrogateSentence(surrogate: Report["ledger"]["surrogate"]): string {
  if (surrogate === null) return "Surrogate: not used.";
  const { model, precision, masks, tokens } = surrogate;
  return `Surrogate: ${codeSpan(model)} (${codeSpan(precision)}), ${quantity(masks, "masked prompt")}, ${quantity(tokens, "token")}, ${precision === "as served" ? "on its server" : "on this machine"}.`;
}
