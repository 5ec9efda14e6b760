import type { MaskedInput } from "../../src/domain.js";
import { type ActiveProblem, type Decision, nextMasks } from "../../src/explain/active-design.js";
import { type MeasuredRow, fitHierarchical } from "../../src/explain/hierarchical.js";
import type { HierarchicalScales } from "../../src/explain/hierarchical.js";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { designMasks } from "../../src/explain/masks.js";
import { randomFrom } from "../../src/numerics/random.js";

export interface OracleShape {
  readonly seed: string;
  readonly inputs: number;
  readonly spans: number;
  readonly classes: number;
}

/** What is decided: a span can go below the threshold; an interval no wider than the width is narrow enough. */
export interface Question {
  readonly threshold: number;
  readonly width: number;
  readonly budget: number;
}

/** A template that may be asked value by value; half of its spans matter to all inputs. */
export interface SimulatedOracle {
  readonly shape: OracleShape;
  readonly classes: readonly string[];
  /** The same value each time it is asked. */
  measure(masks: readonly MaskedInput[]): MeasuredRow[];
  /** Mean effect of each span over the inputs. */
  readonly truth: Float64Array;
}

export function keyOf({ input, mask }: MaskedInput): string {
  return `${input}:${mask.join("")}`;
}

export function simulateOracle(shape: OracleShape): SimulatedOracle {
  const random = randomFrom(`simulated oracle ${shape.seed}`);
  const effects = (spread: number): Float64Array =>
    Float64Array.from({ length: shape.spans }, () => spread * random.normal());
  const shared = effects(0.7).map((value) => (random.bernoulli(0.5) ? value : 0));
  const byClass = Array.from({ length: shape.classes }, () => effects(0.3));
  const classes = Array.from({ length: shape.inputs }, (_, input) => `${input % shape.classes}`);
  const psi = classes.map((name) =>
    effects(0.3).map(
      (value, span) => value + (shared[span] ?? 0) + (byClass[Number(name)]?.[span] ?? 0),
    ),
  );
  const constants = classes.map(() => random.normal());
  return {
    shape,
    classes,
    truth: shared.map(
      (_, span) => psi.reduce((sum, own) => sum + (own[span] ?? NaN), 0) / psi.length,
    ),
    measure: (masks) =>
      masks.map(({ input, mask }) => ({
        input,
        mask,
        value:
          (constants[input] ?? NaN) +
          centredProduct(mask, psi[input] as Float64Array) +
          0.5 * randomFrom(`noise ${shape.seed} ${keyOf({ input, mask })}`).normal(),
      })),
  };
}

function balancedMasks({ shape }: SimulatedOracle, masksPerInput: number): readonly MaskedInput[] {
  return designMasks({ ...shape, masksPerInput, poolSize: 48 }).assignment;
}

/** Values bought until every span is decided, masks dealt evenly, one more an input each time. */
export function decideBalanced(oracle: SimulatedOracle, question: Question): number {
  for (let masksPerInput = 2; ; masksPerInput++) {
    const rows = oracle.measure(balancedMasks(oracle, masksPerInput));
    const { template } = fitHierarchical({
      spans: oracle.shape.spans,
      classes: oracle.classes,
      surrogates: [],
      rows,
    }).attributions();
    const open = template.some(
      ({ low, high }) =>
        low < question.threshold && question.threshold < high && high - low > question.width,
    );
    if (!open || rows.length >= question.budget) return rows.length;
  }
}

export interface ActiveOutcome {
  readonly rows: number;
  readonly decisions: readonly Decision[];
}

/** The same with two masks an input dealt evenly and the others chosen. */
export function decideActively(oracle: SimulatedOracle, question: Question): ActiveOutcome {
  const { spans, inputs, seed } = oracle.shape;
  const maskPool = designMasks({ ...oracle.shape, masksPerInput: 16, poolSize: 48 }).pool;
  let rows = oracle.measure(balancedMasks(oracle, 2));
  let start: HierarchicalScales | null = null;
  for (;;) {
    const problem: ActiveProblem = {
      spans,
      classes: oracle.classes,
      surrogates: [],
      rows,
      maskPool,
      ...question,
      budget: question.budget - rows.length,
      batch: inputs,
      seed,
      ...(start && { start }),
    };
    const step = nextMasks(problem);
    if (step.kind === "stop") return { rows: rows.length, decisions: step.decisions };
    rows = [...rows, ...oracle.measure(step.masks)];
    start = step.scales;
  }
}
