/** Active against balanced design on simulated templates: values bought until every span is decided. */
import { nextMasks } from "../src/explain/active-design.js";
import { fitHierarchical } from "../src/explain/hierarchical.js";
import { designMasks } from "../src/explain/masks.js";
import {
  type Question,
  decideActively,
  decideBalanced,
  simulateOracle,
} from "../__tests__/explain/simulated-oracle.js";
import { bootstrapMean } from "../src/numerics/bootstrap.js";
import { randomFrom } from "../src/numerics/random.js";

const TEMPLATES = 16;
const SHAPE = { inputs: 20, spans: 10, classes: 3 };
const QUESTIONS: readonly Question[] = [
  { threshold: 0.1, width: 0.5, budget: 320 },
  { threshold: 0.1, width: 0.4, budget: 320 },
  { threshold: 0.2, width: 0.3, budget: 320 },
];

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function compareDesigns(question: Question): void {
  const oracles = Array.from({ length: TEMPLATES }, (_, seed) =>
    simulateOracle({ ...SHAPE, seed: `bench ${seed}` }),
  );
  const balanced = oracles.map((oracle) => decideBalanced(oracle, question));
  const outcomes = oracles.map((oracle) => decideActively(oracle, question));
  const saved = bootstrapMean({
    values: outcomes.map(({ rows }, k) => 1 - rows / (balanced[k] as number)),
    level: 0.9,
    replicates: 2000,
    random: randomFrom("saved rows"),
  });
  const held = outcomes.flatMap(({ decisions }, k) =>
    decisions.map(({ effect }, span) => {
      const truth = oracles[k]?.truth[span] ?? NaN;
      return effect.low <= truth && truth <= effect.high ? 1 : 0;
    }),
  );
  const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;
  console.log(
    `| ${question.threshold} | ${question.width} | ${mean(balanced).toFixed(0)} | ${mean(outcomes.map(({ rows }) => rows)).toFixed(0)} | ${percent(saved.estimate)} [${percent(saved.low)}, ${percent(saved.high)}] | ${percent(mean(held))} |`,
  );
}

/** One step at the size of a real template: 320 rows, 2,000 candidates, 40 masks chosen. */
function timeStep(): void {
  const oracle = simulateOracle({ seed: "speed", inputs: 40, spans: 24, classes: 4 });
  const design = designMasks({ ...oracle.shape, masksPerInput: 8, poolSize: 64 });
  const problem = {
    spans: 24,
    classes: oracle.classes,
    surrogates: [],
    rows: oracle.measure(design.assignment),
    maskPool: design.pool,
    budget: 400,
    batch: 40,
    threshold: 0.05,
    width: 0.01,
    seed: "speed",
  };
  const { scales } = fitHierarchical(problem);
  const start = performance.now();
  const step = nextMasks({ ...problem, scales });
  const seconds = (performance.now() - start) / 1000;
  if (step.kind === "stop") throw new Error(`stopped: ${step.reason}`);
  console.log(
    `one step at given scales, 320 rows, 24 spans, 2,000 candidates, ${step.masks.length} chosen: ${seconds.toFixed(2)} s`,
  );
}

export function benchActive(): void {
  console.log(
    `\nActive against balanced design, ${TEMPLATES} simulated templates of ${SHAPE.inputs} inputs and ${SHAPE.spans} spans, mean values bought until every span is decided (budget 320)`,
  );
  console.log(
    "| threshold | width | balanced | active | saved, 90 % interval | intervals at the end hold the truth |",
  );
  console.log("|---|---|---|---|---|---|");
  for (const question of QUESTIONS) compareDesigns(question);
  timeStep();
}
