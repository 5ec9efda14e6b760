import { describe, expect, test } from "@jest/globals";
import { randomFrom } from "../../src/numerics/random.js";
import {
  gateInstances,
  KAPPA_THRESHOLD,
  type InstanceLabels,
} from "../../src/screening/instance-gate.js";

/** Inputs whose oracle label is drawn by shares, and the surrogate's by a row of its confusion. */
function simulate(options: {
  readonly seed: string;
  readonly inputs: number;
  readonly shares: readonly number[];
  readonly confusion: readonly (readonly number[])[];
}): InstanceLabels[] {
  const random = randomFrom(options.seed);
  const draw = (weights: readonly number[]): number => {
    let left = random.uniform();
    const found = weights.findIndex((weight) => (left -= weight) < 0);
    return found < 0 ? weights.length - 1 : found;
  };
  return Array.from({ length: options.inputs }, (_, index) => {
    const oracle = draw(options.shares);
    const surrogate = draw(options.confusion[oracle] ?? []);
    return { id: `i${index}`, oracle: `label ${oracle}`, surrogate: `label ${surrogate}` };
  });
}

const faithful = simulate({
  seed: "faithful",
  inputs: 40,
  shares: [0.5, 0.3, 0.2],
  confusion: [
    [0.9, 0.05, 0.05],
    [0.1, 0.85, 0.05],
    [0.1, 0.1, 0.8],
  ],
});
/** 48 of 50 inputs have one label, and the surrogate knows no other. */
const majority: InstanceLabels[] = Array.from({ length: 50 }, (_, index) => ({
  id: `i${index}`,
  oracle: index < 48 ? "yes" : "no",
  surrogate: "yes",
}));

describe("instance gate", () => {
  test("a faithful surrogate explains the inputs it agrees on, the oracle the others, and all are counted", () => {
    const gate = gateInstances({ instances: faithful, rule: "kappa", oracleInstances: 40 });
    const agreed = faithful.filter(({ oracle, surrogate }) => oracle === surrogate).length;
    expect(gate).toMatchObject({ open: true, agreement: { inputs: 40, raw: agreed / 40 } });
    expect(gate.counts).toEqual({ surrogate: agreed, oracle: 40 - agreed, "not explained": 0 });
    expect(gate.fallbackShare).toBeCloseTo(1 - agreed / 40, 12);
    gate.outcomes.forEach(({ id, outcome }, index) => {
      const { oracle, surrogate } = faithful[index] as InstanceLabels;
      expect(id).toBe(`i${index}`);
      expect(outcome.kind).toBe(oracle === surrogate ? "surrogate" : "oracle");
    });
    const fallback = gate.outcomes.find(({ outcome }) => outcome.kind === "oracle");
    expect(fallback?.outcome).toEqual({
      kind: "oracle",
      reason: expect.stringMatching(/^the surrogate answers "label \d", the oracle "label \d"$/),
    });
  });

  test("a surrogate that knows only the majority's label agrees on .96 and is refused everywhere", () => {
    const gate = gateInstances({ instances: majority, rule: "kappa", oracleInstances: 0 });
    expect(gate.open).toBe(false);
    expect(gate.agreement).toMatchObject({ raw: 0.96, kappa: 0 });
    expect(gate.counts).toEqual({ surrogate: 0, oracle: 0, "not explained": 50 });
    expect(gate.fallbackShare).toBe(1);
    expect(gate.reason).toMatch(/^the lower bound of kappa is -0\.\d\d .*: not above 0\.2$/);
  });

  test("the paper's plain rule lets the same surrogate speak, and shows kappa all the same", () => {
    const gate = gateInstances({ instances: majority, rule: "plain", oracleInstances: 0 });
    expect(gate).toMatchObject({ open: true, agreement: { kappa: 0 }, counts: { surrogate: 48 } });
  });

  test("is never opened by one label that both always give, nor by few inputs", () => {
    const same = majority.slice(0, 48);
    for (const instances of [same, faithful.slice(0, 9)]) {
      const gate = gateInstances({ instances, rule: "kappa", oracleInstances: 0 });
      expect(gate).toMatchObject({ open: false, agreement: { kind: "unknown" } });
      expect(gate.counts.surrogate).toBe(0);
    }
  });

  test("falls back on the oracle as far as its budget reaches, then says so", () => {
    const gate = gateInstances({ instances: majority, rule: "kappa", oracleInstances: 3 });
    expect(gate.outcomes.slice(0, 4).map(({ outcome }) => outcome.kind)).toEqual([
      "oracle",
      "oracle",
      "oracle",
      "not explained",
    ]);
    expect(gate.outcomes[3]?.outcome).toMatchObject({
      reason: expect.stringContaining("the budget reaches for no further explanation"),
    });
  });

  test("what is not known is neither agreement nor disagreement", () => {
    const [first, second, ...rest] = faithful as [InstanceLabels, InstanceLabels];
    const instances: InstanceLabels[] = [
      { ...first, oracle: null },
      { ...second, surrogate: { kind: "unknown", reason: "no set of labels" } },
      ...rest,
    ];
    const gate = gateInstances({ instances, rule: "kappa", oracleInstances: 40 });
    expect(gate.agreement).toMatchObject({ inputs: 38 });
    expect(gate.outcomes[0]?.outcome).toEqual({
      kind: "not explained",
      reason: "the oracle gave no answer",
    });
    expect(gate.outcomes[1]?.outcome).toEqual({ kind: "oracle", reason: "no set of labels" });
  });

  test("a higher threshold closes it", () => {
    const request = { instances: faithful, rule: "kappa", oracleInstances: 0 } as const;
    expect(gateInstances({ ...request, threshold: 0.9 }).open).toBe(false);
    expect(gateInstances({ ...request, confidence: 0.5, threshold: 0.6 }).open).toBe(true);
  });

  test("no inputs: no share; an id twice or a budget below 0 is refused", () => {
    const none = gateInstances({ instances: [], rule: "kappa", oracleInstances: 0 });
    expect(none).toMatchObject({ open: false, fallbackShare: null, outcomes: [] });
    const twice = [faithful[0], faithful[0]] as InstanceLabels[];
    for (const wrong of [
      { instances: twice, oracleInstances: 0 },
      { instances: faithful, oracleInstances: -1 },
    ])
      expect(() => gateInstances({ rule: "kappa", ...wrong })).toThrow(
        expect.objectContaining({ code: "INTERNAL" }),
      );
  });

  test.each([
    [
      "the share of one label, drawn at random",
      [0.96, 0.04],
      [
        [0.96, 0.04],
        [0.96, 0.04],
      ],
    ],
    [
      "even labels at random",
      [0.5, 0.5],
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    ],
    [
      "kappa exactly at the threshold",
      [0.5, 0.5],
      [
        [0.6, 0.4],
        [0.4, 0.6],
      ],
    ],
  ])("opens in at most 5 %% + 3 standard errors of 1,000 draws: %s", (name, shares, confusion) => {
    expect(KAPPA_THRESHOLD).toBe(0.2);
    let opened = 0;
    for (let run = 0; run < 1000; run++) {
      const instances = simulate({ seed: `${name} ${run}`, inputs: 40, shares, confusion });
      if (gateInstances({ instances, rule: "kappa", oracleInstances: 0 }).open) opened += 1;
    }
    expect(opened / 1000).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 1000));
  });
});
