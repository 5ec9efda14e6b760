/** Pushes: the same test looked at again and again, its certificate saved, loaded and continued. */
import { describe, expect, test } from "@jest/globals";
import { firstRejection } from "../../src/numerics/bound-path.js";
import { betOnDifferences } from "../../src/numerics/e-process.js";
import { randomFrom, type Random } from "../../src/numerics/random.js";
import { parseCertificate, serialiseCertificate } from "../../src/screening/certificate.js";
import { screenExplain, shortfall, type ExplainInstance } from "../../src/screening/explain.js";
import { screenPredict, type PredictInstance } from "../../src/screening/predict.js";
import { atTheNull, drawPairs, HORIZON, NULLS, TRUTHS, type Pair } from "./simulated-pairs.js";

const ALPHA = 0.05;
const TAU = 0.9;
const PUSHES = 4;

function instance({ q, oracleQ }: Pair, index: number, masks: number): ExplainInstance {
  return { id: `input ${index}`, masks, scores: { surrogate: q, oracle: oracleQ } };
}

/** Inputs measured by each push: at least one more every time, all by the last. */
function measuredBy(random: Random): readonly number[] {
  const cuts = Array.from({ length: PUSHES - 1 }, () => 1 + random.integer(HORIZON - 1));
  return [...cuts.sort((a, b) => a - b), HORIZON];
}

/** Verdicts of the pushes of one repository; `between` is what becomes of the stored certificate from push to push. */
function pushes(
  pairs: readonly Pair[],
  random: Random,
  options: { readonly hash: string; readonly form: "finite" | "population" },
): { readonly verdicts: readonly string[]; readonly texts: readonly string[] } {
  let stored: string | null = null;
  const verdicts: string[] = [];
  const texts: string[] = [];
  for (const measured of measuredBy(random)) {
    const { screen, state } = screenExplain({
      surrogate: "small",
      oracle: "large",
      inputSetHash: options.hash,
      form: options.form,
      population: HORIZON,
      threshold: TAU,
      alpha: ALPHA,
      instances: pairs.map((pair, index) => instance(pair, index, index < measured ? 8 : 0)),
      ...(stored === null ? {} : { previous: parseCertificate(stored, "c.json") }),
    });
    stored = serialiseCertificate(state);
    texts.push(stored);
    verdicts.push(screen.certifiedAfter === null ? "open" : "certified");
  }
  return { verdicts, texts };
}

describe("stopping when it suits", () => {
  test.each(["finite", "population"] as const)(
    "%s form: certified at any of several pushes in at most alpha + 3 se of null runs",
    (form) => {
      const runs = 120;
      let certified = 0;
      for (const scenario of NULLS) {
        const random = randomFrom(`pushes\n${form}\n${scenario.name}`);
        for (let run = 0; run < runs; run++) {
          const drawn = drawPairs(scenario, random, TAU, HORIZON);
          const pairs = form === "finite" ? atTheNull(drawn, TAU) : drawn;
          const { verdicts } = pushes(random.shuffle(pairs), random, { hash: `${run}`, form });
          if (verdicts.includes("certified")) certified++;
        }
      }
      const all = runs * NULLS.length;
      expect(certified / all).toBeLessThanOrEqual(
        ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / all),
      );
    },
  );

  test("the harness sees a test that begins anew at every push", () => {
    const scenario = NULLS[2];
    if (!scenario) throw new Error("no scenario");
    const random = randomFrom("restarted");
    const design = { threshold: TAU, alpha: ALPHA, horizon: HORIZON, population: null };
    const runs = 300;
    let certified = 0;
    for (let run = 0; run < runs; run++) {
      const once = (): boolean => {
        const differences = drawPairs(scenario, random, TAU, HORIZON).map(({ q, oracleQ }) =>
          shortfall(q, oracleQ, TAU),
        );
        return firstRejection(betOnDifferences(differences, design), design) !== null;
      };
      if (Array.from({ length: 10 }, once).includes(true)) certified++;
    }
    expect(certified / runs).toBeGreaterThan(4 * ALPHA);
  });

  test("a fit surrogate is certified by some push and stays so", () => {
    const [scenario] = TRUTHS;
    if (!scenario) throw new Error("no scenario");
    const random = randomFrom("fit");
    for (let run = 0; run < 20; run++) {
      const pairs = drawPairs(scenario, random, TAU, HORIZON);
      const { verdicts } = pushes(pairs, random, { hash: `${run}`, form: "finite" });
      expect(verdicts.at(-1)).toBe("certified");
      const first = verdicts.indexOf("certified");
      expect(verdicts.slice(first)).toEqual(verdicts.slice(first).map(() => "certified"));
    }
  });

  test("each certificate begins with what the one before had consumed, in its order", () => {
    const [scenario] = TRUTHS;
    if (!scenario) throw new Error("no scenario");
    const random = randomFrom("prefix");
    const { texts } = pushes(drawPairs(scenario, random, TAU, HORIZON), random, {
      hash: "prefix",
      form: "finite",
    });
    const states = texts.map((text) => parseCertificate(text, "c.json"));
    states.slice(1).forEach((state, index) => {
      const before = states[index];
      expect(state.consumed.slice(0, before?.count)).toEqual(before?.consumed);
      expect(state.population).toBe(HORIZON);
    });
  });
});

describe("predict, over pushes", () => {
  test("Spearman correlations whose q has mean .7: certified at any push in at most alpha + 3 se", () => {
    const runs = 400;
    const size = 40;
    const random = randomFrom("predict pushes");
    let certified = 0;
    for (let run = 0; run < runs; run++) {
      // A fifth know nothing (correlation 0), the rest .5: mean of (r + 1) / 2 is .7.
      const correlations = random.shuffle(
        Array.from({ length: size }, (_, index) => (index < size / 5 ? 0 : 0.5)),
      );
      let stored: string | null = null;
      let passed = false;
      for (const measured of [15, 30, size]) {
        const { screen, state } = screenPredict({
          surrogate: "small",
          oracle: "large",
          inputSetHash: `${run}`,
          population: size,
          instances: correlations.map((spearman, index): PredictInstance => ({
            id: `${index}`,
            spearman,
            masks: index < measured ? 8 : 0,
          })),
          ...(stored === null ? {} : { previous: parseCertificate(stored, "c.json") }),
        });
        stored = serialiseCertificate(state);
        passed ||= screen.certifiedAfter !== null;
      }
      if (passed) certified++;
    }
    expect(certified / runs).toBeLessThanOrEqual(
      ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / runs),
    );
  });
});
