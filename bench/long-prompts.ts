/**
 * Claim: on prompts of about 3,000 tokens word-level LIME over the whole prompt says nothing (Focus-LIME, arXiv 2602.04607), and
 * looking coarse to fine with the same number of masks does. Prompts are HotpotQA questions over passages of other questions, values the
 * log-odds of the written answer under the embedded surrogate. Values are kept in out/bench-long, so that a run that was stopped goes on;
 * it prints a table of as many prompts as it was given. Options: --prompts 6 --masks 64 --held-out 8.
 *
 * What all are judged on: LDS over dense masks (each word kept with probability 1/2), for flat explanations by cross-fitting, since
 * these are their own masks; LDS over masks that delete words of the gold passages; how far the value falls when the 20 words of largest
 * attribution go; and the share of these that stand in supporting sentences.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Mask, Message, PromptTemplate, ScoringRequest } from "../src/domain.js";
import { meanOverInputs } from "../src/explain/fidelity/held-out.js";
import { spreadOver } from "../src/explain/mixed-leaves.js";
import { dealFolds, outsideFold } from "../src/numerics/cross-validation.js";
import { crossValidatedLasso } from "../src/numerics/lasso.js";
import { regressionOf } from "../src/numerics/least-squares.js";
import { randomFrom } from "../src/numerics/random.js";
import { spearman } from "../src/numerics/rank-correlation.js";
import { explainCoarseToFine } from "../src/pipeline/coarse-to-fine.js";
import { atGranularity, maskableSpans, renderMessages, spansAt } from "../src/prompts/index.js";
import { openLocalSurrogate } from "../src/surrogate/local-surrogate.js";
import { CachedValues } from "./cached-values.js";
import { flatWordLime } from "./flat-word-lime.js";
import { longPrompts, repository, type LongPrompt } from "./long-prompt-instances.js";
import { wordMasks, wordsWithin } from "./long-prompt-masks.js";

const WORDS = 1850;
const TOP = 20;
const FOLDS = 4;
/** A prompt is explained where the surrogate uses its passages: nats a token that the answer gains by them. */
const LEAST_GAIN = 0.5;

interface Settings {
  readonly prompts: number;
  readonly masks: number;
  readonly heldOut: number;
}

/** A prompt with everything that its words' explanations are made of and judged by. */
interface Study {
  readonly prompt: LongPrompt;
  readonly byWord: PromptTemplate;
  readonly dense: readonly Mask[];
  readonly sparse: readonly Mask[];
  readonly denseValues: Float64Array;
  readonly sparseValues: Float64Array;
  readonly full: number;
  /** Positions of the words of supporting sentences. */
  readonly supporting: ReadonlySet<number>;
  readonly request: (messages: readonly Message[]) => ScoringRequest;
}

/** Fits word attributions to some of the dense masks; explanations that never saw these ignore them. */
type WordExplainer = (masks: readonly Mask[], values: Float64Array) => Float64Array;

interface Judgement {
  readonly dense: number;
  readonly sparse: number;
  readonly drop: number;
  readonly recall: number;
}

const COLUMNS: readonly (readonly [keyof Judgement, string])[] = [
  ["dense", "LDS dense"],
  ["sparse", "LDS sparse"],
  ["drop", `drop of top ${TOP}`],
  ["recall", `top ${TOP} in evidence`],
];

async function openStudy(
  prompt: LongPrompt,
  values: CachedValues,
  settings: Settings,
): Promise<Study | null> {
  const slots = { question: prompt.question };
  const request = (messages: readonly Message[]): ScoringRequest => ({
    messages,
    response: prompt.answer,
  });
  const maskable = maskableSpans(prompt.template);
  const nothing = { mask: new Uint8Array(maskable.length), maskable };
  const [empty, full] = await values.of([
    request(renderMessages(prompt.template, nothing, slots)),
    request(renderMessages(prompt.template, "all", slots)),
  ]);
  if (!((full ?? NaN) - (empty ?? NaN) >= LEAST_GAIN)) return null;
  const byWord = atGranularity(prompt.template, "word");
  const words = maskableSpans(byWord);
  const { dense, sparse } = wordMasks(prompt, byWord, {
    dense: settings.masks,
    sparse: settings.heldOut,
  });
  const valuesOf = (masks: readonly Mask[]): Promise<Float64Array> =>
    values.of(
      masks.map((mask) => request(renderMessages(byWord, { mask, maskable: words }, slots))),
    );
  return {
    prompt,
    byWord,
    dense,
    sparse,
    denseValues: await valuesOf(dense),
    sparseValues: await valuesOf(sparse),
    full: full ?? NaN,
    supporting: new Set(wordsWithin(byWord, prompt.supporting)),
    request,
  };
}

/** Coarse to fine as the tool does it, with as many masks as the flat explanations had: the rest of the prompt stays. */
async function coarseToFine(
  study: Study,
  values: CachedValues,
  settings: Settings,
): Promise<Float64Array> {
  const { prompt } = study;
  const slots = { question: prompt.question };
  const before = values.tokensRun;
  const found = await explainCoarseToFine({
    template: prompt.template,
    budget: settings.masks,
    seed: prompt.id,
    focus: "keep",
    evaluate: (template, masks) =>
      values.of(masks.map((mask) => study.request(renderMessages(template, mask, slots)))),
  });
  const levels = found.levels.map(
    ({ granularity, spans, game, full }) =>
      `${granularity} ${spans.length} spans ${game.masks.length} masks (value ${full.toFixed(2)})`,
  );
  console.log(`  ${levels.join(", ")}; ${found.ended}; ${values.tokensRun - before} tokens run`);
  return spreadOver(
    found.leaves,
    spansAt(prompt.template, "word").filter((span) => span.protection === null),
  );
}

async function judge(
  study: Study,
  values: CachedValues,
  explain: WordExplainer,
): Promise<Judgement> {
  const attribution = explain(study.dense, study.denseValues);
  const top = [...attribution.keys()]
    .sort((a, b) => (attribution[b] as number) - (attribution[a] as number))
    .slice(0, TOP);
  const maskable = maskableSpans(study.byWord);
  const mask = Uint8Array.from(maskable, (_, word) => (top.includes(word) ? 0 : 1));
  const without = renderMessages(
    study.byWord,
    { mask, maskable },
    { question: study.prompt.question },
  );
  const [fallen] = await values.of([study.request(without)]);
  return {
    dense: crossFittedLds(study, explain),
    sparse: lds(study.sparse, study.sparseValues, attribution),
    drop: study.full - (fallen ?? NaN),
    recall: top.filter((word) => study.supporting.has(word)).length / TOP,
  };
}

/** Mean over folds of the LDS on masks that the fit did not see. */
function crossFittedLds(study: Study, explain: WordExplainer): number {
  const folds = dealFolds(study.dense.length, FOLDS, randomFrom(`folds\n${study.prompt.id}`));
  const scores = folds.map((fold) => {
    const training = outsideFold(study.dense.length, fold);
    const attribution = explain(pick(study.dense, training), pickValues(study, training));
    return lds(pick(study.dense, fold), pickValues(study, fold), attribution);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function pick(masks: readonly Mask[], rows: readonly number[]): Mask[] {
  return rows.map((row) => masks[row] as Mask);
}

function pickValues(study: Study, rows: readonly number[]): Float64Array {
  return Float64Array.from(rows, (row) => study.denseValues[row] as number);
}

function lds(masks: readonly Mask[], values: Float64Array, attribution: Float64Array): number {
  const predicted = masks.map((mask) =>
    mask.reduce((sum, kept, word) => sum + kept * (attribution[word] as number), 0),
  );
  return spearman(predicted, [...values]) ?? 0;
}

function flatLasso(masks: readonly Mask[], values: Float64Array): Float64Array {
  const regression = regressionOf(masks, values);
  const folds = dealFolds(masks.length, 5, randomFrom("flat lasso"));
  return crossValidatedLasso(regression, folds).coefficients;
}

function printTable(byMethod: ReadonlyMap<string, readonly Judgement[]>): void {
  console.log(`| method | ${COLUMNS.map(([, name]) => name).join(" | ")} |`);
  console.log(`|---|${COLUMNS.map(() => "---|").join("")}`);
  for (const [method, judgements] of byMethod) {
    const cells = COLUMNS.map(([measure]) => {
      const values = Float64Array.from(judgements, (judgement) => judgement[measure]);
      // One prompt has no interval.
      if (values.length === 1) return (values[0] ?? NaN).toFixed(2);
      const { estimate, low, high } = meanOverInputs(values, `${method} ${measure}`);
      return `${estimate.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
    });
    console.log(`| ${method} | ${cells.join(" | ")} |`);
  }
}

async function main(settings: Settings): Promise<void> {
  const surrogate = await openLocalSurrogate({
    modelPath: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    precision: "fast",
    backend: "auto",
    workers: 1,
    cacheFolder: null,
  });
  const values = new CachedValues(surrogate, join(repository, "out", "bench-long", "values.tsv"));
  const judged = new Map<string, Judgement[]>();
  let studied = 0;
  for (const prompt of longPrompts(WORDS)) {
    if (studied === settings.prompts) break;
    const study = await openStudy(prompt, values, settings);
    if (!study) continue;
    studied++;
    console.log(`${prompt.id}: ${study.dense[0]?.length} words, value ${study.full.toFixed(2)}`);
    const found = await coarseToFine(study, values, settings);
    const random = randomFrom(`random attribution\n${prompt.id}`);
    const noise = Float64Array.from(found, () => random.normal());
    const methods: readonly (readonly [string, WordExplainer])[] = [
      ["LIME, all words", flatWordLime],
      ["Lasso, all words", flatLasso],
      ["coarse to fine", () => found],
      ["random", () => noise],
    ];
    for (const [name, explain] of methods) {
      const judgement = await judge(study, values, explain);
      judged.set(name, [...(judged.get(name) ?? []), judgement]);
    }
    console.log(
      `\n${studied} prompts, ${settings.masks} masks a method; mean [90 % interval over prompts]`,
    );
    printTable(judged);
  }
  await surrogate.close();
}

const { values: given } = parseArgs({
  options: {
    prompts: { type: "string", default: "6" },
    masks: { type: "string", default: "64" },
    "held-out": { type: "string", default: "8" },
  },
});
await main({
  prompts: Number(given.prompts),
  masks: Number(given.masks),
  heldOut: Number(given["held-out"]),
});
