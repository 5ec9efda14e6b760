import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Mask } from "../../../src/domain.js";
import {
  comprehensivenessMasks,
  erasedCounts,
} from "../../../src/explain/fidelity/comprehensiveness.js";
import { gridCounts } from "../../../src/explain/fidelity/curve-area.js";
import { deletionAucMasks } from "../../../src/explain/fidelity/deletion-auc.js";
import { planEvaluations } from "../../../src/explain/fidelity/evaluation-plan.js";
import { infidelity } from "../../../src/explain/fidelity/infidelity.js";
import { insertionAucMasks } from "../../../src/explain/fidelity/insertion-auc.js";
import { linearDatamodelingScore } from "../../../src/explain/fidelity/linear-datamodeling-score.js";
import { selfConsistency } from "../../../src/explain/fidelity/self-consistency.js";
import { signAuc } from "../../../src/explain/fidelity/sign-auc.js";
import { sufficiencyMasks } from "../../../src/explain/fidelity/sufficiency.js";
import { topKDropMasks } from "../../../src/explain/fidelity/top-k-drop.js";
import type { MeasuredGame } from "../../../src/explain/game.js";
import {
  momentsOf,
  regressionOf,
  ridge,
  withIntercept,
} from "../../../src/numerics/least-squares.js";
import { randomFrom } from "../../../src/numerics/random.js";
import { readReference } from "../../references/read.js";

interface ReferenceGame {
  readonly psi: number[];
  readonly weights: number[];
  readonly pairs: [number, number, number][];
  readonly masks: number[][];
  readonly lds: number;
  readonly topKDrop: number;
  readonly comprehensiveness: number;
  readonly sufficiency: number;
  readonly deletion: number;
  readonly insertion: number;
  readonly scale: number;
  readonly infidelity: number;
}

const { games } = readReference("fidelity/values.json") as { readonly games: ReferenceGame[] };

function valueOf(game: Pick<ReferenceGame, "weights" | "pairs">, mask: Mask): number {
  return (
    game.weights.reduce((sum, weight, span) => sum + weight * (mask[span] as number), 0) +
    game.pairs.reduce(
      (sum, [i, j, weight]) => sum + weight * (mask[i] as number) * (mask[j] as number),
      0,
    )
  );
}

describe.each(games)("on a game of $psi.length spans, as NumPy and SciPy have it", (game) => {
  const attribution = Float64Array.from(game.psi);
  const spans = attribution.length;
  const masks = game.masks.map((mask) => Uint8Array.from(mask));
  const values = masks.map((mask) => valueOf(game, mask));
  const measure = (wanted: readonly Mask[]): number[] => wanted.map((mask) => valueOf(game, mask));

  test("LDS and infidelity", () => {
    expect(linearDatamodelingScore(attribution, { masks, values })).toBeCloseTo(game.lds, 12);
    const fullValue = valueOf(game, new Uint8Array(spans).fill(1));
    const found = infidelity(attribution, { masks, values, fullValue });
    expect(found.scale).toBeCloseTo(game.scale, 10);
    expect(found.error).toBeCloseTo(game.infidelity, 10);
  });

  test("top-k drop, comprehensiveness and sufficiency, within the promised number of masks", () => {
    const drop = topKDropMasks(attribution, 2);
    const comprehensiveness = comprehensivenessMasks(attribution);
    const sufficiency = sufficiencyMasks(attribution);
    expect(drop.score(measure(drop.masks))).toBeCloseTo(game.topKDrop, 10);
    expect(comprehensiveness.score(measure(comprehensiveness.masks))).toBeCloseTo(
      game.comprehensiveness,
      10,
    );
    expect(sufficiency.score(measure(sufficiency.masks))).toBeCloseTo(game.sufficiency, 10);
    expect(drop.masks).toHaveLength(2);
    expect(comprehensiveness.masks.length).toBeLessThanOrEqual(6);
    expect(sufficiency.masks.length).toBeLessThanOrEqual(6);
  });

  test("deletion and insertion AUC", () => {
    const deletion = deletionAucMasks(attribution);
    const insertion = insertionAucMasks(attribution);
    expect(deletion.score(measure(deletion.masks)).area).toBeCloseTo(game.deletion, 10);
    expect(insertion.score(measure(insertion.masks)).area).toBeCloseTo(game.insertion, 10);
    expect(deletion.masks).toHaveLength(Math.min(spans, 10) + 1);
    expect(insertion.masks).toHaveLength(Math.min(spans, 10) + 1);
  });
});

const effects = fc
  .array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 9 })
  .map((numbers) => Float64Array.from(numbers, (number, span) => number + span / 100));

/** The exact attribution of an additive game with a constant. */
const additive =
  (psi: Float64Array) =>
  (mask: Mask): number =>
    7 + psi.reduce((sum, effect, span) => sum + effect * (mask[span] as number), 0);

describe("closed forms of additive games", () => {
  const score = <Metric>(
    plan: { masks: readonly Mask[]; score(values: number[]): Metric },
    value: (mask: Mask) => number,
  ): Metric => plan.score(plan.masks.map(value));

  test("drops are sums of the largest effects, what is left the sum of the others", () => {
    fc.assert(
      fc.property(effects, (psi) => {
        const sorted = [...psi].sort((a, b) => b - a);
        const sum = (numbers: number[]): number => numbers.reduce((total, x) => total + x, 0);
        const mean = (numbers: number[]): number => sum(numbers) / numbers.length;
        const counts = erasedCounts(psi.length);
        expect(score(topKDropMasks(psi, 2), additive(psi))).toBeCloseTo(sum(sorted.slice(0, 2)), 9);
        expect(score(comprehensivenessMasks(psi), additive(psi))).toBeCloseTo(
          mean(counts.map((count) => sum(sorted.slice(0, count)))),
          9,
        );
        expect(score(sufficiencyMasks(psi), additive(psi))).toBeCloseTo(
          mean(counts.map((count) => sum(sorted.slice(count)))),
          9,
        );
      }),
    );
  });

  test("deleting and inserting in one order mirror each other, and the best order bounds every other", () => {
    fc.assert(
      fc.property(effects, effects, (psi, noise) => {
        const other = psi.map((_, span) => noise[span % noise.length] as number);
        const deletion = score(deletionAucMasks(psi), additive(psi));
        const insertion = score(insertionAucMasks(psi), additive(psi));
        const value = additive(psi);
        const total = value(new Uint8Array(psi.length).fill(1)) + value(new Uint8Array(psi.length));
        expect(deletion.area + insertion.area).toBeCloseTo(total, 9);
        expect(score(deletionAucMasks(other), value).area).toBeGreaterThanOrEqual(
          deletion.area - 1e-9,
        );
        expect(score(insertionAucMasks(other), value).area).toBeLessThanOrEqual(
          insertion.area + 1e-9,
        );
      }),
    );
  });

  test("equal effects give the diagonal, whose normalised area is one half", () => {
    const equal = new Float64Array(6).fill(2);
    expect(score(deletionAucMasks(equal), additive(equal)).normalised).toBeCloseTo(0.5, 12);
    expect(score(insertionAucMasks(equal), additive(equal)).normalised).toBeCloseTo(0.5, 12);
    const falling = score(deletionAucMasks(equal), (mask) => -additive(equal)(mask));
    expect(falling.normalised).toMatchObject({ kind: "unknown" });
  });

  test("the exact attribution, at any positive scale, has LDS 1 and infidelity 0", () => {
    const psi = Float64Array.of(3, -1, 0.5, 2, -0.25);
    const random = randomFrom("additive masks");
    const masks = Array.from({ length: 12 }, () => Uint8Array.from(psi, () => random.integer(2)));
    const measured = {
      masks,
      values: masks.map(additive(psi)),
      fullValue: additive(psi)(new Uint8Array(5).fill(1)),
    };
    const scaled = psi.map((effect) => 4 * effect);
    expect(linearDatamodelingScore(scaled, measured)).toBe(1);
    const found = infidelity(scaled, measured);
    expect(found.scale).toBeCloseTo(0.25, 12);
    expect(found.error).toBeCloseTo(0, 12);
    expect(found.share).toBeCloseTo(0, 12);
    expect(infidelity(new Float64Array(5), measured)).toMatchObject({ scale: 0, share: 1 });
    expect(
      infidelity(
        psi.map((effect) => -effect),
        measured,
      ).scale,
    ).toBeCloseTo(-1, 12);
  });
});

describe("what cannot be known", () => {
  const masks = [Uint8Array.of(1, 0), Uint8Array.of(0, 1)];

  test("LDS of constant values; an attribution of zeros scores 0", () => {
    const psi = Float64Array.of(1, 2);
    expect(linearDatamodelingScore(psi, { masks, values: [3, 3] })).toMatchObject({
      kind: "unknown",
    });
    expect(linearDatamodelingScore(new Float64Array(2), { masks, values: [1, 2] })).toBe(0);
  });

  test("sign-AUC where nothing flips or everything does", () => {
    const psi = Float64Array.of(1, 2);
    expect(signAuc(psi, { masks, labelKept: [true, true] })).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("no label flipped"),
    });
    expect(signAuc(psi, { masks, labelKept: [false, false] })).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("smaller"),
    });
    expect(signAuc(psi, { masks, labelKept: [false, true] })).toBe(1);
    expect(signAuc(psi, { masks, labelKept: [true, false] })).toBe(0);
  });

  test("infidelity's share where nothing changed", () => {
    const found = infidelity([1, 2], { masks, values: [3, 3], fullValue: 3 });
    expect(found.share).toMatchObject({ kind: "unknown" });
  });
});

describe("plans", () => {
  test("evaluate a mask once and give its value wherever it is wanted", () => {
    const [a, b] = [Uint8Array.of(1, 1), Uint8Array.of(0, 1)];
    const plan = planEvaluations([a, b, Uint8Array.of(1, 1)], (values) => [...values]);
    expect(plan.masks).toEqual([a, b]);
    expect(plan.score([5, 6])).toEqual([5, 6, 5]);
    expect(() => plan.score([5])).toThrow("1 values for 2 masks");
  });

  test("round shares up and spread the grid over all spans", () => {
    expect(erasedCounts(4)).toEqual([1, 1, 1, 1, 2]);
    expect(erasedCounts(20)).toEqual([1, 1, 2, 4, 10]);
    expect(erasedCounts(100)).toEqual([1, 5, 10, 20, 50]);
    expect(gridCounts(3)).toEqual([0, 1, 2, 3]);
    expect(gridCounts(25)).toEqual([0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25]);
  });

  test("refuse more top spans than there are", () => {
    expect(() => topKDropMasks([1, 2], 3)).toThrow("3 strongest of 2");
  });
});

describe("self-consistency", () => {
  const random = randomFrom("self-consistency game");
  const psi = [2, -1, 0.5, 0, 1];
  const gameWith = (noise: number): MeasuredGame => {
    const masks = Array.from({ length: 60 }, () => Uint8Array.from(psi, () => random.integer(2)));
    return {
      spans: psi.length,
      masks,
      values: Float64Array.from(
        masks,
        (mask) =>
          psi.reduce((sum, effect, span) => sum + effect * (mask[span] as number), 0) +
          noise * random.normal(),
      ),
    };
  };
  const fit = (training: MeasuredGame): { intercept: number; attribution: Float64Array } => {
    const moments = momentsOf(regressionOf(training.masks, training.values));
    const { intercept, coefficients } = withIntercept(moments, ridge(moments, 0));
    return { intercept, attribution: coefficients };
  };
  const measure = (game: MeasuredGame, weights?: Float64Array): unknown =>
    selfConsistency({ game, fit, seed: "s", ...(weights && { weights }) });

  test("is 1 for a linear game and near the share of signal with noise, never above it by memory", () => {
    expect(measure(gameWith(0))).toBeCloseTo(1, 9);
    // Variance of the signal: sum psi^2 / 4 = 1.5625; of the noise 1.5625 as well.
    const found = measure(gameWith(1.25)) as number;
    expect(found).toBeGreaterThan(0.1);
    expect(found).toBeLessThan(0.6);
    const noise = gameWith(0);
    noise.values.set(noise.values.map(() => random.normal()));
    expect(measure(noise) as number).toBeLessThan(0.05);
  });

  test("weighs errors by row, and hands the fit its rows", () => {
    const game = gameWith(0);
    const spoilt = { ...game, values: game.values.map((value, row) => value + (row < 3 ? 40 : 0)) };
    const weights = Float64Array.from(game.masks, (_, row) => (row < 3 ? 0 : 1));
    const rowsSeen = new Set<number>();
    const robust = selfConsistency({
      game: spoilt,
      weights,
      seed: "s",
      fit: (training, rows) => {
        rows.forEach((row) => rowsSeen.add(row));
        expect(rows).toHaveLength(48);
        expect(training.masks).toHaveLength(48);
        const kept = rows.flatMap((row, position) => (row < 3 ? [] : [position]));
        return fit({
          spans: 5,
          masks: kept.map((position) => training.masks[position] as Mask),
          values: Float64Array.from(kept, (position) => training.values[position] as number),
        });
      },
    });
    expect(robust).toBeCloseTo(1, 9);
    expect(rowsSeen.size).toBe(60);
  });

  test("is unknown without variation or with fewer masks than parts", () => {
    const game = gameWith(0);
    expect(measure({ ...game, values: game.values.map(() => 1) })).toMatchObject({
      kind: "unknown",
    });
    expect(
      measure({ spans: 5, masks: game.masks.slice(0, 4), values: game.values.slice(0, 4) }),
    ).toMatchObject({ kind: "unknown", reason: expect.stringContaining("4 masks") });
  });
});
