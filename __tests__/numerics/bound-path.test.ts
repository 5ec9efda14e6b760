import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  firstRejection,
  lowerBoundByBetting,
  lowerBoundPath,
} from "../../src/numerics/bound-path.js";
import {
  bet,
  betOnAll,
  betOnDifference,
  betOnDifferences,
  isFutile,
  isRejected,
  NO_BETS,
  type BettingDesign,
} from "../../src/numerics/e-process.js";
import { randomFrom } from "../../src/numerics/random.js";

const designs = fc.record({
  threshold: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  alpha: fc.constantFrom(0.01, 0.05, 0.2),
  horizon: fc.constant(15),
  population: fc.constantFrom(15, null),
});
const sequences = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 15 });

/** By the definition: the largest point such that it and every one below have been rejected by now. */
function boundByDefinition(
  values: readonly number[],
  design: BettingDesign,
  resolution: number,
): number {
  const rejected = Array.from({ length: resolution - 1 }, (_, index) => {
    const at = { ...design, threshold: (index + 1) / resolution };
    return betOnAll(values, at).some((state) => isRejected(state, at));
  });
  const first = rejected.indexOf(false);
  return (first < 0 ? rejected.length : first) / resolution;
}

describe("the path of lower bounds", () => {
  test("at each look is the largest point up to which all have been rejected by then, and never falls", () => {
    const random = randomFrom("paths");
    for (let run = 0; run < 150; run++) {
      const design: BettingDesign = {
        threshold: 0.5,
        alpha: [0.02, 0.1, 0.3][run % 3] ?? 0.1,
        horizon: 15,
        population: run % 2 === 0 ? 15 : null,
      };
      const share = random.uniform();
      const values = Array.from({ length: 15 }, () =>
        random.bernoulli(share) ? 1 - 0.1 * random.uniform() : 0.4 * random.uniform(),
      );
      const path = lowerBoundPath((at) => values.map((q) => q - at), design, 20);
      expect(path).toHaveLength(values.length);
      path.forEach((bound, index) => {
        expect(bound).toBe(boundByDefinition(values.slice(0, index + 1), design, 20));
        expect(bound).toBeGreaterThanOrEqual(path[index - 1] ?? 0);
      });
    }
  });

  test("a point that is rejected before those below it counts from when they are, and one above an open point never", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 12, population: null };
    const strong = new Float64Array(12).fill(0.9);
    // Nothing for eight looks, then strong: rejected late.
    const late = strong.map((d, look) => (look < 8 ? 0 : d));
    const none = new Float64Array(12);
    const path = lowerBoundPath(
      (at) => (at < 0.28 ? late : at < 0.48 ? strong : at < 0.53 ? none : strong),
      design,
      20,
    );
    const at = { ...design, threshold: 0.05 };
    const first = firstRejection(betOnDifferences(late, at), at) ?? NaN;
    expect(first).toBeGreaterThanOrEqual(8);
    expect(path.slice(0, first)).toEqual(path.slice(0, first).map(() => 0));
    expect(path.at(-1)).toBe(0.45);
  });

  test("every point up to the bound is rejected, the next is not", () => {
    const values = Array.from({ length: 15 }, (_, index) => (index % 3 === 0 ? 0.6 : 0.95));
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 15, population: 15 };
    const bound = lowerBoundByBetting(values, design);
    expect(bound).toBeGreaterThan(0.3);
    for (let point = 1; point <= Math.round(100 * bound) + 1; point++) {
      const at = { ...design, threshold: point / 100 };
      const rejected = firstRejection(betOnAll(values, at), at) !== null;
      expect(rejected).toBe(point <= Math.round(100 * bound));
    }
  });

  test("of a ratio: the surrogate's share of the oracle's q, whatever its scale", () => {
    const path = lowerBoundPath(
      (tau) => Array.from({ length: 60 }, (_, i) => 0.4 - tau * (0.5 + 0.02 * (i % 2))),
      { threshold: 0.5, alpha: 0.05, horizon: 60, population: 60 },
    );
    expect(path.at(-1)).toBeGreaterThan(0.7);
    expect(path.at(-1)).toBeLessThan(0.4 / 0.51);
  });

  test("of no values is empty", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 5, population: null };
    expect(lowerBoundPath(() => [], design)).toEqual([]);
    expect(lowerBoundByBetting([], design)).toBe(0);
  });
});

describe("a bet on a difference", () => {
  const design: BettingDesign = { threshold: 0.9, alpha: 0.05, horizon: 5, population: 5 };

  test("of a value is the bet on the value", () => {
    expect(betOnDifference(NO_BETS, 0.8 - 0.9, design)).toEqual(bet(NO_BETS, 0.8, design));
  });

  test("may exceed 1 - threshold, where the oracle's own explanation fails, and not fall below -threshold", () => {
    expect(betOnDifference(NO_BETS, 1, design).wealth).toBeGreaterThan(1);
    expect(() => betOnDifference(NO_BETS, -0.91, design)).toThrow(/\[-0\.9, 1\]/);
    expect(() => betOnDifference(NO_BETS, 1.01, design)).toThrow(/\[-0\.9, 1\]/);
  });

  test("never makes the wealth negative", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.9, max: 1, noNaN: true }), { maxLength: 5 }),
        (differences) => {
          for (const { wealth } of betOnDifferences(differences, design))
            expect(wealth).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("futility", () => {
  test("is said only where no values to come can win the test, and stays said", () => {
    let futile = 0;
    fc.assert(
      fc.property(
        sequences,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 15, maxLength: 15 }),
        designs,
        (values, others, design) => {
          const states = betOnAll(values, design);
          const first = states.findIndex((state) => isFutile(state, design));
          if (first < 0) return;
          futile++;
          for (const rest of [others, others.map(() => 1)]) {
            const all = [...values.slice(0, first + 1), ...rest].slice(0, 15);
            const end = betOnAll(all, design);
            expect(end.some((state) => isRejected(state, design))).toBe(false);
          }
          for (const state of states.slice(first)) expect(isFutile(state, design)).toBe(true);
        },
      ),
      { numRuns: 400, seed: 1 },
    );
    expect(futile).toBeGreaterThan(50);
  });

  test("is not said of a test that is won, nor of one that flawless values would win", () => {
    const design: BettingDesign = { threshold: 0.5, alpha: 0.05, horizon: 20, population: 20 };
    const won = betOnAll(new Float64Array(20).fill(1), design);
    expect(won.some((state) => isFutile(state, design))).toBe(false);
    const bad = betOnAll(new Float64Array(20).fill(0), design);
    // Eleven failures of twenty: the mean cannot exceed a half any more.
    expect(isFutile(bad[2] ?? NO_BETS, design)).toBe(false);
    expect(isFutile(bad[10] ?? NO_BETS, design)).toBe(true);
  });
});
