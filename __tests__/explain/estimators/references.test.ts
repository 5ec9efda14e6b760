import { describe, expect, test } from "@jest/globals";
import type { Mask } from "../../../src/domain.js";
import {
  banzhafInteractions,
  estimateExactly,
  moebiusTransform,
  shapleyInteractions,
} from "../../../src/explain/estimators/exact.js";
import { estimateByKernelShap } from "../../../src/explain/estimators/kernel-shap.js";
import { estimateByContextCite } from "../../../src/explain/estimators/lasso.js";
import { estimateByLime } from "../../../src/explain/estimators/lime.js";
import { limeKernel } from "../../../src/explain/kernels/lime-cosine.js";
import { designGame } from "../../../src/explain/mask-designs/design.js";
import { enumerateMasks } from "../../../src/explain/mask-designs/enumeration.js";
import { readReference } from "../../references/read.js";

interface Divergence {
  readonly flag: string;
  readonly why: string;
}

const asMasks = (rows: number[][]): Mask[] => rows.map((row) => Uint8Array.from(row));

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(
    ...Array.from(found, (value, index) => Math.abs(value - (expected[index] ?? NaN))),
  );
}

function flagged(reference: { readonly divergences: readonly Divergence[] }): string[] {
  return reference.divergences.map(({ flag }) => flag);
}

describe("lime", () => {
  interface LimeCase {
    readonly masks: number[][];
    readonly values: number[];
    readonly weights: number[];
    readonly fits: {
      readonly features: number;
      readonly intercept: number;
      readonly coefficients: number[];
      readonly score: number;
    }[];
  }
  const reference = readReference("lime/values.json") as {
    readonly cases: LimeCase[];
    readonly divergences: (Divergence & {
      readonly case: {
        readonly masks: number[][];
        readonly values: number[];
        readonly features: number;
        readonly weights: [number, number][];
        readonly score: number;
      };
    })[];
  };

  test.each(reference.cases)(
    "kernel and coefficients, case %#",
    ({ masks, values, weights, fits }) => {
      const game = {
        spans: masks[0]?.length ?? 0,
        masks: asMasks(masks),
        values: Float64Array.from(values),
      };
      expect(largestDifference(limeKernel(game.masks).weights, weights)).toBeLessThan(1e-12);
      expect(fits.length).toBeGreaterThan(1);
      for (const fit of fits) {
        const found = estimateByLime(game, { features: fit.features });
        expect(largestDifference(found.attribution, fit.coefficients)).toBeLessThan(1e-8);
        expect(found.intercept).toBeCloseTo(fit.intercept, 8);
        expect(found.selfConsistency).toBeCloseTo(fit.score, 8);
        expect(found.attribution.filter((value) => value !== 0)).toHaveLength(fit.features);
      }
    },
  );

  test("differs, as flagged, only in which of two indistinguishable spans it names", () => {
    expect(flagged(reference)).toEqual(["ties-in-selection"]);
    const tie = reference.divergences[0]?.case;
    if (!tie) throw new Error("no such case");
    const game = { spans: 6, masks: asMasks(tie.masks), values: Float64Array.from(tie.values) };
    const found = estimateByLime(game, { features: tie.features });
    const merged = (span: number): number => (span === 5 ? 0 : span);
    const named = [...found.attribution.keys()].filter((span) => found.attribution[span] !== 0);
    expect(named).not.toContain(5);
    expect(named.map(merged).sort()).toEqual(tie.weights.map(([span]) => merged(span)).sort());
    expect(found.selfConsistency).toBeCloseTo(tie.score, 8);
  });
});

describe("shap", () => {
  const reference = readReference("shap/values.json") as {
    readonly full: {
      readonly spans: number;
      readonly values: number[];
      readonly shapley: number[];
    }[];
    readonly sampled: {
      readonly spans: number;
      readonly nsamples: number;
      readonly masks: number[][];
      readonly weights: number[];
      readonly values: number[];
      readonly empty: number;
      readonly full: number;
      readonly shapley: number[];
      readonly completeSizes: number[];
    }[];
    readonly divergences: Divergence[];
  };

  test.each(reference.full)(
    "Kernel SHAP on all coalitions, case %#",
    ({ spans, values, shapley }) => {
      const game = { spans, masks: enumerateMasks(spans), values: Float64Array.from(values) };
      for (const regression of ["kernel", "leverage"] as const)
        expect(
          largestDifference(estimateByKernelShap(game, { regression }).attribution, shapley),
        ).toBeLessThan(1e-8);
    },
  );

  test.each(reference.sampled)(
    "Kernel SHAP on shap's own masks and weights, case %#",
    (sampled) => {
      const { spans, masks, values, weights, empty, full, shapley } = sampled;
      const game = {
        spans,
        masks: [new Uint8Array(spans), new Uint8Array(spans).fill(1), ...asMasks(masks)],
        values: Float64Array.of(empty, full, ...values),
      };
      const kernelWeights = Float64Array.of(7, 7, ...weights);
      const found = estimateByKernelShap(game, { kernelWeights }).attribution;
      expect(largestDifference(found, shapley)).toBeLessThan(1e-7);
      // The flag repeats-are-weights: with our weights of the same masks the numbers are others.
      const ours = estimateByKernelShap(game).attribution;
      expect(largestDifference(ours, shapley)).toBeGreaterThan(1e-4);
    },
  );

  test.each(reference.sampled)("complete sizes of the design, case %#", (sampled) => {
    const { spans, nsamples, completeSizes } = sampled;
    const masks = designGame({
      design: "shapley-size",
      spans,
      budget: nsamples + 2,
      seed: "complete sizes",
    });
    const counts = new Map<number, number>();
    for (const mask of masks) {
      const size = mask.reduce((sum, kept) => sum + kept, 0);
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    const binomials = enumerateMasks(spans).map((mask) =>
      mask.reduce((sum, kept) => sum + kept, 0),
    );
    const complete = [...counts]
      .filter(([size, count]) => count === binomials.filter((other) => other === size).length)
      .map(([size]) => size)
      .filter((size) => size > 0 && size < spans);
    expect(complete.sort((a, b) => a - b)).toEqual(completeSizes);
  });

  test("its flags", () =>
    expect(flagged(reference)).toEqual(["repeats-are-weights", "l1-reg-default"]));
});

describe("shapiq", () => {
  const reference = readReference("shapiq/values.json") as {
    readonly cases: {
      readonly spans: number;
      readonly values: number[];
      readonly shapley: number[];
      readonly banzhaf: number[];
      readonly moebius: number[];
      readonly shapleyInteractions: number[];
      readonly banzhafInteractions: number[];
    }[];
    readonly divergences: Divergence[];
  };

  test.each(reference.cases)("exact values and interactions, case %#", (exact) => {
    const { spans } = exact;
    const values = Float64Array.from(exact.values);
    const game = { spans, masks: enumerateMasks(spans), values };
    const singles = (bySet: number[]): number[] =>
      Array.from({ length: spans }, (_, span) => bySet[2 ** span] ?? NaN);
    expect(
      largestDifference(
        estimateExactly(game, { index: "shapley" }).attribution,
        singles(exact.shapley),
      ),
    ).toBeLessThan(1e-12);
    expect(
      largestDifference(estimateExactly(game).attribution, singles(exact.banzhaf)),
    ).toBeLessThan(1e-12);
    expect(largestDifference(moebiusTransform(values, spans), exact.moebius)).toBeLessThan(1e-12);
    expect(
      largestDifference(shapleyInteractions(values, spans), exact.shapleyInteractions),
    ).toBeLessThan(1e-12);
    expect(
      largestDifference(banzhafInteractions(values, spans), exact.banzhafInteractions),
    ).toBeLessThan(1e-12);
  });

  test("without divergences", () => expect(flagged(reference)).toEqual([]));
});

describe("context-cite", () => {
  const reference = readReference("context-cite/values.json") as {
    readonly cases: {
      readonly masks: number[][];
      readonly values: number[];
      readonly tokens: number;
      readonly weights: number[];
      readonly bias: number;
    }[];
    readonly divergences: Divergence[];
  };

  test.each(reference.cases)("its Lasso, to its solver's tolerance, case %#", (expected) => {
    expect(flagged(reference)).toEqual(["float32-and-solver-tolerance"]);
    const { masks, values, tokens, weights, bias } = expected;
    const found = estimateByContextCite({
      spans: weights.length,
      masks: asMasks(masks),
      values: Float64Array.from(values, (value) => value / tokens),
    });
    const largest = Math.max(...weights.map(Math.abs));
    const scaled = found.attribution.map((value) => value * tokens);
    expect(largestDifference(scaled, weights)).toBeLessThan(1e-3 * largest);
    expect(Math.abs(found.intercept * tokens - bias)).toBeLessThan(1e-3 * largest);
    weights.forEach((weight, span) => {
      if (weight === 0) expect(Math.abs(scaled[span] ?? NaN)).toBeLessThan(1e-3 * largest);
    });
  });
});
