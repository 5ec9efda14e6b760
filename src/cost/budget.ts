import type { Budget } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { sumPrices, type CallTokens, type Pricing } from "./prices.js";

/** Hard caps of one run; null = no cap of that kind. */
export interface BudgetOptions {
  readonly maxCalls: number | null;
  /** USD. With a cap on money a model of unknown price is refused: a cap that cannot be kept is none. */
  readonly maxCost: number | null;
  readonly maxMinutes?: number | null;
  readonly price: Pricing;
  /** Minutes since the run began; needed with `maxMinutes`, for this room has no clock. */
  readonly elapsedMinutes?: () => number;
}

/** What this run has paid for so far. */
export interface Spent {
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** USD; null where a call's price is unknown. */
  readonly cost: number | null;
}

/** The port of domain.ts, and what was spent through it. */
export interface RunBudget extends Budget {
  spent(): Spent;
}

interface Call extends CallTokens {
  readonly model: string;
  /** USD, null = unknown. */
  readonly cost: number | null;
}

type Refusal = { readonly kind: "refused"; readonly message: string };

const NOTHING: Spent = { calls: 0, promptTokens: 0, completionTokens: 0, cost: 0 };

/**
 * Counts calls, money and minutes against hard caps. Calls under way count at their reserved size, so that parallel
 * calls together cannot pass a cap; settling replaces the reservation by what was used.
 * @throws UnderstudyError USAGE for a negative or non-finite cap, INTERNAL for `maxMinutes` without a clock.
 */
export function createBudget(options: BudgetOptions): RunBudget {
  assertCaps(options);
  const underWay = new Map<number, Call>();
  let settled = NOTHING;
  let nextReservation = 0;
  const priced = (model: string, tokens: CallTokens): Call => ({
    model,
    promptTokens: tokens.promptTokens,
    completionTokens: tokens.completionTokens,
    cost: options.price(model, tokens),
  });

  return {
    reserve(request) {
      const call = priced(request.model, request);
      const refusal = refuse(options, [...underWay.values()].reduce(add, settled), call);
      if (refusal) return refusal;
      const reservation = nextReservation++;
      underWay.set(reservation, call);
      return { kind: "granted", reservation };
    },
    settle(reservation, used) {
      const call = underWay.get(reservation);
      if (!call)
        throw new UnderstudyError(
          "INTERNAL",
          `budget reservation ${reservation} is unknown or already settled`,
        );
      underWay.delete(reservation);
      if (used) settled = add(settled, priced(call.model, used));
    },
    spent: () => settled,
  };
}

function add(sum: Spent, call: Call): Spent {
  return {
    calls: sum.calls + 1,
    promptTokens: sum.promptTokens + call.promptTokens,
    completionTokens: sum.completionTokens + call.completionTokens,
    cost: sumPrices([sum.cost, call.cost]),
  };
}

function refuse(options: BudgetOptions, sofar: Spent, call: Call): Refusal | null {
  const { maxCalls, maxCost, maxMinutes = null, elapsedMinutes } = options;
  if (maxCalls !== null && sofar.calls + 1 > maxCalls)
    return refused(`the cap of ${maxCalls} oracle calls is reached`);
  if (maxMinutes !== null && elapsedMinutes && elapsedMinutes() >= maxMinutes)
    return refused(`the cap of ${maxMinutes} minutes is reached`);
  return maxCost === null
    ? null
    : refuseCost(maxCost, sumPrices([sofar.cost, call.cost]), call.model);
}

function refuseCost(maxCost: number, cost: number | null, model: string): Refusal | null {
  if (cost !== null) return cost > maxCost ? refused(`the cap of $${maxCost} is reached`) : null;
  const unknown = `the price of model ${JSON.stringify(model)} is unknown, so the cap of $${maxCost} cannot be kept`;
  return refused(`${unknown}: give its price, or cap the calls instead of the cost`);
}

function refused(message: string): Refusal {
  return { kind: "refused", message };
}

function assertCaps(options: BudgetOptions): void {
  for (const name of ["maxCalls", "maxCost", "maxMinutes"] as const) {
    const cap = options[name] ?? null;
    if (cap === null || (Number.isFinite(cap) && cap >= 0)) continue;
    throw new UnderstudyError("USAGE", `${name} must be a finite number of at least 0, got ${cap}`);
  }
  if ((options.maxMinutes ?? null) !== null && !options.elapsedMinutes) {
    throw new UnderstudyError("INTERNAL", "maxMinutes needs elapsedMinutes");
  }
}
