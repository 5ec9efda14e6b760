/** Caps of a run: calls of the oracle and of surrogates' servers each, money and minutes together. */
import type { Settings } from "../config.js";
import { createBudget, type RunBudget } from "../cost/budget.js";
import type { Budget } from "../domain.js";
import { pricing } from "../pipeline/pricing.js";

/** Cap on money where the price is known and the caller gave none, US dollars. */
const DEFAULT_MAX_COST = 5;

export interface Budgets {
  readonly oracle: Budget;
  readonly surrogates: Budget;
  /** What both have paid for. */
  readonly spent: RunBudget["spent"];
}

/** The caps that the settings give; a cap on money only where the caller gave one or the oracle's price is known. */
export function openBudgets(settings: Settings): Budgets {
  const started = performance.now();
  const price = pricing(settings);
  const model = settings["oracle-model"];
  const known = model !== null && price(model, { promptTokens: 1, completionTokens: 1 }) !== null;
  const run = createBudget({
    maxCalls: null,
    maxCost: settings["max-cost"] ?? (known ? DEFAULT_MAX_COST : null),
    maxMinutes: settings["max-minutes"],
    price,
    elapsedMinutes: () => (performance.now() - started) / 60_000,
  });
  return {
    oracle: withMostCalls(run, { calls: settings["max-oracle-calls"], whose: "oracle" }),
    surrogates: withMostCalls(run, { calls: settings["max-surrogate-calls"], whose: "surrogate" }),
    spent: () => run.spent(),
  };
}

/** Calls that failed at no known cost are given back, as in the budget behind. */
export function withMostCalls(
  behind: Budget,
  { calls, whose }: { readonly calls: number; readonly whose: string },
): Budget {
  let taken = 0;
  return {
    reserve(call) {
      if (taken >= calls)
        return { kind: "refused", message: `the cap of ${calls} ${whose} calls is reached` };
      const granted = behind.reserve(call);
      if (granted.kind === "granted") taken += 1;
      return granted;
    },
    settle(reservation, used) {
      behind.settle(reservation, used);
      if (used === null) taken -= 1;
    },
  };
}
