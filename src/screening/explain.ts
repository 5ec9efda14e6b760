import type { ExplainScreen } from "../domain.js";
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
  type ExplainConsumed,
  type ExplainState,
} from "./certificate-state.js";
import { meanOf, MINIMUM_INPUTS, numbersOf, rounded, SCREEN_THRESHOLDS } from "./verdict.js";

/** One input with two explanations of the same oracle, judged on the same held-out masks. */
export interface ExplainInstance {
  readonly id: string;
  /** Oracle masks of the smaller half: those that fit the oracle's own explanation, or the held-out ones. */
  readonly masks: number;
  /**
   * LDS on the held-out masks of the surrogate's explanation and of the oracle's own, which was fitted to the input's other masks.
   * null only where the oracle's values do not vary on either half: a matter of the oracle alone.
   */
  readonly scores: { readonly surrogate: number; readonly oracle: number } | null;
}

export interface ExplainRequest extends ScreenRequest {
  readonly instances: readonly ExplainInstance[];
  /** State of an earlier run of the same test. */
  readonly previous?: CertificateState;
}

/** Mean q of the oracle's own explanation below which a share of it means nothing. */
export const MINIMUM_ORACLE_Q = 0.3;

/**
 * The definition of arXiv 2505.12509: d = q(surrogate) - tau q(oracle), q = max(0, LDS) of an explanation on held-out oracle masks,
 * H0: the mean of d over the population <= 0, that is, the surrogate's explanations reach at most the share tau of the fidelity
 * that the oracle's own have. d is clipped below at -tau, which is its range: clipping tighter would break the level.
 *
 * An oracle explanation from few masks is a weak opponent: the claim is about one from as many masks as were given, which is said
 * with it, and where its mean q stays below .3 there is nothing to compare with ("insufficient data"). An input found constant only
 * after the test began counts as d = -tau.
 *
 * @throws UnderstudyError CERTIFICATE where `previous` belongs to another test or contradicts itself; INTERNAL on repeated ids.
 */
export function screenExplain(request: ExplainRequest): {
  readonly screen: ExplainScreen;
  readonly state: ExplainState;
} {
  const { previous, threshold = SCREEN_THRESHOLDS.explain } = request;
  if (previous && previous.mode !== "explain") throw otherMode(previous, "explain");
  const tested = testByBetting<ExplainConsumed>({
    request,
    threshold,
    judged: request.instances.map(judge),
    previous,
    differencesAt: (consumed, tau) =>
      Float64Array.from(consumed, ({ q, oracleQ }) => shortfall(q, oracleQ, tau)),
  });
  const { consumed } = tested;
  const surrogateQ = meanOf(consumed.map(({ q }) => q));
  const oracleQ = meanOf(consumed.map((one) => one.oracleQ));
  const numbers = numbersOf(tested, {
    estimate: surrogateQ === null || !oracleQ ? null : surrogateQ / oracleQ,
    quantity: "the surrogate's share of the fidelity of the oracle's own explanation",
    insufficient:
      consumed.length < MINIMUM_INPUTS
        ? `${consumed.length} inputs have at least ${MINIMUM_MASKS} oracle masks with values that vary in each half, one to fit the oracle's own explanation and one to judge by; ${MINIMUM_INPUTS} are needed (set masks-per-input to ${2 * MINIMUM_MASKS} or more)`
        : oracleQ !== null && oracleQ < MINIMUM_ORACLE_Q
          ? `the oracle's own explanation reaches a mean q of ${rounded(oracleQ)} only; below ${MINIMUM_ORACLE_Q} a share of it means nothing (more masks an input make it better)`
          : null,
    objection: null,
  });
  return {
    screen: { ...numbers, mode: "explain", surrogateQ, oracleQ },
    state: { ...stateOf(tested), mode: "explain", qVersion: Q_VERSIONS.explain },
  };
}

/** d of methods C1 in [-tau, 1]. */
export function shortfall(surrogateQ: number, oracleQ: number, tau: number): number {
  return Math.min(1, Math.max(-tau, surrogateQ - tau * oracleQ));
}

function judge({ id, masks, scores }: ExplainInstance): Judged<ExplainConsumed> {
  if (scores !== null && !(Math.abs(scores.surrogate) <= 1 && Math.abs(scores.oracle) <= 1))
    throw new UnderstudyError(
      "INTERNAL",
      `an LDS must lie in [-1, 1], not ${scores.surrogate} and ${scores.oracle}`,
    );
  if (masks < MINIMUM_MASKS) return { kind: "unseen", id };
  return scores === null
    ? { kind: "outside", id, worst: { id, q: 0, oracleQ: 1 } }
    : {
        kind: "seen",
        consumed: { id, q: Math.max(0, scores.surrogate), oracleQ: Math.max(0, scores.oracle) },
      };
}
