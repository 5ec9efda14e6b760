/** The screen's error rates on simulated surrogates: what a certificate promises, and that the harness would see it broken. */
import { describe, expect, test } from "@jest/globals";
import { lowerBoundPath } from "../../src/numerics/bound-path.js";
import { randomFrom } from "../../src/numerics/random.js";
import { shortfall } from "../../src/screening/explain.js";
import { paperTTest } from "../../src/screening/paper-ttest.js";
import {
  atTheNull,
  bettingPower,
  drawPairs,
  HORIZON,
  NULLS,
  passRate,
  rememberedQuantiles,
  TRUTHS,
} from "./simulated-pairs.js";

const RUNS = 5000;
const ALPHA = 0.05;
const LIMIT = ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / RUNS);
const scenarios = NULLS.map((scenario) => [scenario.name, scenario] as const);

describe(`on a null, ${RUNS} runs`, () => {
  test.each(scenarios)("%s: population form certifies at most alpha + 3 se", (_, scenario) => {
    const { power } = bettingPower({
      scenario,
      tau: 0.9,
      alpha: ALPHA,
      runs: RUNS,
      form: "population",
    });
    expect(power).toBeLessThanOrEqual(LIMIT);
  });

  test.each(scenarios)(
    "%s: finite form, exact null, certifies at most alpha + 3 se",
    (_, scenario) => {
      const { power } = bettingPower({
        scenario,
        tau: 0.9,
        alpha: ALPHA,
        runs: RUNS,
        form: "finite",
        exactNull: true,
      });
      expect(power).toBeLessThanOrEqual(LIMIT);
    },
  );

  test("the nulls are nulls, and not so far from them that any test would pass", () => {
    const random = randomFrom("nulls");
    for (const scenario of NULLS) {
      const pairs = drawPairs(scenario, random, 0.9, 40_000);
      const mean = pairs.reduce((sum, { q, oracleQ }) => sum + shortfall(q, oracleQ, 0.9), 0);
      expect(Math.abs(mean / pairs.length)).toBeLessThan(0.006);
      const exact = atTheNull(pairs.slice(0, HORIZON), 0.9);
      const left = exact.reduce((sum, { q, oracleQ }) => sum + shortfall(q, oracleQ, 0.9), 0);
      expect(Math.abs(left)).toBeLessThan(1e-9);
    }
  });
});

describe("the harness sees a wrong test", () => {
  const quantile = rememberedQuantiles();
  const naive = (alpha: number, firstLook: number) => (differences: Float64Array) =>
    paperTTest(differences, alpha, { firstLook, quantile }) !== null;

  test.each(scenarios)("%s: the paper's rule passes above its level", (_, scenario) => {
    const simulation = { scenario, tau: 0.9, alpha: 0.01, runs: 2000, form: "population" } as const;
    expect(passRate(simulation, naive(0.01, 10))).toBeGreaterThan(0.03);
    expect(passRate(simulation, naive(0.01, 2))).toBeGreaterThan(0.06);
  });

  test("on total failures it exceeds its level more than twentyfold, in finite form too", () => {
    const scenario = NULLS[3];
    if (!scenario) throw new Error("no scenario");
    const simulation = { scenario, tau: 0.9, alpha: 0.01, runs: 2000 } as const;
    expect(passRate({ ...simulation, form: "population" }, naive(0.01, 10))).toBeGreaterThan(0.2);
    expect(
      passRate({ ...simulation, form: "finite", exactNull: true }, naive(0.01, 10)),
    ).toBeGreaterThan(0.2);
  });

  test("clipping d tighter than -tau breaks the level", () => {
    const scenario = NULLS[3];
    if (!scenario) throw new Error("no scenario");
    const simulation = {
      scenario: {
        name: scenario.name,
        // A surrogate's failures are forgiven below d = -.2: the mean of what the test sees is above 0.
        draw: (random, tau) => {
          const { q, oracleQ } = scenario.draw(random, tau);
          return { oracleQ, q: Math.max(q, tau * oracleQ - 0.2) };
        },
      },
      tau: 0.9,
      alpha: ALPHA,
      runs: 1000,
      form: "population",
    } satisfies Parameters<typeof bettingPower>[0];
    expect(bettingPower(simulation).power).toBeGreaterThan(2 * ALPHA);
  });
});

describe("power", () => {
  const runs = 1000;
  const cells = TRUTHS.flatMap((truth) =>
    (
      [
        [0.9, 0.05],
        [0.9, 0.01],
        [0.8, 0.05],
        [0.8, 0.01],
      ] as const
    ).map(([tau, alpha], column) => ({
      name: `${truth.name}, tau ${tau}, alpha ${alpha}`,
      truth,
      tau,
      alpha,
      column,
    })),
  );

  test.each(cells)("$name: within .05 of the design's", ({ truth, tau, alpha, column }) => {
    const { power, looks } = bettingPower({
      scenario: truth,
      tau,
      alpha,
      runs,
      form: "population",
    });
    // .05, and 2 se of a simulation of this size.
    const tolerance = 0.05 + 2 * Math.sqrt(Math.max(power * (1 - power), 0.01) / runs);
    expect(Math.abs(power - (truth.power[column] ?? NaN))).toBeLessThanOrEqual(tolerance);
    const expectedLooks = truth.looks[column];
    if (expectedLooks !== null)
      expect(Math.abs(looks - (expectedLooks ?? NaN))).toBeLessThanOrEqual(2.5);
  });

  test("finite form: nearly always certified from 50 of 50 inputs, as the design says", () => {
    for (const scenario of TRUTHS) {
      const simulation = { scenario, tau: 0.9, alpha: 0.05, runs: 400, form: "finite" } as const;
      const { power, looks } = bettingPower(simulation);
      // Of the populations drawn with noise .2 about a tenth have a ratio hardly above .9 themselves (twenty are drawn here).
      const least = scenario.name.endsWith("sd 0.2") ? 0.75 : 0.97;
      expect({ name: scenario.name, high: power >= least }).toEqual({
        name: scenario.name,
        high: true,
      });
      expect(looks).toBeLessThan(38);
    }
  });
});

describe("the bound on the ratio", () => {
  test.each(["population", "finite"] as const)(
    "%s form: above the true ratio at any look in at most alpha + 3 se of runs",
    (form) => {
      const tau = 0.8;
      const runs = 200;
      for (const scenario of NULLS) {
        const random = randomFrom(`bounds\n${form}\n${scenario.name}`);
        let missed = 0;
        for (let run = 0; run < runs; run++) {
          const drawn = drawPairs(scenario, random, tau, HORIZON);
          const pairs = form === "finite" ? atTheNull(drawn, tau) : drawn;
          const path = lowerBoundPath(
            (at) => Float64Array.from(pairs, ({ q, oracleQ }) => shortfall(q, oracleQ, at)),
            {
              threshold: tau,
              alpha: ALPHA,
              horizon: HORIZON,
              population: form === "finite" ? HORIZON : null,
            },
            20,
          );
          if (path.some((bound) => bound >= tau)) missed++;
        }
        expect(missed / runs).toBeLessThanOrEqual(
          ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / runs),
        );
      }
    },
  );

  test("equal fidelity: the median bound after 20, 30 and 50 inputs lies where the design puts it", () => {
    const [scenario] = TRUTHS;
    if (!scenario) throw new Error("no scenario");
    const random = randomFrom("median bound");
    const paths = Array.from({ length: 41 }, () => {
      const pairs = drawPairs(scenario, random, 0.9, HORIZON);
      return lowerBoundPath(
        (at) => Float64Array.from(pairs, ({ q, oracleQ }) => shortfall(q, oracleQ, at)),
        { threshold: 0.9, alpha: ALPHA, horizon: HORIZON, population: null },
      );
    });
    const median = (look: number): number =>
      paths.map((path) => path[look - 1] ?? NaN).sort((a, b) => a - b)[20] ?? NaN;
    expect(median(20)).toBeGreaterThanOrEqual(0.7);
    expect(median(20)).toBeLessThanOrEqual(0.83);
    expect(median(30)).toBeGreaterThanOrEqual(0.79);
    expect(median(30)).toBeLessThanOrEqual(0.88);
    expect(median(50)).toBeGreaterThanOrEqual(0.86);
    expect(median(50)).toBeLessThanOrEqual(0.92);
  });
});
