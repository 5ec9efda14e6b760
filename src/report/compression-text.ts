/** What `compress` prints: the headline, why each span goes or stays, the diff, changed outputs, control arm, what it holds for. */
import type {
  ChangedOutput,
  Interval,
  Ledger,
  PromptReport,
  Protection,
  ReportSpan,
  SurrogateIdentity,
} from "../domain.js";
import { accuracySentence, excessSentence, lookSentence } from "./certificate-words.js";
import { promptLabel } from "./facts.js";
import { decideSpans, type SpanDecision } from "./decisions.js";
import { decimal, money, percent, quantity, whole } from "./markdown/numbers.js";
import { truncate, visibleBlock, visibleLine } from "./markdown/visible.js";

/** A span that was never a candidate, and what protects it. */
export type LockedSpan = Pick<ReportSpan, "startLine" | "endLine" | "text" | "tokens"> & {
  readonly protection: Protection;
};

export interface CompressionView {
  readonly prompt: PromptReport;
  readonly locked: readonly LockedSpan[];
  /** Of this command alone; null where no oracle was asked. */
  readonly ledger: Ledger | null;
  readonly oracle: string | null;
  readonly surrogate: SurrogateIdentity;
  /** What the run went without; empty where nothing is missing. */
  readonly missing: readonly string[];
}

const TEXT_WIDTH = 56;
const WHY_WIDTH = 200;
const OUTPUT_WIDTH = 36;
const OUTPUTS = 20;

/** Plain text for a terminal; everything that comes from a prompt or a model is made visible first. */
export function renderCompression(view: CompressionView): string {
  const { prompt, missing } = view;
  const sections = [
    [
      visibleLine(promptLabel(prompt)),
      headline(view),
      ...missing.map((one) => `incomplete: ${visibleLine(one)}`),
    ],
    spanLines(view),
    diffLines(prompt),
    outputLines(prompt.removable?.changedOutputs ?? []),
    evidenceLines(prompt),
    [scopeLine(view)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** `−38 % tokens (1,240 → 770); on 100 held-out inputs 2 outputs changed; 95 % sure that at most 6.2 % change; 412 oracle calls, $0.41`. */
function headline({ prompt, ledger }: CompressionView): string {
  const { removable, removableReason, tokens } = prompt;
  const calls =
    ledger === null
      ? "no oracle was asked"
      : `${quantity(ledger.oracle.calls, "oracle call")}, ${money(ledger.oracle.cost)}`;
  const certificate = removable?.certificate ?? null;
  if (removable === null || certificate === null)
    return `no certificate, so nothing is to be deleted: ${visibleLine(removable?.reason ?? removableReason ?? "no reason was recorded")}; ${calls}`;
  const { inputs, changed, bound, alphaSpent } = certificate;
  const share = tokens.head > 0 ? ` ${percent(removable.tokensSaved / tokens.head)}` : "";
  return (
    `−${share.trim()} tokens (${whole(tokens.head)} → ${whole(tokens.head - removable.tokensSaved)}); ` +
    `on ${quantity(inputs, "held-out input")} ${quantity(changed, "output")} changed; ` +
    `${percent(1 - alphaSpent)} sure that at most ${percent(bound)} change; ${calls}`
  );
}

interface Row {
  readonly lines: string;
  readonly tokens: number;
  readonly influence: Interval | null;
  readonly decision: string;
  readonly text: string;
  readonly at: number;
}

function spanLines({ prompt, locked }: CompressionView): readonly string[] {
  const rows = [...decideSpans(prompt).map(decided), ...locked.map(lockedRow)].sort(
    (left, right) => left.at - right.at,
  );
  if (rows.length === 0) return [];
  const head = "  lines tokens influence (90 %)        decision, and the span";
  const withheld = prompt.explanation?.withheld ?? null;
  return [
    ...(withheld === null ? [] : [`influence withheld: ${visibleLine(withheld)}`]),
    head,
    ...rows.flatMap(rowLines),
  ];
}

function decided({ span, kind, why }: SpanDecision): Row {
  const decision = kind === "deleted" ? `DELETED: ${why}` : `${kind}: ${why}`;
  return { ...placeOf(span), influence: span.influence, decision };
}

function placeOf(span: LockedSpan | ReportSpan): Pick<Row, "lines" | "tokens" | "text" | "at"> {
  const { startLine, endLine, text, tokens } = span;
  return {
    lines: startLine === endLine ? `${startLine}` : `${startLine}-${endLine}`,
    tokens,
    text: truncate(visibleLine(text.trim()), TEXT_WIDTH),
    at: startLine,
  };
}

const LOCKS: Readonly<Record<Protection, string>> = {
  slot: "holds a slot",
  delimiter: "delimiter of a structured block",
  pinned: "pinned by the author",
  query: "the turn that asks",
  role: "role marker",
  whitespace: "white space",
  included: "text of an included file",
  granularity: "not looked at with this granularity",
};

function lockedRow(span: LockedSpan): Row {
  return { ...placeOf(span), influence: null, decision: `locked: ${LOCKS[span.protection]}` };
}

function rowLines({ lines, tokens, influence, decision, text }: Row): readonly string[] {
  const measured =
    influence === null
      ? "–"
      : `${decimal(influence.estimate)} (${decimal(influence.low)} to ${decimal(influence.high)})`;
  return [
    `${lines.padStart(7)} ${whole(tokens).padStart(6)} ${measured.padEnd(23)} ${truncate(visibleLine(decision), WHY_WIDTH)}`,
    `${" ".repeat(15)}${text}`,
  ];
}

function diffLines({ removable }: PromptReport): readonly string[] {
  const diff = removable?.diff ?? "";
  return diff === "" ? [] : [visibleBlock(diff).trimEnd()];
}

function outputLines(outputs: readonly ChangedOutput[]): readonly string[] {
  if (outputs.length === 0) return [];
  const cell = (text: string): string =>
    truncate(visibleLine(text), OUTPUT_WIDTH).padEnd(OUTPUT_WIDTH + 1);
  const left = outputs.length - OUTPUTS;
  return [
    "outputs that changed on the held-out inputs:",
    `  ${cell("before")}   ${cell("after")}   input`,
    ...outputs
      .slice(0, OUTPUTS)
      .map(
        ({ before, after, input }) =>
          `  ${cell(before)} | ${cell(after)} | ${cell(input).trimEnd()}`,
      ),
    ...(left > 0 ? [`  and ${whole(left)} more, with --json`] : []),
  ];
}

function evidenceLines({
  removable,
  savings,
  selfDisagreement,
  selfDisagreementReason,
}: PromptReport): readonly string[] {
  if (removable === null) return [];
  const { control, path, certificate, accuracy, accuracyReason } = removable;
  const look = certificate === null ? [] : [lookSentence(certificate)];
  const excess = certificate === null ? null : excessSentence(certificate);
  const gold =
    accuracy === null
      ? [`accuracy: not compared, ${visibleLine(accuracyReason ?? "no reason was recorded")}`]
      : [accuracySentence(accuracy)];
  const saved =
    savings === null
      ? []
      : [
          `saves ${whole(savings.promptTokens)} prompt tokens every 1,000 calls, ${money(savings.cost)}`,
        ];
  const controls =
    control === null
      ? "control arm: not run"
      : `control arm: deleting ${quantity(control.spans.length, "random span")} of the same length in all changed ${whole(control.changed)} of ${quantity(control.inputs, "output")}`;
  const tried = path.filter(({ search }) => search !== null).length;
  const own =
    selfDisagreement === null
      ? `self-disagreement of the oracle: not measured, ${visibleLine(selfDisagreementReason ?? "no reason was recorded")}`
      : `self-disagreement of the oracle: the whole prompt asked again changed ${whole(selfDisagreement.changed)} of ${quantity(selfDisagreement.inputs, "output")}; ${excess === null ? "such changes count in the bound" : "see above"}`;
  return [
    ...saved,
    ...look,
    ...(excess === null ? [] : [excess]),
    ...gold,
    `deletions tried on the search set: ${whole(tried)}`,
    controls,
    own,
  ];
}

function scopeLine({ prompt, oracle, surrogate }: CompressionView): string {
  const { source, hash, search, certify } = prompt.inputs;
  const inputs =
    source === null
      ? "no inputs"
      : `the inputs of ${visibleLine(source)} (${search} searched, ${certify} held out, hash ${visibleLine(hash ?? "unknown")})`;
  return (
    `holds for ${inputs}, the oracle ${oracle === null ? "(none)" : visibleLine(oracle)}, ` +
    `tokens counted by the ${visibleLine(prompt.tokens.countedBy)}; explained with the surrogate ${visibleLine(surrogate.model)} (${surrogate.precision})`
  );
}
