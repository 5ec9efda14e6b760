import type { LabelsScreen } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { firstRejection } from "../numerics/bound-path.js";
import { betOnDifferences } from "../numerics/e-process.js";
import {
  MINIMUM_MASKS,
  stateOf,
  testByBetting,
  type Judged,
  type ScreenRequest,
  type Tested,
} from "./betting-screen.js";
import { otherMode } from "./certificate.js";
import {
  Q_VERSIONS,
  type CertificateState,
  type LabelsConsumed,
  type LabelsState,
} from "./certificate-state.js";
import { meanOf, MINIMUM_INPUTS, numbersOf, rounded, SCREEN_THRESHOLDS } from "./verdict.js";

/** One input of an oracle without log-probabilities: under which masks its answer flipped, and who foresaw it. */
export interface LabelsInstance {
  readonly id: string;
  readonly masks: number;
  /** Masks under which the oracle's answer was no longer the fixed one. */
  readonly flips: number;
  /**
   * P(effect that the surrogate predicts for a mask that keeps the answer > for one that flips it), ties half: sign-AUC (methods
   * B); and the same of the number of kept tokens, which knows no model. null exactly where no mask flips or every one does.
   */
  readonly signAuc: number | null;
  readonly lengthAuc: number | null;
}

export interface LabelsRequest extends ScreenRequest {
  readonly instances: readonly LabelsInstance[];
  /** State of an earlier run of the same test. */
  readonly previous?: CertificateState;
}

/** q of an input that cannot tell good from bad: what a coin gets. */
const CHANCE = 0.5;

/**
 * Tests whether a surrogate foresees which deletions flip the answer of an oracle that gives no log-probabilities: q = sign-AUC
 * over the input's masks, H0: mean of q over all inputs <= threshold.
 *
 * - An input without a flip, or with nothing but flips, orders no two masks. It is neither left out nor a success: q = 1/2, what
 *   guessing gets. So the claim is about every input, and gentle masks that flip nothing can only withhold a certificate.
 * - Fewer than 20 inputs with a flip and without are "insufficient data", not "not supported": nothing was found out.
 * - Long deletions flip more, so that span length alone can reach .86 (methods 0b.4). A surrogate must also be shown to beat it:
 *   the mean of q - q(length) above 0, by the same bets at the same level. Both tests must be passed, so no alpha is split
 *   (intersection-union test, Berger 1982).
 *
 * @throws UnderstudyError CERTIFICATE where `previous` belongs to another test or contradicts itself; INTERNAL on repeated ids.
 */
export function screenLabels(request: LabelsRequest): {
  readonly screen: LabelsScreen;
  readonly state: LabelsState;
} {
  const { previous, threshold = SCREEN_THRESHOLDS.labels } = request;
  if (previous && previous.mode !== "labels") throw otherMode(previous, "labels");
  const tested = testByBetting<LabelsConsumed>({
    request,
    threshold,
    judged: request.instances.map(judge),
    previous,
    differencesAt: (consumed, at) => Float64Array.from(consumed, ({ q }) => q - at),
  });
  const { consumed } = tested;
  const estimate = meanOf(consumed.map(({ q }) => q));
  const flipped = consumed.filter((one) => one.flipped).length;
  const control = controlOf(tested);
  const numbers = numbersOf(tested, {
    estimate,
    quantity: "the mean q",
    insufficient:
      flipped < MINIMUM_INPUTS
        ? `the oracle's answer flipped under some masks and not under others for ${flipped} of ${consumed.length} inputs with at least ${MINIMUM_MASKS} masks; ${MINIMUM_INPUTS} are needed`
        : null,
    objection:
      control?.beatenAfter === null
        ? `the mean q is ${rounded(estimate ?? 0)}, not shown to be above the ${rounded(control.estimate)} of span length alone (wealth ${rounded(control.wealth)} of ${rounded(1 / tested.test.alpha)})`
        : null,
  });
  return {
    screen: { ...numbers, mode: "labels", flipped, control },
    state: { ...stateOf(tested), mode: "labels", qVersion: Q_VERSIONS.labels },
  };
}

function judge({ id, masks, flips, signAuc, lengthAuc }: LabelsInstance): Judged<LabelsConsumed> {
  const flipped = flips > 0 && flips < masks;
  for (const area of [signAuc, lengthAuc])
    if (flipped ? area === null || !(area >= 0 && area <= 1) : area !== null)
      throw new UnderstudyError(
        "INTERNAL",
        `a sign-AUC of ${area} where ${flips} of ${masks} masks flip the answer`,
      );
  if (masks < MINIMUM_MASKS) return { kind: "unseen", id };
  return {
    kind: "seen",
    consumed: { id, q: signAuc ?? CHANCE, lengthQ: lengthAuc ?? CHANCE, flipped },
  };
}

/** H0: the mean of q - q(length) is at most 0; halved, a difference lies in [-1/2, 1/2]. */
function controlOf({ consumed, design }: Tested<LabelsConsumed>): LabelsScreen["control"] {
  const estimate = meanOf(consumed.map(({ lengthQ }) => lengthQ));
  if (design === null || estimate === null) return null;
  const own = { ...design, threshold: 0.5 };
  const path = betOnDifferences(
    consumed.map(({ q, lengthQ }) => (q - lengthQ) / 2),
    own,
  );
  const first = firstRejection(path, own);
  return {
    name: "span-length",
    estimate,
    wealth: path.at(-1)?.wealth ?? 1,
    beatenAfter: first === null ? null : first + 1,
  };
}
