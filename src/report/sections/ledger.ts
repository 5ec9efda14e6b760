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
    : `; **${decimal(costReductionRatio, 1)} times** the cost`;
}

function tokensOf(usage: OracleUsage): number {
  return usage.promptTokens + usage.completionTokens;
}

/** Calls, tokens and price by purpose, the surrogate's share of the work, and the comparison. */
export function ledgerTable(report: Report): string {
  const { oracle, surrogate, onOracleAlone } = report.ledger;
  const purposes = Object.entries(oracle.byPurpose).filter(([, usage]) => usage.calls > 0);
  const rows = [
    ...purposes.map(([purpose, usage]) => usageRow(purpose, usage)),
    usageRow("**oracle, all**", oracle),
  ];
  const alone = [
    "on the oracle alone (256 masks an input)",
    whole(onOracleAlone.calls),
    "",
    "",
    money(onOracleAlone.cost),
  ];
  return blocks(
    table(
      ["Purpose", "Calls", "Tokens in", "Tokens out", "Price"],
      "lrrrr",
      onOracleAlone.calls === 0 ? rows : [...rows, alone],
    ),
    surrogate === null
      ? "Surrogate: not used."
      : `Surrogate: ${codeSpan(surrogate.model)} (${codeSpan(surrogate.precision)}), ${quantity(surrogate.masks, "masked prompt")}, ${quantity(surrogate.tokens, "token")}, on this machine.`,
    "Calls, tokens and prices are those that the input needs; answers that were already stored cost nothing again.",
  );
}

function usageRow(purpose: string, usage: OracleUsage): readonly string[] {
  return [
    purpose,
    whole(usage.calls),
    whole(usage.promptTokens),
    whole(usage.completionTokens),
    money(usage.cost),
  ];
}
