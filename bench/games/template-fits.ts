/** Explanations of a recorded template from a part of its masks, and how well they order the masks held out. */
import type {
  HierarchicalFit,
  MeasuredRow,
  SurrogatePrior,
} from "../../src/explain/hierarchical.js";
import { explainInputAlone } from "../../src/explain/input-by-input.js";
import { randomFrom } from "../../src/numerics/random.js";
import { inputAt } from "./games.js";
import { ldsOf, type RecordedTemplate } from "./measured.js";

/** Deals training masks to inputs: half dense, half sparse, each mask about equally often over the template. */
export function dealRows(
  recorded: RecordedTemplate,
  masksPerInput: number,
  draw: number,
): MeasuredRow[] {
  const random = randomFrom(`deal\n${recorded.name}\n${masksPerInput}\n${draw}`);
  const count = recorded.inputs[0]?.training.masks.length ?? 0;
  const halves = [0, 1].map((half) => ({
    positions: Array.from({ length: count / 2 }, (_, i) => half * (count / 2) + i),
    uses: new Map<number, number>(),
  }));
  return recorded.inputs.flatMap(({ training }, input) =>
    halves.flatMap(({ positions, uses }) => {
      const order = random
        .shuffle(positions)
        .sort((a, b) => (uses.get(a) ?? 0) - (uses.get(b) ?? 0))
        .slice(0, masksPerInput / 2);
      for (const position of order) uses.set(position, (uses.get(position) ?? 0) + 1);
      return order.map((position) => ({
        input,
        mask: inputAt(training.masks, position),
        value: training.values[position] as number,
      }));
    }),
  );
}

/** [input][span] */
export type Attributions = readonly ArrayLike<number>[];

export function pooledAttributions(fit: HierarchicalFit): Attributions {
  return fit.attributions().perInput.map((spans) => spans.map(({ estimate }) => estimate));
}

export function aloneAttributions(
  recorded: RecordedTemplate,
  rows: readonly MeasuredRow[],
): Attributions {
  return recorded.inputs.map((_, input) => {
    const own = rows.filter((row) => row.input === input);
    return explainInputAlone(
      own.map(({ mask }) => mask),
      Float64Array.from(own, ({ value }) => value),
      randomFrom(`alone\n${recorded.name}\n${input}`),
    );
  });
}

/** [input]: LDS on the dense and on the sparse held-out masks. */
export interface Scores {
  readonly dense: Float64Array;
  readonly sparse: Float64Array;
}

export function score(recorded: RecordedTemplate, attributions: Attributions): Scores {
  const of = (kind: "dense" | "sparse"): Float64Array =>
    Float64Array.from(recorded.inputs, (input, index) =>
      ldsOf(attributions[index] ?? [], input[kind]),
    );
  return { dense: of("dense"), sparse: of("sparse") };
}

/** A surrogate that knows nothing: what it costs to carry it along. */
export function noisePrior(recorded: RecordedTemplate): SurrogatePrior {
  const random = randomFrom(`noise surrogate\n${recorded.name}`);
  return {
    name: "noise",
    attributions: recorded.inputs.map(({ training }) =>
      Float64Array.from(training.masks[0] ?? [], () => random.normal()),
    ),
  };
}
