import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  effectiveSampleSize,
  gaussianKernel,
  kernelAtEffectiveSize,
} from "../../../src/explain/kernels/bandwidth.js";
import { flatKernel } from "../../../src/explain/kernels/flat.js";
import { limeDistance, limeKernel } from "../../../src/explain/kernels/lime-cosine.js";
import { randomFrom } from "../../../src/numerics/random.js";

const distances = fc
  .record({
    masks: fc.integer({ min: 20, max: 200 }),
    seed: fc.integer(),
    unit: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  })
  .map(({ masks, seed, unit }) => {
    const random = randomFrom(`distances ${seed}`);
    return Float64Array.from({ length: masks }, () => unit * random.uniform());
  });

describe("kernelAtEffectiveSize", () => {
  test("makes the masks worth 0.6 of their number, in any unit of the distances", () =>
    fc.assert(
      fc.property(distances, (all) => {
        const found = kernelAtEffectiveSize(all, { spans: 2 });
        expect(found.flattened).toBe(false);
        expect(found.effectiveSampleSize / all.length).toBeCloseTo(0.6, 6);
        expect(found.effectiveSampleSize).toBeCloseTo(effectiveSampleSize(found.weights), 9);
        expect([...found.weights]).toEqual([...gaussianKernel(all, found.bandwidth ?? NaN)]);
      }),
      { numRuns: 60 },
    ));

  test("weighs near masks more than far ones", () => {
    const { weights } = kernelAtEffectiveSize(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), {
      spans: 2,
    });
    for (let i = 1; i < weights.length; i++) expect(weights[i]).toBeLessThan(weights[i - 1] ?? NaN);
  });

  test("is flat where all distances are equal, and says that nothing was forced", () => {
    expect(kernelAtEffectiveSize(new Float64Array(40).fill(3), { spans: 5 })).toEqual({
      weights: new Float64Array(40).fill(1),
      effectiveSampleSize: 40,
      bandwidth: null,
      flattened: false,
    });
    expect(kernelAtEffectiveSize(new Float64Array(40), { spans: 5 }).flattened).toBe(false);
  });

  test("is flattened under two effective masks a span, and says so", () => {
    const all = Float64Array.from({ length: 40 }, (_, index) => index);
    expect(kernelAtEffectiveSize(all, { spans: 12 })).toMatchObject({ flattened: false });
    expect(kernelAtEffectiveSize(all, { spans: 13 })).toEqual({
      weights: new Float64Array(40).fill(1),
      effectiveSampleSize: 40,
      bandwidth: null,
      flattened: true,
    });
  });

  test("keeps all masks at the least distance where they alone are more than 0.6", () => {
    const all = Float64Array.from({ length: 40 }, (_, index) => (index < 30 ? 1 : 9));
    const found = kernelAtEffectiveSize(all, { spans: 2 });
    expect(found.effectiveSampleSize).toBeCloseTo(30, 6);
    expect([found.weights[0], found.weights[39]]).toEqual([1, expect.closeTo(0, 12)]);
  });

  test("refuses what is no distance", () => {
    expect(() => kernelAtEffectiveSize(new Float64Array(0), { spans: 2 })).toThrow("no masks");
    expect(() => kernelAtEffectiveSize(Float64Array.of(1, -1), { spans: 2 })).toThrow("of -1");
    expect(() => kernelAtEffectiveSize(Float64Array.of(1, NaN), { spans: 2 })).toThrow("NaN");
    expect(() => kernelAtEffectiveSize(Float64Array.of(1, Infinity), { spans: 2 })).toThrow(
      "Infinity",
    );
  });
});

test("effective sample size: n equal weights are worth n, one alone is worth 1, none nothing", () => {
  expect(effectiveSampleSize(Float64Array.of(2, 2, 2, 2))).toBe(4);
  expect(effectiveSampleSize(Float64Array.of(0, 5, 0))).toBe(1);
  expect(effectiveSampleSize(Float64Array.of(1, 3))).toBe(1.6);
  expect(effectiveSampleSize(new Float64Array(3))).toBe(0);
});

test("LIME's kernel: .50 at half of the spans, .14 at a quarter, 1 at all", () => {
  const keep = (kept: number): Uint8Array =>
    Uint8Array.from({ length: 8 }, (_, span) => (span < kept ? 1 : 0));
  expect(limeDistance(keep(0))).toBe(100);
  expect(limeDistance(keep(2))).toBe(50);
  const { weights, bandwidth, effectiveSampleSize: size } = limeKernel([keep(8), keep(4), keep(2)]);
  expect([...weights]).toEqual([1, expect.closeTo(0.5034, 4), expect.closeTo(0.1353, 4)]);
  expect(gaussianKernel(Float64Array.of(0, 50), bandwidth ?? NaN)[1]).toBeCloseTo(0.1353, 4);
  expect(size).toBeCloseTo(1.6387 ** 2 / 1.2717, 3);
});

test("the flat kernel counts every mask 1", () =>
  expect(flatKernel(3)).toEqual({
    weights: Float64Array.of(1, 1, 1),
    effectiveSampleSize: 3,
    bandwidth: null,
    flattened: false,
  }));
