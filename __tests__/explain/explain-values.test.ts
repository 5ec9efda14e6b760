import { describe, expect, test } from "@jest/globals";
import {
  type ExplainedValues,
  type ExplainValuesOptions,
  explainValues,
} from "../../src/explain/explain-values.js";
import { UnderstudyError } from "../../src/errors.js";
import { fitHierarchical } from "../../src/explain/hierarchical.js";
import { momentsOf, regressionOf, ridge } from "../../src/numerics/least-squares.js";
import { pearson } from "../../src/numerics/rank-correlation.js";
import { type ValuesDocument, parseValuesDocument } from "../../src/explain/values-document.js";
import type { EstimateGame } from "../../src/explain/refit-intervals.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";

interface Recorded {
  readonly seed: string;
  readonly inputs: number;
  readonly spans: number;
  readonly rowsPerInput: number;
}

interface Simulated {
  readonly document: ValuesDocument;
  readonly psi: readonly (readonly number[])[];
}

/** Student's t with three degrees of freedom: noise with heavy tails. */
function heavy(random: Random): number {
  const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / Math.sqrt(chi / 3);
}

/** A document with classes of very different strength, misleading surrogates and heavy-tailed noise, read from its JSON. */
function record({ seed, inputs, spans, rowsPerInput }: Recorded): Simulated {
  const random = randomFrom(`recorded ${seed}`);
  const effects = (spread: number): number[] =>
    Array.from({ length: spans }, () => spread * random.normal());
  const shared = effects(0.5);
  const byClass = [0.1, 0.4, 1].map(effects);
  const classes = Array.from({ length: inputs }, () => random.integer(3));
  const psi = classes.map((name) =>
    shared.map((value, span) => value + (byClass[name]?.[span] ?? 0) + 0.3 * random.normal()),
  );
  const rows = psi.flatMap((own, input) => {
    const constant = 2 * random.normal();
    return Array.from({ length: rowsPerInput }, () => {
      const mask = Array.from({ length: spans }, () => (random.bernoulli(0.5) ? 1 : 0));
      const value = mask.reduce<number>(
        (sum, kept, at) => sum + (kept - 0.5) * (own[at] ?? NaN),
        constant,
      );
      return { input, mask, value: value + 0.4 * heavy(random) };
    });
  });
  const text = JSON.stringify({
    spans: Array.from({ length: spans }, (_, span) => `span ${span}`),
    inputs: classes.map((name, input) => ({ id: `input ${input}`, output: `class ${name}` })),
    rows,
    surrogates: {
      noise: psi.map(() => effects(1)),
      "of other inputs": psi.map((_, input) =>
        psi[(input + 5) % inputs]?.map((value) => -1e6 * value),
      ),
    },
  });
  return { document: parseValuesDocument("recorded.json", text), psi };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function recovery(
  psi: Simulated["psi"],
  attribution: (input: number) => ArrayLike<number>,
): number {
  return mean(psi.map((own, input) => pearson(Array.from(attribution(input)), own) ?? 0));
}

function rescaled(document: ValuesDocument, factor: number, offset: number): ValuesDocument {
  return {
    ...document,
    rows: document.rows.map((row) => ({ ...row, value: offset + factor * row.value })),
  };
}

function expectAllFinite({ inputs, template, surrogates }: ExplainedValues): void {
  for (const { attribution, low, high } of [...inputs, template])
    attribution.forEach((value, span) => {
      expect(Number.isFinite(value)).toBe(true);
      expect(low[span]).toBeLessThanOrEqual(value);
      expect(high[span]).toBeGreaterThanOrEqual(value);
    });
  for (const { weight } of surrogates) expect(weight >= 0 && weight <= 1).toBe(true);
}

const HIERARCHICAL: ExplainValuesOptions = { seed: "test" };
const MEDIUM = record({ seed: "medium", inputs: 24, spans: 8, rowsPerInput: 6 });

describe("explainValues", () => {
  test("gives the fields of the issue, in their order, the same bytes each time", () => {
    const { document } = MEDIUM;
    const explained = explainValues(document, HIERARCHICAL);
    expect(Object.keys(explained)).toEqual(["inputs", "template", "surrogates"]);
    expect(Object.keys(explained.inputs[0] ?? {})).toEqual(["id", "attribution", "low", "high"]);
    expect(Object.keys(explained.template)).toEqual(["attribution", "low", "high"]);
    expect(explained.surrogates.map((each) => Object.keys(each).join())).toEqual([
      "name,weight",
      "name,weight",
    ]);
    expect(explained.inputs.map(({ id }) => id)).toEqual(document.inputs.map(({ id }) => id));
    expectAllFinite(explained);
    const text = JSON.stringify(explained);
    expect(JSON.stringify(explainValues(document, { seed: "other" }))).toBe(text);
    expect(JSON.parse(text)).toEqual(explained);
  });

  test("is the hierarchical fit pooled by output", () => {
    const { document } = MEDIUM;
    const fit = fitHierarchical({
      spans: document.spans.length,
      classes: document.inputs.map(({ output }) => output),
      rows: document.rows,
      surrogates: document.surrogates,
    });
    const { template, perInput } = fit.attributions();
    const explained = explainValues(document, HIERARCHICAL);
    template.forEach(({ estimate, low, high }, span) => {
      expect(explained.template.attribution[span]).toBeCloseTo(estimate, 3);
      expect(explained.template.low[span]).toBeCloseTo(low, 3);
      expect(explained.template.high[span]).toBeCloseTo(high, 3);
    });
    expect(explained.inputs[3]?.attribution[2]).toBeCloseTo(perInput[3]?.[2]?.estimate ?? NaN, 3);
  });

  test.each([
    [1e-6, 0],
    [1e6, 0],
    [1, 1e6],
    [1e90, -1e95],
    [-2, 3],
  ])("follows values that are multiplied by %d and moved by %d", (factor, offset) => {
    const { document } = MEDIUM;
    const reference = explainValues(document, HIERARCHICAL);
    const explained = explainValues(rescaled(document, factor, offset), HIERARCHICAL);
    expectAllFinite(explained);
    reference.template.attribution.forEach((value, span) =>
      expect((explained.template.attribution[span] ?? NaN) / factor).toBeCloseTo(value, 5),
    );
  });

  test("recovers effects better than ridge of each input alone, misled and with heavy tails", () => {
    const shapes = [
      { inputs: 20, spans: 8, rowsPerInput: 2 },
      { inputs: 20, spans: 12, rowsPerInput: 6 },
      { inputs: 40, spans: 8, rowsPerInput: 4 },
      { inputs: 20, spans: 8, rowsPerInput: 16 },
    ];
    const gains = shapes.map((shape, k) => {
      const { document, psi } = record({ ...shape, seed: `gain ${k}` });
      const explained = explainValues(document, HIERARCHICAL);
      expectAllFinite(explained);
      const alone = psi.map((_, input) => {
        const own = document.rows.filter((row) => row.input === input);
        const masks = own.map(({ mask }) => mask);
        return ridge(
          momentsOf(
            regressionOf(
              masks,
              Float64Array.from(own, ({ value }) => value),
            ),
          ),
          0.1,
        );
      });
      return (
        recovery(psi, (input) => explained.inputs[input]?.attribution ?? []) -
        recovery(psi, (input) => alone[input] ?? [])
      );
    });
    for (const gain of gains) expect(gain).toBeGreaterThan(0);
    expect(mean(gains)).toBeGreaterThan(0.15);
  });

  test("a known variance on some rows keeps them from misleading", () => {
    const { document, psi } = MEDIUM;
    const random = randomFrom("wild rows");
    const wild = document.rows.map((row, at) =>
      at % 3 === 0
        ? { ...row, value: row.value + 20 * random.normal(), variance: 400 }
        : { ...row, variance: 0 },
    );
    const scored = (rows: ValuesDocument["rows"]): number => {
      const explained = explainValues({ ...document, rows }, HIERARCHICAL);
      return recovery(psi, (input) => explained.inputs[input]?.attribution ?? []);
    };
    const unaware = wild.map(({ input, mask, value }) => ({ input, mask, value }));
    expect(scored(wild)).toBeGreaterThan(scored(unaware) + 0.2);
  });

  test("takes one input, one span, one class, and inputs without rows", () => {
    const { document } = MEDIUM;
    const first = document.rows.filter(({ input }) => input === 0);
    const [input] = document.inputs;
    const one = {
      ...document,
      inputs: [input ?? { id: "", output: "" }],
      surrogates: [],
      rows: first,
    };
    expectAllFinite(explainValues(one, HIERARCHICAL));
    const single = {
      ...one,
      spans: ["only"],
      rows: [0, 1, 0, 1].map((bit) => ({ input: 0, mask: Uint8Array.of(bit), value: 3 * bit })),
    };
    const explained = explainValues(single, HIERARCHICAL);
    expectAllFinite(explained);
    expect(explained.template.attribution[0]).toBeGreaterThan(1.5);
    expect(explained.template.attribution[0]).toBeLessThan(3.1);
    const same = document.inputs.map(({ id }) => ({ id, output: "the same" }));
    expectAllFinite(explainValues({ ...document, inputs: same }, HIERARCHICAL));
    const unmeasured = explainValues({ ...document, rows: first }, HIERARCHICAL);
    expectAllFinite(unmeasured);
    expect(unmeasured.inputs).toHaveLength(document.inputs.length);
  });

  test("values that do not vary have no effect; rounding is no variation", () => {
    const { document } = MEDIUM;
    for (const value of [0.1, 0, -1e50]) {
      const rows = document.rows.map((row, at) => ({
        ...row,
        value: value * (1 + (at % 2) * 2e-16),
      }));
      const explained = explainValues({ ...document, rows }, HIERARCHICAL);
      expect(explained.template.attribution).toEqual(document.spans.map(() => 0));
      expect(explained.surrogates.map(({ weight }) => weight)).toEqual([0, 0]);
    }
  });

  test("takes surrogates that are silent, tiny or huge", () => {
    const { document, psi } = MEDIUM;
    const named = (name: string, factor: number): ValuesDocument["surrogates"][number] => ({
      name,
      attributions: psi.map((own) => Float64Array.from(own, (value) => factor * value)),
    });
    const explained = explainValues(
      { ...document, surrogates: [named("tiny", 1e-180), named("silent", 0)] },
      HIERARCHICAL,
    );
    const huge = explainValues({ ...document, surrogates: [named("huge", 1e95)] }, HIERARCHICAL);
    expectAllFinite(explained);
    expect(explained.surrogates[0]?.weight).toBeGreaterThan(0.5);
    expect(explained.surrogates[1]?.weight).toBe(0);
    expect(huge.surrogates[0]?.weight).toBeGreaterThan(0.5);
  });

  test("refuses rows of one mask, and more than one fit can hold", () => {
    const { document } = MEDIUM;
    const mask = new Uint8Array(8).fill(1);
    const alike = document.rows.map((row) => ({ ...row, mask }));
    expect(() => explainValues({ ...document, rows: alike }, HIERARCHICAL)).toThrow("same mask");
    const many = Array.from({ length: 50 }, () => document.rows).flat();
    expect(() => explainValues({ ...document, rows: many }, HIERARCHICAL)).toThrow(
      "at most 6000 rows",
    );
  });
});

/** Ridge with a fixed penalty, standing in for any estimator. */
const byRidge: EstimateGame = (method, { masks, values }) => ({
  method,
  attribution: ridge(momentsOf(regressionOf(masks, values)), 0.05),
  intercept: 0,
});

describe("explainValues by another method", () => {
  const options: ExplainValuesOptions = { method: "lasso", seed: "s", estimate: byRidge };

  test("explains each input from its own rows, and the template as their mean", () => {
    const { document } = MEDIUM;
    const explained = explainValues(document, options);
    expectAllFinite(explained);
    const own = document.rows.filter(({ input }) => input === 2);
    const expected = byRidge(
      "lasso",
      {
        spans: 8,
        masks: own.map(({ mask }) => mask),
        values: Float64Array.from(own, ({ value }) => value),
      },
      { seed: "" },
    ).attribution;
    expect(explained.inputs[2]?.attribution).toEqual([...expected]);
    const byHand = mean(explained.inputs.map(({ attribution }) => attribution[1] ?? NaN));
    expect(explained.template.attribution[1]).toBeCloseTo(byHand, 12);
    expect(explained.surrogates.map(({ weight }) => weight)).toEqual([0, 0]);
  });

  test("its intervals come from refits: the same for the same seed, with width, narrower for the mean", () => {
    const { document } = MEDIUM;
    const explained = explainValues(document, options);
    expect(explainValues(document, options)).toEqual(explained);
    expect(explainValues(document, { ...options, seed: "t" })).not.toEqual(explained);
    const width = ({ low, high }: { low: readonly number[]; high: readonly number[] }): number =>
      mean(high.map((value, span) => value - (low[span] ?? NaN)));
    expect(width(explained.template)).toBeGreaterThan(0);
    expect(width(explained.template)).toBeLessThan(mean(explained.inputs.map(width)) / 2);
  });

  test("keeps the values of all spans and of none in every refit", () => {
    const extremes = [new Uint8Array(8), new Uint8Array(8).fill(1)];
    const rows = [
      ...extremes.map((mask) => ({ input: 0, mask, value: 1 })),
      ...MEDIUM.document.rows.filter(({ input }) => input === 0),
    ];
    const seen: number[] = [];
    const watching: EstimateGame = (method, game, how) => {
      seen.push(game.masks.filter((mask) => mask.every((kept) => kept === mask[0])).length);
      expect(game.masks).toHaveLength(rows.length);
      return byRidge(method, game, how);
    };
    const inputs = MEDIUM.document.inputs.slice(0, 1);
    explainValues({ ...MEDIUM.document, inputs, rows }, { ...options, estimate: watching });
    expect(seen).toHaveLength(21);
    expect(seen.every((count) => count === 2)).toBe(true);
  });

  test("methods that take every mask for what it is have no refits", () => {
    const { template } = explainValues(MEDIUM.document, { ...options, method: "exact" });
    expect(template.low).toEqual(template.attribution);
    expect(template.high).toEqual(template.attribution);
  });

  test("refuses inputs without rows, and methods that are not there", () => {
    const { document } = MEDIUM;
    const rows = document.rows.filter(({ input }) => input !== 3);
    expect(() => explainValues({ ...document, rows }, options)).toThrow("inputs[3] has no rows");
    expect(() => explainValues(document, { method: "lime", seed: "" })).toThrow(
      "lime is not available",
    );
    expect(() => explainValues(document, { ...options, method: "rope-lime" })).toThrow(
      "rope-lime weighs",
    );
    const failing: EstimateGame = (method, { values }) => {
      if (values[0] === document.rows.find(({ input }) => input === 2)?.value)
        throw new UnderstudyError("USAGE", "not this one");
      return { method, attribution: new Float64Array(8), intercept: 0 };
    };
    expect(() => explainValues(document, { ...options, estimate: failing })).toThrow(
      "inputs[2]: not this one",
    );
  });
});
