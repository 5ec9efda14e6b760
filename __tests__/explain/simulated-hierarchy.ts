import type { Mask } from "../../src/domain.js";
import type { HierarchicalProblem, MeasuredRow } from "../../src/explain/hierarchical.js";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { designMasks } from "../../src/explain/masks.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";

export interface Hierarchy {
  readonly seed: string;
  readonly inputs: number;
  readonly spans: number;
  readonly masksPerInput: number;
  readonly classes?: number;
  /** Standard deviations of effects: of all inputs and of each class, 0.5 by default, and of an input's own, 0.3. */
  readonly sharedSpread?: number;
  readonly ownSpread?: number;
  /** Standard deviation of the noise, 0.5 by default, or the range that each row's is drawn from, its variance being known. */
  readonly noise?: number | readonly [number, number];
}

export interface Simulation {
  readonly problem: HierarchicalProblem;
  /** True effects: [input][span]. */
  readonly psi: readonly Float64Array[];
  /** Values of the full mask, one an input; not among the problem's rows. */
  readonly fullRows: readonly MeasuredRow[];
  readonly random: Random;
}

/** Values of a template whose effects are shared by all inputs, by classes and kept by inputs, on a balanced design of masks. */
export function simulateHierarchy(hierarchy: Hierarchy): Simulation {
  const {
    seed,
    inputs,
    spans,
    masksPerInput,
    classes = 3,
    sharedSpread = 0.5,
    ownSpread = 0.3,
    noise = 0.5,
  } = hierarchy;
  const random = randomFrom(`hierarchy ${seed}`);
  const effects = (spread: number): Float64Array =>
    Float64Array.from({ length: spans }, () => spread * random.normal());
  const shared = effects(sharedSpread);
  const byClass = Array.from({ length: classes }, () => effects(sharedSpread));
  const names = Array.from({ length: inputs }, (_, input) => `${input % classes}`);
  const psi = names.map((name) =>
    shared.map(
      (value, span) => value + (byClass[Number(name)]?.[span] ?? 0) + ownSpread * random.normal(),
    ),
  );
  const constants = names.map(() => random.normal());
  const { assignment } = designMasks({ spans, inputs, masksPerInput, poolSize: 48, seed });
  const truth = (input: number, mask: Mask): number =>
    (constants[input] as number) + centredProduct(mask, psi[input] as Float64Array);
  const measured = (input: number, mask: Mask): MeasuredRow => {
    if (typeof noise === "number")
      return { input, mask, value: truth(input, mask) + noise * random.normal() };
    const spread = noise[0] + (noise[1] - noise[0]) * random.uniform();
    const value = truth(input, mask) + spread * random.normal();
    return { input, mask, value, variance: spread ** 2 };
  };
  const rows = assignment.map(({ input, mask }) => measured(input, mask));
  const fullRows = names.map((_, input) => measured(input, new Uint8Array(spans).fill(1)));
  return { problem: { spans, classes: names, rows, surrogates: [] }, psi, fullRows, random };
}
