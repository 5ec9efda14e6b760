/** Hierarchical attribution on what a real oracle said of three templates (bench/games/recordings): what pooling must never cost. */
import { describe, expect, test } from "@jest/globals";
import { TEMPLATE_NAMES } from "../../bench/games/games.js";
import { openRecordedTemplate, type RecordedTemplate } from "../../bench/games/measured.js";
import {
  aloneAttributions,
  dealRows,
  noisePrior,
  pooledAttributions,
  score,
  type Attributions,
} from "../../bench/games/template-fits.js";
import { fitHierarchical, type SurrogatePrior } from "../../src/explain/hierarchical.js";

/** LDS that a choice may cost: the bar of methods A10. */
const MARGIN = 0.02;
const DRAWS = 3;

function meanLds(recorded: RecordedTemplate, attributions: Attributions): number {
  const { dense, sparse } = score(recorded, attributions);
  const all = [...dense, ...sparse];
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

interface Compared {
  readonly alone: number;
  readonly pooled: number;
  readonly noisy: number;
}

/** Means over draws of the masks, dense and sparse held-out masks alike. */
function compare(recorded: RecordedTemplate, masksPerInput: number): Compared {
  const draws = Array.from({ length: DRAWS }, (_, draw): Compared => {
    const rows = dealRows(recorded, masksPerInput, draw);
    const pooled = (surrogates: readonly SurrogatePrior[]): number =>
      meanLds(
        recorded,
        pooledAttributions(
          fitHierarchical({
            spans: rows[0]?.mask.length ?? 0,
            classes: recorded.inputs.map(({ output }) => output),
            rows,
            surrogates,
            scaleRows: 320,
          }),
        ),
      );
    return {
      alone: meanLds(recorded, aloneAttributions(recorded, rows)),
      pooled: pooled([]),
      noisy: pooled([noisePrior(recorded)]),
    };
  });
  const mean = (of: keyof Compared): number =>
    draws.reduce((sum, one) => sum + one[of], 0) / draws.length;
  return { alone: mean("alone"), pooled: mean("pooled"), noisy: mean("noisy") };
}

describe.each(TEMPLATE_NAMES)("the recorded template %s", (name) => {
  const recorded = openRecordedTemplate(name);

  test("holds 40 inputs with 64 masks each, 16 of them held out, for its oracle", () => {
    expect(recorded.inputs.length).toBeGreaterThanOrEqual(40);
    for (const { training, dense, sparse } of recorded.inputs) {
      expect(training.masks.length).toBe(48);
      expect(dense.masks.length + sparse.masks.length).toBe(16);
      const seen = new Set(training.masks.map((mask) => mask.join("")));
      for (const mask of [...dense.masks, ...sparse.masks])
        expect(seen).not.toContain(mask.join(""));
    }
  });

  test.each([4, 8])(
    "%i masks an input: pooled is no worse than alone, and noise costs little",
    (masks) => {
      const { alone, pooled, noisy } = compare(recorded, masks);
      expect(pooled).toBeGreaterThan(alone - MARGIN);
      expect(noisy).toBeGreaterThan(pooled - MARGIN);
      // A comparison of nothing with nothing would pass too.
      expect(pooled).toBeGreaterThan(0.2);
    },
  );
});
