import { describe, expect, test } from "@jest/globals";
import { labelledInputsNeeded } from "../../src/findings/certification.js";
import {
  compareAccuracy,
  compareChanges,
  testLosses,
  upperBoundOfLoss,
  type Loss,
} from "../../src/findings/paired-test.js";
import { randomFrom } from "../../src/numerics/random.js";

const none = (count: number): Loss[] => Array.from({ length: count }, () => 0);

describe("paired non-inferiority", () => {
  test("without discordance a margin of .05 at level .05 takes 62 inputs", () => {
    const at = (count: number) =>
      testLosses(none(count), { margin: 0.05, alpha: 0.05, horizon: count }).rejected;
    expect([at(61), at(62)]).toEqual([false, true]);
    expect(labelledInputsNeeded(0.05, 0.05)).toBe(62);
    expect(testLosses(none(62), { margin: 0.05, alpha: 0.05, horizon: 124 }).rejected).toBe(true);
  });

  test("counts who is right under which prompt", () => {
    const judged = [
      ...Array.from({ length: 80 }, () => ({ whole: true, shorter: true })),
      { whole: true, shorter: false },
      { whole: false, shorter: true },
      { whole: false, shorter: false },
    ];
    const design = { margin: 0.1, alpha: 0.05, horizon: judged.length };
    expect(compareAccuracy(judged, design)).toMatchObject({
      inputs: 83,
      right: 81,
      rightShorter: 81,
      lost: 1,
      gained: 1,
      nonInferior: true,
    });
  });

  test("is futile once too much was lost to be made good", () => {
    const losses: Loss[] = [1, 1, 1, 1, 1, 1];
    const design = { margin: 0.05, alpha: 0.05, horizon: 20 };
    expect(testLosses(losses, design)).toMatchObject({ rejected: false, futile: true });
    expect(testLosses([0], { ...design, horizon: 80 }).futile).toBe(false);
  });

  test("keeps its level at the margin, looked at after every input, and its bound covers", () => {
    const [runs, horizon, margin, alpha] = [400, 100, 0.05, 0.05];
    const random = randomFrom("paired level");
    let [rejected, missed] = [0, 0];
    for (let run = 0; run < runs; run++) {
      // A fall of accuracy of exactly .05: lost with .09, gained with .04.
      const losses = Array.from({ length: horizon }, (): Loss => {
        const u = random.uniform();
        return u < 0.09 ? 1 : u < 0.13 ? -1 : 0;
      });
      if (testLosses(losses, { margin, alpha, horizon }).rejected) rejected++;
      if (run < 100 && upperBoundOfLoss(losses, { alpha, horizon }) < margin) missed++;
    }
    const over = (count: number): number => alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / count);
    expect(rejected / runs).toBeLessThanOrEqual(over(runs));
    expect(missed / 100).toBeLessThanOrEqual(over(100));
  });
});

describe("changes beyond those that happen by themselves", () => {
  /** Outputs that waver with a rate, a deletion that changes a further share of them. */
  function pairs(seed: string, { own, more }: { own: number; more: number }) {
    const random = randomFrom(seed);
    return Array.from({ length: 150 }, () => ({
      changed: random.bernoulli(own + more),
      own: random.bernoulli(own),
    }));
  }
  const design = { margin: 0.1, alpha: 0.05, horizon: 150 };

  test("are shown to be few where the oracle wavers as much by itself", () => {
    const found = compareChanges(pairs("same", { own: 0.01, more: 0 }), design);
    expect(found).toMatchObject({ inputs: 150, shown: true });
    expect(found.bound).toBeLessThanOrEqual(0.1);
  });

  test("keep the level where the deletion adds exactly what is tolerated, however much the oracle wavers", () => {
    for (const own of [0, 0.05, 0.3]) {
      let shown = 0;
      for (let run = 0; run < 200; run++)
        if (compareShown(pairs(`${own} ${run}`, { own, more: 0.1 }))) shown++;
      expect(shown / 200).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 200));
    }
  });

  function compareShown(all: ReturnType<typeof pairs>): boolean {
    const losses = all.map(({ changed, own }): Loss => (changed === own ? 0 : changed ? 1 : -1));
    return testLosses(losses, design).rejected;
  }
});
