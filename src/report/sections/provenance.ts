/** What would be needed to repeat the run, and what it does not say. */
import type { CostReduction, Report, RunFacts, SurrogateIdentity } from "../../domain.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, table } from "../markdown/blocks.js";
import { decimal, money, quantity } from "../markdown/numbers.js";
import { fileName } from "../view.js";
import { nameList } from "./headline.js";
import { reductionParts } from "./ledger.js";

const LIMITS = [
  "A list is candidates, never a verdict on a person: every flagged row or example needs a look.",
  "Influence and certificate hold for this oracle, these inputs and this way of comparing outputs; other inputs may behave differently.",
  "A certificate bounds the share of changed outputs; whether a changed output is worse, it does not say.",
  "A q-value is the expected share of false alarms among the rows flagged at that level, not the probability that one row is poisoned.",
];

/** Seed, versions, models, token counts, limits. */
export function provenanceSection(report: Report): string {
  const counted = [...new Set(report.prompts.map((prompt) => prompt.tokens.countedBy))];
  const facts = [
    `understudy ${codeSpan(report.tool.version)}, report schema ${report.schemaVersion}, seed ${codeSpan(report.seed)}`,
    report.oracle === null ? "oracle: none" : oracleLine(report.oracle),
    report.surrogate === null ? "surrogate: none" : `surrogate: ${identity(report.surrogate)}`,
    ...counted.map((name) => `tokens counted by ${codeSpan(name)}`),
    ...report.prompts.map((prompt) => inputsLine(prompt)).slice(0, 30),
  ];
  return blocks(list(facts), "Limits:", list(LIMITS));
}

/** The model asked for, and what was odd about its answers. */
function oracleLine({ model, reasoned, substitutes }: NonNullable<Report["oracle"]>): string {
  const aloud =
    reasoned === 0
      ? ""
      : `; ${quantity(reasoned, "answer")} came after reasoning: explained is the answer given in the end, and log-probabilities are those of that answer after the reasoning that was written`;
  const others =
    substitutes.length === 0 ? "" : `; the server says that it is ${nameList(substitutes)}`;
  return `oracle: ${codeSpan(model)}${others}${aloud}`;
}

function identity(surrogate: SurrogateIdentity): string {
  const precision =
    surrogate.precision === surrogate.requestedPrecision
      ? surrogate.precision
      : `${surrogate.precision}, ${surrogate.requestedPrecision} was asked for`;
  return `${codeSpan(surrogate.model)}, ${precision}, ${surrogate.backend}, engine ${codeSpan(surrogate.engine)}, sha256 ${codeSpan(surrogate.sha256)}`;
}

function inputsLine({ path, inputs }: Report["prompts"][number]): string {
  const source = inputs.source === null ? "no inputs" : `inputs of ${fileName(inputs.source)}`;
  return `${fileName(path)}: ${source}, ${inputs.search} to search and ${inputs.certify} to certify`;
}

/** What this run took: differs from run to run, so it is in no file that must repeat byte for byte. */
export function runSection(facts: RunFacts): string {
  const lines: readonly (readonly [string, string])[] = [
    ["Wall time", `${decimal(facts.seconds, 1)} s`],
    ["Surrogate", `${decimal(facts.surrogateSeconds, 1)} s`],
    ...(facts.planned === null
      ? []
      : [
          [
            "Planned before the first call",
            `up to ${quantity(facts.planned.calls, "call")}, ${money(facts.planned.cost)}`,
          ] as const,
        ]),
    [
      "Oracle calls paid in this run",
      `${quantity(facts.oracleCallsPaid, "call")}, ${money(facts.costPaid)}`,
    ],
    ["Answers already stored", quantity(facts.oracleCallsCached, "answer")],
    ...(facts.costReduction === null ? [] : [reductionLine(facts.costReduction)]),
    ["Peak memory", `${decimal(facts.peakResidentBytes / 2 ** 20, 0)} MiB`],
  ];
  return blocks(
    "#### This run",
    table(lines, lines.length, [
      ["", "l", ([name]) => name],
      ["", "r", ([, value]) => value],
    ]),
    list(facts.notices.map((notice) => escapeMarkdown(notice))),
  );
}

function reductionLine(reduction: CostReduction): readonly [string, string] {
  return ["Cost-reduction ratio of the explanations", reductionParts(reduction)];
}

function list(items: readonly string[]): string | null {
  return bullets(items, items.length, (item) => item);
}
