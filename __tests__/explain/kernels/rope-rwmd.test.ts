import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Mask } from "../../../src/domain.js";
import { inverseDocumentFrequency } from "../../../src/explain/kernels/inverse-document-frequency.js";
import {
  ropeRwmd,
  ropeRwmdKernel,
  type RopeRwmdOptions,
  type RopeRwmdProblem,
} from "../../../src/explain/kernels/rope-rwmd.js";
import {
  rotaryTable,
  rotatedFeatures,
  tokenFeatures,
} from "../../../src/explain/kernels/rotary-features.js";
import { costOf } from "../../../src/explain/kernels/rwmd-cost.js";
import { randomFrom, type Random } from "../../../src/numerics/random.js";
import { readReference } from "../../references/read.js";

/** Made by ../../references/rope-rwmd/generate.py: [l1, l2] of each mask. */
interface Reference {
  readonly cases: readonly {
    readonly hidden: number;
    readonly headSize: number;
    readonly ropeBase: number;
    readonly vectors: readonly number[];
    readonly spanOf: readonly number[];
    readonly weights: readonly number[];
    readonly masks: readonly (readonly number[])[];
    readonly distances: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  }[];
}

const reference = readReference("rope-rwmd/values.json") as Reference;

function gaussian(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

const mask = (...bits: readonly number[]): Mask => Uint8Array.from(bits);

/** A prompt of random embeddings in which the first span is a block of tokens and all else is kept. */
function blockDropped(
  random: Random,
  block: { readonly start: number; readonly tokens: number; readonly of: number },
): RopeRwmdProblem {
  const hidden = 256;
  const { start, tokens, of } = block;
  return {
    embeddings: { vectors: gaussian(random, of * hidden), hidden, headSize: 64, ropeBase: 10_000 },
    spanOf: Int32Array.from({ length: of }, (_, i) => (i >= start && i < start + tokens ? 0 : -1)),
    masks: [mask(0)],
  };
}

const average = (numbers: readonly number[]): number =>
  numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

describe.each(reference.cases.map((one, index) => [index, one] as const))(
  "case %d of the reference computation",
  (_, one) => {
    const problem: RopeRwmdProblem = {
      embeddings: { ...one, vectors: Float32Array.from(one.vectors) },
      spanOf: Int32Array.from(one.spanOf),
      masks: one.masks.map((bits) => Uint8Array.from(bits)),
    };
    const tokenWeights = Float64Array.from(one.weights);

    test.each([
      ["gapped", {}],
      ["gappedWeighted", { tokenWeights }],
      ["contiguous", { positions: "contiguous" }],
      ["contiguousWeighted", { positions: "contiguous", tokenWeights }],
      ["pooledWeighted", { tokenWeights, pooledAbove: 5 }],
    ] as const satisfies readonly (readonly [string, RopeRwmdOptions])[])(
      "%s: the same l1, l2 and maximum",
      (name, options) => {
        const { distances, fullToKept, keptToFull } = ropeRwmd(problem, options);
        const expected = one.distances[name] ?? [];
        expect(expected).toHaveLength(distances.length);
        expected.forEach(([l1, l2], row) => {
          expect(fullToKept[row]).toBeCloseTo(l1, 6);
          expect(keptToFull[row]).toBeCloseTo(l2, 6);
          expect(distances[row]).toBeCloseTo(Math.max(l1, l2), 6);
        });
      },
    );
  },
);

/** Random small problems: embeddings, spans (some tokens always kept), and nested masks. */
const problems = fc
  .record({
    seed: fc.integer(),
    heads: fc.integer({ min: 1, max: 3 }),
    spanOf: fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 30 }),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
    ropeBase: fc.constantFrom(1e4, 1e6),
    tied: fc.boolean(),
  })
  .map(({ seed, heads, spanOf, order, ropeBase, tied }) => {
    const hidden = 8 * heads;
    const vectors = gaussian(randomFrom(`rwmd ${seed}`), spanOf.length * hidden);
    // One word over and over: many costs of 0, up to rounding.
    if (tied)
      for (let at = hidden; at < vectors.length; at += hidden) vectors.copyWithin(at, 0, hidden);
    // Mask k drops the first k spans of the order: each drops what the one before drops, and one more.
    const masks = Array.from({ length: 7 }, (_, k) =>
      Uint8Array.from({ length: 6 }, (__, span) => (order.indexOf(span) < k ? 0 : 1)),
    );
    return {
      embeddings: { vectors, hidden, headSize: 8, ropeBase },
      spanOf: Int32Array.from(spanOf),
      masks,
    };
  });
const variants = fc.record({
  positions: fc.constantFrom("gapped" as const, "contiguous" as const),
  pooledAbove: fc.constantFrom(0, 1024),
});

describe("the distance", () => {
  test("is 0 for the unmasked prompt and in [0, 2] for all", () => {
    fc.assert(
      fc.property(problems, variants, (problem, options) => {
        const { distances, fullToKept, keptToFull } = ropeRwmd(problem, options);
        expect(distances[0]).toBe(0);
        expect(Math.min(...fullToKept, ...keptToFull)).toBeGreaterThanOrEqual(0);
        distances.forEach((distance) => {
          expect(distance).toBeGreaterThanOrEqual(0);
          expect(distance).toBeLessThanOrEqual(2 + 1e-12);
        });
      }),
    );
  });

  test("with gapped positions charges the kept side nothing, and never less when more is dropped", () => {
    fc.assert(
      fc.property(problems, fc.constantFrom(0, 1024), (problem, pooledAbove) => {
        const { distances, fullToKept, keptToFull } = ropeRwmd(problem, { pooledAbove });
        expect([...keptToFull]).toEqual(problem.masks.map(() => 0));
        expect(distances).toEqual(fullToKept);
        fullToKept.forEach((l1, row) =>
          expect(l1).toBeGreaterThanOrEqual((fullToKept[row - 1] ?? 0) - 1e-12),
        );
      }),
    );
  });

  test("with gapped positions is the same wherever the prompt begins", () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 1, max: 4000 }), (problem, firstPosition) => {
        const { distances } = ropeRwmd(problem);
        ropeRwmd(problem, { firstPosition }).distances.forEach((distance, row) =>
          expect(distance).toBeCloseTo(distances[row] ?? Number.NaN, 5),
        );
      }),
    );
  });

  test("is largest where nothing is kept, and cost 1 for a token whose embedding is zero", () => {
    const embeddings = { vectors: new Float32Array(16), hidden: 8, headSize: 8, ropeBase: 1e4 };
    const of = (spanOf: readonly number[]) =>
      ropeRwmd({ embeddings, spanOf: Int32Array.from(spanOf), masks: [mask(0)] }).distances[0];
    expect(of([0, 0])).toBe(2);
    expect(of([0, -1])).toBe(0.5);
  });

  test("only counts weights relative to each other, and forgets tokens of weight 0", () => {
    const problem = blockDropped(randomFrom("weights"), { start: 3, tokens: 5, of: 20 });
    const weights = Float64Array.from({ length: 20 }, (_, i) => 1 + (i % 3));
    const { distances } = ropeRwmd(problem, { tokenWeights: weights });
    const scaled = ropeRwmd(problem, { tokenWeights: weights.map((weight) => 7 * weight) });
    expect(scaled.distances[0]).toBeCloseTo(distances[0] ?? Number.NaN, 12);
    const light = weights.map((weight, i) => (i >= 3 && i < 8 ? 0 : weight));
    expect(ropeRwmd(problem, { tokenWeights: light }).distances[0]).toBe(0);
  });
});

describe("dropping 16 of 128 tokens of random embeddings (methods A6, measured)", () => {
  const distance = (start: number, options: RopeRwmdOptions): number =>
    average(
      [1, 2, 3].map(
        (seed) =>
          ropeRwmd(
            blockDropped(randomFrom(`block ${seed}`), { start, tokens: 16, of: 128 }),
            options,
          ).distances[0] ?? Number.NaN,
      ),
    );

  test("costs .105 wherever the block lies, with gapped positions", () => {
    for (const start of [1, 30, 60, 109])
      expect(Math.abs(distance(start, {}) - 0.105)).toBeLessThan(0.003);
  });

  test("costs three times as much early as late with contiguous ones: .36 from token 30, .11 from token 109", () => {
    const contiguous = (start: number): number => distance(start, { positions: "contiguous" });
    expect(Math.abs(contiguous(30) - 0.358)).toBeLessThan(0.01);
    expect(Math.abs(contiguous(109) - 0.114)).toBeLessThan(0.01);
    expect(contiguous(1)).toBeGreaterThan(0.42);
  });
});

describe("a token's cosine with itself after a shift", () => {
  /** Random unit embeddings, many tokens: the mean over their heads and dimensions is that over the frequencies. */
  const hidden = 64;
  const tokens = 400;
  const random = randomFrom("self-cosine");
  const vectors = gaussian(random, tokens * hidden);
  for (let at = 0; at < vectors.length; at += hidden) {
    const norm = Math.hypot(...vectors.subarray(at, at + hidden));
    for (let k = at; k < at + hidden; k++) vectors[k] = (vectors[k] ?? 0) / norm;
  }

  function selfCosine(shift: number, ropeBase: number): number {
    const table = rotaryTable({ headSize: 64, ropeBase }, 0, shift + 1);
    const layout = tokenFeatures(new Int32Array(tokens));
    const [here, there] = [0, shift].map((position) =>
      rotatedFeatures(vectors, layout, {
        hidden,
        table,
        positions: new Int32Array(tokens).fill(position),
      }),
    );
    return (
      (here ?? new Float32Array()).reduce((sum, value, k) => sum + value * (there?.[k] ?? 0), 0) /
      tokens
    );
  }

  test.each([
    [1e4, 1, 0.98],
    [1e4, 8, 0.75],
    [1e4, 64, 0.39],
    [1e6, 1, 0.99],
    [1e6, 8, 0.85],
    [1e6, 64, 0.67],
  ])(
    "at base %d by %d is the mean cosine over the frequencies, near the measured %d",
    (base, shift, measured) => {
      const frequencies = Array.from({ length: 32 }, (_, m) => base ** ((-2 * m) / 64));
      const expected = average(frequencies.map((frequency) => Math.cos(shift * frequency)));
      const found = selfCosine(shift, base);
      expect(Math.abs(found - expected)).toBeLessThan(0.015);
      // The measured ones are of single draws.
      expect(Math.abs(found - measured)).toBeLessThan(0.07);
    },
  );
});

describe("the kernel", () => {
  const random = randomFrom("kernel");
  const spans = 8;
  const masks = Array.from({ length: 64 }, (_, row) =>
    Uint8Array.from({ length: spans }, () => (row === 0 || random.bernoulli(0.7) ? 1 : 0)),
  );
  const problem: RopeRwmdProblem = {
    embeddings: { vectors: gaussian(random, 40 * 32), hidden: 32, headSize: 16, ropeBase: 1e4 },
    spanOf: Int32Array.from({ length: 40 }, (_, token) => Math.floor(token / 5)),
    masks,
  };

  test("weighs near masks more, at six tenths of the masks as effective size", () => {
    const { weights, effectiveSampleSize, flattened } = ropeRwmdKernel(problem);
    const { distances } = ropeRwmd(problem);
    expect([flattened, weights[0]]).toEqual([false, 1]);
    expect(effectiveSampleSize).toBeCloseTo(0.6 * 64, 6);
    const order = [...distances.keys()].sort((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0));
    order.forEach((row, rank) =>
      expect(weights[row] ?? 0).toBeLessThanOrEqual(weights[order[rank - 1] ?? row] ?? 0),
    );
  });

  test("is flat where the effective masks would be under two a span", () => {
    const few = ropeRwmdKernel({ ...problem, masks: masks.slice(0, 20) });
    expect(few.flattened).toBe(true);
    expect([...few.weights]).toEqual(Array.from({ length: 20 }, () => 1));
  });
});

describe("what cannot be measured", () => {
  const embeddings = {
    vectors: new Float32Array(24).fill(1),
    hidden: 8,
    headSize: 8,
    ropeBase: 1e4,
  };
  const problem = { embeddings, spanOf: Int32Array.of(0, -1, 1), masks: [mask(1, 0)] };
  const internal = expect.objectContaining({ code: "INTERNAL" });

  test("sizes that do not fit", () => {
    for (const wrong of [
      { ...problem, spanOf: Int32Array.of(0, 1) },
      { ...problem, spanOf: Int32Array.of(0, -1, 2) },
      { ...problem, spanOf: Int32Array.of(0, -2, 1) },
      { ...problem, masks: [mask(1, 0), mask(1)] },
      { ...problem, masks: [] },
      { ...problem, embeddings: { ...embeddings, vectors: new Float32Array(23) } },
      {
        ...problem,
        embeddings: { ...embeddings, vectors: new Float32Array(0) },
        spanOf: new Int32Array(),
      },
    ])
      expect(() => ropeRwmd(wrong)).toThrow(internal);
  });

  test("weights that are negative, all 0, not numbers, or of another number", () => {
    for (const tokenWeights of [
      [1, -1, 1],
      [0, 0, 0],
      [1, Number.NaN, 1],
      [1, 1],
    ])
      expect(() => ropeRwmd(problem, { tokenWeights: Float64Array.from(tokenWeights) })).toThrow(
        internal,
      );
  });

  test("heads that do not divide the embedding, or of odd width", () => {
    for (const headSize of [6, 1])
      expect(() => ropeRwmd({ ...problem, embeddings: { ...embeddings, headSize } })).toThrow(
        expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
      );
  });
});

test("a cost is in [0, 2], also where rounding takes a vector's product with itself past 1", () => {
  expect([1 + 2 ** -23, 1, 0, -1, -1 - 2 ** -23, -Infinity].map(costOf)).toEqual([
    0, 0, 1, 2, 2, 2,
  ]);
});

test("inverse document frequencies are those of the smoothed formula, each document counted once", () => {
  const documents = [Int32Array.of(1, 1, 2), Int32Array.of(1, 3), Int32Array.of(1)];
  const weights = inverseDocumentFrequency(documents, Int32Array.of(1, 2, 9, 1));
  const expected = [1, Math.log(4 / 2) + 1, Math.log(4) + 1, 1];
  expected.forEach((value, i) => expect(weights[i]).toBeCloseTo(value, 12));
});
