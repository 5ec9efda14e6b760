import { describe, expect, test } from "@jest/globals";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import {
  OFFSETS,
  offsetPosterior,
  offsetPrior,
  offsetProbability,
  offsetScale,
} from "../../src/findings/label-offset.js";
import { agreement, calibrateOnLabels, calibrated } from "../../src/findings/share-shift.js";
import { heldOutWordEvidence, learnWords, wordEvidence } from "../../src/findings/word-model.js";

const generator = xoroshiro128plus(3);
const uniform = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32;

/** Labels drawn from softmax(slope * score + bias), a share of them replaced by uniform ones. */
function drawn(
  rows: number,
  { slope, biases, noise }: { slope: number; biases: readonly number[]; noise: number },
) {
  const logProbabilities = Array.from({ length: rows }, () =>
    Float64Array.from(biases, () => -6 * uniform()),
  );
  const written = logProbabilities.map((scores) => {
    const weights = [...scores].map((score, label) =>
      Math.exp(slope * score + (biases[label] ?? 0)),
    );
    if (uniform() < noise) return Math.floor(uniform() * biases.length);
    let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) <= 0),
    );
  });
  return { logProbabilities, written, labels: biases.length };
}

describe("share shift", () => {
  test("recovers slope, biases and noise", () => {
    const scores = drawn(4000, { slope: 1.5, biases: [0, 1, -1], noise: 0.1 });
    const fit = calibrateOnLabels(scores);
    expect(fit.slope).toBeGreaterThan(1.3);
    expect(fit.slope).toBeLessThan(1.7);
    expect((fit.biases[1] ?? 0) - (fit.biases[0] ?? 0)).toBeCloseTo(1, 0);
    expect(fit.noise).toBeGreaterThan(0.05);
    expect(fit.noise).toBeLessThan(0.15);
  });

  test("makes the mean probabilities the label shares, whatever the surrogate prefers", () => {
    const scores = drawn(600, { slope: 0.7, biases: [2, 0, 0, -1], noise: 0.05 });
    const shifted = {
      ...scores,
      logProbabilities: scores.logProbabilities.map((row) =>
        row.map((value, label) => value + 5 * label),
      ),
    };
    const fit = calibrateOnLabels(shifted);
    const rows = shifted.logProbabilities.map((row) => calibrated(fit, row));
    for (const label of [0, 1, 2, 3]) {
      const mean = rows.reduce((sum, row) => sum + (row[label] ?? 0), 0) / rows.length;
      expect(mean).toBeCloseTo(scores.written.filter((one) => one === label).length / 600, 1);
    }
    expect(rows.every((row) => Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-12)).toBe(
      true,
    );
  });

  test("a surrogate that is always wrong gets slope 0, and agreement falls to the largest share", () => {
    const right = drawn(500, { slope: 3, biases: [0, 0], noise: 0 });
    const reversed = {
      ...right,
      logProbabilities: right.logProbabilities.map((row) => row.map((value) => -value)),
    };
    const fit = calibrateOnLabels(reversed);
    expect(fit.slope).toBe(0);
    expect(agreement(fit, reversed)).toBeLessThan(0.6);
    expect(agreement(calibrateOnLabels(right), right)).toBeGreaterThan(0.9);
  });

  test("refuses scores that are not numbers", () => {
    expect(() =>
      calibrateOnLabels({ logProbabilities: [Float64Array.of(-1, NaN)], written: [0], labels: 2 }),
    ).toThrow(/finite/);
    expect(() => calibrateOnLabels({ logProbabilities: [], written: [], labels: 2 })).toThrow(
      /finite/,
    );
  });
});

describe("offsets", () => {
  test("the prior is symmetric and sums to 1", () => {
    const prior = offsetPrior(0.5);
    expect(prior.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(prior[0]).toBeCloseTo(prior.at(-1) ?? 0, 15);
  });

  test("the posterior is Bayes' rule", () => {
    const prior = offsetPrior(1);
    const trials = { probabilities: [0.3, 0.6], carried: [true, false] };
    const joint = [...prior].map(
      (weight, position) =>
        weight * offsetProbability(0.3, position) * (1 - offsetProbability(0.6, position)),
    );
    const total = joint.reduce((sum, value) => sum + value, 0);
    offsetPosterior(prior, trials).forEach((value, position) =>
      expect(value).toBeCloseTo((joint[position] ?? 0) / total, 12),
    );
    offsetPosterior(prior, { probabilities: [], carried: [] }).forEach((value, position) =>
      expect(value).toBeCloseTo(prior[position] ?? 0, 14),
    );
  });

  test("moves log-odds", () => {
    const position = OFFSETS.indexOf(1);
    const moved = offsetProbability(0.2, position);
    expect(Math.log(moved / (1 - moved))).toBeCloseTo(Math.log(0.25) + 1, 12);
    expect(offsetProbability(1, position)).toBe(1);
  });

  test("the scale is small where the surrogate explains everything and large where it does not", () => {
    const trials = (offset: number) =>
      Array.from({ length: 300 }, (_, group) => {
        const shift = group % 2 === 0 ? offset : -offset;
        const p = 1 / (1 + Math.exp(-shift));
        return {
          probabilities: Array.from({ length: 12 }, () => 0.5),
          carried: Array.from({ length: 12 }, () => uniform() < p),
        };
      });
    expect(offsetScale(trials(0))).toBeLessThan(0.2);
    expect(offsetScale(trials(2))).toBeGreaterThanOrEqual(1);
  });
});

describe("word evidence", () => {
  const labelled = {
    texts: [["card", "the"], ["cash", "the"], ["card"], ["cash"]],
    written: [0, 1, 0, 1],
    labels: 2,
  };

  test("speaks for the label whose texts hold the word, and not for unknown or ignored words", () => {
    const model = learnWords(labelled);
    const [card, cash] = wordEvidence(model, ["card"]);
    expect((card ?? 0) - (cash ?? 0)).toBeCloseTo(Math.log(2.3 / 0.3), 12);
    expect([...wordEvidence(model, ["unseen"])]).toEqual([0, 0]);
    expect([...wordEvidence(model, ["card"], new Set(["card"]))]).toEqual([0, 0]);
  });

  test("a text is never judged by itself", () => {
    const own = { texts: [["only"], ["b"], ["c"], ["d"]], written: [0, 1, 0, 1], labels: 2 };
    expect([...(heldOutWordEvidence(own)[0] ?? [])]).toEqual([0, 0]);
  });
});
