import { UnderstudyError } from "../../errors.js";
import { type Regression, regressionOf } from "../../numerics/least-squares.js";
import type { MeasuredGame } from "../game.js";

/**
 * A game as a regression of its values on its masks, with a weight a mask where a kernel gives one.
 * Throws INTERNAL where shapes do not fit or a value is not finite.
 */
export function regressionOfGame(game: MeasuredGame, kernelWeights?: Float64Array): Regression {
  const regression = regressionOf(game.masks, game.values, kernelWeights);
  if (regression.columns !== game.spans)
    throw new UnderstudyError(
      "INTERNAL",
      `masks of ${regression.columns} spans where ${game.spans} are explained`,
    );
  const bad = regression.values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new UnderstudyError("INTERNAL", `a mask's value is ${bad}`);
  return regression;
}

/** Whether all values are the same, so that no span changes anything. */
export function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

/**
 * Value of the mask that keeps all spans, or of the one that keeps none; the mean where it was measured more than once.
 * Throws USAGE where it was not measured.
 */
export function valueOfExtreme(game: MeasuredGame, which: "full" | "empty"): number {
  const bit = which === "full" ? 1 : 0;
  const found = game.masks.flatMap((mask, row) =>
    mask.every((kept) => kept === bit) ? [game.values[row] as number] : [],
  );
  if (found.length === 0)
    throw new UnderstudyError(
      "USAGE",
      which === "full"
        ? "the value of the unmasked prompt is missing"
        : "the value of the prompt with every maskable span deleted is missing",
      { fix: `add the ${which} mask (all ${bit}) to the masks that are measured` },
    );
  return found.reduce((sum, value) => sum + value, 0) / found.length;
}
