import { describe, expect, test } from "@jest/globals";
import { explainedBy, selfDisagreement } from "../../src/findings/self-disagreement.js";
import { binomialUpperBound } from "../../src/numerics/binomial.js";
import { randomFrom } from "../../src/numerics/random.js";

describe("an oracle's disagreement with itself", () => {
  test("counts changed outputs among those answered, as outputs are compared, with the exact bound", () => {
    const measured = selfDisagreement(
      [
        { fixed: "yes", again: "yes " },
        { fixed: "yes", again: "no" },
        { fixed: "caf\u00e9", again: "cafe\u0301" },
        { fixed: "no", again: null },
      ],
      0.9,
    );
    // 1 - (1 - p)^3 - 3 p (1 - p)^2 ... : P(X <= 1 of 3) = (1 - p)^2 (1 + 2 p) = 0.1 at p = 0.80425.
    expect(measured).toEqual({
      inputs: 3,
      changed: 1,
      bound: expect.closeTo(0.8042, 4),
      confidence: 0.9,
    });
  });

  test("of eight unchanged repeats is at most 31 %: 1 - 0.05^(1/8)", () => {
    const repeats = Array.from({ length: 8 }, () => ({ fixed: "a", again: "a" }));
    expect(selfDisagreement(repeats, 0.95)).toMatchObject({
      changed: 0,
      bound: expect.closeTo(1 - 0.05 ** (1 / 8), 9),
    });
  });

  test("is unknown, not 0, where nothing was answered again", () => {
    for (const repeats of [[], [{ fixed: "a", again: null }]])
      expect(selfDisagreement(repeats, 0.95)).toMatchObject({ kind: "unknown" });
  });
});

test("stands behind the reason why nothing was certified, where outputs did change by themselves", () => {
  const own = { inputs: 8, changed: 2, bound: 0.6, confidence: 0.95 };
  expect(explainedBy("too many changed", own)).toBe(
    "too many changed; the whole prompt asked again changed 2 of 8 outputs by itself, and such changes count",
  );
  for (const quiet of [null, { ...own, changed: 0 }])
    expect(explainedBy("too many changed", quiet)).toBe("too many changed");
  expect(explainedBy(null, own)).toBeNull();
});

describe("a certificate's bound under an oracle that wavers", () => {
  const [INPUTS, RUNS, CONFIDENCE] = [98, 2_000, 0.95];

  /**
   * Shares of runs in which the share of outputs that the deletion changes, |p - q| for answers yes of probability p under the whole and q
   * under the shorter prompt, exceeds the bound, and exceeds the bound less the self-disagreement that was measured.
   */
  function missed(p: number, q: number): { readonly bound: number; readonly subtracted: number } {
    const random = randomFrom(`wavering ${p} ${q}`);
    const differ = (left: number, right: number): number => {
      let count = 0;
      for (let input = 0; input < INPUTS; input++)
        if (random.bernoulli(left) !== random.bernoulli(right)) count++;
      return count;
    };
    let [bound, subtracted] = [0, 0];
    for (let run = 0; run < RUNS; run++) {
      const upper = boundOf(differ(p, q));
      if (Math.abs(p - q) > upper) bound++;
      if (Math.abs(p - q) > upper - differ(p, p) / INPUTS) subtracted++;
    }
    return { bound: bound / RUNS, subtracted: subtracted / RUNS };
  }

  const bounds = new Map<number, number>();
  function boundOf(changed: number): number {
    const known = bounds.get(changed) ?? binomialUpperBound(changed, INPUTS, CONFIDENCE);
    bounds.set(changed, known);
    return known;
  }

  test.each([
    [1, 0.95],
    [0.98, 0.9],
    [0.9, 0.7],
    [0.5, 0.8],
  ])("holds for the deletion's own changes (%d to %d): noise only widens it", (p, q) => {
    // Three standard errors over the level.
    expect(missed(p, q).bound).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / RUNS));
  });

  test("would be broken by subtracting the self-disagreement", () => {
    expect(missed(0.5, 0.8).subtracted).toBeGreaterThan(0.9);
    expect(missed(0.9, 0.7).subtracted).toBeGreaterThan(0.1);
  });
});
