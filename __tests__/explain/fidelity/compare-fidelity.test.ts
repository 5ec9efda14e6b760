import { describe, expect, test } from "@jest/globals";
import {
  type FidelityComparison,
  type FidelityProblem,
  compareFidelity,
  decideShown,
} from "../../../src/explain/fidelity/compare-fidelity.js";
import {
  designHeldOut,
  predictHeldOut,
  rankAgreement,
} from "../../../src/explain/fidelity/held-out.js";
import { CONTROLS } from "../../../src/explain/fidelity/controls.js";
import { noTexts } from "../../../src/explain/fidelity/text-controls.js";
import { centredProduct } from "../../../src/explain/hierarchical-kernel.js";
import type { MeasuredRow } from "../../../src/explain/hierarchical.js";
import { simulateHierarchy } from "../simulated-hierarchy.js";

const { problem, psi, fullRows, random } = simulateHierarchy({
  seed: "fidelity",
  inputs: 15,
  spans: 8,
  masksPerInput: 8,
});
const rows = [...problem.rows, ...fullRows];
const faithful = psi.map((effects) => effects.map((value) => value + 0.2 * random.normal()));
const fidelityProblem: FidelityProblem = {
  rows,
  classes: problem.classes,
  spans: 8,
  surrogates: [{ name: "small", attributions: faithful }],
  spanTokens: [3, 9, 4, 12, 5, 7, 8, 2],
  texts: noTexts(8, 15),
  seed: "test",
};

function compared(changes: Partial<FidelityProblem> = {}): FidelityComparison {
  const found = compareFidelity({ ...fidelityProblem, ...changes });
  if (found.kind === "unknown") throw new Error(found.reason);
  return found;
}

function baseline(
  comparison: FidelityComparison,
  name: string,
): FidelityComparison["baselines"][number] {
  const found = comparison.baselines.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no baseline ${name}`);
  return found;
}

describe("held-out design", () => {
  const design = designHeldOut(rows, 4, "seed");

  test("holds out every masked row once and full masks never", () => {
    const dealt = design.folds.flat().sort((a, b) => a - b);
    expect(dealt).toEqual([...problem.rows.keys()]);
  });

  test("spreads each input's masks over the folds", () => {
    for (const fold of design.folds) {
      const counts = psi.map(
        (_, input) => fold.filter((position) => rows[position]?.input === input).length,
      );
      expect(counts.every((count) => count === 2)).toBe(true);
    }
  });

  test("predicts rows by fits that never saw them", () => {
    const seen = predictHeldOut(design, (training, heldOut) => {
      for (const row of heldOut) expect(training).not.toContain(row);
      expect(training.length + heldOut.length).toBe(rows.length);
      expect(fullRows.every((row) => training.includes(row))).toBe(true);
      return new Float64Array(heldOut.length);
    });
    expect(seen).toHaveLength(problem.rows.length);
  });

  test("counts inputs without variation and with few masks, and scores neither", () => {
    const changed = rows
      .filter(
        (row) =>
          row.input !== 1 ||
          row.mask === fullRows[1]?.mask ||
          row === rows.find(({ input }) => input === 1),
      )
      .map((row) => (row.input === 0 ? { ...row, value: 1 } : row));
    const partial = designHeldOut(changed, 4, "seed");
    expect(partial).toMatchObject({ constant: 1, tooFew: 1 });
    expect(partial.inputs).toEqual([...psi.keys()].slice(2));
  });

  test("scores a perfect order 1, its reverse -1 and no order 0", () => {
    const score = (predict: (row: MeasuredRow) => number): number[] => [
      ...rankAgreement(
        design,
        predictHeldOut(design, (_, heldOut) => Float64Array.from(heldOut, predict)),
      ),
    ];
    expect(score(({ value }) => 3 * value)).toEqual(psi.map(() => 1));
    expect(score(({ value }) => -value)).toEqual(psi.map(() => -1));
    expect(score(() => 1)).toEqual(psi.map(() => 0));
  });
});

describe("compareFidelity", () => {
  const comparison = compared();

  test("ranks what knows more above what knows less", () => {
    expect(comparison.hierarchical.measure).toBe("cross-validated LDS");
    expect(comparison.hierarchical.inputs).toBe(15);
    expect(comparison.hierarchical.estimate).toBeGreaterThan(0.6);
    const estimate = (name: string): number => baseline(comparison, name).fidelity.estimate;
    expect(comparison.hierarchical.estimate).toBeGreaterThan(estimate("input-by-input") + 0.1);
    expect(estimate("pooled")).toBeGreaterThan(estimate("input-by-input"));
    for (const control of CONTROLS)
      expect(estimate("surrogate:small")).toBeGreaterThan(estimate(control) + 0.3);
    expect(Math.abs(estimate("random"))).toBeLessThan(0.1);
  });

  test("pairs by input and brackets its estimates", () => {
    for (const { fidelity, pairedDifference, perInput } of comparison.baselines) {
      expect(pairedDifference.estimate).toBeCloseTo(
        comparison.hierarchical.estimate - fidelity.estimate,
        9,
      );
      expect(perInput).toHaveLength(comparison.inputs.length);
      for (const { estimate, low, high } of [fidelity, pairedDifference]) {
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
      }
    }
    expect(comparison.baselines.filter(({ control }) => control).map(({ name }) => name)).toEqual([
      ...CONTROLS,
    ]);
  });

  test("is shown when it beats every control", () => {
    expect(decideShown(comparison)).toEqual({ shown: true, withheld: null });
  });

  test("is the same for the same seed", () => {
    expect(compared()).toEqual(comparison);
  });

  test("finds about no fidelity in values of pure noise, constants of inputs included, and withholds", () => {
    const noise = rows.map((row) => ({ ...row, value: 3 * (row.input % 4) + random.normal() }));
    const found = compared({ rows: noise, surrogates: [] });
    expect(Math.abs(found.hierarchical.estimate)).toBeLessThan(0.2);
    expect(Math.abs(baseline(found, "input-by-input").fidelity.estimate)).toBeLessThan(0.25);
    const decision = decideShown(found);
    expect(decision.shown).toBe(false);
    expect(decision.withheld).toContain("random");
  });

  test("withholds where a control explains everything", () => {
    const byLength = rows.map((row) => ({
      ...row,
      value:
        centredProduct(row.mask, Float64Array.from(fidelityProblem.spanTokens)) +
        0.01 * random.normal(),
    }));
    const decision = decideShown(compared({ rows: byLength, surrogates: [] }));
    expect(decision.shown).toBe(false);
    expect(decision.withheld).toContain("span-length");
    expect(decision.withheld).not.toContain("random");
  });

  test("cannot know without variation or masks, and withholds with that reason", () => {
    const constant = compareFidelity({
      ...fidelityProblem,
      rows: rows.map((row) => ({ ...row, value: 1 })),
    });
    expect(constant).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("15 without variation"),
    });
    expect(decideShown(constant)).toEqual({
      shown: false,
      withheld: constant.kind === "unknown" ? constant.reason : "",
    });
    expect(compareFidelity({ ...fidelityProblem, rows: fullRows })).toMatchObject({
      kind: "unknown",
    });
  });
});
