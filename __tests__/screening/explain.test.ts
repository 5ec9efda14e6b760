/** Mode explain: a surrogate's explanations against the oracle's own; the five verdicts and the rule of the paper. */
import { describe, expect, test } from "@jest/globals";
import {
  screenExplain,
  shortfall,
  type ExplainInstance,
  type ExplainRequest,
} from "../../src/screening/explain.js";
import { notScreened, supportedAbove } from "../../src/screening/verdict.js";

function request(instances: readonly ExplainInstance[], more: Partial<ExplainRequest> = {}) {
  return {
    surrogate: "small",
    oracle: "large",
    inputSetHash: "abc",
    population: instances.length,
    instances,
    ...more,
  };
}

function instances(
  count: number,
  scores: (index: number) => { readonly surrogate: number; readonly oracle: number } | null,
): ExplainInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `input-${index}`,
    masks: 8,
    scores: scores(index),
  }));
}

describe("explain", () => {
  test("d is q(surrogate) - tau q(oracle), and its lower end is -tau, never tighter", () => {
    expect(shortfall(0.6, 0.8, 0.9)).toBeCloseTo(-0.12, 12);
    expect(shortfall(0, 1, 0.9)).toBe(-0.9);
    expect(shortfall(1, 0, 0.9)).toBe(1);
  });

  test("certified: as good as the oracle's own, with the numbers", () => {
    const { screen } = screenExplain(
      request(
        instances(50, (index) => ({
          surrogate: 0.7 + 0.02 * (index % 5),
          oracle: 0.7 + 0.02 * ((index + 1) % 5),
        })),
      ),
    );
    expect(screen).toMatchObject({
      mode: "explain",
      verdict: "certified",
      threshold: 0.9,
      supportedAbove: 0.8,
      inputs: 50,
      futileAfter: null,
    });
    expect(screen.reason).toMatch(/wealth .* reached 20.*share.*above 0\.9/);
    expect(screen.estimate).toBeCloseTo(1, 2);
    expect(screen.surrogateQ).toBeCloseTo(0.74, 12);
    expect(screen.oracleQ).toBeCloseTo(0.74, 12);
    expect(screen.certifiedAfter).toBeLessThan(50);
    expect(screen.wealthPath[(screen.certifiedAfter ?? 0) - 1]).toBeGreaterThanOrEqual(20);
    expect(screen.boundPath).toHaveLength(50);
    expect([...screen.boundPath].sort((a, b) => a - b)).toEqual(screen.boundPath);
    expect(screen.low).toBe(screen.boundPath.at(-1));
  });

  test("supported: a bound between the marks; not supported: below", () => {
    const share = (ratio: number) =>
      screenExplain(request(instances(50, () => ({ surrogate: 0.7 * ratio, oracle: 0.7 })))).screen;
    expect(share(0.89)).toMatchObject({ verdict: "supported", certifiedAfter: null });
    expect(share(0.89).low).toBeGreaterThan(0.8);
    expect(share(0.89).reason).toMatch(/lower bound .* is 0\.8\d: above 0\.8, not shown/);
    expect(share(0.5)).toMatchObject({ verdict: "not supported", certifiedAfter: null });
    expect(share(0.5).futileAfter).toBeGreaterThan(0);
    expect(share(0.5).low).toBeLessThanOrEqual(0.5);
  });

  test("insufficient data: few inputs, few masks, or an oracle explanation that is no measure", () => {
    const good = { surrogate: 0.7, oracle: 0.7 };
    expect(screenExplain(request(instances(19, () => good))).screen).toMatchObject({
      verdict: "insufficient data",
      inputs: 19,
      inputsNeeded: 20,
    });
    const few = instances(40, () => good).map((instance) => ({ ...instance, masks: 4 }));
    expect(screenExplain(request(few)).screen).toMatchObject({
      verdict: "insufficient data",
      inputs: 0,
      reason: expect.stringContaining("masks-per-input to 16"),
    });
    const weak = screenExplain(request(instances(50, () => ({ surrogate: 0.6, oracle: 0.1 }))));
    expect(weak.screen.certifiedAfter).not.toBeNull();
    expect(weak.screen).toMatchObject({
      verdict: "insufficient data",
      reason: expect.stringContaining("mean q of 0.1 only"),
    });
    expect(
      screenExplain(request(instances(40, () => ({ surrogate: 0.5, oracle: -0.2 })))).screen,
    ).toMatchObject({ verdict: "insufficient data", estimate: null, oracleQ: 0 });
  });

  test("not screened: the reason, and no number", () => {
    expect(notScreened({ surrogate: "small", mode: "explain", reason: "no oracle" })).toMatchObject(
      {
        mode: "explain",
        verdict: "not screened",
        reason: "no oracle",
        threshold: 0.9,
        estimate: null,
        low: null,
        wealth: null,
        boundPath: [],
        oracleQ: null,
      },
    );
    expect(notScreened({ surrogate: "small", mode: "labels", reason: "x" })).toMatchObject({
      control: null,
      threshold: 0.7,
    });
  });

  test("an explanation that is worse than nothing counts as nothing", () => {
    const { state } = screenExplain(
      request(instances(20, () => ({ surrogate: -0.8, oracle: 0.7 }))),
    );
    expect(state.consumed.every(({ q }) => q === 0)).toBe(true);
  });

  test("found constant when the test began: outside; found constant later: the worst there is", () => {
    const first = screenExplain(
      request(
        instances(30, (index) => (index < 3 ? null : { surrogate: 0.7, oracle: 0.7 })).map(
          (instance, index) => (index > 20 ? { ...instance, masks: 0 } : instance),
        ),
      ),
    );
    expect(first.state.population).toBe(27);
    const { state } = screenExplain(
      request(
        instances(30, (index) =>
          index < 3 || index === 25 ? null : { surrogate: 0.7, oracle: 0.7 },
        ),
        { previous: first.state },
      ),
    );
    expect(state.population).toBe(27);
    expect(state.consumed.find(({ id }) => id === "input-25")).toMatchObject({ q: 0, oracleQ: 1 });
  });

  test("the claim on inputs like these takes more inputs than the one on this set, and says what it is about", () => {
    const list = instances(50, (index) => ({
      surrogate: 0.7 + 0.05 * Math.sin(index),
      oracle: 0.7,
    }));
    const finite = screenExplain(request(list)).screen;
    const population = screenExplain(request(list, { form: "population" })).screen;
    expect(finite.certifiedAfter).not.toBeNull();
    expect(population.certifiedAfter ?? Infinity).toBeGreaterThan(finite.certifiedAfter ?? 0);
    expect(finite.reason).toContain("over this input set");
    expect(
      screenExplain(request(list, { form: "population", threshold: 0.7 })).screen.reason,
    ).toContain("over inputs like these");
  });

  test("the paper's rule can be looked at, is marked as invalid and certifies nothing", () => {
    const list = instances(50, (index) => ({ surrogate: 0.8 + 0.01 * (index % 3), oracle: 0.7 }));
    const { screen, state } = screenExplain(request(list, { rule: "paper-ttest" }));
    expect(screen.verdict).toBe("supported");
    expect(screen.rule).toMatchObject({
      kind: "paper-ttest",
      passedAfter: 10,
      invalid: expect.stringContaining("does not keep its level"),
    });
    expect(screen.reason).toMatch(/passed after 10 inputs; .*certifies nothing/);
    // What is stored is the betting test, which goes on whatever was looked at.
    expect(state).toEqual(screenExplain(request(list)).state);
    const bad = screenExplain(
      request(
        instances(50, () => ({ surrogate: 0.1, oracle: 0.7 })),
        { rule: "paper-ttest" },
      ),
    );
    expect(bad.screen).toMatchObject({ verdict: "not supported", rule: { passedAfter: null } });
  });

  test("refuses an LDS that is none", () => {
    expect(() =>
      screenExplain(request(instances(1, () => ({ surrogate: 1.2, oracle: 0.5 })))),
    ).toThrow(/\[-1, 1\]/);
  });
});

describe("the mark of supported", () => {
  test.each([
    [0.7, 0.6],
    [0.9, 0.8],
    [0.5, 0.4],
    [0.1, 0.05],
  ])("lies .1 under the threshold %p, but not under half of it", (threshold, mark) => {
    expect(supportedAbove(threshold)).toBe(mark);
  });
});
