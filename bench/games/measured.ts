/** A recorded game as explainers see it: rows by input, and how well an attribution orders held-out oracle values. */
import { spearman } from "../../src/numerics/rank-correlation.js";
import { bootstrapMean } from "../../src/numerics/bootstrap.js";
import { randomFrom } from "../../src/numerics/random.js";
import type { Interval, Mask } from "../../src/domain.js";
import { inputAt, openGame, type BenchGame, type GameName } from "./games.js";
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

export interface RecordedGame {
  readonly game: BenchGame;
  readonly recording: Recording;
  readonly inputs: readonly MeasuredInput[];
}

/** The oracle's values of a game. Throws where the recording belongs to other inputs than the data give now. */
export function openRecordedGame(name: GameName): RecordedGame {
  const game = openGame(name);
  const recording = readGameRecording(name);
  const inputs = game.inputs.map(({ id }, input): MeasuredInput => {
    const { id: recorded, output, values } = inputAt(recording.inputs, input);
    if (recorded !== id) throw new Error(`${name}: input ${input} is ${id}, recorded ${recorded}`);
    const { training, heldOutDense, heldOutSparse } = game.masks(input);
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
    if (at !== values.length) throw new Error(`${name}: ${values.length} values for ${at} masks`);
    return measured;
  });
  return { game, recording, inputs };
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
