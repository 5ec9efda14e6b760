import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LabelScores, Scores } from "../../src/domain.js";
import { valuesOfLabelScores, valuesOfScores } from "../../src/explain/objectives.js";

const scores = (rows: readonly (readonly number[])[], divergence: Float64Array | null): Scores => ({
  logProbabilities: rows.map((row) => Float64Array.from(row)),
  divergence,
  tokensRun: 0,
  tokensAsked: 0,
});

const labelScores = (rows: readonly (readonly number[])[]): LabelScores => ({
  logProbabilities: rows.map((row) => Float64Array.from(row)),
  singleToken: true,
  tokensRun: 0,
  tokensAsked: 0,
});

const logs = (...probabilities: readonly number[]): number[] => probabilities.map(Math.log);

describe("values of a fixed output", () => {
  test("are its log-odds a token", () => {
    const [half, quarter] = valuesOfScores("log-odds", scores([logs(0.5), logs(0.5, 0.5)], null));
    expect(half).toBeCloseTo(0, 12);
    expect(quarter).toBeCloseTo(Math.log(1 / 3) / 2, 12);
  });

  test("are minus its negative log-likelihood a token, so that larger is better supported", () => {
    const values = valuesOfScores(
      "negative-log-likelihood",
      scores([logs(0.5, 0.125), logs(0.5, 0.5)], null),
    );
    expect(values[0]).toBeCloseTo(Math.log(0.25), 12);
    expect(values[1]).toBeGreaterThan(values[0] ?? Number.NaN);
  });

  test("are minus the divergence from the unmasked run, 0 for that run and never above", () => {
    const divergence = Float64Array.of(0, 0.7, -1e-9);
    const values = valuesOfScores(
      "divergence",
      scores([logs(0.5), logs(0.4), logs(0.5)], divergence),
    );
    expect([...values]).toEqual([0, -0.7, 0]);
    expect(Object.is(values[0], -0)).toBe(false);
  });

  test("need tokens, and divergence a reference run", () => {
    const internal = expect.objectContaining({ code: "INTERNAL" });
    expect(() => valuesOfScores("negative-log-likelihood", scores([[]], null))).toThrow(internal);
    expect(() => valuesOfScores("log-odds", scores([[]], null))).toThrow(internal);
    expect(() => valuesOfScores("divergence", scores([logs(0.5)], null))).toThrow(internal);
  });
});

describe("label margins", () => {
  test("are the log-odds of the label among the labels", () => {
    const values = valuesOfLabelScores(labelScores([logs(0.2, 0.1, 0.3), logs(0.6, 0.1, 0.1)]), 0);
    expect(values[0]).toBeCloseTo(Math.log(0.2 / 0.4), 12);
    expect(values[1]).toBeCloseTo(Math.log(3), 12);
  });

  test("do not change when all labels become likelier by the same factor", () => {
    const row = fc.array(fc.double({ min: -20, max: 0, noNaN: true }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(row, fc.double({ min: -20, max: 20, noNaN: true }), (perLabel, shift) => {
        const [own, moved] = valuesOfLabelScores(
          labelScores([perLabel, perLabel.map((value) => value + shift)]),
          1,
        );
        expect(moved).toBeCloseTo(own ?? Number.NaN, 9);
      }),
    );
  });

  test("need at least two labels, the fixed one among them", () => {
    const internal = expect.objectContaining({ code: "INTERNAL" });
    expect(() => valuesOfLabelScores(labelScores([logs(0.5)]), 0)).toThrow(internal);
    expect(() => valuesOfLabelScores(labelScores([logs(0.5, 0.5)]), 2)).toThrow(internal);
  });
});
