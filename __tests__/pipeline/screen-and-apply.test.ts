/** Masks that a certified surrogate saves, on a rule that is known: who is asked what, and that the answer stays. */
import { describe, expect, test } from "@jest/globals";
import type { Surrogate } from "../../src/domain.js";
import { reviewPrompt, type PromptReview } from "../../src/pipeline/prompt-review.js";
import { countUsage } from "../../src/pipeline/usage.js";
import {
  EFFECTS,
  PROMPT,
  syntheticJob,
  syntheticOracle,
  syntheticSurrogate,
} from "./synthetic-job.js";

const INPUTS = 40;
/** As many inputs as a screen needs to say anything, and as many again. */
const head = PROMPT.replace(
  /testData:[\s\S]*$/,
  `testData:\n${Array.from({ length: INPUTS }, (_, index) => `  - request: "request ${index} from ${index % 2 === 0 ? "Adams" : "Baker"}"\n    expected: "${index % 2 === 0 ? "yes" : "no"}"\n`).join("")}`,
);

interface Run extends PromptReview {
  readonly asked: number;
  readonly said: readonly string[];
}

async function review(
  surrogate: Surrogate,
  settings: Readonly<Record<string, string>> = {},
  oracle = syntheticOracle(),
): Promise<Run> {
  const said: string[] = [];
  const job = syntheticJob(
    { "search-inputs": String(INPUTS), "mask-choice": "screened", ...settings },
    { surrogate, oracle, said },
  );
  const file = { path: "requests.prompt.yml", base: null, head };
  const found = await reviewPrompt(job, file, countUsage(oracle), "explanation");
  return { ...found, asked: oracle.asked(), said };
}

function effectsOf({ report }: PromptReview): ReadonlyMap<string, number> {
  return new Map(
    (report.explanation?.spans ?? []).map((span) => [
      span.text.trim(),
      Math.abs(span.influence?.estimate ?? 0),
    ]),
  );
}

const wrong = syntheticSurrogate({
  "The office opened forty years ago.": 3,
  "Our building has a garden.": -2,
});

describe("masks chosen by the screen", () => {
  test("stop when a surrogate is certified, for inputs on which it answers as the oracle does", async () => {
    const { report, asked, said } = await review(syntheticSurrogate());
    const [screen] = report.screens;
    expect(screen).toMatchObject({ verdict: "certified", inputs: 20 });
    // Twenty inputs are the fewest that say anything; the unmasked prompts are asked of all.
    expect(asked).toBe(INPUTS + 20 * 8);
    expect(said).toContainEqual(
      "screened masks: 160 of 320; 20 inputs are left to a certified surrogate",
    );
    expect(report.instanceLevels).toMatchObject([{ bySurrogate: INPUTS, fallbackShare: 0 }]);
    expect(report.explanation).toMatchObject({ shown: true, inputs: INPUTS, masksPerInput: 4 });
  });

  test("find what all masks find", async () => {
    const surrogate = syntheticSurrogate();
    const spared = effectsOf(await review(surrogate));
    const all = effectsOf(await review(surrogate, { "mask-choice": "balanced" }));
    expect(spared.size).toBe(all.size);
    const strongest = (effects: ReadonlyMap<string, number>): string[] =>
      [...effects.keys()]
        .sort((a, b) => (effects.get(b) ?? 0) - (effects.get(a) ?? 0))
        .slice(0, Object.keys(EFFECTS).length)
        .sort();
    expect(strongest(spared)).toEqual(strongest(all));
  });

  test("are all asked where no surrogate is certified", async () => {
    const { report, asked } = await review(wrong);
    expect(report.screens[0]?.verdict).not.toBe("certified");
    expect(asked).toBe(INPUTS + INPUTS * 8);
  });

  test("are asked of inputs on which a certified surrogate answers otherwise, or where kappa is not shown", async () => {
    const { asked, report } = await review(syntheticSurrogate(), { "instance-kappa": "0.99" });
    expect(report.screens[0]?.verdict).toBe("certified");
    expect(report.instanceLevels).toMatchObject([{ open: false, fallbackShare: 1, byOracle: 40 }]);
    expect(asked).toBe(INPUTS + INPUTS * 8);
  });

  test("are the same twice", async () => {
    const [once, again] = [await review(syntheticSurrogate()), await review(syntheticSurrogate())];
    expect(again.report).toEqual(once.report);
  });

  test.each([
    [{ method: "lime" }, /screened is for the method hierarchical, not lime/],
    [{ "answer-check": "pattern" }, /answer-pattern is missing/],
  ])("%j contradicts itself, which is said before anything is asked", async (settings, message) => {
    const oracle = syntheticOracle();
    await expect(review(syntheticSurrogate(), settings, oracle)).rejects.toThrow(message);
    expect(oracle.asked()).toBe(0);
  });
});
