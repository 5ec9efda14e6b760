import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { flatWordLime } from "../../bench/flat-word-lime.js";
import type { Interval, PromptTemplate } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import type { MeasuredGame } from "../../src/explain/game.js";
import { spreadOver } from "../../src/explain/mixed-leaves.js";
import { largestAlpha, lasso, meanSquaredError, relaxedRefit } from "../../src/numerics/lasso.js";
import { momentsOf, regressionOf, withIntercept } from "../../src/numerics/least-squares.js";
import { randomFrom } from "../../src/numerics/random.js";
import {
  explainCoarseToFine,
  type CoarseToFineExplanation,
  type CoarseToFineOptions,
} from "../../src/pipeline/coarse-to-fine.js";
import {
  atGranularity,
  maskableSpans,
  parsePrompt,
  renderMessages,
  spansAt,
  type SpanMask,
} from "../../src/prompts/index.js";
import { promptFile, type PromptFile } from "../prompts/arbitraries.js";
import { plantedText, type PlantedText } from "./planted-words.js";

const LONG = { sections: 42, sentences: 8, words: 12, background: 0.2 };
const BUDGET = 256;

function explain(
  text: PlantedText,
  options: Partial<CoarseToFineOptions> = {},
): Promise<CoarseToFineExplanation> {
  return explainCoarseToFine({
    template: text.template,
    budget: BUDGET,
    seed: "test",
    focus: "keep",
    evaluate: async (template, masks) =>
      Float64Array.from(masks, (mask) => text.value(template, mask)),
    ...options,
  });
}

/** Share of the planted words among as many words of largest attribution. */
function recall(text: PlantedText, attribution: Float64Array): number {
  const words = spansAt(text.template, "word").filter((span) => span.protection === null);
  const best = [...attribution.keys()]
    .sort((a, b) => (attribution[b] as number) - (attribution[a] as number))
    .slice(0, text.planted.length)
    .map((position) => words[position]?.text.replaceAll(/[.\s]/g, ""));
  return text.planted.filter((word) => best.includes(word)).length / text.planted.length;
}

function byWords(text: PlantedText, found: CoarseToFineExplanation): Float64Array {
  const words = spansAt(text.template, "word").filter((span) => span.protection === null);
  return spreadOver(found.leaves, words);
}

function flat(text: PlantedText, seed: string): Float64Array {
  const template = atGranularity(text.template, "word");
  const maskable = maskableSpans(template);
  const random = randomFrom(`flat\n${seed}`);
  const masks = Array.from({ length: BUDGET }, () =>
    Uint8Array.from(maskable, () => (random.bernoulli(0.5) ? 1 : 0)),
  );
  const values = Float64Array.from(masks, (mask) => text.value(template, { mask, maskable }));
  return flatWordLime(masks, values);
}

/** A relaxed Lasso at one penalty with normal intervals: all that a search needs, at a hundredth of the default's time. */
function quickLasso({ masks, values }: MeasuredGame): Interval[] {
  const regression = regressionOf(masks, values);
  const moments = momentsOf(regression);
  const coefficients = relaxedRefit(moments, lasso(moments, 0.02 * largestAlpha(moments)));
  const error = meanSquaredError(withIntercept(moments, coefficients), regression, [
    ...masks.keys(),
  ]);
  const half = (1.645 * 2 * Math.sqrt(error)) / Math.sqrt(masks.length) + 1e-6;
  return Array.from(coefficients, (estimate) => ({
    estimate,
    low: estimate === 0 ? 0 : estimate - half,
    high: estimate === 0 ? 0 : estimate + half,
  }));
}

describe("4,000 words with 24 planted ones, 256 masks", () => {
  const texts = ["a", "b"].map((seed) => plantedText({ ...LONG, seed }));

  test("coarse to fine finds the planted words, the pair among them; flat LIME does not", async () => {
    for (const [index, text] of texts.entries()) {
      expect(maskableSpans(text.template, "word").length).toBeGreaterThan(4000);
      const kept = await explain(text, { explain: quickLasso });
      expect(kept.levels.map(({ granularity }) => granularity)).toEqual([
        "section",
        "sentence",
        "word",
      ]);
      expect(recall(text, byWords(text, kept))).toBe(1);
      expect(recall(text, flat(text, String(index)))).toBeLessThanOrEqual(0.3);
    }
    const [text] = texts;
    if (!text) throw new Error("no text");
    const focused = await explain(text, { explain: quickLasso, focus: "delete" });
    expect(recall(text, byWords(text, focused))).toBe(1);
  });
});

describe("any search", () => {
  const text = plantedText({
    sections: 12,
    sentences: 5,
    words: 8,
    background: 0.05,
    seed: "short",
  });

  test("with the default estimator finds what was planted", async () => {
    const small = plantedText({
      sections: 5,
      sentences: 11,
      words: 4,
      background: 0,
      seed: "small",
    });
    const found = await explain(small, { budget: 80 });
    expect(found.levels.map(({ granularity }) => granularity)).toEqual([
      "section",
      "sentence",
      "word",
    ]);
    expect(found.masks).toBeLessThanOrEqual(80);
    expect(recall(small, byWords(small, found))).toBeGreaterThanOrEqual(0.75);
  });

  test("keeps its promise: masks asked for, all of them different within a level, never exceed the budget", async () => {
    await fc.assert(
      fc.asyncProperty(
        promptFile,
        fc.integer({ min: 20, max: 90 }),
        fc.constantFrom<"keep" | "delete">("keep", "delete"),
        fc.constantFrom(0, 0.01, 10),
        async (file, budget, focus, width) => {
          const template = parsed(file);
          if (!template || maskableSpans(template, "word").length === 0) return;
          let asked = 0;
          const found = await explainCoarseToFine({
            template,
            budget,
            seed: "promise",
            focus,
            evaluate: async (cut, masks) => {
              asked += masks.length;
              return Float64Array.from(masks, (mask) => lengthOf(cut, mask));
            },
            explain: ({ spans }) =>
              Array.from({ length: spans }, (_, span) => {
                const estimate = (span % 5) - 2;
                return { estimate, low: estimate - width, high: estimate + width };
              }),
          });
          expect(asked).toBeLessThanOrEqual(budget);
          expect(found.masks).toBe(asked);
          for (const { game, spans } of found.levels) {
            expect(new Set(game.masks.map((mask) => mask.join(""))).size).toBe(game.masks.length);
            expect(spans.every((span) => span.protection === null)).toBe(true);
          }
          const parts = found.leaves.flatMap(({ span }) => span.parts);
          parts.forEach((part, index) => {
            const before = parts[index - 1];
            if (before?.message === part.message)
              expect(part.start).toBeGreaterThanOrEqual(before.end);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("that focuses deletes what showed nothing, and says what the rest is worth", async () => {
    const found = await explain(text, { explain: quickLasso, focus: "delete" });
    const [coarse, ...finer] = found.levels;
    expect(coarse?.deleted).toBe(0);
    for (const level of finer) {
      expect(level.deleted).toBeGreaterThan(0);
      expect(level.full).toBeLessThan(Infinity);
      expect(Math.abs(level.full - (coarse?.full ?? NaN))).toBeLessThan(2);
    }
    const kept = await explain(text, { explain: quickLasso });
    expect(kept.levels.map(({ deleted }) => deleted)).toEqual(kept.levels.map(() => 0));
    expect(new Set(kept.levels.map(({ full }) => full.toFixed(9))).size).toBe(1);
  });

  test("looks into what somebody wants to delete", async () => {
    const options = { explain: quickLasso, budget: 200 };
    const idle = (await explain(text, options)).leaves.filter(
      ({ granularity, influence }) => granularity === "section" && influence.estimate === 0,
    );
    const place = idle[0]?.span.parts[0];
    if (!place) throw new Error("every section showed something");
    const found = await explain(text, {
      ...options,
      isDeletionCandidate: (span) => span.parts[0]?.start === place.start,
    });
    const inside = found.leaves.filter(({ span: { parts } }) =>
      parts.every(({ start, end }) => place.start <= start && end <= place.end),
    );
    expect(inside.length).toBeGreaterThanOrEqual(5);
    expect(inside.map(({ granularity }) => granularity)).not.toContain("section");
  });

  test("is the same twice, and refuses values that are not one a mask", async () => {
    const first = await explain(text, { explain: quickLasso });
    const second = await explain(text, { explain: quickLasso });
    expect(second).toEqual(first);
    await expect(
      explain(text, { evaluate: async () => new Float64Array(1) }),
    ).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringMatching(/^1 values for /) });
  });
});

function lengthOf(template: PromptTemplate, mask: SpanMask): number {
  const values = Object.fromEntries(template.slots.map(({ name }) => [name, "it"]));
  return renderMessages(template, mask, values).reduce(
    (sum, { content }) => sum + content.length,
    0,
  );
}

function parsed(file: PromptFile): PromptTemplate | null {
  try {
    return parsePrompt(file.path, file.text, { mostMaskableSpans: Infinity });
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return null;
    throw thrown;
  }
}
