import { expect, test } from "@jest/globals";
import type { Ledger, MissingAnswers, OraclePurpose } from "../../src/domain.js";
import { buildLedger } from "../../src/cost/ledger.js";
import { createPricing } from "../../src/cost/prices.js";
import { missingReasons } from "../../src/pipeline/missing-answers.js";

const group = (
  purpose: OraclePurpose,
  questions: number,
  rest: Partial<MissingAnswers> = {},
): MissingAnswers => ({
  purpose,
  questions,
  cause: "budget",
  message: "the cap is reached",
  ...rest,
});

/** A plan of ten calls a step, of which the steps named were taken. */
function ledgerOf(...taken: readonly OraclePurpose[]): Ledger {
  const each = { calls: 70, promptTokens: 7, cost: null };
  const byPurpose = {
    "fixed outputs": 10,
    masks: 10,
    search: 10,
    certification: 10,
    control: 10,
    demonstrations: 10,
    "influence of demonstrations": 0,
    confirmation: 0,
    repeats: 10,
    injections: 0,
    base: 10,
  };
  return buildLedger({
    usages: taken.map((purpose) => ({ purpose, model: "m", promptTokens: 1, completionTokens: 1 })),
    price: createPricing(),
    surrogate: null,
    explainedInputs: 0,
    planned: { ...each, byPurpose, most: each },
  });
}

test("says which steps went without how many answers, and which were not begun for want of them", () => {
  const missing = [group("masks", 20), group("masks", 1), group("demonstrations", 3)];
  expect(missingReasons(missing, ledgerOf("fixed outputs", "masks", "control"))).toEqual([
    "24 oracle answers are missing (21 masks, 3 demonstrations): the cap is reached",
    "not begun: search (up to 10 calls), certification (up to 10 calls)",
  ]);
});

test("keeps causes apart, and lets the first failure of a server stand for all", () => {
  const down = { cause: "unavailable", message: "host: answered 500" } as const;
  const later = { cause: "unavailable", message: "not asked any more" } as const;
  expect(
    missingReasons(
      [group("repeats", 1), group("masks", 3, down), group("control", 9, later)],
      ledgerOf("masks", "search", "certification"),
    ),
  ).toEqual([
    "1 oracle answer is missing (1 repeats): the cap is reached",
    "12 oracle answers are missing (3 masks, 9 control): host: answered 500",
  ]);
});

test("is silent about steps not taken where nothing is missing: they were not needed", () => {
  expect(missingReasons([], ledgerOf("fixed outputs"))).toEqual([]);
});
