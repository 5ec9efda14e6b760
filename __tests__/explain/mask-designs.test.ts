import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Mask, MaskDesignName } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import {
  type GameDesignOptions,
  designFor,
  designGame,
} from "../../src/explain/mask-designs/design.js";
import { enumerateMasks, masksOfSize } from "../../src/explain/mask-designs/enumeration.js";
import { leverageCounts } from "../../src/explain/mask-designs/size-shares.js";
import { largestDeletion } from "../../src/explain/mask-pool.js";
import { binomialCoefficient } from "../../src/numerics/binomial-coefficient.js";
import { maskableSpans, parsePrompt, renderMessages } from "../../src/prompts/index.js";
import { promptFile } from "../prompts/arbitraries.js";

const key = (mask: Mask): string => mask.join("");
const kept = (mask: Mask): number => mask.reduce((sum, bit) => sum + bit, 0);
const complement = (mask: Mask): string => key(mask.map((bit) => 1 - bit));

const PAIRABLE: readonly MaskDesignName[] = [
  "bernoulli",
  "uniform-size",
  "shapley-size",
  "leverage",
];
const SAMPLED: readonly MaskDesignName[] = [...PAIRABLE, "sparse-k", "mixed"];

const options = fc
  .record({
    design: fc.constantFrom(...SAMPLED),
    spans: fc.integer({ min: 2, max: 30 }),
    budget: fc.integer({ min: 4, max: 150 }),
    seed: fc.string(),
    paired: fc.boolean(),
  })
  .map(({ paired, ...rest }): GameDesignOptions => ({
    ...rest,
    ...(PAIRABLE.includes(rest.design) ? { paired } : {}),
  }));

function holds(check: (given: GameDesignOptions) => void, runs = 150): void {
  fc.assert(fc.property(options, check), { numRuns: runs });
}

describe("designGame", () => {
  test("keeps its budget, repeats no mask, and has one entry a maskable span", () =>
    holds((given) => {
      const masks = designGame(given);
      expect(masks.length).toBeLessThanOrEqual(given.budget);
      expect(masks.length).toBeGreaterThan(0);
      expect(new Set(masks.map(key)).size).toBe(masks.length);
      for (const mask of masks) {
        expect(mask).toHaveLength(given.spans);
        expect(mask.every((bit) => bit === 0 || bit === 1)).toBe(true);
      }
    }));

  test("spends its budget where there are masks enough", () =>
    holds((given) => {
      fc.pre(given.spans >= 12);
      // One mask less where pairs leave an odd one over.
      expect(designGame(given).length).toBeGreaterThanOrEqual(given.budget - 1);
    }));

  test("holds what its method needs", () =>
    holds((given) => {
      const keys = new Set(designGame(given).map(key));
      const full = "1".repeat(given.spans);
      const empty = "0".repeat(given.spans);
      if (given.design !== "bernoulli") expect(keys.has(full)).toBe(true);
      if (given.design === "shapley-size" || given.design === "leverage")
        expect(keys.has(empty)).toBe(true);
      if (given.design === "sparse-k") expect(keys.has(empty)).toBe(false);
      if (given.design === "uniform-size") expect(keys.has(empty)).toBe(false);
    }));

  test("pairs every mask with its complement where asked, the full one of uniform-size aside", () =>
    holds((given) => {
      fc.pre(given.paired === true || (given.paired === undefined && given.design === "leverage"));
      const masks = designGame(given);
      const keys = new Set(masks.map(key));
      for (const mask of masks)
        if (given.design !== "uniform-size" || kept(mask) < given.spans)
          expect(keys.has(complement(mask))).toBe(true);
    }));

  test("is the same for the same options, and another for another seed", () => {
    holds((given) => expect(designGame(given)).toEqual(designGame(given)), 20);
    for (const design of SAMPLED) {
      const of = (seed: string) => designGame({ design, spans: 20, budget: 40, seed });
      expect(of("one")).not.toEqual(of("two"));
    }
  });

  test.each(["bernoulli", "shapley-size", "leverage", "mixed", "enumeration"] as const)(
    "%s is all masks where they fit, and not one mask before",
    (design) => {
      const of = (budget: number) => designGame({ design, spans: 6, budget, seed: "fit" });
      expect(of(64).map(key).sort()).toEqual(enumerateMasks(6).map(key).sort());
      if (design !== "enumeration") expect(of(63).length).toBeLessThan(64);
    },
  );

  test("uniform-size stops at all but the empty mask, sparse-k at its own, leave-one-out at spans + 1", () => {
    const of = (design: MaskDesignName) => designGame({ design, spans: 6, budget: 500, seed: "" });
    expect(of("uniform-size")).toHaveLength(63);
    expect(of("sparse-k")).toHaveLength(1 + 6 + 15);
    expect(of("leave-one-out").map(kept)).toEqual([6, 5, 5, 5, 5, 5, 5]);
  });

  test("bernoulli and sparse-k delete every span about equally often", () => {
    for (const [spans, budget] of [
      [12, 64],
      [24, 128],
      [48, 256],
    ] as const)
      for (const seed of ["a", "b", "c"]) {
        const spread = (design: MaskDesignName, paired?: boolean): number => {
          const masks = designGame({ design, spans, budget, seed, ...(paired ? { paired } : {}) });
          const deletions = Array.from(
            { length: spans },
            (_, span) => masks.filter((mask) => mask[span] === 0).length,
          );
          return Math.max(...deletions) - Math.min(...deletions);
        };
        expect(spread("bernoulli")).toBeLessThanOrEqual(1);
        expect(spread("bernoulli", true)).toBe(0);
        expect(spread("sparse-k")).toBeLessThanOrEqual(3);
        expect(spread("mixed")).toBeLessThanOrEqual(4);
      }
  });

  test("sparse-k deletes 1 to a quarter, each number about equally often", () => {
    const masks = designGame({ design: "sparse-k", spans: 24, budget: 301, seed: "K" }).slice(1);
    const counts = new Float64Array(25);
    for (const mask of masks) counts[24 - kept(mask)] = (counts[24 - kept(mask)] ?? 0) + 1;
    expect(counts.slice(7).every((count) => count === 0)).toBe(true);
    // Only 24 masks delete one.
    expect(counts[1]).toBeGreaterThanOrEqual(20);
    for (const count of counts.slice(2, 7)) expect(count).toBeGreaterThan(35);
    expect(largestDeletion(24)).toBe(6);
  });

  test("mixed: every stretch of its list is half sparse, half dense", () => {
    const masks = designGame({ design: "mixed", spans: 24, budget: 65, seed: "mix" }).slice(1);
    for (let start = 0; start < 64; start += 16)
      expect(
        masks.slice(start, start + 16).filter((mask) => kept(mask) >= 18).length,
      ).toBeGreaterThanOrEqual(8);
    expect(masks.filter((mask) => kept(mask) >= 18).length).toBeLessThan(40);
  });

  test("uniform-size and leverage visit every size equally often until its masks are used up", () => {
    const sizes = (design: MaskDesignName, budget: number): number[] => {
      const counts = Array.from({ length: 13 }, () => 0);
      for (const mask of designGame({ design, spans: 12, budget, seed: "s", paired: false }))
        counts[kept(mask)] = (counts[kept(mask)] ?? 0) + 1;
      return counts;
    };
    expect(sizes("uniform-size", 1 + 110)).toEqual([
      0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1,
    ]);
    expect(sizes("leverage", 2 + 110)).toEqual([1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 1]);
    const many = sizes("leverage", 2 + 204);
    expect([many[1], many[11]]).toEqual([12, 12]);
    for (const count of many.slice(2, 11)) expect(Math.abs(count - 20)).toBeLessThanOrEqual(1);
  });

  test("leverage pairs the masks of the middle size too", () => {
    const masks = designGame({ design: "leverage", spans: 4, budget: 15, seed: "middle" });
    expect(masks.length).toBe(14);
  });

  test("says in plain words what it cannot do", () => {
    const given = { design: "bernoulli", spans: 10, budget: 20, seed: "" } as const;
    const thrown = (other: Partial<GameDesignOptions>): UnderstudyError => {
      try {
        designGame({ ...given, ...other });
      } catch (error) {
        if (error instanceof UnderstudyError) return error;
        throw error;
      }
      throw new Error("nothing was thrown");
    };
    for (const [other, message] of [
      [{ spans: 1 }, "1 maskable span: an explanation compares at least 2"],
      [{ design: "leave-one-out", budget: 10 }, "needs a whole number of at least 11"],
      [{ design: "enumeration", budget: 1023 }, "at least 1024"],
      [{ design: "enumeration", spans: 17, budget: 2 ** 18 }, "at most 16 spans"],
      [{ design: "leverage", budget: 3 }, "at least 4"],
      [{ budget: 12.5 }, "whole number"],
      [{ design: "sparse-k", paired: true }, "do not come in pairs"],
    ] as const) {
      const error = thrown(other);
      expect(error.message).toContain(message);
      expect(error.code).toBe("USAGE");
      expect(error.fix).not.toBeNull();
    }
  });

  test("every method has a design of its own", () =>
    expect(
      (
        ["lasso", "lime", "kernel-shap", "rope-lime", "gsmile", "leave-one-out", "exact"] as const
      ).map(designFor),
    ).toEqual([
      "mixed",
      "uniform-size",
      "shapley-size",
      "sparse-k",
      "bernoulli",
      "leave-one-out",
      "enumeration",
    ]));
});

test("protected spans stay under every mask of every design", () => {
  let checked = 0;
  fc.assert(
    fc.property(promptFile, fc.constantFrom(...SAMPLED), fc.string(), (file, design, seed) => {
      let template;
      try {
        template = parsePrompt(file.path, file.text);
      } catch (thrown) {
        if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return;
        throw thrown;
      }
      const maskable = maskableSpans(template);
      if (maskable.length < 2) return;
      const pinned = template.spans.filter(
        ({ protection, text }) => protection !== null && text.trim() !== "",
      );
      const slots = Object.fromEntries(template.slots.map(({ name }) => [name, `{{${name}}}`]));
      for (const mask of designGame({ design, spans: maskable.length, budget: 12, seed })) {
        const shown = renderMessages(template, { mask, maskable }, slots)
          .map(({ content }) => content.replaceAll(/\s+/g, ""))
          .join("");
        for (const { text } of pinned) {
          if (/\{|\$|%/.test(text)) continue;
          checked++;
          expect(shown).toContain(text.replaceAll(/\s+/g, ""));
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(checked).toBeGreaterThan(100);
});

test("masks of one size: all of them, each once", () => {
  for (let size = 1; size < 7; size++) {
    const masks = masksOfSize(7, size);
    expect(masks).toHaveLength(binomialCoefficient(7, size));
    expect(new Set(masks.map(key)).size).toBe(masks.length);
    expect(masks.every((mask) => kept(mask) === size)).toBe(true);
  }
});

test("expected numbers of leverage sampling add up to the draws and never exceed what there is", () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.double({ min: 1, max: 500, noNaN: true }),
      (spans, draws) => {
        const counts = leverageCounts(spans, draws);
        const available = 2 ** spans - 2;
        const total = counts.reduce((sum, count) => sum + count, 0);
        expect(total / Math.min(draws, available)).toBeCloseTo(1, 9);
        counts.forEach((count, size) =>
          expect(count).toBeLessThanOrEqual(binomialCoefficient(spans, size)),
        );
        expect([counts[0], counts[spans]]).toEqual([0, 0]);
      },
    ),
  ));
