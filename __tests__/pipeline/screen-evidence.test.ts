/** What each mode of the screen makes of an input's oracle values. */
import { describe, expect, test } from "@jest/globals";
import type { MaskedValue } from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import {
  explainInstance,
  labelsInstance,
  predictInstance,
  type ScreenedInput,
} from "../../src/pipeline/screen-evidence.js";

const SPANS = 6;

function rowsOf(
  count: number,
  seed: string,
  value: (mask: Uint8Array, noise: number) => number,
): MaskedValue[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => {
    const mask = Uint8Array.from({ length: SPANS }, () => random.integer(2));
    return { input: 0, mask, value: value(mask, random.normal()), bounded: false };
  });
}

const effects = Float64Array.of(2, -1, 0.5, 0, 1.5, -0.5);
function sum(mask: Uint8Array): number {
  return mask.reduce((total, kept, span) => total + kept * (effects[span] ?? 0), 0);
}

function input(rows: readonly MaskedValue[], attribution = effects): ScreenedInput {
  return { id: "one", rows, attribution };
}

describe("predict", () => {
  test("is the rank correlation; null for an oracle that does not vary, 0 for a surrogate that does not", () => {
    const rows = rowsOf(8, "predict", sum);
    expect(predictInstance(input(rows))).toMatchObject({ id: "one", masks: 8 });
    expect(predictInstance(input(rows)).spearman).toBeCloseTo(1, 12);
    expect(predictInstance(input(rows, new Float64Array(SPANS))).spearman).toBe(0);
    expect(predictInstance(input(rowsOf(8, "constant", () => 0.3))).spearman).toBeNull();
  });
});

describe("labels", () => {
  const tokens = [1, 1, 1, 1, 1, 50];
  const rows = rowsOf(12, "labels", (mask) => (sum(mask) > 1 ? 1 : 0.5));
  const flips = rows.filter(({ value }) => value === 0.5).length;

  test("of a closed set: anything but the same label is a flip; of free text: less than half alike", () => {
    const labelled = labelsInstance(input(rows), { kind: "similarity", labelled: true }, tokens);
    expect(flips).toBeGreaterThan(0);
    expect(labelled).toMatchObject({ masks: 12, flips, signAuc: 1 });
    const free = labelsInstance(input(rows), { kind: "similarity", labelled: false }, tokens);
    expect(free).toMatchObject({ flips: 0, signAuc: null, lengthAuc: null });
  });

  test("of sampled log-odds: kept where most draws agree; even odds are no majority", () => {
    const sampled = [0.4, 0, -0.4].map((value, index) => ({
      ...rowsOf(3, "s", sum)[index],
      value,
    }));
    const given = sampled.flatMap((row) =>
      row.mask === undefined
        ? []
        : [{ input: 0, mask: row.mask, value: row.value, bounded: false }],
    );
    const kind = { kind: "sampled-log-odds", labelled: true } as const;
    expect(labelsInstance(input(given), kind, tokens).flips).toBe(2);
  });

  test("length is the number of kept tokens and no other", () => {
    const bySize = rowsOf(12, "length", (mask) => (mask[5] === 1 ? 1 : 0));
    const kind = { kind: "similarity", labelled: true } as const;
    const found = labelsInstance(input(bySize, new Float64Array(SPANS)), kind, tokens);
    expect(found.lengthAuc).toBe(1);
    // A surrogate that predicts nothing ties everywhere.
    expect(found.signAuc).toBe(0.5);
  });
});

describe("explain", () => {
  test("both explanations are judged on masks that the oracle's own did not see", () => {
    // Pure noise: an explanation fitted to what it is judged by would seem to know something.
    const scores = Array.from({ length: 60 }, (_, index) => {
      const rows = rowsOf(24, `noise ${index}`, (_mask, noise) => noise);
      return explainInstance({ ...input(rows), id: `${index}` }, "seed").scores?.oracle ?? NaN;
    });
    const mean = scores.reduce((total, score) => total + score, 0) / scores.length;
    expect(Math.abs(mean)).toBeLessThan(0.12);
  });

  test("of values that are linear the oracle's own is as good as the truth", () => {
    const { scores, masks } = explainInstance(input(rowsOf(32, "linear", sum)), "seed");
    expect(masks).toBe(16);
    expect(scores?.surrogate).toBeCloseTo(1, 9);
    expect(scores?.oracle).toBeGreaterThan(0.95);
  });

  test("the halves are the same every time, and others with another seed", () => {
    const rows = rowsOf(16, "halves", (mask, noise) => sum(mask) + noise);
    expect(explainInstance(input(rows), "a")).toEqual(explainInstance(input(rows), "a"));
    expect(explainInstance(input(rows), "a")).not.toEqual(explainInstance(input(rows), "b"));
  });

  test("masks are those of the smaller half; without variation there is nothing to compare with", () => {
    expect(explainInstance(input(rowsOf(15, "odd", sum)), "seed").masks).toBe(7);
    expect(explainInstance(input(rowsOf(16, "flat", () => 1)), "seed").scores).toBeNull();
  });
});
