import { describe, expect, test } from "@jest/globals";
import type { EstimatorName, Mask } from "../../../src/domain.js";
import { type EstimateOptions, estimate } from "../../../src/explain/estimators/estimate.js";
import { estimateByGsmile, wordDistance } from "../../../src/explain/estimators/gsmile.js";
import { estimateByLasso } from "../../../src/explain/estimators/lasso.js";
import { estimateByLeaveOneOut } from "../../../src/explain/estimators/leave-one-out.js";
import { estimateByLime } from "../../../src/explain/estimators/lime.js";
import { estimateByRopeLime } from "../../../src/explain/estimators/rope-lime.js";
import type { MeasuredGame } from "../../../src/explain/game.js";
import { kernelAtEffectiveSize } from "../../../src/explain/kernels/bandwidth.js";
import { designFor, designGame } from "../../../src/explain/mask-designs/design.js";
import { enumerateMasks } from "../../../src/explain/mask-designs/enumeration.js";
import { momentsOf, regressionOf, ridge } from "../../../src/numerics/least-squares.js";
import { measure, simulateGame, valueOf } from "../simulated-games.js";

const METHODS: readonly EstimatorName[] = [
  "lasso",
  "lime",
  "kernel-shap",
  "rope-lime",
  "leave-one-out",
  "exact",
  "gsmile",
];

function optionsFor(method: EstimatorName, masks: readonly Mask[]): EstimateOptions {
  const flat = new Float64Array(masks.length).fill(1);
  return { seed: "options", ...(method === "rope-lime" ? { kernelWeights: flat } : {}) };
}

function played(method: EstimatorName, spans = 10, budget = 2 ** 10): MeasuredGame {
  const simulated = simulateGame("linear", spans, 5);
  const design = designFor(method);
  return measure(simulated, designGame({ design, spans, budget, seed: "played" }));
}

describe.each(METHODS)("%s through the dispatcher", (method) => {
  const game = played(method);
  const options = optionsFor(method, game.masks);

  test("names itself and predicts the values of its own masks", () => {
    const found = estimate(method, game, options);
    expect(found.method).toBe(method);
    expect(found.attribution).toHaveLength(10);
    const errors = game.masks.map(
      (mask, row) =>
        found.intercept +
        found.attribution.reduce((sum, value, span) => sum + value * (mask[span] ?? 0), 0) -
        (game.values[row] ?? NaN),
    );
    const mean = game.values.reduce((sum, value) => sum + value, 0) / game.values.length;
    const error = errors.reduce((sum, value) => sum + value * value, 0);
    const spread = game.values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect(error).toBeLessThan(0.25 * spread);
  });

  test("is deterministic, changes nothing it was given, and finds nothing in values that do not vary", () => {
    const copy = { ...game, values: Float64Array.from(game.values) };
    expect(estimate(method, game, options)).toEqual(estimate(method, game, options));
    expect(game.values).toEqual(copy.values);
    const constant = { ...game, values: new Float64Array(game.values.length).fill(0.1) };
    const found = estimate(method, constant, options);
    for (const value of found.attribution) expect(Math.abs(value)).toBeLessThan(1e-12);
    expect(found.intercept).toBeCloseTo(0.1, 12);
  });

  test("refuses games whose shapes do not fit or whose values are not numbers", () => {
    const nan = { ...game, values: game.values.map((value, row) => (row === 3 ? NaN : value)) };
    if (method !== "leave-one-out" && method !== "exact") {
      expect(() => estimate(method, nan, options)).toThrow("value is NaN");
      expect(() => estimate(method, { ...game, spans: 11 }, options)).toThrow("10 spans where 11");
    }
  });
});

describe("what a method needs and does not get", () => {
  const game = played("lasso", 12, 40);

  test("is named in a plain sentence with a fix", () => {
    expect(() => estimate("exact", game, { seed: "" })).toThrow("need all 4096 masks");
    expect(() => estimate("leave-one-out", game, { seed: "" })).toThrow(
      /leave-one-out needs the value without each span: it is missing for \d+ of 12.*\n {2}fix: /,
    );
    const without = designGame({ design: "bernoulli", spans: 12, budget: 40, seed: "w" });
    const values = new Float64Array(40);
    expect(() =>
      estimate("kernel-shap", { spans: 12, masks: without, values }, { seed: "" }),
    ).toThrow("the prompt with every maskable span deleted is missing");
    expect(() => estimateByLeaveOneOut({ spans: 12, masks: without, values })).toThrow(
      "unmasked prompt is missing",
    );
    expect(() => estimate("rope-lime", game, { seed: "" })).toThrow("locality kernel");
    expect(() =>
      estimate("rope-lime", game, { seed: "", kernelWeights: new Float64Array(3) }),
    ).toThrow("3 weights");
    expect(() =>
      estimate("kernel-shap", played("kernel-shap", 12, 40), {
        seed: "",
        kernelShap: { kernelWeights: new Float64Array(3) },
      }),
    ).toThrow("3 weights");
  });
});

describe("LIME", () => {
  const game = played("lime", 12, 60);

  test("selects ten spans unless told otherwise, the final fit being ridge with alpha 1", () => {
    const count = (features?: number): number =>
      estimateByLime(game, features === undefined ? {} : { features }).attribution.filter(
        (value) => value !== 0,
      ).length;
    expect([count(), count(4), count(Infinity)]).toEqual([10, 4, 12]);
  });

  test("shrinks by the same share whatever the unit of the values, standardised or not", () => {
    const scaled = { ...game, values: game.values.map((value) => value / 1000) };
    for (const standardise of [false, true])
      estimateByLime(scaled, { standardise }).attribution.forEach((value, span) =>
        expect(1000 * value).toBeCloseTo(
          estimateByLime(game, { standardise }).attribution[span] ?? NaN,
          9,
        ),
      );
  });

  test("standardised, shrinks rarely deleted spans no harder than others", () => {
    // One effect of 1 each, on a span that half of the masks delete and on one that two of 100 do.
    const masks = Array.from({ length: 100 }, (_, row) =>
      Uint8Array.of(row % 2, row % 50 === 7 ? 0 : 1),
    );
    const rare = {
      spans: 2,
      masks,
      values: Float64Array.from(masks, ([a = 0, b = 0]) => a + b),
    };
    const kernelWeights = new Float64Array(100).fill(1);
    const plain = estimateByLime(rare, { kernelWeights }).attribution;
    const even = estimateByLime(rare, { kernelWeights, standardise: true }).attribution;
    expect((plain[0] ?? NaN) - (plain[1] ?? NaN)).toBeGreaterThan(0.2);
    expect(Math.abs((even[0] ?? NaN) - (even[1] ?? NaN))).toBeLessThan(0.01);
  });

  test("takes another kernel in place of its own", () => {
    const flat = new Float64Array(game.masks.length).fill(1);
    const options = { seed: "", lime: { features: Infinity }, kernelWeights: flat };
    expect([...estimate("lime", game, options).attribution]).toEqual([
      ...ridge(momentsOf(regressionOf(game.masks, game.values)), 1 / game.masks.length),
    ]);
  });
});

test("RoPE-LIME is LIME's final fit on all spans under the kernel it is given", () => {
  const game = played("rope-lime", 10, 64);
  const deleted = Float64Array.from(game.masks, (mask) => mask.filter((kept) => kept === 0).length);
  const kernelWeights = kernelAtEffectiveSize(deleted, { spans: 10 }).weights;
  expect(estimateByRopeLime(game, { kernelWeights })).toEqual({
    ...estimateByLime(game, { kernelWeights, features: Infinity }),
    method: "rope-lime",
  });
  expect(estimateByRopeLime(game, { kernelWeights }).attribution).not.toEqual(
    estimateByRopeLime(game, { kernelWeights: new Float64Array(64).fill(1) }).attribution,
  );
});

describe("Lasso", () => {
  test("keeps few spans, with magnitudes of least squares on them", () => {
    const simulated = simulateGame("linear", 24, 7);
    const masks = designGame({ design: "bernoulli", spans: 24, budget: 80, seed: "m" });
    const game = measure(simulated, masks);
    const found = estimateByLasso(game, { seed: "s" });
    const support = [...found.attribution.keys()].filter((span) => found.attribution[span] !== 0);
    expect(support.length).toBeGreaterThan(2);
    expect(support.length).toBeLessThan(24);
    const columns = masks.map((mask) => support.map((span) => mask[span] ?? NaN));
    const fit = ridge(momentsOf(regressionOf(columns, game.values)), 0);
    support.forEach((span, position) =>
      expect(found.attribution[span]).toBeCloseTo(fit[position] ?? NaN, 9),
    );
    expect(found.alpha).toBeGreaterThan(0);
  });

  test("listens to a kernel: masks without weight are not there", () => {
    const simulated = simulateGame("and-or", 10, 2);
    const masks = designGame({ design: "bernoulli", spans: 10, budget: 120, seed: "k" });
    const game = measure(simulated, masks);
    const spoiled = { ...game, values: game.values.map((v, row) => (row >= 60 ? 100 * row : v)) };
    const kernelWeights = Float64Array.from(masks, (_, row) => (row >= 60 ? 0 : 1));
    const weighted = estimateByLasso(spoiled, { seed: "k", kernelWeights });
    const unspoiled = estimateByLasso(game, { seed: "k", kernelWeights });
    expect(weighted).toEqual(unspoiled);
  });
});

describe("leave-one-out", () => {
  test("uses the full mask and the single deletions, averages repeats and leaves others aside", () => {
    const masks = [
      [1, 1, 1],
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 0],
      [0, 0, 0],
      [1, 1, 0],
    ].map((mask) => Uint8Array.from(mask));
    const found = estimateByLeaveOneOut({
      spans: 3,
      masks,
      values: Float64Array.of(10, 7, 9, 4, -99, 6),
    });
    expect([...found.attribution]).toEqual([3, 1, 5]);
    expect(found.intercept).toBe(1);
  });
});

describe("gSMILE", () => {
  const simulated = simulateGame("and-or", 8, 4);
  const masks = designGame({ design: "bernoulli", spans: 8, budget: 60, seed: "g" });
  const game = measure(simulated, masks);

  test("is least squares weighted by the share of words that a mask deletes", () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8];
    const shares = Float64Array.from(
      masks,
      (mask) => sizes.reduce((sum, size, span) => sum + size * (1 - (mask[span] ?? 0)), 0) / 36,
    );
    const { weights, bandwidth } = kernelAtEffectiveSize(shares, { spans: 8 });
    expect(bandwidth).not.toBeNull();
    const expected = ridge(momentsOf(regressionOf(masks, game.values, weights)), 0);
    for (const options of [{ spanSizes: sizes }, { promptDistances: shares }])
      expect([...estimateByGsmile(game, options).attribution]).toEqual([...expected]);
    expect([...estimateByGsmile(game).attribution]).not.toEqual([...expected]);
    expect(() => estimateByGsmile(game, { spanSizes: new Float64Array(8) })).toThrow("nothing");
  });

  test("is exact on linear games, whatever the kernel", () => {
    const linear = {
      ...simulated,
      terms: simulated.terms.filter(({ spans }) => spans.length === 1),
    };
    const found = estimateByGsmile(measure(linear, masks));
    linear.terms.forEach(({ spans, weight }) =>
      expect(found.attribution[spans[0] ?? NaN]).toBeCloseTo(weight, 7),
    );
    expect(found.intercept).toBeCloseTo(valueOf(linear, new Uint8Array(8)), 7);
    expect(found.selfConsistency).toBeCloseTo(1, 9);
  });

  test("compares outputs by the mass of words that has to move", () => {
    const words = (text: string): string[] => text.split(" ").filter(Boolean);
    const distance = (a: string, b: string): number => wordDistance(words(a), words(b));
    expect(distance("a b c d", "d c b a")).toBe(0);
    expect(distance("a b", "c d")).toBe(1);
    expect(distance("a a b b", "a b b b")).toBe(0.25);
    expect(distance("a", "a b")).toBe(0.5);
    expect([distance("", ""), distance("", "a"), distance("a", "")]).toEqual([0, 1, 1]);
  });
});

test("ContextCite's recipe is Lasso without refit: its magnitudes are smaller", () => {
  const simulated = simulateGame("linear", 8, 5);
  const game = measure(simulated, enumerateMasks(8));
  const ours = estimate("lasso", game, { seed: "" });
  const theirs = estimate("lasso", game, { seed: "", lasso: { recipe: "context-cite" } });
  const size = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + Math.abs(value), 0);
  expect(size(theirs.attribution)).toBeLessThan(size(ours.attribution) - 0.05);
  expect(size(theirs.attribution)).toBeGreaterThan(0.5 * size(ours.attribution));
});
