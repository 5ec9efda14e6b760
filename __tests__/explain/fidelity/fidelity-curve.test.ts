import { describe, expect, test } from "@jest/globals";
import {
  type FidelityCurve,
  type FidelityCurveProblem,
  measureFidelityCurve,
} from "../../../src/explain/fidelity/fidelity-curve.js";
import { type MeasuredRow, fitHierarchical } from "../../../src/explain/hierarchical.js";
import { spearman } from "../../../src/numerics/rank-correlation.js";
import { simulateHierarchy } from "../simulated-hierarchy.js";

const INPUTS = 10;
const { problem, psi, random } = simulateHierarchy({
  seed: "curve",
  inputs: INPUTS,
  spans: 6,
  masksPerInput: 24,
});
const faithful = psi.map((own) => own.map((value) => value + 0.2 * random.normal()));

/** The first masks of each input train, the last eight judge. */
function split(): { readonly rows: MeasuredRow[]; readonly heldOut: MeasuredRow[] } {
  const seen = new Map<number, number>();
  const rows: MeasuredRow[] = [];
  const heldOut: MeasuredRow[] = [];
  for (const row of problem.rows) {
    const count = (seen.get(row.input) ?? 0) + 1;
    seen.set(row.input, count);
    (count <= 16 ? rows : heldOut).push(row);
  }
  return { rows, heldOut };
}

const curveProblem: FidelityCurveProblem = {
  ...split(),
  classes: problem.classes,
  spans: 6,
  surrogates: [],
  seed: "curve",
};

function measured(change: Partial<FidelityCurveProblem> = {}): FidelityCurve {
  const curve = measureFidelityCurve({ ...curveProblem, ...change });
  if (curve.kind === "unknown") throw new Error(curve.reason);
  return curve;
}

describe("measureFidelityCurve", () => {
  const curve = measured();

  test("doubles the masks up to all there are, and counts their calls", () => {
    expect(curve.points.map(({ masksPerInput }) => masksPerInput)).toEqual([1, 2, 4, 8, 16]);
    expect(curve.points.map(({ oracleCalls }) => oracleCalls)).toEqual(
      [1, 2, 4, 8, 16].map((masks) => masks * INPUTS),
    );
    expect(curve.inputs).toBe(INPUTS);
  });

  test("more calls explain more; inputs together beat each alone, most where calls are few", () => {
    const estimates = curve.points.map(({ hierarchical }) => hierarchical.estimate);
    expect(estimates.at(-1)).toBeGreaterThan((estimates[0] ?? NaN) + 0.1);
    expect(curve.points[1]?.compared?.gain.low).toBeGreaterThan(0);
    expect(curve.points[1]?.compared?.gain.estimate).toBeGreaterThan(
      curve.points[4]?.compared?.gain.estimate ?? NaN,
    );
    for (const { hierarchical, compared } of curve.points) {
      if (compared === null) throw new Error("not compared");
      const difference = hierarchical.estimate - compared.inputByInput.estimate;
      expect(compared.gain.estimate).toBeCloseTo(difference, 12);
      // No surrogates: nothing to leave out.
      expect(compared.pooled).toEqual(hierarchical);
    }
  });

  test("without comparisons the points are the same and nothing else is fitted", () => {
    const { points } = measured({ compare: false });
    expect(points).toEqual(curve.points.map((point) => ({ ...point, compared: null })));
  });

  test("is the LDS of a fit to the first masks, judged on the held-out rows", () => {
    const seen = new Map<number, number>();
    const first = (curveProblem.rows as MeasuredRow[]).filter(({ input }) => {
      seen.set(input, (seen.get(input) ?? 0) + 1);
      return (seen.get(input) ?? 0) <= 4;
    });
    const fit = fitHierarchical({ ...problem, rows: first });
    const scores = problem.classes.map((_, input) => {
      const own = (curveProblem.heldOut ?? []).filter((row) => row.input === input);
      const predicted = fit.predictEffects(
        input,
        own.map(({ mask }) => mask),
      );
      return (
        spearman(
          [...predicted],
          own.map(({ value }) => value),
        ) ?? 0
      );
    });
    const expected = scores.reduce((sum, score) => sum + score, 0) / INPUTS;
    expect(curve.points[2]?.hierarchical.estimate).toBeCloseTo(expected, 12);
  });

  test("a faithful surrogate lifts the beginning of the curve", () => {
    const lifted = measured({
      surrogates: [{ name: "small", attributions: faithful }],
      masksPerInput: [1],
    });
    const [point] = lifted.points;
    expect(point?.hierarchical.estimate).toBeGreaterThan(
      (point?.compared?.pooled.estimate ?? NaN) + 0.05,
    );
  });

  test("without held-out rows every row is judged by folds that never trained on it", () => {
    const { heldOut: _, ...crossValidated } = curveProblem;
    const found = measureFidelityCurve({ ...crossValidated, masksPerInput: [2, 12] });
    if (found.kind === "unknown") throw new Error(found.reason);
    expect(found.points.map(({ oracleCalls }) => oracleCalls)).toEqual([2 * INPUTS, 12 * INPUTS]);
    // Values that are noise cannot be predicted from other rows, only from themselves.
    const noise = crossValidated.rows.map((row) => ({ ...row, value: random.normal() }));
    const nothing = measureFidelityCurve({ ...crossValidated, rows: noise, masksPerInput: [12] });
    if (nothing.kind === "unknown") throw new Error(nothing.reason);
    expect(nothing.points[0]?.hierarchical.estimate).toBeLessThan(0.2);
  });

  test("is unknown where fewer than three inputs can be judged", () => {
    const heldOut = (curveProblem.heldOut ?? []).filter(({ input }) => input < 2);
    expect(measureFidelityCurve({ ...curveProblem, heldOut })).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("3 inputs"),
    });
  });

  test("held-out values of the full mask neither train nor judge", () => {
    const full = problem.classes.map((_, input) => ({
      input,
      mask: new Uint8Array(6).fill(1),
      value: 1e6,
    }));
    const heldOut = [...full, ...(curveProblem.heldOut ?? [])];
    const [point] = measured({ heldOut, masksPerInput: [17] }).points;
    expect(point?.oracleCalls).toBe(16 * INPUTS);
    expect(point?.hierarchical.estimate).toBe(curve.points[4]?.hierarchical.estimate);
  });

  test("gives the same curve each time", () => {
    expect(measured({ masksPerInput: [8] })).toEqual(measured({ masksPerInput: [8] }));
  });
});
