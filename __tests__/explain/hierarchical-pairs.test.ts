import { describe, expect, test } from "@jest/globals";
import type { Interval, Mask } from "../../src/domain.js";
import {
  type HierarchicalFit,
  type HierarchicalProblem,
  type HierarchicalScales,
  type MeasuredRow,
  fitHierarchical,
} from "../../src/explain/hierarchical.js";
import { interactionsOfTemplate } from "../../src/explain/interactions.js";
import { designMasks } from "../../src/explain/masks.js";
import { pairsOf } from "../../src/explain/pair-model.js";
import { choleskyInverse, choleskyOrThrow } from "../../src/numerics/linear-algebra.js";
import { randomFrom } from "../../src/numerics/random.js";
import { simulateHierarchy } from "./simulated-hierarchy.js";

const SCALES: HierarchicalScales = {
  constantOwn: 0.4,
  constantClass: 0.2,
  linearTemplate: 0.3,
  linearClass: 0.2,
  linearOwn: 0.1,
  pairTemplate: 0.15,
  pairClass: 0.1,
  pairOwn: 0.05,
  surrogates: [],
  noise: 0.1,
};
const NORMAL_95 = 1.6448536269514722;

/** Q of the template in weight space: Bayesian linear regression on every coefficient of the model, no kernel anywhere. */
function pairsByRegression(problem: HierarchicalProblem): Map<string, Interval> {
  const { spans, classes, rows } = problem;
  const names = [...new Set(classes)];
  const pairs = pairsOf(Array.from({ length: spans }, (_, span) => span));
  const linear = 4 / spans;
  const pair = 32 / (spans * (spans - 1));
  /** One coefficient: its prior variance and the feature of a row. */
  const coefficients: { readonly variance: number; feature(row: MeasuredRow): number }[] = [];
  const add = (variance: number, feature: (row: MeasuredRow) => number): void => {
    coefficients.push({ variance, feature });
  };
  const ofPair: { readonly key: string; readonly column: number; readonly share: number }[] = [];
  const sharers = [
    { name: "Template", is: () => true, share: 1 },
    ...names.map((name) => ({
      name: "Class",
      is: (input: number) => classes[input] === name,
      share: classes.filter((other) => other === name).length / classes.length,
    })),
    ...classes.map((_, own) => ({
      name: "Own",
      is: (input: number) => input === own,
      share: 1 / classes.length,
    })),
  ] as const;
  for (const { name, is, share } of sharers) {
    const scale = (shape: "constant" | "linear" | "pair"): number =>
      shape === "constant" && name === "Template"
        ? 0
        : (SCALES[`${shape}${name}` as keyof HierarchicalScales] as number);
    if (name !== "Template") add(scale("constant"), ({ input }) => Number(is(input)));
    for (let span = 0; span < spans; span++)
      add(scale("linear") * linear, ({ input, mask }) =>
        is(input) ? (mask[span] as number) - 0.5 : 0,
      );
    for (const [i, j] of pairs) {
      ofPair.push({ key: `${i},${j}`, column: coefficients.length, share });
      add(scale("pair") * pair, ({ input, mask }) =>
        is(input) ? ((mask[i] as number) - 0.5) * ((mask[j] as number) - 0.5) : 0,
      );
    }
  }
  const size = coefficients.length;
  const mean = rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
  const deviation = Math.sqrt(
    rows.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / rows.length,
  );
  const noise = SCALES.noise + 1e-6;
  const precision = new Float64Array(size * size);
  const right = new Float64Array(size);
  coefficients.forEach(
    ({ variance }, column) => (precision[column * size + column] = 1 / variance),
  );
  for (const row of rows) {
    const features = coefficients.map(({ feature }) => feature(row));
    features.forEach((a, i) => {
      right[i] = (right[i] as number) + (a * (row.value - mean)) / deviation / noise;
      features.forEach(
        (b, j) => (precision[i * size + j] = (precision[i * size + j] as number) + (a * b) / noise),
      );
    });
  }
  const covariance = choleskyInverse(choleskyOrThrow(precision, size));
  return new Map(
    pairs.map(([i, j]) => {
      const parts = ofPair.filter(({ key }) => key === `${i},${j}`);
      let estimate = 0;
      let variance = 0;
      for (const a of parts) {
        for (let column = 0; column < size; column++)
          estimate +=
            a.share * (covariance[a.column * size + column] as number) * (right[column] as number);
        for (const b of parts)
          variance += a.share * b.share * (covariance[a.column * size + b.column] as number);
      }
      const half = NORMAL_95 * Math.sqrt(variance);
      return [
        `${i},${j}`,
        {
          estimate: estimate * deviation,
          low: (estimate - half) * deviation,
          high: (estimate + half) * deviation,
        },
      ];
    }),
  );
}

describe("pair terms of a template", () => {
  const { problem } = simulateHierarchy({ seed: "pairs", inputs: 6, spans: 5, masksPerInput: 8 });
  const fit = fitHierarchical({ ...problem, scales: SCALES });
  const { model, estimates } = fit.templatePairs();

  test("equal Bayesian linear regression on all coefficients, intervals too", () => {
    const expected = pairsByRegression(problem);
    expect(estimates).toHaveLength(10);
    for (const { spans, effect } of estimates) {
      const { estimate, low, high } = expected.get(spans.join()) as Interval;
      expect(effect.estimate).toBeCloseTo(estimate, 6);
      expect(effect.low).toBeCloseTo(low, 6);
      expect(effect.high).toBeCloseTo(high, 6);
    }
  });

  test("are what single and joint deletions leave over, mean over inputs", () => {
    const without = (...deleted: number[]): Mask =>
      Uint8Array.from({ length: 5 }, (_, span) => Number(!deleted.includes(span)));
    const cost = (...deleted: number[]): number =>
      problem.classes.reduce(
        (sum, _, input) => sum + fit.deletionEffect(input, without(...deleted)).estimate,
        0,
      ) / problem.classes.length;
    for (const { spans, effect } of model.pairs) {
      const [i, j] = spans;
      expect(effect).toBeCloseTo(cost(i) + cost(j) - cost(i, j), 8);
    }
    const { template } = fit.attributions();
    model.attribution.forEach((effect, span) =>
      expect(effect).toBeCloseTo(template[span]?.estimate ?? NaN, 8),
    );
  });

  test("are zeros without pair terms, and few in a long template", () => {
    const flat = fitHierarchical({ ...problem, pairs: false }).templatePairs();
    expect(flat.model.pairs.every(({ effect }) => effect === 0)).toBe(true);
    expect(interactionsOfTemplate({ templatePairs: () => flat })).toEqual([]);
    const long = simulateHierarchy({ seed: "long", inputs: 3, spans: 15, masksPerInput: 6 });
    const found = fitHierarchical({ ...long.problem, scales: SCALES }).templatePairs();
    expect(found.model.pairs).toHaveLength((15 * 14) / 2);
    expect(found.estimates).toHaveLength((12 * 11) / 2);
  });
});

type Kind = "linear" | "redundant" | "synergy";

/** Spans 2 and 5 of ten stand in for each other, or work only together. */
function fitTemplate(kind: Kind, seed: string, inputs: number): HierarchicalFit {
  const random = randomFrom(`template pairs ${kind} ${seed}`);
  const spans = 10;
  const shared = Float64Array.from({ length: spans }, () => 0.5 * random.normal());
  const { assignment } = designMasks({ spans, inputs, masksPerInput: 8, poolSize: 64, seed });
  const joint = (mask: Mask): number => {
    const [a, b] = [mask[2] as number, mask[5] as number];
    return 2.5 * (kind === "redundant" ? Math.max(a, b) : a * b);
  };
  const psi = Array.from({ length: inputs }, () => shared.map((x) => x + 0.2 * random.normal()));
  const rows = assignment.map(({ input, mask }) => ({
    input,
    mask,
    value:
      (psi[input] as Float64Array).reduce(
        (sum, effect, span) =>
          kind !== "linear" && (span === 2 || span === 5)
            ? sum
            : sum + effect * (mask[span] as number),
        kind === "linear" ? 0 : joint(mask),
      ) +
      0.3 * random.normal(),
  }));
  return fitHierarchical({
    spans,
    classes: psi.map((_, input) => `${input % 2}`),
    rows,
    surrogates: [],
  });
}

describe("interactions of a template in words", () => {
  test.each(["redundant", "synergy"] as const)("a %s pair is found and named", (kind) => {
    const found = interactionsOfTemplate(
      fitTemplate(kind, "one", 24),
      Array.from({ length: 10 }, (_, span) => `line ${span + 1}`),
    );
    expect(found[0]).toMatchObject({
      spans: [2, 5],
      kind,
      sentence:
        kind === "redundant"
          ? "line 3 and line 6: either can go, not both"
          : "line 3 and line 6 work only together",
    });
    const { low, high } = found[0]?.effect ?? { low: 0, high: 0 };
    expect(low * high).toBeGreaterThan(0);
  });

  test("linear templates have any in 10 % of the cases or less", () => {
    let reported = 0;
    const runs = 40;
    for (let run = 0; run < runs; run++)
      reported += Number(interactionsOfTemplate(fitTemplate("linear", `${run}`, 8)).length > 0);
    expect(reported / runs).toBeLessThanOrEqual(0.1);
  });
});
