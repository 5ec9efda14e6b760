/** Every method from prompt file to explanation, on a rule that is known: what matters is found, in every unit it is asked in. */
import { describe, expect, test } from "@jest/globals";
import type { Explanation } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import { reviewPrompt, type PromptReview } from "../../src/pipeline/prompt-review.js";
import { countUsage } from "../../src/pipeline/usage.js";
import {
  EFFECTS,
  PROMPT,
  promptOf,
  SENTENCES,
  syntheticJob,
  syntheticOracle,
  syntheticSurrogate,
} from "./synthetic-job.js";

async function explain(
  settings: Readonly<Record<string, string>>,
  ports: Parameters<typeof syntheticJob>[1] = {},
  head = PROMPT,
): Promise<PromptReview> {
  const job = syntheticJob(settings, ports);
  const file = { path: "requests.prompt.yml", base: null, head };
  return reviewPrompt(job, file, job.ports.oracle && countUsage(job.ports.oracle), "explanation");
}

function explained({ report }: PromptReview): Explanation {
  if (report.explanation === null) throw new Error(report.explanationReason ?? "not explained");
  return report.explanation;
}

/** Texts of the k spans that matter most to the inputs, whichever way, sorted: over a template's inputs signs may cancel. */
function strongest({ report, perInput }: PromptReview, k: number): string[] {
  const spans = report.explanation?.spans ?? [];
  const size = (index: number): number =>
    (perInput ?? []).reduce((sum, one) => sum + Math.abs(one.influence[index]?.estimate ?? 0), 0);
  return [...spans.keys()]
    .sort((a, b) => size(b) - size(a))
    .slice(0, k)
    .map((index) => spans[index]?.text.trim() ?? "")
    .sort();
}

const MATTERS = Object.keys(EFFECTS).sort();
const METHODS = ["lasso", "lime", "kernel-shap", "rope-lime", "leave-one-out", "exact", "gsmile"];

describe("an explanation by the method asked for", () => {
  test.each(METHODS)("%s finds the sentences that decide", async (method) => {
    const review = await explain({ method, budget: "64" });
    const explanation = explained(review);
    expect(explanation.method).toBe(method);
    expect(explanation.shown).toBe(true);
    expect(explanation.fidelity.estimate).toBeGreaterThan(0.8);
    expect(explanation.masksPerInput).toBeLessThanOrEqual(method === "exact" ? 128 : 64);
    expect(strongest(review, 3)).toEqual(MATTERS);
    for (const control of ["random", "span-length", "position", "label-match", "word-overlap"])
      expect(Object.keys(explanation.baselines)).toContain(control);
  });

  test.each(["log-odds", "negative-log-likelihood", "label-margin"])(
    "the objective %s reaches the method",
    async (objective) => {
      const review = await explain({ method: "lasso", objective, budget: "64" });
      expect(explained(review).objective).toBe(objective);
      expect(strongest(review, 3)).toEqual(MATTERS);
    },
  );

  test("divergence reaches the method, answers any change, and is no support", async () => {
    const review = await explain({ method: "exact", objective: "divergence" });
    expect(explained(review).objective).toBe("divergence");
    expect(explained(review).shown).toBe(false);
  });

  test("attributions are in nats of the objective: exact values are the rule's own", async () => {
    const review = await explain({ method: "exact", objective: "label-margin" });
    const byText = new Map(
      explained(review).spans.map((span, index) => [
        span.text.trim(),
        (review.perInput ?? []).map(({ influence }) => influence[index]?.estimate ?? NaN),
      ]),
    );
    // The margin of the fixed label: turned round where the rule answers "no".
    for (const [sentence, effect] of Object.entries(EFFECTS))
      for (const value of byText.get(sentence) ?? [])
        expect(Math.abs(value)).toBeCloseTo(Math.abs(effect), 6);
    for (const value of byText.get("Our building has a garden.") ?? [])
      expect(value).toBeCloseTo(0, 6);
    expect(byText.size).toBe(SENTENCES.length);
  });

  test.each(["flat", "lime", "rope-rwmd"])("the kernel %s weighs the masks", async (kernel) => {
    expect(strongest(await explain({ method: "lime", kernel, budget: "64" }), 3)).toEqual(MATTERS);
  });

  test("a surrogate that is wrong about everything is not shown, and the pooled oracle calls are", async () => {
    const wrong = syntheticSurrogate({
      "The office opened forty years ago.": 3,
      "Our building has a garden.": -2,
      "Answer in a single word.": 1,
    });
    const lime = explained(await explain({ method: "lime", budget: "64" }, { surrogate: wrong }));
    expect(lime.shown).toBe(false);
    expect(lime.withheld).toMatch(/does not clearly beat/);
    expect(lime.spans.every((span) => span.influence === null)).toBe(true);
    const pooled = await explain({}, { surrogate: wrong });
    expect(explained(pooled).shown).toBe(true);
    expect(strongest(pooled, 3)).toEqual(MATTERS);
  });

  test("a budget is a promise: of the surrogate for its methods, of the oracle for the hierarchical one", async () => {
    const surrogate = syntheticSurrogate();
    await explain({ method: "kernel-shap", budget: "20" }, { surrogate });
    expect(surrogate.scored()).toBeLessThanOrEqual(12 * 20);
    const oracle = syntheticOracle();
    await explain({ budget: "3" }, { oracle });
    expect(oracle.asked()).toBeLessThanOrEqual(12 * (3 + 1));
  });

  test("masks stop early where a rule is clear, and designs that mean nothing in part do not", async () => {
    const sentences = [...SENTENCES, "Read with care.", "Be kind.", "Think twice."];
    const masksOf = async (method: string): Promise<number> => {
      const surrogate = syntheticSurrogate();
      const review = await explain({ method }, { surrogate }, promptOf(sentences));
      expect(strongest(review, 3)).toEqual(MATTERS);
      expect(surrogate.scored()).toBe(12 * explained(review).masksPerInput);
      return explained(review).masksPerInput;
    };
    expect(await masksOf("lasso")).toBe(32);
    expect(await masksOf("kernel-shap")).toBe(128);
  });

  test("pairs of spans are told: exactly where all masks fit, none for an additive rule, none where nothing is shown", async () => {
    const oneAsker = PROMPT.replaceAll("Baker", "Adams");
    const pair = "The office opened forty years ago.\nOld customers deserve every benefit.";
    const surrogate = syntheticSurrogate({ ...EFFECTS, [pair]: 1 });
    const told = explained(await explain({ method: "lime" }, { surrogate }, oneAsker)).interactions;
    expect(told?.map(({ spans }) => spans)).toEqual([[2, 3]]);
    expect(told?.[0]?.effect.estimate).toBeCloseTo(1, 6);
    expect(explained(await explain({ method: "lime" }, {}, oneAsker)).interactions).toEqual([]);
    const wrong = syntheticSurrogate({ "Our building has a garden.": -2 });
    const withheld = explained(await explain({ method: "lime" }, { surrogate: wrong }, oneAsker));
    expect(withheld.interactions).toBeNull();
  });

  test("what a design cannot do at a budget is said", async () => {
    await expect(explain({ method: "leave-one-out", budget: "4" })).rejects.toThrow(
      /leave-one-out of 7 spans needs a whole number of at least 8/,
    );
  });

  test("the same job gives the same numbers", async () => {
    const once = await explain({ method: "rope-lime", budget: "32" });
    const again = await explain({ method: "rope-lime", budget: "32" });
    expect(again.report).toEqual(once.report);
  });
});

describe("the hierarchical explanation", () => {
  test("tells how fidelity grows with calls, and finds no pairs in an additive rule", async () => {
    const { curve, interactions } = explained(await explain({}));
    expect(curve.map(({ masksPerInput }) => masksPerInput)).toEqual(
      [...curve.keys()].map((at) => Math.min(2 ** at, curve.at(-1)?.masksPerInput ?? 0)),
    );
    expect(curve.at(-1)?.fidelity.estimate).toBeGreaterThan(0.9);
    expect(interactions).toEqual([]);
  });

  test("active masks stay in the budget, stop when it is clear, and find the same", async () => {
    const said: string[] = [];
    const oracle = syntheticOracle();
    const active = await explain({ "mask-choice": "active" }, { oracle, said });
    expect(oracle.asked()).toBeLessThanOrEqual(12 * (8 + 1));
    expect(strongest(active, 3)).toEqual(MATTERS);
    expect(said.some((line) => /active masks: \d+ of at most 96, stopped: narrow/.test(line))).toBe(
      true,
    );
  });
});

describe("granularity", () => {
  test("words are spans of their own where they are asked for", async () => {
    const explanation = explained(await explain({ granularity: "word", budget: "12" }));
    expect(explanation.spans.every((span) => span.kind === "word")).toBe(true);
    expect(explanation.spans.map((span) => span.text).join("")).toContain("approval whenever");
  });

  test("many words are for Lasso, and the others say so", async () => {
    const fillers = Array.from({ length: 14 }, (_, at) => `Remark ${at} of the house is idle.`);
    const head = promptOf([...SENTENCES, ...fillers]);
    const settings = { granularity: "word", budget: "48", "search-inputs": "4" };
    await expect(explain({ ...settings, method: "lime" }, {}, head)).rejects.toThrow(
      /at most 96 are explained at once by lime(.|\n)*--method lasso/,
    );
    await expect(explain(settings, {}, head)).rejects.toThrow(/at most 96/);
    const { spans, masksPerInput } = explained(
      await explain({ ...settings, method: "lasso" }, {}, head),
    );
    expect(spans.length).toBeGreaterThan(96);
    expect(masksPerInput).toBeLessThanOrEqual(48);
  });

  test("coarse to fine cuts into words only what mattered, and what it cuts stays the prompt", async () => {
    const fillers = Array.from({ length: 30 }, (_, at) => `Remark ${at} of the house is idle.`);
    const sentences = [...fillers.slice(0, 15), ...SENTENCES, ...fillers.slice(15)];
    const head = promptOf(sentences);
    const { report } = await explain({ granularity: "coarse-to-fine" }, {}, head);
    const spans = report.explanation?.spans ?? [];
    const cut = new Set(spans.filter(({ kind }) => kind === "word").map((span) => span.startLine));
    for (const sentence of MATTERS) expect(cut).toContain(sentences.indexOf(sentence) + 4);
    expect(cut.size).toBeLessThan(12);
    for (const span of spans)
      expect(head.slice(span.startOffset, span.endOffset)).toBe(span.text.trim());
  });

  test("a review refuses what would make diffs of words", async () => {
    const job = syntheticJob({ granularity: "word" });
    const file = { path: "requests.prompt.yml", base: null, head: PROMPT };
    await expect(reviewPrompt(job, file, null, "all")).rejects.toThrow(UnderstudyError);
  });
});
