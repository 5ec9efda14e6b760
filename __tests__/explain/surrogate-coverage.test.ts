/** Intervals on the embedded surrogate's own games, every mask of which is known (bench/coverage). */
import { describe, expect, test } from "@jest/globals";
import { COVERAGE_ARMS, coverageOf } from "../../bench/coverage/coverage.js";
import { readEnumeratedGames } from "../../bench/coverage/enumerated.js";

const games = readEnumeratedGames();
const DRAWS = 3;

test("there are games with values that vary", () => {
  expect(games.length).toBeGreaterThanOrEqual(8);
  for (const { values } of games) expect(new Set(values).size).toBeGreaterThan(500);
});

describe.each(COVERAGE_ARMS)("90 % intervals of $name on the real surrogate", (arm) => {
  test("cover what the method aims at", () => {
    let [held, intervals] = [0, 0];
    for (const budget of arm.budgets) {
      const coverage = coverageOf(arm, games, { budget, draws: DRAWS });
      held += coverage.held;
      intervals += coverage.intervals;
      // Intervals as wide as everything would cover too.
      if (budget >= 64) expect(coverage.relativeWidth).toBeLessThan(0.8);
    }
    expect(held / intervals).toBeGreaterThanOrEqual(0.9);
  });
});
