/** From the numbers of a test to one of five verdicts, each with the numbers that made it. */
import type { Screen, ScreenMode, ScreenNumbers, Verdict } from "../domain.js";
import type { PredictConsumed } from "./certificate-state.js";
import { SCREEN_ALPHA, type Tested } from "./betting-screen.js";
import { PAPER_RULE_WARNING } from "./paper-ttest.js";

/** Mean q that must be exceeded where q is compared with 1, and share of the oracle's own q where it is compared with that. */
export const SCREEN_THRESHOLDS: Readonly<Record<ScreenMode, number>> = {
  predict: 0.7,
  labels: 0.7,
  explain: 0.9,
};
/** Fewest inputs from which anything but "insufficient data" is said. */
export const MINIMUM_INPUTS = 20;
/** How far below the threshold a bound may end and still be called `supported`. */
const SUPPORTED_SLACK = 0.1;

/** A lower bound above this, short of the certificate, is called `supported`; for the usual threshold .7: .6 (docs/adr/0010). */
export function supportedAbove(threshold: number): number {
  return Math.round(100 * Math.max(threshold - SUPPORTED_SLACK, threshold / 2)) / 100;
}

/** What a mode calls its claim, and what may speak against it beside the bets. */
export interface Claim {
  /** Mean of q, or ratio of the means; null where nothing was measured or there is nothing to divide by. */
  readonly estimate: number | null;
  /** What is estimated, such as "the mean q". */
  readonly quantity: string;
  /** Why there is too little to say anything, or null. */
  readonly insufficient: string | null;
  /** Why not even `supported` may be said, whatever the bets, or null. */
  readonly objection: string | null;
}

/** The fields of a screen that all modes share. */
export function numbersOf<One extends PredictConsumed>(
  tested: Tested<One>,
  claim: Claim,
): ScreenNumbers {
  const { test, path, bounds, consumed } = tested;
  const { verdict, reason } = verdictOf(tested, claim);
  return {
    surrogate: test.surrogate,
    verdict,
    reason,
    estimate: claim.estimate,
    low: bounds.at(-1) ?? null,
    threshold: test.threshold,
    supportedAbove: supportedAbove(test.threshold),
    alpha: test.alpha,
    wealth: path.at(-1)?.wealth ?? null,
    wealthPath: path.map((state) => state.wealth),
    boundPath: bounds,
    inputs: consumed.length,
    inputsNeeded: MINIMUM_INPUTS,
    population: { form: test.form, size: tested.population },
    certifiedAfter: tested.certifiedAfter,
    futileAfter: tested.futileAfter,
    rule:
      tested.paper === null
        ? { kind: "betting" }
        : { kind: "paper-ttest", ...tested.paper, invalid: PAPER_RULE_WARNING },
  };
}

interface Decided {
  readonly verdict: Verdict;
  readonly reason: string;
}

function verdictOf<One extends PredictConsumed>(tested: Tested<One>, claim: Claim): Decided {
  if (claim.insufficient !== null)
    return { verdict: "insufficient data", reason: claim.insufficient };
  if (claim.objection !== null) return { verdict: "not supported", reason: claim.objection };
  return tested.paper === null
    ? byBetting(tested, claim)
    : byPaperRule(tested.paper.passedAfter, tested.consumed.length);
}

function byBetting<One extends PredictConsumed>(
  { test, bounds, certifiedAfter }: Tested<One>,
  { quantity }: Claim,
): Decided {
  const over = test.form === "finite" ? "this input set" : "inputs like these";
  if (certifiedAfter !== null)
    return {
      verdict: "certified",
      reason: `the wealth of the betting test reached ${rounded(1 / test.alpha)}, so ${quantity} over ${over} is above ${test.threshold}`,
    };
  const low = bounds.at(-1) ?? 0;
  const least = supportedAbove(test.threshold);
  const bound = `the lower bound of ${quantity} is ${rounded(low)}`;
  return low > least
    ? {
        verdict: "supported",
        reason: `${bound}: above ${least}, not shown to be above ${test.threshold}`,
      }
    : { verdict: "not supported", reason: `${bound}: not above ${least}` };
}

/** A test that does not keep its level licenses nothing: the most that it can say is `supported`. */
function byPaperRule(passedAfter: number | null, inputs: number): Decided {
  return passedAfter === null
    ? {
        verdict: "not supported",
        reason: `the paper's rule did not pass within ${inputs} inputs; ${PAPER_RULE_WARNING}`,
      }
    : {
        verdict: "supported",
        reason: `the paper's rule passed after ${passedAfter} inputs; ${PAPER_RULE_WARNING}`,
      };
}

/** A number of a reason: two decimals, without zeros at the end. */
export function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Mean of some numbers; null where there are none. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, q) => sum + q, 0) / values.length;
}

/** What a surrogate was to be tested for when it could not be. */
export interface Unscreened {
  readonly surrogate: string;
  readonly mode?: ScreenMode;
  /** "not screened" by default; "insufficient data" where measuring began and gave too little. */
  readonly verdict?: "not screened" | "insufficient data";
  readonly reason: string;
  /** The mode's own by default. */
  readonly threshold?: number;
  readonly alpha?: number;
  readonly form?: "finite" | "population";
  readonly rule?: "betting" | "paper-ttest";
}

/** The screen of a surrogate that could not be tested, with the reason. */
export function notScreened(unscreened: Unscreened): Screen {
  const {
    surrogate,
    mode = "predict",
    verdict = "not screened",
    reason,
    threshold = SCREEN_THRESHOLDS[mode],
    alpha = SCREEN_ALPHA,
    form = "finite",
    rule = "betting",
  } = unscreened;
  const nothing: ScreenNumbers = {
    surrogate,
    verdict,
    reason,
    estimate: null,
    low: null,
    threshold,
    supportedAbove: supportedAbove(threshold),
    alpha,
    wealth: null,
    wealthPath: [],
    boundPath: [],
    inputs: 0,
    inputsNeeded: MINIMUM_INPUTS,
    population: { form, size: null },
    certifiedAfter: null,
    futileAfter: null,
    rule:
      rule === "betting"
        ? { kind: "betting" }
        : { kind: "paper-ttest", passedAfter: null, invalid: PAPER_RULE_WARNING },
  };
  switch (mode) {
    case "predict":
      return { ...nothing, mode };
    case "labels":
      return { ...nothing, mode, flipped: 0, control: null };
    case "explain":
      return { ...nothing, mode, surrogateQ: null, oracleQ: null };
  }
}
