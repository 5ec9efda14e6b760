/**
 * Every explainer on the embedded surrogate, as in the second paper: 20 HotpotQA questions by sentences and 20 MMLU questions by
 * words, at budgets of 32 to 256 masks. Each is judged on the surrogate's own log-odds of the fixed output under masks that no
 * explanation saw (half dense, half Sparse-K) and by its top-k drop; intervals are 90 % over instances.
 * Run: npm run bench:explain [-- --dataset mmlu --workers 2 --instances 20]   Values are kept under out/bench-explain, so a second run is quick.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EstimatorName, Interval, Mask } from "../src/domain.js";
import { estimate } from "../src/explain/estimators/estimate.js";
import { linearDatamodelingScore } from "../src/explain/fidelity/linear-datamodeling-score.js";
import { meanOverInstances } from "../src/explain/fidelity/over-instances.js";
import { topKDropMasks } from "../src/explain/fidelity/top-k-drop.js";
import { ropeRwmdKernel } from "../src/explain/kernels/rope-rwmd.js";
import { designGame } from "../src/explain/mask-designs/design.js";
import { randomFrom } from "../src/numerics/random.js";
import { openLocalSurrogate, type LocalSurrogate } from "../src/surrogate/local-surrogate.js";
import {
  DATASETS,
  INSTANCES,
  openInstances,
  type Dataset,
  type Instance,
} from "./explain/instances.js";
import { type MaskValues, SurrogateGame } from "./explain/surrogate-game.js";
import { gamesAvailable, repository } from "./games/games.js";
import { decimal } from "./games/measured.js";

const BUDGETS = [32, 64, 128, 256];
const MOST = 256;
const HELD_OUT_OF_A_KIND = 12;
const TOP_K: Readonly<Record<Dataset, number>> = { hotpotqa: 2, mmlu: 3 };

type DesignName =
  | "bernoulli"
  | "sparse-k"
  | "uniform-size"
  | "mixed"
  | "shapley-size"
  | "leave-one-out";

interface Explainer {
  readonly name: string;
  readonly method: EstimatorName;
  readonly design: DesignName;
  readonly objective: keyof MaskValues;
}

const EXPLAINERS: readonly Explainer[] = [
  { name: "Lasso", method: "lasso", design: "mixed", objective: "logOdds" },
  { name: "LIME", method: "lime", design: "uniform-size", objective: "logOdds" },
  { name: "Kernel SHAP", method: "kernel-shap", design: "shapley-size", objective: "logOdds" },
  { name: "RoPE-LIME, NLL", method: "rope-lime", design: "sparse-k", objective: "likelihood" },
  {
    name: "RoPE-LIME, divergence",
    method: "rope-lime",
    design: "sparse-k",
    objective: "closeness",
  },
  { name: "gSMILE", method: "gsmile", design: "bernoulli", objective: "logOdds" },
  { name: "leave-one-out", method: "leave-one-out", design: "leave-one-out", objective: "logOdds" },
];

/** What knows nothing of the values. */
const CONTROLS = ["control: span length", "control: position", "control: random"] as const;

/** Masks of each design at each budget; designs that can be cut short share what was measured for the largest budget. */
function designsOf(spans: number, seed: string): (design: DesignName, budget: number) => Mask[] {
  const draw = (design: Exclude<DesignName, "mixed">, budget: number): Mask[] =>
    designGame({ design, spans, budget, seed });
  const bernoulli = draw("bernoulli", MOST);
  const sparse = draw("sparse-k", MOST);
  const uniform = draw("uniform-size", MOST);
  return (design, budget) => {
    switch (design) {
      case "bernoulli":
        return bernoulli.slice(0, budget);
      case "sparse-k":
        return sparse.slice(0, budget);
      case "uniform-size":
        return uniform.slice(0, budget);
      case "mixed":
        return [...sparse.slice(0, budget / 2), ...bernoulli.slice(0, budget / 2)];
      case "shapley-size":
      case "leave-one-out":
        return draw(design, budget);
    }
  };
}

interface HeldOut {
  readonly dense: readonly Mask[];
  readonly sparse: readonly Mask[];
}

/** Masks of no design that trains. */
function heldOutMasks(spans: number, seed: string, seen: ReadonlySet<string>): HeldOut {
  const fresh = (design: "bernoulli" | "sparse-k"): Mask[] =>
    designGame({ design, spans, budget: 2 * MOST, seed: `${seed}\nheld out` })
      .filter((mask) => mask.includes(0) && mask.includes(1) && !seen.has(mask.join("")))
      .slice(0, HELD_OUT_OF_A_KIND);
  return { dense: fresh("bernoulli"), sparse: fresh("sparse-k") };
}

async function kernelWeights(game: SurrogateGame, masks: readonly Mask[]): Promise<Float64Array> {
  const { spans, separator, render } = game.instance;
  const embeddings = await game.surrogate.embedPrompt(render(null));
  const ends: number[] = [];
  spans.reduce((start, span) => {
    ends.push(start + span.length);
    return start + span.length + separator.length;
  }, 0);
  const total = ends.at(-1) ?? 0;
  const spanOf = Int32Array.from(embeddings.tokens, ({ message, end }) =>
    message === null || end > total ? -1 : ends.findIndex((spanEnd) => end <= spanEnd),
  );
  return ropeRwmdKernel({ embeddings, spanOf, masks }).weights;
}

interface Score {
  readonly dense: number;
  readonly sparse: number;
  readonly drop: number;
}

/** [explainer, then control][budget] */
async function scoreInstance(
  dataset: Dataset,
  instance: Instance,
  surrogate: LocalSurrogate,
): Promise<Map<string, Score[]>> {
  const game = new SurrogateGame(dataset, instance, surrogate);
  const seed = `bench explain\n${instance.id}`;
  const designs = designsOf(game.spans, seed);
  const training = EXPLAINERS.flatMap(({ design }) =>
    BUDGETS.flatMap((budget) =>
      isAffordable(design, game.spans, budget) ? designs(design, budget) : [],
    ),
  );
  const heldOut = heldOutMasks(game.spans, seed, new Set(training.map((mask) => mask.join(""))));
  await game.measure([...training, ...heldOut.dense, ...heldOut.sparse]);
  const judge = async (attribution: Float64Array): Promise<Score> => {
    const drop = topKDropMasks(attribution, TOP_K[dataset]);
    await game.measure(drop.masks);
    const lds = (masks: readonly Mask[]): number => {
      const score = linearDatamodelingScore(attribution, {
        masks,
        values: game.values(masks, "logOdds"),
      });
      // Undefined where all held-out masks have one value: such an instance says nothing of this column.
      return typeof score === "number" ? score : Number.NaN;
    };
    return {
      dense: lds(heldOut.dense),
      sparse: lds(heldOut.sparse),
      drop: drop.score(game.values(drop.masks, "logOdds")),
    };
  };
  const scores = new Map<string, Score[]>();
  for (const { name, method, design, objective } of EXPLAINERS) {
    const own: Score[] = [];
    for (const budget of BUDGETS) {
      if (!isAffordable(design, game.spans, budget)) continue;
      const masks = designs(design, budget);
      const { attribution } = estimate(
        method,
        { spans: game.spans, masks, values: game.values(masks, objective) },
        {
          seed,
          lime: { features: Infinity },
          ...(method === "rope-lime" && { kernelWeights: await kernelWeights(game, masks) }),
        },
      );
      own.push(await judge(attribution));
    }
    scores.set(name, own);
  }
  for (const name of CONTROLS) {
    const score = await judge(controlOf(name, instance));
    scores.set(
      name,
      BUDGETS.map(() => score),
    );
  }
  return scores;
}

function isAffordable(design: DesignName, spans: number, budget: number): boolean {
  return design !== "leave-one-out" || budget >= spans + 1;
}

function controlOf(name: (typeof CONTROLS)[number], { id, spans }: Instance): Float64Array {
  const random = randomFrom(`bench explain control\n${id}`);
  return Float64Array.from(spans, (span, index) => {
    switch (name) {
      case "control: span length":
        return span.length;
      case "control: position":
        return index;
      case "control: random":
        return random.normal();
    }
  });
}

/** Means with intervals; LDS is bounded, but a betting interval of 20 instances is wide, so all three take the bootstrap. */
function shown(values: readonly number[], seed: string): string {
  const defined = values.filter((value) => !Number.isNaN(value));
  const over = meanOverInstances({ values: defined, range: null, seed });
  if (over.kind === "unknown") return "-";
  const { estimate: mean, low, high }: Interval = over.mean;
  const of = defined.length < values.length ? ` of ${defined.length}` : "";
  return `${decimal(mean)} [${decimal(low)}, ${decimal(high)}]${of}`;
}

function printTable(dataset: Dataset, all: readonly Map<string, Score[]>[]): void {
  const k = TOP_K[dataset];
  console.log(`\n### ${dataset}: ${all.length} instances, top-${k} drop in nats a token\n`);
  console.log(`| explainer | B | LDS dense | LDS sparse | top-${k} drop |\n|---|---|---|---|---|`);
  for (const name of [...EXPLAINERS.map((one) => one.name), ...CONTROLS])
    BUDGETS.forEach((budget, index) => {
      if (name.startsWith("control") && index > 0) return;
      // Fewer budgets where the smallest do not suffice: then the last ones are there.
      const scores = all.flatMap((one) => {
        const own = one.get(name) ?? [];
        const score = own[index - (BUDGETS.length - own.length)];
        return score ? [score] : [];
      });
      if (scores.length === 0) return;
      const column = (of: (score: Score) => number): string =>
        shown(scores.map(of), `${dataset}\n${name}\n${budget}`);
      console.log(
        `| ${name} | ${name.startsWith("control") ? "" : budget} | ${column((one) => one.dense)} | ${column((one) => one.sparse)} | ${column((one) => one.drop)} |`,
      );
    });
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      dataset: { type: "string" },
      workers: { type: "string", default: "2" },
      precision: { type: "string", default: "fast" },
      instances: { type: "string", default: String(INSTANCES) },
    },
  });
  const surrogate = await openLocalSurrogate({
    modelPath: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    precision: flags.precision === "precise" ? "precise" : "fast",
    backend: "native",
    workers: Number(flags.workers),
    cacheFolder: join(repository, "out", "bench-state"),
  });
  try {
    for (const dataset of DATASETS.filter(
      (one) => flags.dataset === undefined || one === flags.dataset,
    )) {
      const all: Map<string, Score[]>[] = [];
      for (const instance of openInstances(dataset).slice(0, Number(flags.instances))) {
        all.push(await scoreInstance(dataset, instance, surrogate));
        process.stderr.write(`${dataset}: ${all.length}\n`);
      }
      printTable(dataset, all);
    }
  } finally {
    await surrogate.close();
  }
}

if (gamesAvailable()) await main();
else console.log("skipped: the benchmark data are not beside the project (../shared/bench)");
