import { describe, expect, test } from "@jest/globals";
import type { Interval } from "../../src/domain.js";
import {
  type HierarchicalFit,
  type HierarchicalProblem,
  type HierarchicalScales,
  fitHierarchical,
} from "../../src/explain/hierarchical.js";
import { momentsOf, regressionOf, ridge } from "../../src/numerics/least-squares.js";
import { readReference } from "../references/read.js";
import { simulateHierarchy } from "./simulated-hierarchy.js";

interface Rows {
  readonly spans: number;
  readonly classes: readonly string[];
  readonly rows: readonly {
    readonly input: number;
    readonly mask: readonly number[];
    readonly value: number;
  }[];
}

type Triple = readonly [number, number, number];

interface WeightSpaceCase extends Rows {
  readonly surrogates: readonly (readonly (readonly number[])[])[];
  readonly scales: HierarchicalScales;
  readonly logMarginalLikelihood: number;
  readonly psi: readonly (readonly Triple[])[];
  readonly template: readonly Triple[];
  readonly byClass: Readonly<Record<string, readonly Triple[]>>;
  readonly fullPrediction: readonly number[];
  readonly deletion: { readonly mask: readonly number[]; readonly effects: readonly Triple[] };
}

interface Given extends Rows {
  readonly surrogate: readonly (readonly number[])[];
  readonly scales: Readonly<
    Record<"c" | "c1" | "m0" | "m1" | "b" | "a0" | "q0" | "q1" | "qb" | "noise", number>
  >;
  readonly logMarginalLikelihood: number;
  readonly psi: readonly (readonly number[])[];
  readonly fullPrediction: readonly number[];
}

const given = readReference("hierarchical/given.json") as Given;
const { cases } = readReference("hierarchical/values.json") as {
  readonly cases: readonly WeightSpaceCase[];
};

function problemOf(
  reference: Rows,
  surrogates: readonly (readonly (readonly number[])[])[],
): HierarchicalProblem {
  return {
    spans: reference.spans,
    classes: reference.classes,
    rows: reference.rows.map(({ input, mask, value }) => ({
      input,
      mask: Uint8Array.from(mask),
      value,
    })),
    surrogates: surrogates.map((attributions, k) => ({
      name: `surrogate ${k}`,
      attributions: attributions.map((phi) => Float64Array.from(phi)),
    })),
  };
}

function full(spans: number): Uint8Array {
  return new Uint8Array(spans).fill(1);
}

function deviationOf(rows: Rows["rows"]): number {
  const mean = rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
  return Math.sqrt(rows.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / rows.length);
}

function expectIntervals(
  found: readonly Interval[],
  expected: readonly Triple[],
  tolerance: number,
): void {
  expect(found).toHaveLength(expected.length);
  found.forEach(({ estimate, low, high }, index) => {
    const reference = expected[index] as Triple;
    [estimate, low, high].forEach((value, part) =>
      expect(Math.abs(value - (reference[part] as number))).toBeLessThan(tolerance),
    );
  });
}

describe("the reference at given scales", () => {
  const { c, c1, m0, m1, b, a0, q0, q1, qb, noise } = given.scales;
  const scales: HierarchicalScales = {
    constantOwn: c,
    constantClass: c1,
    linearTemplate: m0,
    linearClass: m1,
    linearOwn: b,
    pairTemplate: q0,
    pairClass: q1,
    pairOwn: qb,
    surrogates: [a0],
    noise,
  };
  const fit = fitHierarchical({ ...problemOf(given, [given.surrogate]), scales });
  const tolerance = 1e-6 * deviationOf(given.rows);

  test("posterior means of every input's effects", () => {
    const { perInput } = fit.attributions();
    given.psi.forEach((row, input) =>
      row.forEach((value, span) =>
        expect(Math.abs((perInput[input]?.[span]?.estimate ?? NaN) - value)).toBeLessThan(
          tolerance,
        ),
      ),
    );
  });

  test("predicted values of the full mask, and the likelihood", () => {
    given.fullPrediction.forEach((value, input) =>
      expect(Math.abs((fit.predict(input, [full(given.spans)])[0] as number) - value)).toBeLessThan(
        tolerance,
      ),
    );
    expect(fit.logMarginalLikelihood).toBeCloseTo(given.logMarginalLikelihood, 8);
  });
});

describe.each(cases.map((reference, index) => ({ index, reference })))(
  "the same model as a regression on its weights, case $index",
  ({ reference }) => {
    const problem = problemOf(reference, reference.surrogates);
    const fit = fitHierarchical({ ...problem, scales: reference.scales });
    const tolerance = 1e-6 * deviationOf(reference.rows);

    test("means and intervals of effects: inputs, template and classes", () => {
      const { perInput, template, byClass } = fit.attributions();
      reference.psi.forEach((row, input) => expectIntervals(perInput[input] ?? [], row, tolerance));
      expectIntervals(template, reference.template, tolerance);
      expect([...byClass.keys()].sort()).toEqual(Object.keys(reference.byClass));
      for (const [name, intervals] of byClass)
        expectIntervals(intervals, reference.byClass[name] ?? [], tolerance);
    });

    test("predictions and deletion effects with their intervals", () => {
      reference.fullPrediction.forEach((value, input) =>
        expect(
          Math.abs((fit.predict(input, [full(reference.spans)])[0] as number) - value),
        ).toBeLessThan(tolerance),
      );
      const mask = Uint8Array.from(reference.deletion.mask);
      expectIntervals(
        reference.classes.map((_, input) => fit.deletionEffect(input, mask)),
        reference.deletion.effects,
        tolerance,
      );
    });

    test("free scales are as likely as SciPy's", () => {
      const free = fitHierarchical(problem);
      expect(fit.logMarginalLikelihood).toBeCloseTo(reference.logMarginalLikelihood, 7);
      const prior = (scales: HierarchicalScales): number => hyperpriorLoss(scales, problem);
      const ours = -free.logMarginalLikelihood + prior(free.scales);
      const theirs = -reference.logMarginalLikelihood + prior(reference.scales);
      expect(Math.abs(ours - theirs)).toBeLessThan(0.01);
      expect(Math.abs(free.logMarginalLikelihood - reference.logMarginalLikelihood)).toBeLessThan(
        0.05,
      );
    });
  },
);

/** Written once more from docs/methods.md: log-normal around typical scales, spread 1.5, the noise's 1. */
function hyperpriorLoss(scales: HierarchicalScales, problem: HierarchicalProblem): number {
  const typical = {
    constantOwn: 1,
    constantClass: 0.5,
    linearTemplate: 0.2,
    linearClass: 0.3,
    linearOwn: 0.3,
    pairTemplate: 0.05,
    pairClass: 0.05,
    pairOwn: 0.1,
  } as const;
  const terms = Object.entries(typical).map(
    ([name, value]) => (Math.log(scales[name as keyof typeof typical]) - Math.log(value)) / 1.5,
  );
  const surrogates = problem.surrogates.map(({ attributions }, k) => {
    const square =
      attributions.reduce(
        (sum, phi) => sum + phi.reduce((total, value) => total + value * value, 0),
        0,
      ) /
      (4 * attributions.length);
    return (Math.log(scales.surrogates[k] as number) - Math.log(0.2 / square)) / 1.5;
  });
  return (
    0.5 *
    [...terms, ...surrogates, Math.log(scales.noise) - Math.log(0.3)].reduce(
      (sum, z) => sum + z * z,
      0,
    )
  );
}

/** (X' W X)^-1 X' W y with an intercept, W = 1 / variance, and the standard errors of the slopes, by Gauss-Jordan elimination. */
function weightedLeastSquares(rows: HierarchicalProblem["rows"]): {
  readonly estimates: readonly number[];
  readonly errors: readonly number[];
} {
  const columns = (rows[0]?.mask.length ?? 0) + 1;
  const system = Array.from({ length: columns }, (_, a) =>
    Array.from({ length: 2 * columns + 1 }, (__, b) => {
      if (b > columns) return b - columns - 1 === a ? 1 : 0;
      return rows.reduce((sum, { mask, value, variance = NaN }) => {
        const x = [1, ...mask];
        return sum + ((x[a] ?? NaN) * (b === columns ? value : (x[b] ?? NaN))) / variance;
      }, 0);
    }),
  );
  system.forEach((pivotRow, pivot) => {
    const scale = pivotRow[pivot] ?? NaN;
    pivotRow.forEach((value, at) => (pivotRow[at] = value / scale));
    system.forEach((row, other) => {
      const factor = row[pivot] ?? NaN;
      if (other !== pivot)
        row.forEach((value, at) => (row[at] = value - factor * (pivotRow[at] ?? NaN)));
    });
  });
  return {
    estimates: system.slice(1).map((row) => row[columns] ?? NaN),
    errors: system.slice(1).map((row, span) => Math.sqrt(row[columns + 2 + span] ?? NaN)),
  };
}

describe("hierarchical attribution", () => {
  const none: HierarchicalScales = {
    constantOwn: 0,
    constantClass: 0,
    linearTemplate: 0,
    linearClass: 0,
    linearOwn: 0,
    pairTemplate: 0,
    pairClass: 0,
    pairOwn: 0,
    surrogates: [],
    noise: 0,
  };

  test("is ridge regression of each input where nothing is shared", () => {
    const { problem } = simulateHierarchy({
      seed: "ridge",
      inputs: 4,
      spans: 6,
      masksPerInput: 12,
    });
    const scales = { ...none, constantOwn: 1e5, linearOwn: 0.8, noise: 0.3 };
    const { perInput } = fitHierarchical({ ...problem, scales }).attributions();
    problem.classes.forEach((_, input) => {
      const own = problem.rows.filter((row) => row.input === input);
      const moments = momentsOf(
        regressionOf(
          own.map(({ mask }) => mask),
          own.map(({ value }) => value),
        ),
      );
      // Noise variance over weight variance, a row: the jitter belongs to the noise.
      const coefficients = ridge(
        moments,
        (scales.noise + 1e-6) / ((scales.linearOwn * 4) / 6) / own.length,
      );
      coefficients.forEach((value, span) =>
        expect(perInput[input]?.[span]?.estimate).toBeCloseTo(value, 3),
      );
    });
  });

  test("weighs rows by their known variance: generalised least squares where nothing shrinks", () => {
    const { problem } = simulateHierarchy({
      seed: "weighted",
      inputs: 1,
      spans: 3,
      masksPerInput: 6,
      noise: [0.2, 2],
    });
    const scales = { ...none, constantOwn: 1e6, linearOwn: 1e6, noise: 0 };
    const [found = []] = fitHierarchical({ ...problem, scales }).attributions().perInput;
    const expected = weightedLeastSquares(problem.rows);
    found.forEach(({ estimate, low, high }, span) => {
      expect(estimate).toBeCloseTo(expected.estimates[span] ?? NaN, 3);
      expect((high - low) / 2 / 1.6448536269514722).toBeCloseTo(expected.errors[span] ?? NaN, 3);
    });
  });

  test("a noise floor is the same variance on every row, and adds to a row's own", () => {
    const { problem } = simulateHierarchy({
      seed: "floor",
      inputs: 5,
      spans: 4,
      masksPerInput: 6,
      noise: [0.2, 1],
    });
    const floored = fitHierarchical({ ...problem, noiseFloor: 0.3 });
    const rows = problem.rows.map((row) => ({ ...row, variance: (row.variance ?? 0) + 0.3 }));
    const written = fitHierarchical({ ...problem, rows });
    expect(floored.logMarginalLikelihood).toBeCloseTo(written.logMarginalLikelihood, 9);
    expect(floored.attributions().template[0]?.high).toBeCloseTo(
      written.attributions().template[0]?.high ?? NaN,
      9,
    );
    const width = (fit: HierarchicalFit): number => {
      const [first] = fit.attributions().template;
      return (first?.high ?? NaN) - (first?.low ?? NaN);
    };
    expect(width(fitHierarchical({ ...problem, noiseFloor: 3 }))).toBeGreaterThan(
      1.2 * width(fitHierarchical(problem)),
    );
  });

  test("does not depend on the order of rows, inputs' names of classes or the unit of values", () => {
    const { problem } = simulateHierarchy({ seed: "order", inputs: 6, spans: 5, masksPerInput: 6 });
    const scales = {
      ...none,
      constantOwn: 1,
      linearTemplate: 0.2,
      linearClass: 0.3,
      linearOwn: 0.2,
      pairTemplate: 0.1,
      noise: 0.2,
    };
    const reference = fitHierarchical({ ...problem, scales }).attributions();
    const turned = {
      ...problem,
      scales,
      classes: problem.classes.map((name) => `class ${name}`),
      rows: problem.rows.map((row) => ({ ...row, value: 10 * row.value - 3 })).toReversed(),
    };
    fitHierarchical(turned)
      .attributions()
      .perInput.forEach((row, input) =>
        row.forEach(({ estimate }, span) =>
          expect(estimate / 10).toBeCloseTo(reference.perInput[input]?.[span]?.estimate ?? NaN, 7),
        ),
      );
  });

  test("tells an input without rows by its class", () => {
    const { problem, psi } = simulateHierarchy({
      seed: "unseen",
      inputs: 30,
      spans: 6,
      masksPerInput: 10,
      ownSpread: 0.1,
    });
    const unseen = problem.rows.filter(({ input }) => input !== 0);
    const fit = fitHierarchical({ ...problem, rows: unseen });
    const effects = fit.attributions().perInput[0] ?? [];
    const seen = fit.attributions().perInput[3] ?? [];
    effects.forEach(({ estimate, low, high }, span) => {
      expect(Math.abs(estimate - (psi[0]?.[span] ?? NaN))).toBeLessThan(0.5);
      expect(high - low).toBeGreaterThan((seen[span]?.high ?? NaN) - (seen[span]?.low ?? NaN));
    });
  });

  test("predicts effects as values without the input's constant", () => {
    const { problem } = simulateHierarchy({
      seed: "effects",
      inputs: 5,
      spans: 5,
      masksPerInput: 8,
    });
    const fit = fitHierarchical(problem);
    const masks = [full(5), Uint8Array.of(1, 0, 1, 0, 1), Uint8Array.of(0, 0, 0, 0, 1)];
    const values = fit.predict(2, masks);
    const effects = fit.predictEffects(2, masks);
    for (const k of [1, 2]) {
      expect((values[0] as number) - (values[k] as number)).toBeCloseTo(
        (effects[0] as number) - (effects[k] as number),
        9,
      );
      expect(fit.deletionEffect(2, masks[k] as Uint8Array).estimate).toBeCloseTo(
        (values[0] as number) - (values[k] as number),
        9,
      );
    }
    expect(fit.deletionEffect(2, full(5))).toMatchObject({
      estimate: expect.closeTo(0, 9),
      low: expect.closeTo(0, 6),
      high: expect.closeTo(0, 6),
    });
  });

  test("finds nothing in values that do not vary", () => {
    const { problem } = simulateHierarchy({
      seed: "constant",
      inputs: 4,
      spans: 4,
      masksPerInput: 5,
    });
    const fit = fitHierarchical({
      ...problem,
      rows: problem.rows.map((row) => ({ ...row, value: 2 })),
    });
    for (const { estimate, low, high } of fit.attributions().template)
      for (const value of [estimate, low, high]) expect(value).toBeCloseTo(0, 6);
    expect(fit.predict(0, [full(4)])[0]).toBeCloseTo(2, 6);
  });

  test("takes classes by any name", () => {
    const { problem } = simulateHierarchy({ seed: "names", inputs: 4, spans: 3, masksPerInput: 5 });
    const { byClass } = fitHierarchical({
      ...problem,
      classes: ["__proto__", "constructor", "__proto__", ""],
    }).attributions();
    expect([...byClass.keys()]).toEqual(["__proto__", "constructor", ""]);
  });

  test("refuses what does not fit", () => {
    const { problem } = simulateHierarchy({
      seed: "shapes",
      inputs: 3,
      spans: 3,
      masksPerInput: 3,
    });
    const row = { input: 0, mask: full(3), value: 1 };
    expect(() => fitHierarchical({ ...problem, rows: [] })).toThrow("no values");
    expect(() => fitHierarchical({ ...problem, rows: [{ ...row, value: NaN }] })).toThrow("NaN");
    for (const variance of [-1, NaN, Infinity]) {
      expect(() => fitHierarchical({ ...problem, rows: [{ ...row, variance }] })).toThrow(
        `variance ${variance}`,
      );
      expect(() => fitHierarchical({ ...problem, noiseFloor: variance })).toThrow("noise floor");
    }
    expect(() => fitHierarchical({ ...problem, rows: [{ ...row, mask: full(2) }] })).toThrow(
      "2 entries for 3 spans",
    );
    expect(() => fitHierarchical({ ...problem, rows: [{ ...row, input: 3 }] })).toThrow("input 3");
    expect(() =>
      fitHierarchical({
        ...problem,
        surrogates: [{ name: "s", attributions: [new Float64Array(3)] }],
      }),
    ).toThrow("1 attributions for 3 inputs");
    expect(() =>
      fitHierarchical({
        ...problem,
        surrogates: [{ name: "s", attributions: [0, 1, 2].map(() => new Float64Array(2)) }],
      }),
    ).toThrow("2 numbers for 3 spans");
    expect(() => fitHierarchical(problem).predict(0, [full(4)])).toThrow("4 entries");
  });
});
