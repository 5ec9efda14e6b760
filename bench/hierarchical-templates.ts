/**
 * Hierarchical attribution on recorded oracle values of three real templates (docs/methods.md): the table of LDS against oracle
 * masks an input, ten draws of the masks, the cost of a useless surrogate, and pooling against each input alone.
 * Run: npm run bench:hierarchical-templates   (surrogates' values: lib/bench/games/surrogate-values.js, else left out)
 */
import { existsSync } from "node:fs";
import type { Interval } from "../src/domain.js";
import { nextMasks } from "../src/explain/active-design.js";
import {
  fitHierarchical,
  type HierarchicalFit,
  type MeasuredRow,
  type SurrogatePrior,
} from "../src/explain/hierarchical.js";
import { labelMatches } from "../src/explain/fidelity/text-controls.js";
import { poolSurrogateValues } from "../src/explain/surrogate-lasso.js";
import { spearman } from "../src/numerics/rank-correlation.js";
import { inputAt, openTemplate, TEMPLATE_NAMES, type TemplateName } from "./games/games.js";
import {
  decimal,
  openRecordedTemplate,
  overInputs,
  shown,
  type RecordedTemplate,
} from "./games/measured.js";
import {
  aloneAttributions,
  dealRows,
  noisePrior,
  pooledAttributions,
  score,
  type Scores,
} from "./games/template-fits.js";
import { readSurrogateValues, surrogateValuesPath } from "./games/surrogate-values.js";

const MASKS_PER_INPUT = [2, 4, 8, 16];
const SURROGATES: readonly (readonly [string, string])[] = [
  ["0.5B", "qwen2.5-coder-0.5b-instruct-q4_k_m"],
  ["135M", "SmolLM2-135M-Instruct.Q4_1"],
];
const DRAWS = 10;
const SCALE_ROWS = 400;

/** With pair terms a mask is predicted, not only its linear part. */
function scoreWithPairs(recorded: RecordedTemplate, fit: HierarchicalFit): Scores {
  const of = (kind: "dense" | "sparse"): Float64Array =>
    Float64Array.from(
      recorded.inputs,
      (input, index) =>
        spearman(fit.predictEffects(index, input[kind].masks), input[kind].values) ?? 0,
    );
  return { dense: of("dense"), sparse: of("sparse") };
}

function priorsOf(recorded: RecordedTemplate): SurrogatePrior[] {
  const { name } = recorded;
  return SURROGATES.filter(([, model]) => existsSync(surrogateValuesPath(name, model))).map(
    ([label, model]) => {
      const values = readSurrogateValues(name, model);
      const { attributions } = poolSurrogateValues({
        spans: recorded.inputs[0]?.training.masks[0]?.length ?? 0,
        classes: recorded.inputs.map(({ output }) => output),
        inputs: recorded.inputs.map(({ training }, input) => ({
          masks: training.masks,
          values: Float64Array.from(inputAt(values, input).slice(1)),
        })),
        seed: `${name}\n${label}`,
      });
      return { name: label, attributions };
    },
  );
}

function labelPrior(recorded: RecordedTemplate): SurrogatePrior {
  const { spans } = openTemplate(recorded.name);
  const inputs = recorded.inputs.map(({ output }) => ({ text: "", output }));
  return { name: "label-match", attributions: labelMatches({ spans, inputs }) };
}

type Variant = (
  recorded: RecordedTemplate,
  rows: readonly MeasuredRow[],
  priors: readonly SurrogatePrior[],
) => Scores;

function fitOf(
  recorded: RecordedTemplate,
  rows: readonly MeasuredRow[],
  surrogates: readonly SurrogatePrior[],
  pairs: boolean,
): HierarchicalFit {
  return fitHierarchical({
    spans: rows[0]?.mask.length ?? 0,
    classes: recorded.inputs.map(({ output }) => output),
    rows,
    surrogates,
    pairs,
    scaleRows: SCALE_ROWS,
  });
}

const VARIANTS: readonly (readonly [string, Variant])[] = [
  [
    "each input alone, best of ridge and Lasso",
    (recorded, rows) => score(recorded, aloneAttributions(recorded, rows)),
  ],
  [
    "pooled",
    (recorded, rows) => score(recorded, pooledAttributions(fitOf(recorded, rows, [], false))),
  ],
  [
    "pooled, with pair terms",
    (recorded, rows) => scoreWithPairs(recorded, fitOf(recorded, rows, [], true)),
  ],
  [
    "pooled, linear part beside pair terms",
    (recorded, rows) => score(recorded, pooledAttributions(fitOf(recorded, rows, [], true))),
  ],
  [
    "the same, surrogates as priors",
    (recorded, rows, priors) =>
      score(recorded, pooledAttributions(fitOf(recorded, rows, priors, true))),
  ],
  [
    "the same, spans that name the output as prior",
    (recorded, rows) =>
      score(recorded, pooledAttributions(fitOf(recorded, rows, [labelPrior(recorded)], true))),
  ],
  [
    "the same, noise as prior",
    (recorded, rows) =>
      score(recorded, pooledAttributions(fitOf(recorded, rows, [noisePrior(recorded)], true))),
  ],
];

/**
 * Rows chosen one batch after the other where they tell most about which spans can go (A10), from two balanced masks an input on,
 * until that is clear or as many were taken as `masksPerInput` would.
 */
function activeRows(
  recorded: RecordedTemplate,
  masksPerInput: number,
  draw: number,
): { readonly rows: readonly MeasuredRow[]; readonly stopped: string } {
  const training = recorded.inputs.map((input) => input.training);
  const valueOf = new Map(
    training.flatMap(({ masks, values }, input) =>
      masks.map((mask, row) => [`${input}:${mask.join("")}`, values[row] as number] as const),
    ),
  );
  let rows: readonly MeasuredRow[] = dealRows(recorded, 2, draw);
  const deviation = Math.sqrt(
    rows.reduce((sum, { value }) => sum + value ** 2, 0) / rows.length -
      (rows.reduce((sum, { value }) => sum + value, 0) / rows.length) ** 2,
  );
  for (;;) {
    const step = nextMasks({
      spans: rows[0]?.mask.length ?? 0,
      classes: recorded.inputs.map(({ output }) => output),
      surrogates: [],
      rows,
      maskPool: training[0]?.masks ?? [],
      budget: masksPerInput * recorded.inputs.length - rows.length,
      threshold: 0.1 * deviation,
      width: 0.1 * deviation,
      scaleRows: SCALE_ROWS,
      seed: `${recorded.name}\n${draw}`,
    });
    if (step.kind === "stop") return { rows, stopped: step.reason };
    rows = [
      ...rows,
      ...step.masks.map(({ input, mask }) => ({
        input,
        mask,
        value: valueOf.get(`${input}:${mask.join("")}`) as number,
      })),
    ];
  }
}

const ACTIVE_DRAWS = 4;

function printActive(recorded: RecordedTemplate): void {
  for (const masks of [4, 8]) {
    const draws = Array.from({ length: ACTIVE_DRAWS }, (_, draw) => {
      const { rows, stopped } = activeRows(recorded, masks, draw);
      const scores = score(recorded, pooledAttributions(fitOf(recorded, rows, [], true)));
      return { rows: rows.length, stopped, scores };
    });
    const calls = draws.reduce((sum, one) => sum + one.rows, 0) / draws.length;
    const scores = draws.map((one) => one.scores);
    console.log(
      `| at most ${masks} | active masks, ${calls.toFixed(0)} calls on average (${draws.map((one) => one.stopped).join(", ")}) | ${shown(overDraws(scores, "dense", `${recorded.name}active${masks}`))} | ${shown(overDraws(scores, "sparse", `${recorded.name}active${masks}`))} | ${rangeOfDraws(scores)} |`,
    );
  }
}

/** [draw][variant] at one number of masks an input. */
function scoreDraws(
  recorded: RecordedTemplate,
  masks: number,
  priors: readonly SurrogatePrior[],
): Scores[][] {
  return Array.from({ length: DRAWS }, (_, draw) => {
    const rows = dealRows(recorded, masks, draw);
    return VARIANTS.map(([, variant]) => variant(recorded, rows, priors));
  });
}

/** Mean over draws for each input, then over inputs with an interval over inputs. */
function overDraws(scores: readonly Scores[], kind: "dense" | "sparse", seed: string): Interval {
  const inputs = scores[0]?.[kind].length ?? 0;
  const means = Float64Array.from(
    { length: inputs },
    (_, input) => scores.reduce((sum, one) => sum + (one[kind][input] ?? 0), 0) / scores.length,
  );
  return overInputs(means, seed);
}

function rangeOfDraws(scores: readonly Scores[]): string {
  const means = scores.map(
    ({ dense }) => dense.reduce((sum, value) => sum + value, 0) / dense.length,
  );
  return `${decimal(Math.min(...means))} to ${decimal(Math.max(...means))}`;
}

function printTemplate(name: TemplateName): void {
  const recorded = openRecordedTemplate(name);
  const priors = priorsOf(recorded);
  const spans = recorded.inputs[0]?.training.masks[0]?.length ?? 0;
  const everything = recorded.inputs.flatMap(({ training }, input) =>
    training.masks.map((mask, row) => ({ input, mask, value: training.values[row] as number })),
  );
  const own = score(recorded, aloneAttributions(recorded, everything));
  console.log(
    `\n### ${name}: ${recorded.inputs.length} inputs, ${spans} spans, ${new Set(recorded.inputs.map(({ output }) => output)).size} output classes`,
  );
  console.log(
    `oracle's own explanation at ${recorded.inputs[0]?.training.masks.length} masks an input: dense ${shown(overInputs(own.dense, name))}, sparse ${shown(overInputs(own.sparse, name))}`,
  );
  for (const { name: label, attributions } of priors) {
    const alone = score(recorded, attributions);
    console.log(
      `${label} alone: dense ${shown(overInputs(alone.dense, label))}, sparse ${shown(overInputs(alone.sparse, label))}`,
    );
  }
  console.log("| masks an input | explanation | dense LDS | sparse LDS | dense, range of draws |");
  console.log("|---|---|---|---|---|");
  for (const masks of MASKS_PER_INPUT) {
    const draws = scoreDraws(recorded, masks, priors);
    VARIANTS.forEach(([variant], index) => {
      if (variant.includes("surrogates") && priors.length === 0) return;
      const scores = draws.map((draw) => inputAt(draw, index));
      console.log(
        `| ${masks} | ${variant} | ${shown(overDraws(scores, "dense", `${name}${variant}${masks}`))} | ${shown(overDraws(scores, "sparse", `${name}${variant}${masks}`))} | ${rangeOfDraws(scores)} |`,
      );
    });
  }
  printActive(recorded);
}

for (const name of TEMPLATE_NAMES) printTemplate(name);
