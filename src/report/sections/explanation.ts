/** How the influence was measured, against what it was held, and the number of every span. */
import type { AttributionMethod, Explanation, PromptReport } from "../../domain.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, capped, table } from "../markdown/blocks.js";
import { decimal, quantity, range, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";
import { strongestInfluence } from "../facts.js";
import { influenceCell } from "./removable.js";

const METHODS: Readonly<Record<AttributionMethod, string>> = {
  hierarchical: "hierarchical, pooled over the inputs",
  "surrogate-lasso": "surrogate alone (Lasso)",
  "input-by-input": "the same oracle masks, input by input",
  random: "control: random",
  "span-length": "control: span length",
  position: "control: position",
};

const VALUES = {
  "class-margin": "margin of the fixed label over the others (nats)",
  "log-odds": "log-odds of the fixed output per token (nats)",
  similarity: "similarity of the regenerated output, 0 to 1",
} as const;

/** Method, value and fidelity beside every baseline, a prompt at a time; null where nothing was explained. */
export function methodSection(view: View): string | null {
  return perExplained(view, (prompt, explanation) =>
    blocks(
      fileName(prompt.path),
      methodSentence(explanation),
      baselineTable(explanation),
      surrogateSentence(explanation),
      withheld(explanation),
    ),
  );
}

function perExplained(
  view: View,
  render: (prompt: PromptReport, explanation: Explanation) => string,
): string | null {
  const pieces = view.report.prompts.flatMap((prompt) =>
    prompt.explanation === null ? [] : [render(prompt, prompt.explanation)],
  );
  return pieces.length === 0 ? null : blocks(...pieces.slice(0, view.rows));
}

function methodSentence(explanation: Explanation): string {
  const { method, value, inputs, masksPerInput, oracleCalls, fidelity } = explanation;
  return (
    `Method: ${METHODS[method]}. Value: ${VALUES[value]}. ${quantity(inputs, "input")}, ${decimal(masksPerInput, Number.isInteger(masksPerInput) ? 0 : 1)} masks each, ` +
    `${quantity(oracleCalls, "oracle call")}. Fidelity is ${fidelity.measure}: Spearman of predicted and measured values on masks of the oracle that the fit did not see, ` +
    `mean over ${quantity(fidelity.inputs, "input")}, 90 % interval over inputs.`
  );
}

function baselineTable(explanation: Explanation): string {
  const own = [
    `**${METHODS[explanation.method]}**`,
    decimal(explanation.fidelity.estimate),
    range(explanation.fidelity.low, explanation.fidelity.high),
  ];
  const others = (Object.keys(METHODS) as AttributionMethod[]).flatMap((method) => {
    const baseline = explanation.baselines[method];
    return baseline === undefined || method === explanation.method
      ? []
      : [[METHODS[method], decimal(baseline.estimate), range(baseline.low, baseline.high)]];
  });
  return table(["Explanation", "Fidelity", "90 % interval"], "lrr", [own, ...others]);
}

function surrogateSentence({ surrogates }: Explanation): string | null {
  if (surrogates.length === 0) return null;
  const each = surrogates.map(
    ({ name, weight }) =>
      `${codeSpan(name)} ${weight === 0 ? "switched off by the data" : decimal(weight)}`,
  );
  return `Weight of the surrogate as a prior, learnt from the oracle's answers: ${each.join(", ")}.`;
}

function withheld(explanation: Explanation): string | null {
  return explanation.shown
    ? null
    : `Influence is withheld: ${escapeMarkdown(explanation.withheld ?? "no reason was recorded")}`;
}

/** Every span with its influence, in the order of the file. */
export function influenceSection(view: View): string | null {
  const pieces = view.report.prompts.flatMap(({ path, explanation }) => {
    if (explanation === null || !explanation.shown || explanation.spans.length === 0) return [];
    return [blocks(fileName(path), influenceTable(view, path, explanation))];
  });
  return pieces.length === 0 ? null : blocks(...pieces.slice(0, view.rows));
}

function influenceTable(view: View, path: string, explanation: Explanation): string {
  const strongest = strongestInfluence(explanation.spans);
  const { shown, rest } = capped(explanation.spans, view.rows * 4);
  const rows = shown.map((span) => [
    linesOf(view, path, span),
    bar(span.influence, strongest),
    influenceCell(span),
    whole(span.tokens),
    codeSpan(span.text, view.text),
  ]);
  return blocks(table(["Lines", "", "Influence (90 %)", "Tokens", "Text"], "llrrl", rows), rest);
}

const BAR_LENGTH = 8;

/** Length by size relative to the strongest span; hollow where the sign is negative. */
function bar(influence: { readonly estimate: number } | null, strongest: number | null): string {
  if (influence === null || strongest === null || strongest === 0) return "";
  const length = Math.round((Math.abs(influence.estimate) / strongest) * BAR_LENGTH);
  return (influence.estimate < 0 ? "▒" : "█").repeat(length);
}
