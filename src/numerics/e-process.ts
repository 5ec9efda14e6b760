import { UnderstudyError } from "../errors.js";

// Looked up once: a bound path takes thousands of bets.
const { log, max, min, sqrt } = Math;

/** What is fixed before the first value is looked at. */
export interface BettingDesign {
  /**
   * H0: the mean of the values, each in [0, 1], is at most this; in (0, 1). For differences d: the most that one can lie below 0,
   * with H0: the mean of d is at most 0.
   */
  readonly threshold: number;
  readonly alpha: number;
  /** Most values that will ever be looked at. */
  readonly horizon: number;
  /** Size of the finite population that is sampled without replacement, or null for a claim about future values. */
  readonly population: number | null;
}

/** Everything the test remembers. `sum` and `squares` are of d = value - threshold. */
export interface BettingState {
  readonly count: number;
  readonly wealth: number;
  readonly largestWealth: number;
  readonly sum: number;
  /** Sum of (d_i - running mean including d_i)^2. */
  readonly squares: number;
}

/** Prior guess of the variance of d and the number of values it weighs as much as. */
const PRIOR_VARIANCE = 0.04;
const PRIOR_WEIGHT = 4;
/** Share of the largest admissible bet: the wealth keeps at least a twentieth at every step. */
const LARGEST_STAKE = 0.95;
/** Rounding in the running sum: a population exactly at the null must not look impossible at its last value. */
const ROUNDING = 1e-9;

export const NO_BETS: BettingState = { count: 0, wealth: 1, largestWealth: 1, sum: 0, squares: 0 };

/** Fails loudly on a design under which the test would mean nothing. */
export function checkDesign(design: BettingDesign): void {
  const { threshold, alpha, horizon, population } = design;
  const sound =
    threshold > 0 &&
    threshold < 1 &&
    alpha > 0 &&
    alpha < 1 &&
    horizon >= 1 &&
    (population === null || population >= horizon);
  if (!sound)
    throw new UnderstudyError(
      "INTERNAL",
      `betting test with an impossible design: ${JSON.stringify(design)}`,
    );
}

/** One step of the betting test on a value in [0, 1]: a bet on d = value - threshold. Throws INTERNAL for any other value. */
export function bet(state: BettingState, value: number, design: BettingDesign): BettingState {
  if (!(value >= 0 && value <= 1))
    throw new UnderstudyError("INTERNAL", `the betting test takes values in [0, 1], not ${value}`);
  return betOnDifference(state, value - design.threshold, design);
}

/**
 * One step of the betting test of methods C3 on a difference d in [-threshold, 1]. Under H0 the wealth is a nonnegative
 * supermartingale that starts at 1 (conditional mean of d at most m, bet fixed before d is seen), so by Ville's inequality it
 * ever reaches 1 / alpha with probability at most alpha, whatever the stopping rule. Sampling without replacement: Waudby-Smith
 * and Ramdas (2020, 2024); size of the bet: recomputed at each step for the wealth still missing, after Voracek and Orabona (2025).
 * Where the differences seen so far make H0 impossible, the wealth is raised to 1 / alpha.
 * @throws UnderstudyError INTERNAL for a difference below -threshold, under which the wealth could turn negative, or above 1,
 * and for more values than were planned.
 */
export function betOnDifference(
  state: BettingState,
  d: number,
  design: BettingDesign,
): BettingState {
  if (!(d >= -design.threshold && d <= 1))
    throw new UnderstudyError(
      "INTERNAL",
      `the betting test takes differences in [${-design.threshold}, 1], not ${d}`,
    );
  if (state.count >= design.horizon)
    throw new UnderstudyError(
      "INTERNAL",
      `the betting test was planned for ${design.horizon} values`,
    );
  const mean = nullMean(state, design);
  const impossible = mean < -design.threshold - ROUNDING;
  const wealth = impossible
    ? max(state.wealth, 1 / design.alpha)
    : grow(state.wealth, 1 + stake(state, mean, design) * (d - mean));
  const count = state.count + 1;
  const sum = state.sum + d;
  return {
    count,
    wealth,
    largestWealth: max(state.largestWealth, wealth),
    sum,
    squares: state.squares + (d - sum / count) ** 2,
  };
}

/** A cap only lowers the wealth, so the test stays valid, and the state stays a finite number that JSON can hold. */
function grow(wealth: number, factor: number): number {
  return min(wealth * factor, 1e100);
}

/** Whether H0 is rejected at level alpha by now. */
export function isRejected(state: BettingState, design: BettingDesign): boolean {
  return state.largestWealth >= 1 / design.alpha;
}

/** Largest conditional mean of the next d that H0 allows. */
function nullMean(state: Pick<BettingState, "count" | "sum">, design: BettingDesign): number {
  return design.population === null ? 0 : -state.sum / (design.population - state.count);
}

function stake(state: BettingState, mean: number, design: BettingDesign): number {
  const variance = (PRIOR_WEIGHT * PRIOR_VARIANCE + state.squares) / (state.count + PRIOR_WEIGHT);
  const missing = max(log(1 / design.alpha) - log(state.wealth), 1e-9);
  const wanted = sqrt((2 * missing) / ((design.horizon - state.count) * variance));
  return min(wanted, largestStake(mean, design));
}

function largestStake(mean: number, design: BettingDesign): number {
  return LARGEST_STAKE / max(design.threshold + mean, ROUNDING);
}

/** The states after 1, 2, ... values. */
export function betOnAll(
  values: ArrayLike<number>,
  design: BettingDesign,
): readonly BettingState[] {
  checkDesign(design);
  const states: BettingState[] = [];
  let state = NO_BETS;
  for (let i = 0; i < values.length; i++)
    states.push((state = bet(state, values[i] ?? NaN, design)));
  return states;
}

/** The states after 1, 2, ... differences. */
export function betOnDifferences(
  differences: ArrayLike<number>,
  design: BettingDesign,
): readonly BettingState[] {
  checkDesign(design);
  const states: BettingState[] = [];
  let state = NO_BETS;
  for (let i = 0; i < differences.length; i++)
    states.push((state = betOnDifference(state, differences[i] ?? NaN, design)));
  return states;
}

/**
 * Whether the test cannot be won any more by its horizon even if every value still to come is the best one, d = 1 - threshold
 * (methods C3, futility). Non-binding: going on costs calls, never the level. In the population form this allows the largest
 * admissible bet at each step; without replacement also the lower null means that such values would lead to.
 */
export function isFutile(state: BettingState, design: BettingDesign): boolean {
  if (isRejected(state, design)) return false;
  const best = 1 - design.threshold;
  let { wealth, sum } = state;
  for (let count = state.count; count < design.horizon; count++) {
    const mean = nullMean({ count, sum }, design);
    if (mean < -design.threshold - ROUNDING) return false;
    wealth *= 1 + largestStake(mean, design) * (best - mean);
    if (wealth >= 1 / design.alpha) return false;
    sum += best;
  }
  return true;
}
