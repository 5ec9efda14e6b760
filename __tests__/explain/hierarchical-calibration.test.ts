import { describe, expect, test } from "@jest/globals";
import { type HierarchicalFit, fitHierarchical } from "../../src/explain/hierarchical.js";
import { pearson } from "../../src/numerics/rank-correlation.js";
import { type Hierarchy, simulateHierarchy } from "./simulated-hierarchy.js";

const SEEDS = [0, 1, 2, 3, 4, 5];
const TEMPLATE: Omit<Hierarchy, "seed"> = { inputs: 18, spans: 8, masksPerInput: 8 };

/** Correlation of estimated and true effects over the spans of an input, mean over inputs. */
function recovery(fit: HierarchicalFit, psi: readonly Float64Array[]): number {
  const { perInput } = fit.attributions();
  return mean(
    psi.map(
      (effects, input) =>
        pearson(perInput[input]?.map(({ estimate }) => estimate) ?? [], effects) ?? 0,
    ),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("hierarchical attribution on simulated hierarchies", () => {
  const simulations = SEEDS.map((seed) =>
    simulateHierarchy({ ...TEMPLATE, seed: `calibration ${seed}` }),
  );
  const fits = simulations.map(({ problem }) => fitHierarchical(problem));

  test("recovers effects, better than each input alone", () => {
    const pooled = mean(simulations.map(({ psi }, k) => recovery(fits[k] as HierarchicalFit, psi)));
    const alone = mean(
      simulations.map(({ problem, psi }) =>
        recovery(fitHierarchical({ ...problem, pool: false }), psi),
      ),
    );
    expect(pooled).toBeGreaterThan(0.85);
    expect(pooled).toBeGreaterThan(alone + 0.1);
  });

  test("90 % intervals of inputs, classes and template hold the truth about that often", () => {
    const held = { inputs: [] as boolean[], template: [] as boolean[], classes: [] as boolean[] };
    simulations.forEach(({ problem, psi }, k) => {
      const { perInput, template, byClass } = (fits[k] as HierarchicalFit).attributions();
      const truth = (inputs: readonly number[], span: number): number =>
        mean(inputs.map((input) => psi[input]?.[span] ?? NaN));
      const everyone = [...psi.keys()];
      psi.forEach((effects, input) =>
        effects.forEach((value, span) => held.inputs.push(holds(perInput[input]?.[span], value))),
      );
      template.forEach((interval, span) =>
        held.template.push(holds(interval, truth(everyone, span))),
      );
      for (const [name, intervals] of byClass) {
        const members = everyone.filter((input) => problem.classes[input] === name);
        intervals.forEach((interval, span) =>
          held.classes.push(holds(interval, truth(members, span))),
        );
      }
    });
    const share = (values: readonly boolean[]): number =>
      values.filter(Boolean).length / values.length;
    // Effects of one simulation depend on each other, hence bounds wider than binomial ones.
    for (const values of Object.values(held)) {
      expect(share(values)).toBeGreaterThan(0.8);
      expect(share(values)).toBeLessThan(0.99);
    }
    expect(share(held.inputs)).toBeGreaterThan(0.85);
  });

  test("a faithful surrogate helps and its weight says so", () => {
    const gains = simulations.map(({ problem, psi, random }, k) => {
      const attributions = psi.map((effects) =>
        effects.map((value) => 3 * (value + 0.2 * random.normal())),
      );
      const helped = fitHierarchical({
        ...problem,
        surrogates: [{ name: "faithful", attributions }],
      });
      expect(helped.surrogateWeights[0]?.weight).toBeGreaterThan(0.3);
      return recovery(helped, psi) - recovery(fits[k] as HierarchicalFit, psi);
    });
    expect(mean(gains)).toBeGreaterThan(0.01);
  });

  test("a surrogate of pure noise costs at most .02 and is switched off", () => {
    const outcomes = simulations.map(({ problem, psi, random }, k) => {
      const attributions = psi.map((effects) => effects.map(() => random.normal()));
      const fit = fitHierarchical({ ...problem, surrogates: [{ name: "noise", attributions }] });
      return {
        loss: recovery(fits[k] as HierarchicalFit, psi) - recovery(fit, psi),
        weight: fit.surrogateWeights[0]?.weight ?? NaN,
      };
    });
    expect(mean(outcomes.map(({ loss }) => loss))).toBeLessThan(0.02);
    expect(outcomes.filter(({ weight }) => weight === 0).length).toBeGreaterThanOrEqual(4);
    for (const { weight } of outcomes) expect(weight).toBeLessThan(0.05);
  });

  test("a surrogate that says nothing at all changes nothing", () => {
    const { problem, psi } = simulations[0] as (typeof simulations)[number];
    const fit = fitHierarchical({
      ...problem,
      surrogates: [
        { name: "silent", attributions: psi.map(() => new Float64Array(TEMPLATE.spans)) },
      ],
    });
    expect(fit.surrogateWeights).toEqual([{ name: "silent", weight: 0 }]);
    expect(recovery(fit, psi)).toBeCloseTo(recovery(fits[0] as HierarchicalFit, psi), 3);
  });
});

function holds(
  interval: { readonly low: number; readonly high: number } | undefined,
  value: number,
): boolean {
  return interval !== undefined && interval.low <= value && value <= interval.high;
}
