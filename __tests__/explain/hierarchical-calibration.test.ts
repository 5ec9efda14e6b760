import { describe, expect, test } from "@jest/globals";
import type { Mask } from "../../src/domain.js";
import { rowsOfInput } from "../../src/explain/fidelity/held-out.js";
import {
  type HierarchicalFit,
  type HierarchicalProblem,
  fitHierarchical,
} from "../../src/explain/hierarchical.js";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { explainInputAlone } from "../../src/explain/input-by-input.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";
import { pearson, spearman } from "../../src/numerics/rank-correlation.js";
import { type Hierarchy, simulateHierarchy } from "./simulated-hierarchy.js";

const SEEDS = [0, 1, 2, 3, 4, 5];
const TEMPLATE: Omit<Hierarchy, "seed"> = { inputs: 18, spans: 8, masksPerInput: 8 };
const SMALL: Omit<Hierarchy, "seed"> = { inputs: 12, spans: 6, masksPerInput: 6 };

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
    const held = coverage({ ...SMALL, seed: "coverage" }, 60, fitHierarchical);
    // Effects of one simulation depend on each other, hence bounds wider than binomial ones.
    for (const share of Object.values(held)) {
      expect(share).toBeGreaterThan(0.85);
      expect(share).toBeLessThan(0.96);
    }
  });

  test("intervals hold the truth where every row's noise is another, and known", () => {
    const noisy: Hierarchy = { ...SMALL, seed: "known noise", noise: [0.1, 2] };
    const held = coverage(noisy, 60, fitHierarchical);
    for (const share of Object.values(held)) {
      expect(share).toBeGreaterThan(0.85);
      expect(share).toBeLessThan(0.96);
    }
  });

  test("known noise recovers effects better than noise that is thought alike", () => {
    const gains = SEEDS.map((seed) => {
      const simulated = simulateHierarchy({
        ...TEMPLATE,
        seed: `weights ${seed}`,
        noise: [0.1, 3],
      });
      const alike = simulated.problem.rows.map(({ input, mask, value }) => ({
        input,
        mask,
        value,
      }));
      return (
        recovery(fitHierarchical(simulated.problem), simulated.psi) -
        recovery(fitHierarchical({ ...simulated.problem, rows: alike }), simulated.psi)
      );
    });
    expect(mean(gains)).toBeGreaterThan(0.02);
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

  test("of two surrogates the faithful one gets the weight; noise in place of the other costs at most .02 LDS", () => {
    const outcomes = simulations.map(({ problem, psi, random }) => {
      const faithful = {
        name: "faithful",
        attributions: psi.map((effects) => effects.map((value) => value + 0.3 * random.normal())),
      };
      const noise = {
        name: "noise",
        attributions: psi.map((effects) => effects.map(() => random.normal())),
      };
      const both = fitHierarchical({ ...problem, surrogates: [noise, faithful] });
      const alone = fitHierarchical({ ...problem, surrogates: [faithful] });
      const masks = freshMasks(random);
      return {
        loss: agreement(alone, psi, masks) - agreement(both, psi, masks),
        weights: both.surrogateWeights,
      };
    });
    expect(mean(outcomes.map(({ loss }) => loss))).toBeLessThan(0.02);
    for (const { weights } of outcomes) {
      const [noise, faithful] = weights.map(({ weight }) => weight);
      expect(faithful).toBeGreaterThan(0.2);
      expect(noise).toBeLessThan(0.05);
    }
  });

  test.each([4, 16])(
    "is never worse than each input alone by more than .02 LDS where inputs share nothing: %d masks",
    (masksPerInput) => {
      const differences = SEEDS.map((seed) => {
        const { problem, psi, random } = simulateHierarchy({
          ...TEMPLATE,
          inputs: 6,
          masksPerInput,
          seed: `apart ${seed}`,
          sharedSpread: 0,
          ownSpread: 0.7,
        });
        const masks = freshMasks(random);
        const alone = psi.map((_, input) => {
          const own = rowsOfInput(problem.rows, input);
          return explainInputAlone(own.masks, own.values, randomFrom(`alone ${input}`));
        });
        const ofAlone = mean(
          psi.map((effects, input) =>
            orderAgreement(masks, effects, (mask) =>
              centredProduct(mask, alone[input] as Float64Array),
            ),
          ),
        );
        return agreement(fitHierarchical(problem), psi, masks) - ofAlone;
      });
      expect(mean(differences)).toBeGreaterThan(-0.02);
    },
  );

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

/** Share of 90 % intervals that hold the truth, over many simulated hierarchies, scales estimated. */
function coverage(
  hierarchy: Hierarchy,
  simulations: number,
  fit: (problem: HierarchicalProblem) => HierarchicalFit,
): Readonly<Record<"inputs" | "classes" | "template", number>> {
  const held = { inputs: [] as boolean[], classes: [] as boolean[], template: [] as boolean[] };
  for (let draw = 0; draw < simulations; draw++) {
    const { problem, psi } = simulateHierarchy({ ...hierarchy, seed: `${hierarchy.seed} ${draw}` });
    const { perInput, template, byClass } = fit(problem).attributions();
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
  }
  const share = (values: readonly boolean[]): number =>
    values.filter(Boolean).length / values.length;
  return {
    inputs: share(held.inputs),
    classes: share(held.classes),
    template: share(held.template),
  };
}

/** Dense masks that no fit has seen. */
function freshMasks(random: Random): Mask[] {
  return Array.from({ length: 40 }, () =>
    Uint8Array.from({ length: TEMPLATE.spans }, () => (random.bernoulli(0.5) ? 1 : 0)),
  );
}

/** LDS: Spearman correlation of predicted and true values of masks, mean over inputs. */
function agreement(
  fit: HierarchicalFit,
  psi: readonly Float64Array[],
  masks: readonly Mask[],
): number {
  return mean(
    psi.map((effects, input) =>
      orderAgreement(masks, effects, (mask) => fit.predictEffects(input, [mask])[0] as number),
    ),
  );
}

function orderAgreement(
  masks: readonly Mask[],
  effects: Float64Array,
  predicted: (mask: Mask) => number,
): number {
  return (
    spearman(
      masks.map(predicted),
      masks.map((mask) => centredProduct(mask, effects)),
    ) ?? 0
  );
}

function holds(
  interval: { readonly low: number; readonly high: number } | undefined,
  value: number,
): boolean {
  return interval !== undefined && interval.low <= value && value <= interval.high;
}
