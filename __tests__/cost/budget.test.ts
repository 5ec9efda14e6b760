import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createBudget } from "../../src/cost/budget.js";
import { createPricing } from "../../src/cost/prices.js";

/** A dollar a thousand prompt tokens. */
const price = createPricing({ m: { inputPerMillion: 1000, outputPerMillion: 0 } });
const call = (promptTokens: number, model = "m") => ({ model, promptTokens, completionTokens: 1 });
const used = (promptTokens: number) => ({ promptTokens, completionTokens: 1 });

describe("caps", () => {
  test("on calls count those under way; a call that failed frees its place", () => {
    const budget = createBudget({ maxCalls: 2, maxCost: null, price });
    const first = budget.reserve(call(1));
    expect([first.kind, budget.reserve(call(1)).kind, budget.reserve(call(1)).kind]).toEqual([
      "granted",
      "granted",
      "refused",
    ]);
    if (first.kind === "granted") budget.settle(first.reservation, null);
    expect(budget.reserve(call(1)).kind).toBe("granted");
    expect(budget.reserve(call(1))).toEqual({
      kind: "refused",
      message: "the cap of 2 oracle calls is reached",
    });
  });

  test("on cost count reservations, then what was used", () => {
    const budget = createBudget({ maxCalls: null, maxCost: 3, price });
    const first = budget.reserve(call(2000));
    expect(budget.reserve(call(1001))).toEqual({
      kind: "refused",
      message: "the cap of $3 is reached",
    });
    if (first.kind === "granted") budget.settle(first.reservation, used(500));
    expect(budget.reserve(call(2500)).kind).toBe("granted");
    expect(budget.reserve(call(1)).kind).toBe("refused");
  });

  test("on cost refuse a model of unknown price, for such a cap could not be kept", () => {
    const refusal = createBudget({ maxCalls: 9, maxCost: 3, price }).reserve(call(1, "local"));
    expect(refusal).toMatchObject({
      kind: "refused",
      message: expect.stringContaining('price of model "local" is unknown'),
    });
    expect(createBudget({ maxCalls: 9, maxCost: null, price }).reserve(call(1, "local")).kind).toBe(
      "granted",
    );
  });

  test("on minutes look at the clock they are given", () => {
    let minutes = 0;
    const budget = createBudget({
      maxCalls: null,
      maxCost: null,
      maxMinutes: 5,
      price,
      elapsedMinutes: () => minutes,
    });
    expect(budget.reserve(call(1)).kind).toBe("granted");
    minutes = 5;
    expect(budget.reserve(call(1))).toEqual({
      kind: "refused",
      message: "the cap of 5 minutes is reached",
    });
  });

  test("of 0 permit nothing", () => {
    for (const caps of [
      { maxCalls: 0, maxCost: null },
      { maxCalls: null, maxCost: 0 },
    ])
      expect(createBudget({ ...caps, price }).reserve(call(1)).kind).toBe("refused");
  });

  test("are never passed, whatever the order of reserving and settling, when no call uses more than it reserved", () => {
    const step = fc.record({
      tokens: fc.integer({ min: 0, max: 900 }),
      share: fc.constantFrom(0, 0.5, 1),
      settleNow: fc.boolean(),
      fails: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const budget = createBudget({ maxCalls: 7, maxCost: 2, price });
        const later: (() => void)[] = [];
        for (const { tokens, share, settleNow, fails } of steps) {
          const reserved = budget.reserve(call(tokens));
          if (reserved.kind === "refused") continue;
          const settle = () =>
            budget.settle(reserved.reservation, fails ? null : used(tokens * share));
          if (settleNow) settle();
          else later.push(settle);
        }
        for (const settle of later) settle();
        expect(budget.spent().calls).toBeLessThanOrEqual(7);
        expect(budget.spent().cost).toBeLessThanOrEqual(2);
      }),
    );
  });

  test.each([
    { maxCalls: -1 },
    { maxCost: Number.NaN },
    { maxMinutes: Number.POSITIVE_INFINITY, elapsedMinutes: () => 0 },
  ])("%p is refused", (caps) => {
    expect(() => createBudget({ maxCalls: null, maxCost: null, price, ...caps })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  test("minutes without a clock, and a reservation settled twice, are faults of ours", () => {
    expect(() => createBudget({ maxCalls: null, maxCost: null, maxMinutes: 1, price })).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
    const budget = createBudget({ maxCalls: null, maxCost: null, price });
    const reserved = budget.reserve(call(1));
    if (reserved.kind !== "granted") throw new Error("no cap");
    budget.settle(reserved.reservation, used(1));
    expect(() => budget.settle(reserved.reservation, used(1))).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });
});

test("what was spent is what was used; an unknown price makes its cost unknown", () => {
  const budget = createBudget({ maxCalls: null, maxCost: null, price });
  const spend = (model: string, tokens: number): void => {
    const reserved = budget.reserve(call(9999, model));
    if (reserved.kind === "granted") budget.settle(reserved.reservation, used(tokens));
  };
  expect(budget.spent()).toEqual({ calls: 0, promptTokens: 0, completionTokens: 0, cost: 0 });
  spend("m", 250);
  spend("m", 500);
  expect(budget.spent()).toEqual({ calls: 2, promptTokens: 750, completionTokens: 2, cost: 0.75 });
  spend("local", 10);
  expect(budget.spent()).toEqual({ calls: 3, promptTokens: 760, completionTokens: 3, cost: null });
});
