import { describe, expect, test } from "@jest/globals";
import {
  type HierarchicalProblem,
  type HierarchicalScales,
  fitHierarchical,
} from "../../src/explain/hierarchical.js";
import { readReference } from "../references/read.js";

type Name = "c" | "c1" | "m0" | "m1" | "b" | "q0" | "q1" | "qb" | "noise";

interface PrototypeCase {
  readonly name: string;
  readonly spans: number;
  readonly classes: readonly string[];
  readonly surrogates: readonly (readonly (readonly number[])[])[];
  readonly rows: readonly (readonly [number, string, number])[];
  readonly scales: Readonly<Record<Name | `a${number}`, number>>;
  readonly loss: number;
  readonly logMarginalLikelihood: number;
  readonly psi: readonly (readonly number[])[];
}

const { cases } = readReference("hierarchical/prototype.json") as {
  readonly cases: readonly PrototypeCase[];
};

/** Medians of the hyperprior, written once more from docs/methods.md, A10. */
const MEDIANS: readonly (readonly [keyof HierarchicalScales, number])[] = [
  ["constantOwn", 1],
  ["constantClass", 0.5],
  ["linearTemplate", 0.2],
  ["linearClass", 0.3],
  ["linearOwn", 0.3],
  ["pairTemplate", 0.05],
  ["pairClass", 0.05],
  ["pairOwn", 0.1],
];

function scalesOf({ scales, surrogates }: PrototypeCase): HierarchicalScales {
  return {
    constantOwn: scales.c,
    constantClass: scales.c1,
    linearTemplate: scales.m0,
    linearClass: scales.m1,
    linearOwn: scales.b,
    pairTemplate: scales.q0,
    pairClass: scales.q1,
    pairOwn: scales.qb,
    surrogates: surrogates.map((_, k) => scales[`a${k}`] ?? NaN),
    noise: scales.noise,
  };
}

/** Minus log (marginal likelihood x hyperprior), the constant n/2 log 2 pi left out: what the prototype minimises. */
function lossOf(
  fit: { readonly scales: HierarchicalScales; readonly logMarginalLikelihood: number },
  rows: number,
): number {
  const { scales } = fit;
  const logs = [
    ...MEDIANS.map(([name, median]) => Math.log((scales[name] as number) / median) / 1.5),
    // Attributions are given with mean square 1.
    ...scales.surrogates.map((scale) => Math.log(scale / 0.2) / 1.5),
    Math.log(scales.noise / 0.3),
  ];
  const hyperprior = logs.reduce((sum, log) => sum + log * log, 0) / 2;
  return -fit.logMarginalLikelihood - (rows / 2) * Math.log(2 * Math.PI) + hyperprior;
}

describe.each(cases)("the optimum of the prototype: $name", (reference) => {
  const problem: HierarchicalProblem = {
    spans: reference.spans,
    classes: reference.classes,
    rows: reference.rows.map(([input, mask, value]) => ({
      input,
      mask: Uint8Array.from(mask, Number),
      value,
    })),
    surrogates: reference.surrogates.map((attributions, k) => ({
      name: `surrogate ${k}`,
      attributions: attributions.map((phi) => Float64Array.from(phi)),
    })),
  };
  const values = reference.rows.map(([, , value]) => value);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
  );

  test("posterior means and likelihood at its scales", () => {
    const fit = fitHierarchical({ ...problem, scales: scalesOf(reference) });
    expect(fit.logMarginalLikelihood).toBeCloseTo(reference.logMarginalLikelihood, 5);
    expect(lossOf(fit, values.length)).toBeCloseTo(reference.loss, 5);
    fit.attributions().perInput.forEach((intervals, input) =>
      intervals.forEach(({ estimate }, span) => {
        const expected = reference.psi[input]?.[span] ?? NaN;
        expect(Math.abs(estimate - expected)).toBeLessThan(1e-6 * deviation);
      }),
    );
  });

  test("the same likelihood within .01 of a nat, with its hyperprior and without, scales sought from nothing", () => {
    const fit = fitHierarchical(problem);
    expect(Math.abs(lossOf(fit, values.length) - reference.loss)).toBeLessThan(0.01);
    expect(Math.abs(fit.logMarginalLikelihood - reference.logMarginalLikelihood)).toBeLessThan(
      0.01,
    );
  });
});
