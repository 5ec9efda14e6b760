/** How the influence was measured, against what it was held, and the number of every span. */
import type { AttributionMethod, Explanation, Interval, ValueKind } from "../../domain.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, each, table } from "../markdown/blocks.js";
import { decimal, quantity, range, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";
import { strongestInfluence } from "../facts.js";
import { influenceCell } from "./removable.js";

const METHODS: Readonly<Record<AttributionMethod, string>> = {
  lasso: "Lasso on the surrogate, input by input",
  lime: "LIME on the surrogate, input by input",
  "kernel-shap": "Kernel SHAP on the surrogate, input by input",
  "rope-lime": "RoPE-LIME on the surrogate, input by input",
  "leave-one-out": "leave-one-out on the surrogate, input by input",
  exact: "exact values of the surrogate, input by input",
  gsmile: "gSMILE on the surrogate, input by input",
  hierarchical: "hierarchical, pooled over the inputs",
  pooled: "the same without priors",
  "surrogate-pooled": "surrogate alone, pooled over the inputs",
  "surrogate-lasso": "surrogate alone, Lasso input by input",
  "input-by-input": "the same oracle masks, input by input",
  random: "control: random",
  "span-length": "control: span length",
  position: "control: position",
  "label-match": "control: mentions of the fixed output",
  "word-overlap": "control: words shared with the input",
};

/** The product's own method first, the controls last. */
const METHOD_ORDER: readonly AttributionMethod[] = [
  "hierarchical",
  "pooled",
  "surrogate-pooled",
  "surrogate-lasso",
  "input-by-input",
  "random",
  "span-length",
  "position",
  "label-match",
  "word-overlap",
];

const OBJECTIVES = {
  "log-odds": "log-odds of the fixed output per token",
  "negative-log-likelihood": "minus the negative log-likelihood of the fixed output per token",
  divergence: "minus the divergence from the unmasked run, which tells any change and no direction",
  "label-margin": "margin of the fixed label over the others",
} as const;

const VALUES = {
  "class-margin": "margin of the fixed label over the others (nats)",
  "log-odds": "log-odds of the fixed output per token (nats)",
  similarity: "similarity of the regenerated output, 0 to 1",
  "sampled-log-odds": "log-odds of the fixed label among sampled answers (nats)",
} as const satisfies Readonly<Record<ValueKind, string>>;

/** Method, value and fidelity beside every baseline, a prompt at a time; null where nothing was explained. */
export function methodSection(view: View): string | null {
  return each(view.report.prompts, view.rows, ({ path, explanation }) =>
    explanation === null
      ? null
      : blocks(
          fileName(path),
          methodSentence(explanation),
          baselineTable(explanation),
          curveTable(explanation),
          stabilitySentence(explanation),
          interactionSentences(explanation),
          surrogateSentence(explanation),
          surrogateFitSentence(explanation),
          withheld(explanation),
        ),
  );
}

function methodSentence(explanation: Explanation): string {
  const { method, value, objective, inputs, masksPerInput, oracleCalls, fidelity } = explanation;
  const asked = objective === null ? "" : ` The surrogate was asked for: ${OBJECTIVES[objective]}.`;
  return (
    `Method: ${METHODS[method]}. Value: ${VALUES[value]}.${asked} ${quantity(inputs, "input")}, ${decimal(masksPerInput, Number.isInteger(masksPerInput) ? 0 : 1)} masks each, ` +
    `${quantity(oracleCalls, "oracle call")}. Fidelity is ${fidelity.measure}: Spearman of predicted and measured values on masks of the oracle that the fit did not see, ` +
    `mean over ${quantity(fidelity.inputs, "input")}, 90 % interval over inputs.`
  );
}

/** What fewer oracle masks would have bought. */
function curveTable({ curve, method }: Explanation): string | null {
  if (curve.length === 0) return null;
  return table(curve, curve.length, [
    [`Oracle masks an input (${method})`, "r", (point) => whole(point.masksPerInput)],
    ["Oracle calls", "r", (point) => whole(point.oracleCalls)],
    ["Fidelity", "r", (point) => decimal(point.fidelity.estimate)],
    ["90 % interval", "r", (point) => range(point.fidelity.low, point.fidelity.high)],
  ]);
}

function stabilitySentence({ stability }: Explanation): string {
  const { verdict, rankCorrelation } = stability;
  const measured =
    rankCorrelation === null
      ? ""
      : `: refits order the spans with a rank correlation of ${decimal(rankCorrelation)} to this order`;
  return verdict === "unstable"
    ? `**Unstable**${measured}. Read the intervals, not the order.`
    : `Stability: ${verdict}${measured}.`;
}

const MOST_INTERACTIONS = 5;

function interactionSentences({ interactions, shown }: Explanation): string | null {
  if (interactions === null) return null;
  if (!shown || interactions.length === 0)
    return "Pairs of spans: none whose effect together differs clearly from the sum of their own.";
  const told = interactions
    .slice(0, MOST_INTERACTIONS)
    .map(
      ({ sentence, effect }) =>
        `- ${escapeMarkdown(sentence)} (${decimal(effect.estimate)}, ${range(effect.low, effect.high)})`,
    );
  const more = interactions.length - told.length;
  return `Pairs of spans:\n\n${told.join("\n")}${more > 0 ? `\n- and ${more} more` : ""}`;
}

function baselineTable({ method, fidelity, baselines }: Explanation): string | null {
  const others = METHOD_ORDER.filter((other) => other !== method).flatMap((other) => {
    const baseline = baselines[other];
    return baseline === undefined ? [] : [{ name: METHODS[other], fidelity: baseline }];
  });
  const own: { readonly name: string; readonly fidelity: Interval } = {
    name: `**${METHODS[method]}**`,
    fidelity,
  };
  return table([own, ...others], METHOD_ORDER.length, [
    ["Explanation", "l", (row) => row.name],
    ["Fidelity", "r", (row) => decimal(row.fidelity.estimate)],
    ["90 % interval", "r", (row) => range(row.fidelity.low, row.fidelity.high)],
  ]);
}

function surrogateSentence({ surrogates }: Explanation): string | null {
  if (surrogates.length === 0) return null;
  const each = surrogates.map(
    ({ name, weight }) =>
      `${codeSpan(name)} ${weight === 0 ? "switched off by the data" : decimal(weight)}`,
  );
  return `Weight of each prior, learnt from the oracle's answers: ${each.join(", ")}.`;
}

/** Self-consistency of the surrogate's own fit: no word about the oracle. */
function surrogateFitSentence({ surrogateFits }: Explanation): string | null {
  const number = (value: number | null): string =>
    value === null ? "not measurable" : decimal(value);
  const each = surrogateFits.map(
    ({ name, masksPerInput, heldOutR2, stability }) =>
      `${codeSpan(name)}: ${decimal(masksPerInput, Number.isInteger(masksPerInput) ? 0 : 1)} masks an input, held-out R² ${number(heldOutR2)}, rank stability over refits ${number(stability)}`,
  );
  return each.length === 0 ? null : `Surrogate alone, self-consistency: ${each.join("; ")}.`;
}

function withheld(explanation: Explanation): string | null {
  return explanation.shown
    ? null
    : `Influence is withheld: ${escapeMarkdown(explanation.withheld ?? "no reason was recorded")}`;
}

/** Every span with its influence, in the order of the file. */
export function influenceSection(view: View): string | null {
  return each(view.report.prompts, view.rows, ({ path, explanation }) =>
    explanation === null || !explanation.shown || explanation.spans.length === 0
      ? null
      : blocks(fileName(path), influenceTable(view, path, explanation)),
  );
}

function influenceTable(view: View, path: string, { spans }: Explanation): string | null {
  const strongest = strongestInfluence(spans);
  return table(spans, view.rows * 4, [
    ["Lines", "l", (span) => linesOf(view, path, span)],
    ["", "l", (span) => bar(span.influence, strongest)],
    ["Influence (90 %)", "r", influenceCell],
    ["Tokens", "r", (span) => whole(span.tokens)],
    ["Text", "l", (span) => codeSpan(span.text.trim(), view.text)],
  ]);
}

const BAR_LENGTH = 8;

/** Length by size relative to the strongest span; hollow where the sign is negative. */
function bar(influence: { readonly estimate: number } | null, strongest: number | null): string {
  if (influence === null || strongest === null || strongest === 0) return "";
  const length = Math.round((Math.abs(influence.estimate) / strongest) * BAR_LENGTH);
  return (influence.estimate < 0 ? "▒" : "█").repeat(length);
}
