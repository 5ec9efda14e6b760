import type { Interval } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { CONTROLS } from "./controls.js";
import { meanOverInputs } from "./held-out.js";

/** A way to explain that is held against another one on the same held-out rows. */
export interface Baseline {
  /** "pooled" (no surrogates), "input-by-input", "surrogate:NAME", or the name of a control. */
  readonly name: string;
  /** Controls know nothing of the values: an attribution must beat each of them to be shown. */
  readonly control: boolean;
  readonly fidelity: Interval;
  /** The explanation's LDS minus this one's, paired by input. */
  readonly pairedDifference: Interval;
  /** LDS of each scored input. */
  readonly perInput: Float64Array;
}

/** A baseline from the LDS of each scored input, beside those of the explanation that it is held against. */
export function baselineOf(
  { name, control, scores }: { name: string; control: boolean; scores: Float64Array },
  explained: Float64Array,
  seed: string,
): Baseline {
  return {
    name,
    control,
    fidelity: meanOverInputs(scores, seed),
    pairedDifference: meanOverInputs(
      explained.map((score, index) => score - (scores[index] as number)),
      seed,
    ),
    perInput: scores,
  };
}

export type ShownDecision =
  | { readonly shown: true; readonly withheld: null }
  | { readonly shown: false; readonly withheld: string };

/**
 * Whether an attribution may be shown: only if it beats every control by a paired 90 % interval over inputs that lies above 0
 * (docs/methods.md, 0b.4). The reason for withholding is a sentence for a person. Throws INTERNAL where a control is missing:
 * no attribution is shown that was not held against all of them.
 */
export function decideByControls(
  fidelity: number,
  baselines: readonly Pick<Baseline, "name" | "control" | "fidelity" | "pairedDifference">[],
): ShownDecision {
  const controls = baselines.filter(({ control }) => control);
  const missing = CONTROLS.filter((wanted) => !controls.some(({ name }) => name === wanted));
  if (missing.length > 0)
    throw new UnderstudyError(
      "INTERNAL",
      `fidelity without the control${missing.length === 1 ? "" : "s"} ${missing.join(", ")}`,
    );
  const equals = controls.filter(({ pairedDifference }) => !(pairedDifference.low > 0));
  if (equals.length === 0) return { shown: true, withheld: null };
  const named = equals.map(
    ({ name, fidelity: own, pairedDifference }) =>
      `${name} (${format(own.estimate)}; difference ${format(pairedDifference.estimate)}, 90 % interval ${format(pairedDifference.low)} to ${format(pairedDifference.high)})`,
  );
  return {
    shown: false,
    withheld: `with a fidelity of ${format(fidelity)} it does not clearly beat what knows nothing of the prompt's effect: ${named.join(", ")}`,
  };
}

function format(value: number): string {
  return value.toFixed(2).replace("-", "\u2212");
}
