/** A recorded game as explainers see it: rows by input, and how well an attribution orders held-out oracle values. */
import { spearman } from "../../src/numerics/rank-correlation.js";
import { bootstrapMean } from "../../src/numerics/bootstrap.js";
import { randomFrom } from "../../src/numerics/random.js";
import type { Interval, Mask } from "../../src/domain.js";
import {
  inputAt,
  openGame,
  openTemplate,
  type BenchGame,
  type GameMasks,
  type GameName,
  type TemplateName,
} from "./games.js";
import { readGameRecording, type Recording } from "./recording.js";

export interface MeasuredMasks {
  readonly masks: readonly Mask[];
  readonly values: Float64Array;
}

export interface MeasuredInput {
  readonly id: string;
  /** The fixed output. */
  readonly output: string;
  readonly full: number;
  readonly training: MeasuredMasks;
  readonly dense: MeasuredMasks;
  readonly sparse: MeasuredMasks;
}

export interface RecordedTemplate {
  readonly name: TemplateName;
  readonly recording: Recording;
  readonly inputs: readonly MeasuredInput[];
}

export interface RecordedGame {
  readonly name: GameName;
  readonly recording: Recording;
  readonly inputs: readonly MeasuredInput[];
  readonly game: BenchGame;
}

/** The oracle's values of a template. Needs no data beside the repository: masks follow from the template, the rest is recorded. */
export function openRecordedTemplate(name: TemplateName): RecordedTemplate {
  const recording = readGameRecording(name);
  const { masks } = openTemplate(name);
  return {
    name,
    recording,
    inputs: recording.inputs.map((recorded) => measuredInput(recorded, masks)),
  };
}

/** The oracle's values of a game. Throws where the recording belongs to other inputs than the data give now. */
export function openRecordedGame(name: GameName): RecordedGame {
  const game = openGame(name);
  const recording = readGameRecording(name);
  const inputs = game.inputs.map(({ id }, input): MeasuredInput => {
    const recorded = inputAt(recording.inputs, input);
    if (recorded.id !== id)
      throw new Error(`${name}: input ${input} is ${id}, recorded ${recorded.id}`);
    return measuredInput(recorded, game.masks(input));
  });
  return { name, game, recording, inputs };
}

function measuredInput(
  { id, output, values }: Recording["inputs"][number],
  { training, heldOutDense, heldOutSparse }: GameMasks,
): MeasuredInput {
  let at = 1;
  const take = (masks: readonly Mask[]): MeasuredMasks => ({
    masks,
    values: Float64Array.from(values.slice(at, (at += masks.length))),
  });
  const measured = {
    id,
    output,
    full: values[0] ?? Number.NaN,
    training: take(training),
    dense: take(heldOutDense),
    sparse: take(heldOutSparse),
  };
  if (at !== values.length) throw new Error(`${id}: ${values.length} values for ${at} masks`);
  return measured;
}

/** Spearman correlation of mask . attribution with the oracle's values; 0 where either does not vary. */
export function ldsOf(attribution: ArrayLike<number>, { masks, values }: MeasuredMasks): number {
  const predicted = masks.map((mask) =>
    mask.reduce((sum, kept, span) => sum + kept * (attribution[span] ?? 0), 0),
  );
  return spearman(predicted, values) ?? 0;
}

/** Mean over inputs with a 95 % BCa interval over inputs. */
export function overInputs(values: ArrayLike<number>, seed: string): Interval {
  return bootstrapMean({
    values,
    level: 0.95,
    replicates: 4000,
    random: randomFrom(`games interval\n${seed}`),
  });
}

/** Ratio of two means over the same inputs, 95 % percentile interval over inputs resampled together. */
export function ratioOverInputs(
  above: ArrayLike<number>,
  below: ArrayLike<number>,
  seed: string,
): Interval {
  const random = randomFrom(`games ratio\n${seed}`);
  const size = above.length;
  const ratio = (positions: readonly number[]): number => {
    const sum = (of: ArrayLike<number>): number =>
      positions.reduce((total, position) => total + (of[position] ?? 0), 0);
    return sum(above) / sum(below);
  };
  const all = Array.from({ length: size }, (_, position) => position);
  const draws = Array.from({ length: 4000 }, () => ratio(all.map(() => random.integer(size)))).sort(
    (a, b) => a - b,
  );
  return { estimate: ratio(all), low: draws[100] ?? Number.NaN, high: draws[3899] ?? Number.NaN };
}

/** `.74 [.70, .78]` */
export function shown({ estimate, low, high }: Interval): string {
  return `${decimal(estimate)} [${decimal(low)}, ${decimal(high)}]`;
}

export function decimal(value: number): string {
  return value.toFixed(2).replace(/^(-?)0\./, "$1.");
}
