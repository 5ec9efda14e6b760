import { describe, expect, test } from "@jest/globals";
import type { Mask } from "../../../src/domain.js";
import {
  type BundleValues,
  type FidelityBundle,
  fidelityBundle,
  summariseBundles,
} from "../../../src/explain/fidelity/bundle.js";
import {
  flipTestMasks,
  pairedFlipTest,
  type FlipOutcome,
} from "../../../src/explain/fidelity/flip-test.js";
import { linearDatamodelingScore } from "../../../src/explain/fidelity/linear-datamodeling-score.js";
import {
  agreementWithOracle,
  disjointHalves,
  topKJaccard,
} from "../../../src/explain/fidelity/oracle-agreement.js";
import {
  CORRELATION_RANGE,
  meanOverInstances,
  type OverInstances,
} from "../../../src/explain/fidelity/over-instances.js";
import { deletions, largestDeletion } from "../../../src/explain/mask-pool.js";
import { bettingInterval } from "../../../src/numerics/betting-interval.js";
import { type Random, randomFrom } from "../../../src/numerics/random.js";

function measured(found: ReturnType<typeof meanOverInstances>): OverInstances {
  if (found.kind === "unknown") throw new Error(found.reason);
  return found;
}

const holds = ({ mean }: OverInstances, truth: number): boolean =>
  mean.low <= truth && truth <= mean.high;

describe("mean over instances", () => {
  test("says how its interval was made and how many instances have no value", () => {
    const values = Array.from({ length: 30 }, (_, index) => ((index * 7) % 10) / 10);
    const unknown = { kind: "unknown", reason: "no label flipped" } as const;
    const bounded = measured(
      meanOverInstances({ values: [...values, unknown], range: CORRELATION_RANGE, seed: "a" }),
    );
    expect(bounded).toMatchObject({ interval: "betting", instances: 30, unknown: 1 });
    expect(bounded.mean.estimate).toBeCloseTo(0.45, 12);
    expect(measured(meanOverInstances({ values, range: null, seed: "a" })).interval).toBe(
      "BCa bootstrap",
    );
    const few = meanOverInstances({ values: values.slice(0, 19), range: null, seed: "a" });
    expect(measured(few).interval).toBe("Student's t");
  });

  test("cannot be known from two instances, and repeats why the others have no value", () => {
    const unknown = { kind: "unknown", reason: "no label flipped" } as const;
    expect(
      meanOverInstances({ values: [0.1, 0.2, unknown], range: null, seed: "a" }),
    ).toMatchObject({
      kind: "unknown",
      reason: "2 of 3 instances have a value; an interval needs 3 (no label flipped)",
    });
  });

  test.each([
    { instances: 6, range: null },
    { instances: 12, range: null },
    { instances: 25, range: null },
    { instances: 12, range: { low: 0, high: 1 } },
    { instances: 25, range: { low: 0, high: 1 } },
  ])("covers at 88 % or more: $instances beta(5, 2) scores, range $range", (given) => {
    const { instances, range } = given;
    const random = randomFrom(`coverage ${instances} ${range === null}`);
    const runs = range === null ? 1000 : 250;
    let held = 0;
    for (let run = 0; run < runs; run++) {
      const values = Array.from(
        { length: instances },
        () => Float64Array.from({ length: 6 }, () => random.uniform()).sort()[4] as number,
      );
      held += Number(holds(measured(meanOverInstances({ values, range, seed: `${run}` })), 5 / 7));
    }
    expect(held / runs).toBeGreaterThanOrEqual(0.88);
  });

  test("masks taken for instances would undercover, which this harness can see", () => {
    const random = randomFrom("masks as units");
    const runs = 200;
    let byInstance = 0;
    let byMask = 0;
    for (let run = 0; run < runs; run++) {
      // A per-mask agreement whose level belongs to the instance: 8 instances, 16 masks each, true mean .5.
      const levels = Array.from({ length: 8 }, () => random.uniform());
      const masks = levels.map((level) =>
        Array.from({ length: 16 }, () => 0.8 * level + 0.2 * random.uniform()),
      );
      const interval = (values: readonly number[]): OverInstances =>
        measured(meanOverInstances({ values, range: null, seed: `${run}` }));
      byInstance += Number(
        holds(interval(masks.map((own) => own.reduce((sum, x) => sum + x, 0) / 16)), 0.5),
      );
      byMask += Number(holds(interval(masks.flat()), 0.5));
    }
    expect(byInstance / runs).toBeGreaterThanOrEqual(0.85);
    expect(byMask / runs).toBeLessThan(0.5);
  });
});

describe("paired flip test", () => {
  const outcomes = (pairs: readonly (readonly [boolean, boolean])[]): FlipOutcome[] =>
    pairs.map(([topFlipped, randomFlipped]) => ({ topFlipped, randomFlipped }));

  test("counts discordant instances only", () => {
    const found = pairedFlipTest(
      outcomes([
        [true, true],
        [true, false],
        [true, false],
        [true, false],
        [false, true],
        [false, false],
      ]),
    );
    expect(found).toMatchObject({
      instances: 6,
      topFlips: 4,
      randomFlips: 2,
      topOnly: 3,
      randomOnly: 1,
    });
    // P(X >= 3), X ~ Binomial(4, 1/2)
    expect(found.kind === "tested" ? found.pValue : NaN).toBeCloseTo(5 / 16, 12);
    expect(pairedFlipTest([])).toMatchObject({ kind: "unknown" });
    expect(pairedFlipTest(outcomes([[true, true]]))).toMatchObject({ pValue: 1 });
  });

  /** Labels flip where the deleted spans carry enough of the true effect; `psi` null: an attribution of noise. */
  function rejects(random: Random, informed: boolean): boolean {
    const found = pairedFlipTest(
      Array.from({ length: 40 }, () => {
        const truth = Float64Array.from({ length: 10 }, () => Math.abs(random.normal()));
        const { topRemoved, randomRemoved } = flipTestMasks({
          attribution: informed ? truth : truth.map(() => random.normal()),
          spanTokens: truth.map(() => 2 + random.integer(9)),
          k: 2,
          random,
        });
        const flipped = (mask: Mask): boolean =>
          truth.reduce((sum, effect, span) => sum + effect * (1 - (mask[span] as number)), 0) >
          1.8 + 0.5 * random.normal();
        return { topFlipped: flipped(topRemoved), randomFlipped: flipped(randomRemoved) };
      }),
    );
    return found.kind === "tested" && found.pValue <= 0.05;
  }

  test("rejects 5 % or less under an attribution of noise, nearly always under the truth", () => {
    const random = randomFrom("flip test");
    const share = (informed: boolean, runs: number): number => {
      let rejected = 0;
      for (let run = 0; run < runs; run++) rejected += Number(rejects(random, informed));
      return rejected / runs;
    };
    expect(share(false, 300)).toBeLessThanOrEqual(0.05);
    expect(share(true, 30)).toBeGreaterThan(0.95);
  });

  test("deletes as many tokens at random as at the top, as far as spans permit", () => {
    const random = randomFrom("lengths");
    let worst = 0;
    for (let run = 0; run < 60; run++) {
      const spanTokens = Array.from({ length: 12 }, () => 1 + random.integer(12));
      const attribution = Float64Array.from(spanTokens, () => random.normal());
      const pair = flipTestMasks({ attribution, spanTokens, k: 3, random });
      const tokens = (mask: Mask): number =>
        spanTokens.reduce((sum, count, span) => sum + count * (1 - (mask[span] as number)), 0);
      expect(tokens(pair.topRemoved)).toBe(pair.topTokens);
      expect(tokens(pair.randomRemoved)).toBe(pair.randomTokens);
      expect(deletions(pair.topRemoved)).toBe(3);
      expect(pair.randomRemoved).not.toEqual(pair.topRemoved);
      expect(deletions(pair.randomRemoved)).toBeGreaterThan(0);
      worst = Math.max(worst, Math.abs(pair.topTokens - pair.randomTokens));
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  test("finds another deletion where lengths leave no choice, and refuses to delete all", () => {
    const random = randomFrom("no choice");
    const pair = flipTestMasks({ attribution: [1, 0], spanTokens: [50, 1], k: 1, random });
    expect([pair.topRemoved.join(""), pair.randomRemoved.join("")]).toEqual(["01", "10"]);
    expect(() => flipTestMasks({ attribution: [1, 0], spanTokens: [5, 1], k: 2, random })).toThrow(
      "2 strongest of 1",
    );
  });
});

describe("agreement with the oracle's explanation", () => {
  test("stands beside its ceiling, and an attribution as precise as a half reaches it", () => {
    const random = randomFrom("ceiling");
    const totals = { agreement: 0, ceiling: 0, perfect: 0 };
    const runs = 80;
    for (let run = 0; run < runs; run++) {
      const truth = Float64Array.from({ length: 12 }, () => random.normal());
      const noisy = (): Float64Array => truth.map((effect) => effect + 0.7 * random.normal());
      const oracleHalves = [noisy(), noisy()] as const;
      const found = agreementWithOracle({ attribution: noisy(), oracleHalves, k: 3 });
      const best = agreementWithOracle({ attribution: truth, oracleHalves, k: 3 });
      if (found.kind === "unknown" || best.kind === "unknown") throw new Error("unknown");
      totals.agreement += found.agreement.spearman / runs;
      totals.ceiling += found.ceiling.spearman / runs;
      totals.perfect += best.agreement.spearman / runs;
    }
    expect(totals.agreement).toBeCloseTo(totals.ceiling, 1);
    expect(totals.perfect).toBeGreaterThan(totals.ceiling);
  });

  test("is 1 for the same attribution, -1 for its reverse, 0 for none, unknown for a half of zeros", () => {
    const psi = [3, 1, -2, 0.5];
    const of = (attribution: number[]): unknown =>
      agreementWithOracle({ attribution, oracleHalves: [psi, psi], k: 2 });
    const ones = { spearman: 1, kendall: 1, topK: 1 };
    expect(of(psi)).toEqual({ kind: "compared", agreement: ones, ceiling: ones });
    expect(of(psi.map((effect) => -effect))).toMatchObject({
      agreement: { spearman: -1, kendall: -1, topK: 0 },
    });
    expect(of([0, 0, 0, 0])).toMatchObject({ agreement: { spearman: 0, kendall: 0, topK: 0 } });
    expect(
      agreementWithOracle({ attribution: psi, oracleHalves: [psi, [0, 0, 0, 0]], k: 2 }),
    ).toMatchObject({ kind: "unknown" });
    expect(topKJaccard([3, 2, 1, 0], [0, 2, 3, 1], 2)).toBeCloseTo(1 / 3, 12);
  });

  test("splits a game's rows into disjoint halves", () => {
    const masks = Array.from({ length: 9 }, (_, row) => Uint8Array.of(row & 1, (row >> 1) & 1));
    const values = Float64Array.from(masks, (_, row) => row);
    const [first, second] = disjointHalves({ spans: 2, masks, values }, randomFrom("halves"));
    expect([first.masks.length, second.masks.length]).toEqual([5, 4]);
    expect([...first.values, ...second.values].sort((a, b) => a - b)).toEqual([...values]);
    for (const half of [first, second])
      half.values.forEach((value, row) => expect(half.masks[row]).toBe(masks[value]));
    expect(() =>
      disjointHalves({ spans: 2, masks: [], values: new Float64Array() }, randomFrom("none")),
    ).toThrow("0 masks");
  });
});

describe("the bundle of 18 calls", () => {
  const psi = Float64Array.of(1.51, -0.52, 0.83, 0.1, 0, 2, -1.07, 0.39, 0.61, -0.22);
  const spanTokens = psi.map((_, span) => 4 + (span % 3));
  const options = { attribution: psi, spanTokens, k: 2, seed: "ticket 7" };
  const value = (mask: Mask): number =>
    psi.reduce((sum, effect, span) => sum + effect * (mask[span] as number), 0);
  const answers = (bundle: FidelityBundle, labels = true): BundleValues => ({
    values: bundle.masks.map(value),
    fullValue: value(new Uint8Array(10).fill(1)),
    labelKept: labels ? bundle.masks.map((mask) => value(mask) > 1) : null,
  });

  test("holds 8 dense, 8 sparse and two deletions, each mask once", () => {
    const { masks } = fidelityBundle(options);
    expect(masks).toHaveLength(18);
    expect(new Set(masks.slice(0, 16).map((mask) => mask.join(""))).size).toBe(16);
    for (const mask of masks.slice(8, 16))
      expect(deletions(mask)).toBeLessThanOrEqual(largestDeletion(10));
    expect(masks[16]).toEqual(Uint8Array.of(0, 1, 1, 1, 1, 0, 1, 1, 1, 1));
  });

  test("holds every explanation of an instance against the same 16 masks", () => {
    const other = fidelityBundle({ ...options, attribution: psi.toReversed() });
    expect(other.masks.slice(0, 16)).toEqual(fidelityBundle(options).masks.slice(0, 16));
    const elsewhere = fidelityBundle({ ...options, seed: "ticket 8" });
    expect(elsewhere.masks.slice(0, 16)).not.toEqual(other.masks.slice(0, 16));
  });

  test("gives the exact attribution full marks", () => {
    const bundle = fidelityBundle(options);
    const found = bundle.score(answers(bundle));
    expect(found.ldsDense).toBeCloseTo(1, 12);
    expect(found.ldsSparse).toBeCloseTo(1, 12);
    expect(found.infidelity.error).toBeCloseTo(0, 12);
    expect(found.topKDrop).toBeCloseTo(3.51, 12);
    expect(found.flip).toEqual({
      topFlipped: true,
      randomFlipped: value(bundle.masks[17] as Mask) <= 1,
    });
    const kept = bundle.masks.slice(0, 16).filter((mask) => value(mask) > 1).length;
    expect(found.keepRate).toBeCloseTo(kept / 16, 12);
  });

  test("reads each design's own values", () => {
    const bundle = fidelityBundle({ ...options, attribution: psi.toReversed() });
    const measuredValues = answers(bundle);
    const designOf = (from: number, to: number): unknown =>
      linearDatamodelingScore(psi.toReversed(), {
        masks: bundle.masks.slice(from, to),
        values: Array.from(measuredValues.values).slice(from, to),
      });
    const found = bundle.score(measuredValues);
    expect(found.ldsDense).toBe(designOf(0, 8));
    expect(found.ldsSparse).toBe(designOf(8, 16));
    expect(found.ldsDense).not.toBe(found.ldsSparse);
    expect(() => bundle.score({ ...measuredValues, values: [1] })).toThrow("1 answers for 18");
  });

  test("knows nothing of flips in free text, and has fewer masks where there are few", () => {
    const bundle = fidelityBundle(options);
    expect(bundle.score(answers(bundle, false))).toMatchObject({
      flip: { kind: "unknown" },
      keepRate: { kind: "unknown" },
    });
    const small = fidelityBundle({
      attribution: Float64Array.of(1, 0, 2),
      spanTokens: [1, 2, 3],
      k: 1,
      seed: "s",
    });
    expect(small.masks.length).toBeLessThanOrEqual(8);
  });

  test("is summed up over instances", () => {
    const bundles = Array.from({ length: 12 }, (_, instance) =>
      fidelityBundle({ ...options, seed: `ticket ${instance}` }),
    );
    const summary = summariseBundles(
      bundles.map((bundle, instance) => bundle.score(answers(bundle, instance % 2 === 0))),
      "summary",
    );
    expect(summary.ldsDense).toMatchObject({
      kind: "measured",
      instances: 12,
      interval: "betting",
    });
    expect(measured(summary.ldsSparse).mean.estimate).toBeCloseTo(1, 9);
    expect(measured(summary.infidelityShare).mean.estimate).toBeCloseTo(0, 9);
    expect(summary.topKDrop).toMatchObject({ interval: "Student's t" });
    expect(summary.keepRate).toMatchObject({ instances: 6, unknown: 6 });
    expect(summary.flips).toMatchObject({ kind: "tested", instances: 6, topFlips: 6 });
  });
});

test("the betting interval is the one of the instances alone", () => {
  const values = [0.2, 0.4, 0.9, 0.7];
  const found = measured(meanOverInstances({ values, range: CORRELATION_RANGE, seed: "x" }));
  expect(found.mean).toEqual(bettingInterval({ values, range: CORRELATION_RANGE, level: 0.9 }));
});
