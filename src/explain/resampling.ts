import type { EstimatorName } from "../domain.js";
import type { Random } from "../numerics/random.js";
import type { EstimateOptions } from "./estimators/estimate.js";
import type { MeasuredGame } from "./game.js";

/** Rows that are drawn together, and rows that are in every draw. */
export interface ResamplingUnits {
  readonly drawn: readonly (readonly number[])[];
  readonly kept: readonly number[];
}

/**
 * What a bootstrap over masks draws: complement pairs where every mask but the full and the empty one has its complement in the game,
 * else single masks. Kernel SHAP's constraints, the full and the empty mask, are in every draw.
 */
export function resamplingUnits(game: MeasuredGame, method: EstimatorName): ResamplingUnits {
  const rows = [...game.masks.keys()];
  const extreme = (row: number): boolean => {
    const mask = game.masks[row];
    return mask?.every((kept) => kept === mask[0]) ?? false;
  };
  const inner = rows.filter((row) => !extreme(row));
  const outer = rows.filter(extreme);
  const pairs = complementPairs(game, inner);
  const drawn = pairs ?? inner.map((row) => [row]);
  return method === "kernel-shap"
    ? { drawn, kept: outer }
    : { drawn: [...drawn, ...outer.map((row) => [row])], kept: [] };
}

/** Rows two by two, or null where one is without its complement. */
function complementPairs(game: MeasuredGame, rows: readonly number[]): number[][] | null {
  const waiting = new Map<string, number>();
  const pairs: number[][] = [];
  for (const row of rows) {
    const mask = game.masks[row] ?? new Uint8Array();
    const complement = mask.map((kept) => 1 - kept).join("");
    const partner = waiting.get(complement);
    if (partner === undefined) {
      waiting.set(mask.join(""), row);
      continue;
    }
    waiting.delete(complement);
    pairs.push([partner, row]);
  }
  return waiting.size === 0 && pairs.length * 2 === rows.length ? pairs : null;
}

/** A game of as many units drawn with replacement, and the options' per-mask arrays drawn with it. */
export function resample(
  problem: {
    readonly game: MeasuredGame;
    readonly options: EstimateOptions;
    readonly units: ResamplingUnits;
  },
  random: Random,
): { readonly game: MeasuredGame; readonly options: EstimateOptions } {
  const { game, units } = problem;
  const rows = [...units.kept];
  for (let draw = 0; draw < units.drawn.length; draw++)
    rows.push(...(units.drawn[random.integer(units.drawn.length)] ?? []));
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from(rows, (row) => values[row] as number);
  return {
    game: {
      spans: game.spans,
      masks: rows.map((row) => game.masks[row] as Uint8Array),
      values: pick(game.values),
    },
    options: pickOptions(problem.options, pick),
  };
}

function pickOptions(
  options: EstimateOptions,
  pick: (values: Float64Array) => Float64Array,
): EstimateOptions {
  const { kernelWeights, kernelShap, gsmile } = options;
  return {
    ...options,
    ...(kernelWeights && { kernelWeights: pick(kernelWeights) }),
    ...(kernelShap?.kernelWeights && {
      kernelShap: { ...kernelShap, kernelWeights: pick(kernelShap.kernelWeights) },
    }),
    ...(gsmile?.promptDistances && {
      gsmile: { ...gsmile, promptDistances: pick(gsmile.promptDistances) },
    }),
  };
}
