import { describe, expect, test } from "@jest/globals";
import { fitHierarchical, type HierarchicalProblem } from "../../src/explain/hierarchical.js";
import { hierarchicalStability } from "../../src/explain/hierarchical-stability.js";
import { centredProduct } from "../../src/explain/hierarchical-kernel.js";
import { designMasks } from "../../src/explain/masks.js";
import { randomFrom } from "../../src/numerics/random.js";

const SPANS = 8;

/** Effects 1, 2, ... times a size, shared by all inputs, under noise of deviation 1. */
function problemOf(inputs: number, size: number): HierarchicalProblem {
  const random = randomFrom(`stability ${inputs} ${size}`);
  const truth = Float64Array.from({ length: SPANS }, (_, span) => size * (span + 1));
  const { assignment } = designMasks({
    spans: SPANS,
    inputs,
    masksPerInput: 6,
    poolSize: 48,
    seed: "stability",
  });
  return {
    spans: SPANS,
    classes: Array.from({ length: inputs }, (_, input) => `class ${input % 2}`),
    surrogates: [],
    rows: assignment.map(({ input, mask }) => ({
      input,
      mask,
      value: centredProduct(mask, truth) + random.normal(),
    })),
  };
}

function stabilityOf(problem: HierarchicalProblem): ReturnType<typeof hierarchicalStability> {
  return hierarchicalStability(problem, fitHierarchical(problem), "test");
}

describe("stability of a template's attribution", () => {
  test("effects far apart keep their order over other draws of the inputs", () => {
    const { verdict, rankCorrelation } = stabilityOf(problemOf(16, 1));
    expect(verdict).toBe("stable");
    expect(rankCorrelation).toBeGreaterThan(0.95);
  });

  test("noise does not, and is called unstable", () => {
    const { verdict, rankCorrelation } = stabilityOf(problemOf(16, 0));
    expect(verdict).toBe("unstable");
    expect(rankCorrelation).toBeLessThan(0.8);
  });

  test("few inputs cannot tell", () => {
    expect(stabilityOf(problemOf(4, 1))).toEqual({
      rankCorrelation: null,
      verdict: "not measured",
    });
  });

  test("the same problem gives the same answer", () => {
    expect(stabilityOf(problemOf(8, 0.2))).toEqual(stabilityOf(problemOf(8, 0.2)));
  });
});
