import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Mask } from "../../../src/domain.js";
import {
  banzhafInteractions,
  codeOfMask,
  enumeratedValues,
  estimateExactly,
  isEnumerated,
  moebiusTransform,
  shapleyInteractions,
} from "../../../src/explain/estimators/exact.js";
import { estimateByKernelShap } from "../../../src/explain/estimators/kernel-shap.js";
import { estimateByLasso } from "../../../src/explain/estimators/lasso.js";
import { estimateByLeaveOneOut } from "../../../src/explain/estimators/leave-one-out.js";
import type { MeasuredGame } from "../../../src/explain/game.js";
import { designGame } from "../../../src/explain/mask-designs/design.js";
import { enumerateMasks } from "../../../src/explain/mask-designs/enumeration.js";
import { momentsOf, regressionOf, ridge } from "../../../src/numerics/least-squares.js";
import { cholesky } from "../../../src/numerics/linear-algebra.js";
import { randomFrom } from "../../../src/numerics/random.js";
import {
  type SimulatedGame,
  banzhafValues,
  measure,
  shapleyValues,
  simulateGame,
  valueOf,
} from "../simulated-games.js";

function gameOf(spans: number, value: (mask: Mask) => number): MeasuredGame {
  const masks = enumerateMasks(spans);
  return { spans, masks, values: Float64Array.from(masks, value) };
}

function expectNear(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs((found[i] ?? NaN) - (expected[i] ?? NaN))).toBeLessThan(tolerance);
}

const shapley = (game: MeasuredGame): Float64Array =>
  estimateExactly(game, { index: "shapley" }).attribution;
const banzhaf = (game: MeasuredGame): Float64Array => estimateExactly(game).attribution;
const kept = (mask: Mask): number => mask.reduce((sum, bit) => sum + bit, 0);

describe("games with closed forms", () => {
  test("sparse in the Moebius basis: Shapley m / |S|, Banzhaf m / 2^(|S| - 1), and the transform gives the m back", () => {
    const random = randomFrom("Moebius");
    for (let spans = 2; spans <= 10; spans++) {
      const dividends = new Float64Array(2 ** spans);
      for (let term = 0; term < 6; term++)
        dividends[1 + random.integer(2 ** spans - 1)] = random.normal();
      const game = gameOf(spans, (mask) => {
        const code = codeOfMask(mask);
        return dividends.reduce((sum, m, set) => sum + ((set & code) === set ? m : 0), 0);
      });
      const perMember = (share: (size: number) => number): Float64Array =>
        Float64Array.from({ length: spans }, (_, span) =>
          dividends.reduce((sum, m, set) => {
            const size = set.toString(2).replaceAll("0", "").length;
            return (set >> span) & 1 ? sum + m * share(size) : sum;
          }, 0),
        );
      expectNear(
        shapley(game),
        perMember((size) => 1 / size),
        1e-9,
      );
      expectNear(
        banzhaf(game),
        perMember((size) => 2 ** (1 - size)),
        1e-9,
      );
      expectNear(ridge(momentsOf(regressionOf(game.masks, game.values)), 0), banzhaf(game), 1e-8);
      expectNear(
        moebiusTransform(enumeratedValues(game) ?? new Float64Array(), spans),
        dividends,
        1e-9,
      );
    }
  });

  test("unanimity: the members share 1, others get nothing", () => {
    const game = gameOf(6, (mask) => (mask[0] && mask[2] && mask[5] ? 1 : 0));
    expectNear(shapley(game), [1 / 3, 0, 1 / 3, 0, 0, 1 / 3], 1e-12);
    expectNear(banzhaf(game), [1 / 4, 0, 1 / 4, 0, 0, 1 / 4], 1e-12);
  });

  test("weighted voting [4; 3, 2, 1, 1]: Shapley-Shubik 1/2, 1/6, 1/6, 1/6 and Banzhaf by swings", () => {
    const votes = [3, 2, 1, 1];
    const game = gameOf(4, (mask) =>
      votes.reduce((sum, vote, span) => sum + vote * (mask[span] ?? 0), 0) >= 4 ? 1 : 0,
    );
    // By hand: the first span is pivotal in 12 of the 24 orders, each other in 4.
    expectNear(shapley(game), [1 / 2, 1 / 6, 1 / 6, 1 / 6], 1e-12);
    // Of the 8 coalitions of the others it turns 6; each other turns {first} and the coalition of the two others.
    expectNear(banzhaf(game), [6 / 8, 2 / 8, 2 / 8, 2 / 8], 1e-12);
  });

  test("airport: every step of the runway is shared by those who need it", () => {
    const costs = [1, 2, 4, 7, 11];
    const game = gameOf(5, (mask) =>
      Math.max(0, ...costs.map((cost, span) => cost * (mask[span] ?? 0))),
    );
    const steps = costs.map((cost, span) => (cost - (costs[span - 1] ?? 0)) / (5 - span));
    const expected = steps.map((_, span) => steps.slice(0, span + 1).reduce((a, b) => a + b, 0));
    expectNear(shapley(game), expected, 1e-12);
  });

  test("redundancy: leave-one-out sees nothing of two spans that say the same, Shapley splits equally", () => {
    const game = gameOf(4, (mask) => (mask[0] || mask[1] ? 1 : 0) + 3 * (mask[2] ?? 0));
    expectNear(estimateByLeaveOneOut(game).attribution, [0, 0, 3, 0], 1e-12);
    expectNear(shapley(game), [1 / 2, 1 / 2, 3, 0], 1e-12);
    expect(banzhafInteractions(game.values, 4)[0b11]).toBeCloseTo(-1, 12);
    expect(shapleyInteractions(game.values, 4)[0b11]).toBeCloseTo(-1, 12);
  });

  test("a gate: what it gates counts half without an interaction, and the pair's interaction is positive", () => {
    const game = gameOf(5, (mask) => (mask[0] ?? 0) * (2 * (mask[1] ?? 0) + (mask[3] ?? 0)));
    expectNear(shapley(game), [3 / 2, 1, 0, 1 / 2, 0], 1e-12);
    expectNear(banzhaf(game), [3 / 2, 1, 0, 1 / 2, 0], 1e-12);
    expect(shapleyInteractions(game.values, 5)[0b00011]).toBeCloseTo(2, 12);
    expect(banzhafInteractions(game.values, 5)[0b01001]).toBeCloseTo(1, 12);
  });

  test("simulated games: enumeration agrees with the closed forms of their terms", () => {
    for (const kind of ["linear", "and-or", "gated"] as const) {
      const simulated = simulateGame(kind, 10, 1);
      const game = measure(simulated, enumerateMasks(10));
      expectNear(shapley(game), shapleyValues(simulated), 1e-9);
      expectNear(banzhaf(game), banzhafValues(simulated), 1e-9);
    }
  });

  test("the intercept of each index: mean of the fit for Banzhaf, the empty mask for Shapley", () => {
    const game = gameOf(3, (mask) => 5 + 2 * (mask[0] ?? 0) * (mask[1] ?? 0) - (mask[2] ?? 0));
    expect(estimateExactly(game, { index: "shapley" }).intercept).toBe(5);
    // Least squares of 2 z0 z1 is z0 + z1 - 1/2.
    expect(estimateExactly(game).intercept).toBeCloseTo(4.5, 12);
  });
});

/** Effects and all pairs, without any span that does nothing. */
function orderTwo(spans: number, seed: string): SimulatedGame {
  const random = randomFrom(`order two ${seed}`);
  const all = Array.from({ length: spans }, (_, span) => span);
  const terms = all.flatMap((a) =>
    all
      .filter((b) => b >= a)
      .map((b) => ({
        kind: "and" as const,
        spans: a === b ? [a] : [a, b],
        weight: random.normal(),
      })),
  );
  return { kind: "gated", spans, terms };
}

/** Rank of the masks as a least-squares problem on zero-sum rows, or centred ones: full where the fit is determined. */
function isDetermined(masks: readonly Mask[], centre: (mask: Mask) => number): boolean {
  const spans = masks[0]?.length ?? 0;
  const gram = new Float64Array(spans * spans);
  for (const mask of masks)
    for (let j = 0; j < spans; j++)
      for (let k = 0; k < spans; k++)
        gram[j * spans + k] =
          (gram[j * spans + k] ?? NaN) +
          ((mask[j] ?? NaN) - centre(mask)) * ((mask[k] ?? NaN) - centre(mask));
  for (let j = 0; j < spans; j++)
    for (let k = 0; k < spans; k++)
      gram[j * spans + k] =
        (gram[j * spans + k] ?? NaN) + (centre(masks[0] ?? new Uint8Array()) === 0.5 ? 0 : 1);
  for (let j = 0; j < spans; j++) gram[j * spans + j] = (gram[j * spans + j] ?? NaN) - 1e-9;
  return cholesky(gram, spans) !== null;
}

describe("games of order 2 with 12 spans from 30 to 40 masks", () => {
  const budgets = [30, 34, 40];

  test.each(budgets)("paired Kernel SHAP and paired Leverage SHAP are exact, B = %i", (budget) => {
    let determined = 0;
    for (const seed of ["a", "b", "c", "d"]) {
      const simulated = orderTwo(12, seed);
      for (const design of ["shapley-size", "leverage"] as const) {
        const masks = designGame({ design, spans: 12, budget, seed });
        const inner = masks.filter((mask) => kept(mask) % 12 !== 0);
        if (!isDetermined(inner, (mask) => kept(mask) / 12)) continue;
        determined++;
        for (const regression of ["kernel", "leverage"] as const) {
          const found = estimateByKernelShap(measure(simulated, masks), { regression });
          expectNear(found.attribution, shapleyValues(simulated), 1e-6);
        }
      }
    }
    // 14 pairs hardly ever leave one of 11 directions open.
    expect(determined).toBeGreaterThanOrEqual(6);
  });

  test.each(budgets)("paired least squares is exactly Banzhaf, B = %i", (budget) => {
    for (const seed of ["a", "b", "c"]) {
      const simulated = orderTwo(12, seed);
      const masks = designGame({ design: "bernoulli", spans: 12, budget, seed, paired: true });
      expect(isDetermined(masks, () => 0.5)).toBe(true);
      const fit = ridge(momentsOf(regressionOf(masks, measure(simulated, masks).values)), 0);
      expectNear(fit, banzhafValues(simulated), 1e-6);
      const single = designGame({ design: "bernoulli", spans: 12, budget, seed });
      const biased = ridge(momentsOf(regressionOf(single, measure(simulated, single).values)), 0);
      expect(
        Math.max(
          ...biased.map((value, span) => Math.abs(value - (banzhafValues(simulated)[span] ?? NaN))),
        ),
      ).toBeGreaterThan(0.1);
    }
  });
});

const tables = fc
  .record({ spans: fc.integer({ min: 2, max: 6 }), seed: fc.integer() })
  .map(({ spans, seed }) => {
    const random = randomFrom(`axioms ${seed}`);
    return gameOf(spans, () => random.normal());
  });
const exactMethods = [
  { name: "Shapley by enumeration", attribute: shapley },
  {
    name: "Kernel SHAP",
    attribute: (game: MeasuredGame) => estimateByKernelShap(game).attribution,
  },
  {
    name: "Kernel SHAP with leverage weights",
    attribute: (game: MeasuredGame) =>
      estimateByKernelShap(game, { regression: "leverage" }).attribution,
  },
  { name: "Banzhaf by enumeration", attribute: banzhaf },
];

describe.each(exactMethods)("axioms of $name", ({ name, attribute }) => {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

  if (!name.startsWith("Banzhaf"))
    test("efficiency: attributions add up to v(full) - v(empty)", () =>
      fc.assert(
        fc.property(tables, (game) => {
          const gain = (game.values.at(-1) ?? NaN) - (game.values[0] ?? NaN);
          expect(sum(attribute(game))).toBeCloseTo(gain, 9);
        }),
        { numRuns: 40 },
      ));

  test("dummy: a span that always adds the same gets just that", () =>
    fc.assert(
      fc.property(tables, fc.double({ min: -3, max: 3, noNaN: true }), (game, worth) => {
        const spans = game.spans + 1;
        const extended = gameOf(
          spans,
          (mask) =>
            (game.values[codeOfMask(mask.subarray(0, game.spans))] ?? NaN) +
            worth * (mask[game.spans] ?? NaN),
        );
        expect(attribute(extended)[game.spans]).toBeCloseTo(worth, 7);
      }),
      { numRuns: 40 },
    ));

  test("symmetry: spans that can be exchanged get the same, and renaming spans renames attributions", () =>
    fc.assert(
      fc.property(tables, (game) => {
        const swap = (mask: Mask): Mask =>
          Uint8Array.of(mask[1] ?? 0, mask[0] ?? 0, ...mask.subarray(2));
        const value = (mask: Mask): number => game.values[codeOfMask(mask)] ?? NaN;
        const symmetric = attribute(gameOf(game.spans, (mask) => value(mask) + value(swap(mask))));
        expect(symmetric[0]).toBeCloseTo(symmetric[1] ?? NaN, 7);
        const renamed = attribute(gameOf(game.spans, (mask) => value(swap(mask))));
        expectNear(renamed, swapped(attribute(game)), 1e-7);
      }),
      { numRuns: 40 },
    ));

  test("linearity: of a sum of games, the sum of attributions", () =>
    fc.assert(
      fc.property(tables, fc.double({ min: -2, max: 2, noNaN: true }), (game, factor) => {
        const random = randomFrom(`other ${factor}`);
        const other = gameOf(game.spans, () => random.normal());
        const together = {
          ...game,
          values: game.values.map((value, row) => value + factor * (other.values[row] ?? NaN)),
        };
        const ofOther = attribute(other);
        expectNear(
          attribute(together),
          attribute(game).map((value, span) => value + factor * (ofOther[span] ?? NaN)),
          1e-7,
        );
      }),
      { numRuns: 40 },
    ));

  function swapped(attribution: Float64Array): Float64Array {
    return Float64Array.of(
      attribution[1] ?? NaN,
      attribution[0] ?? NaN,
      ...attribution.subarray(2),
    );
  }
});

test("Kernel SHAP keeps efficiency on any masks that hold the full and the empty one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 60 }), fc.integer(), (budget, seed) => {
      const simulated = simulateGame("and-or", 14, seed);
      const masks = designGame({
        design: "leverage",
        spans: 14,
        budget,
        seed: `${seed}`,
        paired: budget % 2 === 0,
      });
      const { attribution, intercept } = estimateByKernelShap(measure(simulated, masks));
      const total = attribution.reduce((sum, value) => sum + value, 0);
      expect(total + intercept).toBeCloseTo(valueOf(simulated, new Uint8Array(14).fill(1)), 9);
      expect(intercept).toBeCloseTo(valueOf(simulated, new Uint8Array(14)), 9);
    }),
    { numRuns: 40 },
  );
});

test("Lasso on all masks of a game with large effects is Banzhaf", () => {
  const simulated = simulateGame("linear", 8, 3);
  const game = measure(simulated, enumerateMasks(8));
  const found = estimateByLasso(game, { seed: "all" }).attribution;
  banzhafValues(simulated).forEach((value, span) => {
    if (found[span] !== 0) expect(found[span]).toBeCloseTo(value, 6);
  });
  expect(found.filter((value) => value !== 0).length).toBeGreaterThan(2);
});

describe("enumeration", () => {
  test("is recognised whatever the order and repeats of the masks, and averages repeats", () => {
    const masks = [...enumerateMasks(3)].reverse();
    const game = { spans: 3, masks, values: Float64Array.from(masks, codeOfMask) };
    expect(isEnumerated(game)).toBe(true);
    expectNear(banzhaf(game), [1, 2, 4], 1e-12);
    const repeated = {
      spans: 3,
      masks: [...masks, Uint8Array.of(1, 1, 1)],
      values: Float64Array.of(...game.values, 11),
    };
    expect(enumeratedValues(repeated)?.[7]).toBe(9);
    expect(isEnumerated({ ...game, masks: masks.slice(1), values: game.values.slice(1) })).toBe(
      false,
    );
  });

  test("says what is missing, and stops at 16 spans", () => {
    const half = { spans: 3, masks: enumerateMasks(3).slice(0, 4), values: new Float64Array(4) };
    expect(() => estimateExactly(half)).toThrow("need all 8 masks");
    const large = { spans: 17, masks: [new Uint8Array(17)], values: new Float64Array(1) };
    expect(() => estimateExactly(large)).toThrow("at most 16");
    expect(isEnumerated(large)).toBe(false);
    expect(() => enumerateMasks(17)).toThrow("17 spans");
    expect(() => moebiusTransform(new Float64Array(7), 3)).toThrow("7 values");
  });
});
