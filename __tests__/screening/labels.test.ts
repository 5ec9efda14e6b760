/** Mode labels: an oracle without log-probabilities, judged by which masks flip its answer. */
import { describe, expect, test } from "@jest/globals";
import { randomFrom } from "../../src/numerics/random.js";
import {
  screenLabels,
  type LabelsInstance,
  type LabelsRequest,
} from "../../src/screening/labels.js";

function request(instances: readonly LabelsInstance[], more: Partial<LabelsRequest> = {}) {
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
  make: (index: number) => { readonly signAuc: number; readonly lengthAuc: number } | null,
): LabelsInstance[] {
  return Array.from({ length: count }, (_, index) => {
    const areas = make(index);
    return {
      id: `input-${index}`,
      masks: 8,
      flips: areas === null ? 0 : 3,
      signAuc: areas?.signAuc ?? null,
      lengthAuc: areas?.lengthAuc ?? null,
    };
  });
}

describe("labels", () => {
  test("certifies a surrogate that foresees flips where length does not", () => {
    const { screen } = screenLabels(
      request(instances(40, (index) => ({ signAuc: 0.9 + 0.005 * (index % 10), lengthAuc: 0.5 }))),
    );
    expect(screen).toMatchObject({ mode: "labels", verdict: "certified", inputs: 40, flipped: 40 });
    expect(screen.control?.estimate).toBeCloseTo(0.5, 12);
    expect(screen.control?.beatenAfter).toBeGreaterThan(0);
    expect(screen.low).toBeGreaterThanOrEqual(0.7);
  });

  test("does not take length for knowledge: .86 is no success where span length alone reaches .86", () => {
    const { screen } = screenLabels(
      request(instances(40, () => ({ signAuc: 0.86, lengthAuc: 0.86 }))),
    );
    expect(screen.certifiedAfter).not.toBeNull();
    expect(screen.verdict).toBe("not supported");
    expect(screen.reason).toMatch(/0\.86.*not shown to be above the 0\.86 of span length alone/);
  });

  test("an input without flips counts as chance: it is looked at, with q = 1/2, and can only withhold", () => {
    const good = { signAuc: 1, lengthAuc: 0.4 };
    const half = screenLabels(request(instances(60, (index) => (index % 2 === 0 ? good : null))));
    expect(half.screen).toMatchObject({ inputs: 60, flipped: 30, population: { size: 60 } });
    expect(half.state.excluded).toEqual([]);
    expect(half.screen.estimate).toBeCloseTo(0.75, 12);
    const all = screenLabels(request(instances(60, () => good)));
    expect(all.screen.certifiedAfter ?? 0).toBeLessThan(half.screen.certifiedAfter ?? Infinity);
    for (const one of half.state.consumed.filter(({ flipped }) => !flipped))
      expect(one).toMatchObject({ q: 0.5, lengthQ: 0.5 });
  });

  test("few flips are insufficient data, not a verdict on the surrogate, however good it looks", () => {
    const { screen } = screenLabels(
      request(instances(60, (index) => (index < 19 ? { signAuc: 1, lengthAuc: 0 } : null))),
    );
    expect(screen.verdict).toBe("insufficient data");
    expect(screen.reason).toMatch(/for 19 of 60 inputs .*; 20 are needed/);
  });

  test("nothing but flips says as little as none", () => {
    const { screen } = screenLabels(
      request(
        instances(40, () => null).map((instance) => ({ ...instance, flips: instance.masks })),
      ),
    );
    expect(screen).toMatchObject({ verdict: "insufficient data", flipped: 0, estimate: 0.5 });
  });

  test("a surrogate that guesses is certified in at most alpha + 3 se of runs, at a threshold of .5", () => {
    const random = randomFrom("guessing");
    const runs = 400;
    let certified = 0;
    for (let run = 0; run < runs; run++) {
      const list = instances(40, () => ({
        signAuc: random.integer(17) / 16,
        lengthAuc: random.integer(17) / 16,
      }));
      const { screen } = screenLabels(
        request(list, { threshold: 0.5, form: "population", inputSetHash: `${run}` }),
      );
      if (screen.verdict === "certified") certified++;
    }
    expect(certified / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });

  test("a guess that happens to beat length on half of the inputs is not certified for it", () => {
    // q is above the threshold by far; length is as good on average.
    const { screen } = screenLabels(
      request(
        instances(40, (index) =>
          index % 2 === 0 ? { signAuc: 1, lengthAuc: 0.8 } : { signAuc: 0.8, lengthAuc: 1 },
        ),
      ),
    );
    expect(screen.verdict).toBe("not supported");
    expect(screen.control?.beatenAfter).toBeNull();
  });

  test("too few masks are unseen, and stay in the population", () => {
    const { screen, state } = screenLabels(
      request(
        instances(40, () => ({ signAuc: 0.9, lengthAuc: 0.5 })).map((instance, index) => ({
          ...instance,
          masks: index < 10 ? 7 : 8,
        })),
      ),
    );
    expect(screen.inputs).toBe(30);
    expect(state.population).toBe(40);
  });

  test("refuses areas that cannot be: one without flips, none with flips, one out of range", () => {
    const [one] = instances(1, () => ({ signAuc: 0.9, lengthAuc: 0.5 }));
    if (!one) throw new Error("no instance");
    for (const wrong of [{ flips: 0 }, { signAuc: null }, { lengthAuc: null }, { signAuc: 1.1 }])
      expect(() => screenLabels(request([{ ...one, ...wrong }]))).toThrow(/sign-AUC/);
  });
});
