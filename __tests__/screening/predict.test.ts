import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseCertificate, serialiseCertificate } from "../../src/screening/certificate.js";
import {
  screenPredict,
  type PredictInstance,
  type PredictRequest,
} from "../../src/screening/predict.js";
import { notScreened } from "../../src/screening/verdict.js";

function instances(count: number, spearman: (index: number) => number | null): PredictInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `input-${index}`,
    spearman: spearman(index),
    masks: 8,
  }));
}

function request(
  list: readonly PredictInstance[],
  more: Partial<PredictRequest> = {},
): PredictRequest {
  return {
    surrogate: "small",
    oracle: "large",
    inputSetHash: "abc",
    instances: list,
    population: list.length,
    ...more,
  };
}

describe("screen", () => {
  test("certifies a faithful surrogate", () => {
    const { screen } = screenPredict(request(instances(40, (index) => 0.75 + 0.01 * (index % 10))));
    expect(screen).toMatchObject({ verdict: "certified", inputs: 40, threshold: 0.7, alpha: 0.05 });
    expect(screen.estimate).toBeCloseTo((0.795 + 1) / 2, 12);
    expect(screen.low).toBeGreaterThanOrEqual(0.7);
    expect(screen.wealthPath).toHaveLength(40);
    expect(Math.max(...screen.wealthPath)).toBeGreaterThanOrEqual(20);
  });

  test("supports one between the marks", () => {
    const { screen } = screenPredict(request(instances(40, (index) => 0.38 + 0.005 * (index % 8))));
    expect(screen.verdict).toBe("supported");
    expect(screen.low).toBeGreaterThan(0.6);
    expect(screen.estimate).toBeLessThan(0.71);
  });

  test("does not support one that knows nothing", () => {
    const { screen } = screenPredict(
      request(instances(40, (index) => (index % 2 === 0 ? 0.3 : -0.3))),
    );
    expect(screen.verdict).toBe("not supported");
    expect(screen.low).toBeLessThan(0.5);
  });

  test("knows too little from 19 inputs, and from 40 that do not vary", () => {
    expect(screenPredict(request(instances(19, () => 0.9))).screen).toMatchObject({
      verdict: "insufficient data",
      inputs: 19,
    });
    const constant = screenPredict(request(instances(40, () => null))).screen;
    expect(constant).toMatchObject({
      verdict: "insufficient data",
      inputs: 0,
      estimate: null,
      low: null,
      wealth: null,
    });
    const fewMasks = instances(40, () => 0.9).map((instance) => ({ ...instance, masks: 7 }));
    expect(screenPredict(request(fewMasks)).screen).toMatchObject({
      verdict: "insufficient data",
      inputs: 0,
    });
  });

  test("the order of the instances changes nothing, the identity of the test does", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          instances(30, (index) => Math.sin(index)),
          { minLength: 30 },
        ),
        (list) => {
          expect(screenPredict(request(list))).toEqual(
            screenPredict(request(instances(30, (index) => Math.sin(index)))),
          );
        },
      ),
      { numRuns: 20, seed: 1 },
    );
    const list = instances(30, (index) => Math.sin(index));
    expect(screenPredict(request(list, { oracle: "other" })).screen.wealthPath).not.toEqual(
      screenPredict(request(list)).screen.wealthPath,
    );
  });

  test("inputs without variation are outside the population", () => {
    const list = instances(40, (index) => (index < 10 ? null : 0.5 + 0.4 * Math.sin(index)));
    const { state } = screenPredict(request(list));
    expect(state.population).toBe(30);
    expect(state.excluded).toHaveLength(10);
    expect(state.consumed).toHaveLength(30);
  });

  test("says why nothing was screened", () => {
    expect(notScreened({ surrogate: "small", reason: "no oracle" })).toMatchObject({
      verdict: "not screened",
      reason: "no oracle",
      low: null,
      wealthPath: [],
    });
  });

  test("refuses nonsense", () => {
    expect(() =>
      screenPredict(request([...instances(2, () => 0), ...instances(1, () => 0)])),
    ).toThrow(/twice/);
    expect(() => screenPredict(request(instances(2, () => 1.5)))).toThrow(/\[-1, 1\]/);
    expect(() =>
      screenPredict(
        request(
          instances(2, () => 0),
          { population: 1 },
        ),
      ),
    ).toThrow(/search set/);
  });
});

describe("a continued screen", () => {
  const all = instances(40, (index) => 0.6 + 0.3 * Math.sin(index));
  const early = all.map((instance, index) => (index < 25 ? instance : { ...instance, masks: 0 }));
  const first = screenPredict(request(early));

  test("keeps what was consumed, in order, and adds only what is new", () => {
    const second = screenPredict(request(all, { previous: first.state }));
    expect(second.state.consumed.slice(0, 25)).toEqual(first.state.consumed);
    expect(second.state.consumed).toHaveLength(40);
    expect(second.screen.wealthPath.slice(0, 25)).toEqual(first.screen.wealthPath);
    expect(second.state.population).toBe(40);
  });

  test("does not look again at an input whose q has changed", () => {
    const better = all.map((instance) => ({ ...instance, spearman: 1 }));
    const again = screenPredict(
      request(better.slice(0, 25), { population: 40, previous: first.state }),
    );
    expect(again.state).toEqual(first.state);
  });

  test("is the same after the file", () => {
    const text = serialiseCertificate(first.state);
    expect(parseCertificate(text, "c.json")).toEqual(first.state);
    expect(serialiseCertificate(parseCertificate(text, "c.json"))).toBe(text);
  });

  test("an input found constant when the test began stays outside; one found constant later counts as a failure", () => {
    const start = screenPredict(
      request(
        early.map((instance, index) => (index === 3 ? { ...instance, spearman: null } : instance)),
      ),
    );
    expect(start.state.population).toBe(39);
    const later = all.map((instance, index) =>
      index === 3 || index === 30 ? { ...instance, spearman: null } : instance,
    );
    const { state } = screenPredict(request(later, { previous: start.state }));
    expect(state.consumed.map((one) => one.id)).not.toContain("input-3");
    expect(state.consumed.find((one) => one.id === "input-30")?.q).toBe(0);
  });
});

describe("certificates are not believed blindly", () => {
  const list = instances(30, (index) => Math.sin(index));
  const { state } = screenPredict(request(list));
  const text = serialiseCertificate(state);

  test("an altered number is noticed", () => {
    const altered = text.replace(/"wealth": [^,]+/, '"wealth": 25');
    expect(altered).not.toBe(text);
    expect(() => parseCertificate(altered, "c.json")).toThrow(
      /c\.json: the certificate was altered/,
    );
  });

  test("a wealth that the inputs do not lead to is noticed even with a fitting checksum", () => {
    const forged = parseCertificate(
      serialiseCertificate({ ...state, wealth: 25, largestWealth: 25 }),
      "c.json",
    );
    expect(() => screenPredict(request(list, { previous: forged }))).toThrow(/contradicts itself/);
  });

  test.each([
    ["not JSON", "{"],
    ["not an object", "[]"],
    ["a field too many", text.replace('"version": 2', '"version": 2, "extra": 1')],
    ["another version", text.replace('"version": 2', '"version": 3')],
    ["a q out of range", text.replace(/"q": [^\n]+/, '"q": 3')],
  ])("%s is refused by name", (_, content) => {
    expect(() => parseCertificate(content, "c.json")).toThrow(
      /c\.json: not a screening certificate/,
    );
  });

  test.each(["oracle", "surrogate", "inputSetHash"] as const)(
    "another %s is another test",
    (name) => {
      expect(() => screenPredict(request(list, { [name]: "other", previous: state }))).toThrow(
        new RegExp(`belongs to another test: ${name}`),
      );
      try {
        screenPredict(request(list, { [name]: "other", previous: state }));
      } catch (error) {
        expect(error).toMatchObject({ code: "CERTIFICATE" });
      }
    },
  );
});
