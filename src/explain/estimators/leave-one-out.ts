import { UnderstudyError } from "../../errors.js";
import type { Estimate, MeasuredGame } from "../game.js";
import { valueOfExtreme } from "./game-regression.js";

/**
 * Leave-one-out: value of the full mask minus value without the span, from the full mask and the one mask a span that deletes it
 * alone (other masks are not used; repeats are averaged). Blind to redundancy: of two spans that say the same each gets 0 (docs/methods.md,
 * A5). The intercept makes the model exact at the full mask. Throws USAGE where one of these masks was not measured.
 */
export function estimateByLeaveOneOut(game: MeasuredGame): Estimate {
  const full = valueOfExtreme(game, "full");
  const sums = new Float64Array(game.spans);
  const counts = new Float64Array(game.spans);
  game.masks.forEach((mask, row) => {
    const span = mask.indexOf(0);
    if (span < 0 || mask.lastIndexOf(0) !== span) return;
    sums[span] = (sums[span] as number) + (game.values[row] as number);
    counts[span] = (counts[span] as number) + 1;
  });
  const missing = [...counts.keys()].filter((span) => counts[span] === 0);
  if (missing.length > 0)
    throw new UnderstudyError(
      "USAGE",
      `leave-one-out needs the value without each span: it is missing for ${missing.length} of ${game.spans}, first for span ${missing[0]}`,
      { fix: "measure the masks of the design leave-one-out, or choose another method" },
    );
  const attribution = sums.map((sum, span) => full - sum / (counts[span] as number));
  return {
    method: "leave-one-out",
    attribution,
    intercept: attribution.reduce((rest, value) => rest - value, full),
  };
}
