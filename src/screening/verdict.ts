import { createHash } from "node:crypto";
import type { Screen, Verdict } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  betOnAll,
  isRejected,
  lowerBoundByBetting,
  NO_BETS,
  type BettingDesign,
  type BettingState,
} from "../numerics/e-process.js";
import {
  checkSameTest,
  type CertificateState,
  type Consumed,
  type ScreenTest,
} from "./certificate.js";

export const SCREEN_THRESHOLD = 0.7;
export const SCREEN_ALPHA = 0.05;
/** A lower bound above this, short of the certificate, is called `supported`. */
export const SUPPORTED_ABOVE = 0.6;
export const MINIMUM_MASKS = 8;
export const MINIMUM_INPUTS = 20;

/** One input of the search set and how well the surrogate predicted the oracle under its masks. */
export interface ScreenInstance {
  readonly id: string;
  /**
   * Rank correlation of predicted and measured values over the input's oracle masks, by a surrogate attribution that never
   * saw them. null only where the oracle's own values do not vary; a surrogate that predicts a constant has 0, not null.
   */
  readonly spearman: number | null;
  readonly masks: number;
}

export interface ScreenRequest {
  readonly surrogate: string;
  readonly oracle: string;
  readonly inputSetHash: string;
  readonly instances: readonly ScreenInstance[];
  /** Number of inputs in the search set, measured or not. */
  readonly population: number;
  readonly threshold?: number;
  readonly alpha?: number;
  /** State of an earlier run of the same test. */
  readonly previous?: CertificateState;
}

/**
 * Tests whether a surrogate predicts what the oracle does under masks (methods C3, "budget mode"): q = (Spearman + 1) / 2,
 * H0: mean of q over the population <= threshold, by betting without replacement in an order fixed by hash.
 *
 * The finite population is the search set without the inputs whose oracle values do not vary: no attribution can be judged
 * on those, whatever the surrogate says, so leaving them out is no choice in its favour. It is fixed when the test begins.
 * Inputs with fewer than 8 masks stay in the population, unseen. An input found constant only after the test began counts
 * as q = 0, which can only withhold a certificate.
 *
 * @throws UnderstudyError CERTIFICATE where `previous` belongs to another test or contradicts itself; INTERNAL on repeated ids.
 */
export function screenPredict(request: ScreenRequest): {
  readonly screen: Screen;
  readonly state: CertificateState;
} {
  const {
    surrogate,
    oracle,
    inputSetHash,
    threshold = SCREEN_THRESHOLD,
    alpha = SCREEN_ALPHA,
  } = request;
  const test: ScreenTest = { inputSetHash, surrogate, oracle, threshold, alpha };
  checkInstances(request);
  const sequence = consume(request, test);
  const design = designOf(test, sequence.population);
  const path =
    design === null
      ? []
      : betOnAll(
          sequence.consumed.map((one) => one.q),
          design,
        );
  if (request.previous) checkReplay(request.previous, path);
  return {
    screen: screenOf({ test, consumed: sequence.consumed, design, path }),
    state: stateOf(test, sequence, path),
  };
}

/** The screen of a surrogate that could not be tested, with the reason. */
export function notScreened(surrogate: string, reason: string): Screen {
  const empty = { estimate: null, low: null, wealth: null, wealthPath: [], inputs: 0 };
  return {
    surrogate,
    mode: "predict",
    verdict: "not screened",
    reason,
    threshold: SCREEN_THRESHOLD,
    alpha: SCREEN_ALPHA,
    ...empty,
  };
}

interface Sequence {
  readonly consumed: readonly Consumed[];
  readonly population: number;
  readonly excluded: readonly string[];
}

function checkInstances({ instances, population }: ScreenRequest): void {
  const ids = new Set(instances.map((instance) => instance.id));
  if (ids.size !== instances.length)
    throw new UnderstudyError("INTERNAL", "an input was given twice to the screen");
  if (population < ids.size)
    throw new UnderstudyError(
      "INTERNAL",
      `${ids.size} inputs cannot come from a search set of ${population}`,
    );
  const wrong = instances.find(
    (instance) => instance.spearman !== null && !(Math.abs(instance.spearman) <= 1),
  );
  if (wrong)
    throw new UnderstudyError(
      "INTERNAL",
      `a rank correlation must lie in [-1, 1], not ${wrong.spearman}`,
    );
}

/** Earlier inputs as they were, then the new ones in the order of the test. */
function consume(request: ScreenRequest, test: ScreenTest): Sequence {
  const { previous } = request;
  if (previous) checkSameTest(previous, test);
  const measured = request.instances.filter((instance) => instance.masks >= MINIMUM_MASKS);
  const constant = measured
    .filter((instance) => instance.spearman === null)
    .map((instance) => instance.id);
  const excluded = previous?.excluded ?? constant;
  const done = new Set([...excluded, ...(previous?.consumed.map((one) => one.id) ?? [])]);
  const fresh = inTestOrder(
    measured.filter((instance) => !done.has(instance.id)),
    test,
  );
  const consumed = fresh.map(({ id, spearman }) => ({
    id,
    q: spearman === null ? 0 : (spearman + 1) / 2,
  }));
  return {
    consumed: [...(previous?.consumed ?? []), ...consumed],
    population: previous?.population ?? request.population - constant.length,
    excluded,
  };
}

/** A shuffle in which the place of an input depends on the test and its id alone, so that no later run can reorder it. */
function inTestOrder(
  instances: readonly ScreenInstance[],
  test: ScreenTest,
): readonly ScreenInstance[] {
  const key = (id: string): string =>
    createHash("sha256")
      .update(JSON.stringify([test.inputSetHash, test.surrogate, test.oracle, id]))
      .digest("hex");
  const keyed = instances.map((instance) => ({ instance, key: key(instance.id) }));
  return keyed
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ instance }) => instance);
}

function designOf(test: ScreenTest, population: number): BettingDesign | null {
  return population === 0
    ? null
    : { threshold: test.threshold, alpha: test.alpha, horizon: population, population };
}

function checkReplay(previous: CertificateState, path: readonly BettingState[]): void {
  const then = previous.consumed.length === 0 ? NO_BETS : path[previous.consumed.length - 1];
  const close = (left: number, right: number): boolean =>
    Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left));
  const names: readonly (keyof BettingState)[] = [
    "count",
    "wealth",
    "largestWealth",
    "sum",
    "squares",
  ];
  if (then && names.every((name) => close(then[name], previous[name]))) return;
  throw new UnderstudyError(
    "CERTIFICATE",
    "the certificate contradicts itself: its inputs do not lead to its wealth",
    { fix: "restore the file from the last run" },
  );
}

interface Measured {
  readonly test: ScreenTest;
  readonly consumed: readonly Consumed[];
  readonly design: BettingDesign | null;
  readonly path: readonly BettingState[];
}

function screenOf({ test, consumed, design, path }: Measured): Screen {
  const values = consumed.map((one) => one.q);
  const last = path.at(-1);
  const estimate =
    values.length === 0 ? null : values.reduce((sum, q) => sum + q, 0) / values.length;
  const low = design === null || last === undefined ? null : lowerBoundByBetting(values, design);
  const { verdict, reason } = verdictOf({
    inputs: values.length,
    low,
    test,
    certified: last !== undefined && design !== null && isRejected(last, design),
  });
  const { surrogate, threshold, alpha } = test;
  const wealthPath = path.map((state) => state.wealth);
  return {
    surrogate,
    mode: "predict",
    verdict,
    reason,
    estimate,
    low,
    threshold,
    alpha,
    wealth: last?.wealth ?? null,
    wealthPath,
    inputs: values.length,
  };
}

interface Evidence {
  readonly inputs: number;
  readonly low: number | null;
  readonly test: ScreenTest;
  readonly certified: boolean;
}

function verdictOf({ inputs, low, test, certified }: Evidence): {
  readonly verdict: Verdict;
  readonly reason: string;
} {
  if (inputs < MINIMUM_INPUTS)
    return {
      verdict: "insufficient data",
      reason: `${inputs} inputs have at least ${MINIMUM_MASKS} oracle masks with values that vary; ${MINIMUM_INPUTS} are needed`,
    };
  if (certified)
    return {
      verdict: "certified",
      reason: `the wealth of the betting test reached ${round(1 / test.alpha)}, so the mean q over this input set is above ${test.threshold}`,
    };
  const bound = `the lower bound of the mean q is ${round(low ?? 0)}`;
  if ((low ?? 0) > SUPPORTED_ABOVE)
    return {
      verdict: "supported",
      reason: `${bound}: above ${SUPPORTED_ABOVE}, not shown to be above ${test.threshold}`,
    };
  return { verdict: "not supported", reason: `${bound}: not above ${SUPPORTED_ABOVE}` };
}

function round(value: number): string {
  return String(Number(value.toFixed(2)));
}

function stateOf(
  test: ScreenTest,
  { consumed, population, excluded }: Sequence,
  path: readonly BettingState[],
): CertificateState {
  return {
    version: 1,
    qVersion: "spearman-1",
    test,
    population,
    excluded,
    consumed,
    ...(path.at(-1) ?? NO_BETS),
  };
}
