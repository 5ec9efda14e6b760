/**
 * Hierarchical attribution: time and memory of a fit, what it gains over each input alone on simulated templates, how often its
 * intervals hold the truth, and what choosing masks actively saves.
 * Run: npm run build && node lib/bench/hierarchical.js
 * Bars: 320 rows of 24 spans under 2 s and 200 MB, 1,000 rows under 20 s, a document of 1,920 rows under 30 s and 1 GB.
 */
import { compareFidelity } from "../src/explain/fidelity/compare-fidelity.js";
import { noTexts } from "../src/explain/fidelity/text-controls.js";
import { type HierarchicalProblem, fitHierarchical } from "../src/explain/hierarchical.js";
import { centredProduct } from "../src/explain/hierarchical-kernel.js";
import { designMasks } from "../src/explain/masks.js";
import {
  type SurrogateValues,
  explainBySurrogate,
  poolSurrogateValues,
} from "../src/explain/surrogate-lasso.js";
import { explainValues } from "../src/explain/explain-values.js";
import { randomFrom } from "../src/numerics/random.js";
import { benchActive } from "./hierarchical-active.js";
import { benchCoverage } from "./hierarchical-coverage.js";

const SPANS = 24;
const CLASSES = 4;

interface Template {
  readonly problem: HierarchicalProblem;
  /** Attributions of a surrogate that half knows, and its values under masks. */
  readonly surrogateValues: readonly SurrogateValues[];
}

function simulate(inputs: number, masksPerInput: number, surrogateMasks: number): Template {
  const random = randomFrom(`bench ${inputs} ${masksPerInput}`);
  const effects = (spread: number): Float64Array =>
    Float64Array.from({ length: SPANS }, () => spread * random.normal());
  const shared = effects(0.5);
  const byClass = Array.from({ length: CLASSES }, () => effects(0.4));
  const classes = Array.from({ length: inputs }, (_, input) => `class ${input % CLASSES}`);
  const truth = classes.map((_, input) =>
    shared.map(
      (value, span) => value + (byClass[input % CLASSES]?.[span] ?? 0) + 0.3 * random.normal(),
    ),
  );
  const deal = (masks: number, seed: string): ReturnType<typeof designMasks>["assignment"] =>
    designMasks({ spans: SPANS, inputs, masksPerInput: masks, poolSize: 64, seed }).assignment;
  const valueOf = (attribution: Float64Array, mask: Uint8Array): number =>
    centredProduct(mask, attribution) + 0.5 * random.normal();
  const rows = deal(masksPerInput, "oracle").map(({ input, mask }) => ({
    input,
    mask,
    value: valueOf(truth[input] as Float64Array, mask),
  }));
  const believed = truth.map((row) => row.map((value) => value + 0.5 * random.normal()));
  const asked = deal(surrogateMasks, "surrogate");
  const surrogateValues = classes.map((_, input) => {
    const masks = asked.filter((dealt) => dealt.input === input).map(({ mask }) => mask);
    const values = masks.map((mask) => valueOf(believed[input] as Float64Array, mask));
    return { masks, values: Float64Array.from(values) };
  });
  const surrogates = [
    { name: "half knowing", attributions: believed },
    { name: "noise", attributions: classes.map(() => effects(1)) },
  ];
  return { problem: { spans: SPANS, classes, rows, surrogates }, surrogateValues };
}

function timed<Result>(name: string, run: () => Result): Result {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const result = run();
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - wall) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${name.padEnd(48)} ${seconds.toFixed(2)} s (CPU ${((used.user + used.system) / 1e6).toFixed(2)} s), peak so far ${peak.toFixed(0)} MB resident`,
  );
  return result;
}

function benchFit(inputs: number): void {
  const { problem } = simulate(inputs, 8, 8);
  const fit = timed(`fit of ${problem.rows.length} rows, ${SPANS} spans`, () =>
    fitHierarchical(problem),
  );
  timed("  its attributions with intervals", () => fit.attributions());
  console.log(
    `  surrogates: ${fit.surrogateWeights.map(({ name, weight }) => `${name} ${weight.toFixed(2)}`).join(", ")}`,
  );
}

function benchFidelity(): void {
  const { problem, surrogateValues } = simulate(40, 8, 16);
  const { spans, classes, rows } = problem;
  const lasso = timed("surrogate's Lasso, 40 inputs of 16 masks", () =>
    explainBySurrogate({ spans, inputs: surrogateValues, seed: "bench" }),
  );
  const pooled = timed("surrogate's values pooled", () =>
    poolSurrogateValues({ spans, inputs: surrogateValues, classes, seed: "bench" }),
  );
  const surrogates = [
    { name: "its own Lasso", attributions: lasso.perInput.map(({ attribution }) => attribution) },
    { name: "pooled", attributions: pooled.attributions },
  ];
  const spanTokens = Array.from({ length: spans }, (_, span) => 8 + ((5 * span) % 11));
  const comparison = timed("cross-validated comparison, 320 rows", () =>
    compareFidelity({
      rows,
      classes,
      spans,
      surrogates,
      spanTokens,
      texts: noTexts(spans, classes.length),
      seed: "bench",
    }),
  );
  if (comparison.kind === "unknown") throw new Error(comparison.reason);
  const lines = [
    { name: "hierarchical", fidelity: comparison.hierarchical },
    ...comparison.baselines,
  ];
  for (const { name, fidelity } of lines)
    console.log(
      `  ${name.padEnd(28)} LDS ${fidelity.estimate.toFixed(2)} [${fidelity.low.toFixed(2)}, ${fidelity.high.toFixed(2)}]`,
    );
}

function benchDocument(): void {
  const { problem } = simulate(60, 32, 8);
  const { rows, surrogates } = problem;
  const document = {
    spans: Array.from({ length: SPANS }, (_, span) => `span ${span}`),
    inputs: problem.classes.map((output, input) => ({ id: `${input}`, output })),
    rows,
    surrogates,
    ignored: [],
  };
  timed(`recorded values: 60 inputs, ${rows.length} rows`, () =>
    explainValues(document, { seed: "bench" }),
  );
}

benchFit(40);
benchFidelity();
benchFit(125);
benchDocument();
benchActive();
benchCoverage();
