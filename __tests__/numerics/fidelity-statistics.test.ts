import { describe, expect, test } from "@jest/globals";
import { bettingInterval } from "../../src/numerics/betting-interval.js";
import { binomialCdf } from "../../src/numerics/binomial.js";
import { kendallTauB } from "../../src/numerics/kendall.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";
import { rocAuc } from "../../src/numerics/roc-auc.js";
import { studentCdf, studentInterval, studentQuantile } from "../../src/numerics/student-t.js";
import { readReference } from "../references/read.js";

const reference = readReference("fidelity/values.json") as {
  readonly kendalls: readonly {
    readonly a: number[];
    readonly b: number[];
    readonly tau: number;
  }[];
  readonly areas: readonly {
    readonly scores: number[];
    readonly positive: boolean[];
    readonly area: number;
  }[];
  readonly mcnemar: readonly {
    readonly top: number;
    readonly random: number;
    readonly p: number;
  }[];
  readonly students: readonly {
    readonly p: number;
    readonly freedom: number;
    readonly t: number;
  }[];
  readonly sample: { readonly values: number[]; readonly low: number; readonly high: number };
};

describe("Kendall's tau-b", () => {
  test.each(reference.kendalls)("equals SciPy's, ties included ($a.length values)", (pair) => {
    expect(kendallTauB(pair.a, pair.b)).toBeCloseTo(pair.tau, 12);
    expect(kendallTauB(pair.b, pair.a)).toBeCloseTo(pair.tau, 12);
  });

  test("is 1 for one order, -1 for its reverse, unknown without variation", () => {
    expect(kendallTauB([1, 5, 9], [2, 3, 4])).toBe(1);
    expect(kendallTauB([1, 5, 9], [4, 3, 2])).toBe(-1);
    expect(kendallTauB([1, 1], [1, 2])).toBeNull();
    expect(() => kendallTauB([1], [1, 2])).toThrow("1 with 2");
  });
});

describe("area under the ROC curve", () => {
  test.each(reference.areas)("equals scikit-learn's ($scores.length scores)", (given) => {
    expect(rocAuc(given.scores, given.positive)).toBeCloseTo(given.area, 12);
  });

  test("is unknown where one side is empty", () => {
    expect(rocAuc([1, 2], [true, true])).toBeNull();
    expect(rocAuc([1, 2], [false, false])).toBeNull();
    expect(() => rocAuc([1], [true, false])).toThrow("1 scores");
  });
});

describe("one-sided exact McNemar", () => {
  test.each(reference.mcnemar)("$top against $random equals SciPy's binomtest", (given) => {
    const { top, random, p } = given;
    expect(binomialCdf(random, top + random, 0.5)).toBeCloseTo(p, 12);
  });
});

describe("Student's t", () => {
  test.each(reference.students)("quantile $p with $freedom degrees equals SciPy's", (given) => {
    const { p, freedom, t } = given;
    expect(studentQuantile(p, freedom)).toBeCloseTo(t, 9);
    expect(studentCdf(t, freedom)).toBeCloseTo(p, 11);
  });

  test("interval equals SciPy's and refuses one value", () => {
    const { values, low, high } = reference.sample;
    const found = studentInterval(values, 0.9);
    expect(found.low).toBeCloseTo(low, 10);
    expect(found.high).toBeCloseTo(high, 10);
    expect(() => studentInterval([1], 0.9)).toThrow("1 values");
    expect(() => studentQuantile(1, 3)).toThrow("not 1");
    expect(() => studentCdf(1, 0)).toThrow("freedom=0");
  });
});

/** Beta(a, b) for whole a and b: the a-th smallest of a + b - 1 uniforms. */
function betaDraw(random: Random, a: number, b: number): number {
  const uniforms = Float64Array.from({ length: a + b - 1 }, () => random.uniform()).sort();
  return uniforms[a - 1] as number;
}

describe("betting interval of a mean", () => {
  test.each([
    { shape: "beta(8, 2)", mean: 0.8, draw: (random: Random) => betaDraw(random, 8, 2) },
    { shape: "beta(1, 3)", mean: 0.25, draw: (random: Random) => betaDraw(random, 1, 3) },
    { shape: "coin of .9", mean: 0.9, draw: (random: Random) => Number(random.bernoulli(0.9)) },
  ])("covers at 90 % or more: $shape", ({ shape, mean, draw }) => {
    const random = randomFrom(`betting interval ${shape}`);
    const range = { low: 0, high: 1 };
    let held = 0;
    let width = 0;
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      const values = Array.from({ length: 20 }, () => draw(random));
      const { low, high } = bettingInterval({ values, range, level: 0.9 });
      held += Number(low <= mean && mean <= high);
      width += (high - low) / runs;
    }
    expect(held / runs).toBeGreaterThan(0.9);
    expect(width).toBeLessThan(0.45);
  });

  test("lies in the range, holds the mean of the values and narrows", () => {
    const range = { low: -1, high: 1 };
    const of = (values: number[]): { estimate: number; low: number; high: number } =>
      bettingInterval({ values, range, level: 0.9 });
    expect(of([])).toEqual({ estimate: 0, low: -1, high: 1 });
    const few = of([0.5, 0.7, 0.6]);
    const many = of(Array.from({ length: 60 }, (_, index) => [0.5, 0.7, 0.6][index % 3] as number));
    expect(few.estimate).toBeCloseTo(0.6, 12);
    expect(many.high - many.low).toBeLessThan((few.high - few.low) / 2);
    for (const { estimate, low, high } of [few, many]) {
      expect(low).toBeLessThanOrEqual(estimate);
      expect(high).toBeGreaterThanOrEqual(estimate);
      expect(low).toBeGreaterThanOrEqual(-1);
      expect(high).toBeLessThanOrEqual(1);
    }
    // Twenty wins first would settle the test before the losses come.
    const turned = of([...Array<number>(20).fill(1), ...Array<number>(20).fill(-1)]);
    expect(turned.low).toBeLessThanOrEqual(0);
    expect(turned.high).toBeGreaterThanOrEqual(0);
    expect(() => of([1.5])).toThrow("1.5");
  });
});
