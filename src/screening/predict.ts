import type { PredictScreen } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  MINIMUM_MASKS,
  stateOf,
  testByBetting,
  type Judged,
  type ScreenRequest,
} from "./betting-screen.js";
import { otherMode } from "./certificate.js";
import {
  Q_VERSIONS,
  type CertificateState,
  type PredictConsumed,
  type PredictState,
} from "./certificate-state.js";
import { meanOf, MINIMUM_INPUTS, numbersOf, SCREEN_THRESHOLDS } from "./verdict.js";

/** One input of the search set and how well the surrogate predicted the oracle under its masks. */
export interface PredictInstance {
  readonly id: string;
  /**
   * Rank correlation of predicted and measured values over the input's oracle masks, by a surrogate attribution that never
   * saw them. null only where the oracle's own values do not vary; a surrogate that predicts a constant has 0, not null.
   */
  readonly spearman: number | null;
  readonly masks: number;
}

export interface PredictRequest extends ScreenRequest {
  readonly instances: readonly PredictInstance[];
  /** State of an earlier run of the same test. */
  readonly previous?: CertificateState;
}

/**
 * Tests whether a surrogate predicts what the oracle does under masks (methods C3, "budget mode"): q = (Spearman + 1) / 2,
 * H0: mean of q over the population <= threshold, by betting in an order fixed by hash.
 *
 * The population is the search set without the inputs whose oracle values do not vary: no attribution can be judged on those,
 * whatever the surrogate says, so leaving them out is no choice in its favour. It is fixed when the test begins. Inputs with fewer
 * than 8 masks stay in the population, unseen. An input found constant only after the test began counts as q = 0.
 *
 * @throws UnderstudyError CERTIFICATE where `previous` belongs to another test or contradicts itself; INTERNAL on repeated ids.
 */
export function screenPredict(request: PredictRequest): {
  readonly screen: PredictScreen;
  readonly state: PredictState;
} {
  const { previous, threshold = SCREEN_THRESHOLDS.predict } = request;
  if (previous && previous.mode !== "predict") throw otherMode(previous, "predict");
  const tested = testByBetting<PredictConsumed>({
    request,
    threshold,
    judged: request.instances.map(judge),
    previous,
    differencesAt: (consumed, at) => Float64Array.from(consumed, ({ q }) => q - at),
  });
  const inputs = tested.consumed.length;
  const numbers = numbersOf(tested, {
    estimate: meanOf(tested.consumed.map(({ q }) => q)),
    quantity: "the mean q",
    insufficient:
      inputs < MINIMUM_INPUTS
        ? `${inputs} inputs have at least ${MINIMUM_MASKS} oracle masks with values that vary; ${MINIMUM_INPUTS} are needed`
        : null,
    objection: null,
  });
  return {
    screen: { ...numbers, mode: "predict" },
    state: { ...stateOf(tested), mode: "predict", qVersion: Q_VERSIONS.predict },
  };
}

function judge({ id, spearman, masks }: PredictInstance): Judged<PredictConsumed> {
  if (spearman !== null && !(Math.abs(spearman) <= 1))
    throw new UnderstudyError(
      "INTERNAL",
      `a rank correlation must lie in [-1, 1], not ${spearman}`,
    );
  if (masks < MINIMUM_MASKS) return { kind: "unseen", id };
  return spearman === null
    ? { kind: "outside", id, worst: { id, q: 0 } }
    : { kind: "seen", consumed: { id, q: (spearman + 1) / 2 } };
}
