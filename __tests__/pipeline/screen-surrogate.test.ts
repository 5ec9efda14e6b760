/** The screen from prompt file to report: mode, form, rule and level of the settings, and what is kept from run to run. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { Oracle, Screen, Surrogate } from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import { reviewPrompt } from "../../src/pipeline/prompt-review.js";
import { countUsage } from "../../src/pipeline/usage.js";
import { parseCertificate } from "../../src/screening/certificate.js";
import {
  logOddsOfYes,
  promptOf,
  SENTENCES,
  syntheticJob,
  syntheticOracle,
  syntheticSurrogate,
} from "./synthetic-job.js";

const QUICK = { method: "lasso", budget: "32" };
const HEAD = promptOf(SENTENCES, 40);

async function screen(
  settings: Readonly<Record<string, string>>,
  ports: Parameters<typeof syntheticJob>[1] = {},
  head = HEAD,
): Promise<Screen> {
  const job = syntheticJob({ ...QUICK, ...settings }, ports);
  const file = { path: "requests.prompt.yml", base: null, head };
  const oracle = job.ports.oracle && countUsage(job.ports.oracle);
  const { report } = await reviewPrompt(job, file, oracle, "explanation");
  const [only, ...more] = report.screens;
  if (!only || more.length > 0) throw new Error("not one screen");
  return only;
}

/** Believes that filler decides. */
function wrongSurrogate(): Surrogate {
  return syntheticSurrogate({
    "The office opened forty years ago.": 3,
    "Our building has a garden.": -2,
    "Answer in a single word.": 1,
  });
}

/** The same rule behind a server without log-probabilities; samples follow the rule's odds, scaled so that answers do flip. */
function silentOracle(): Oracle {
  const speaking = syntheticOracle();
  return {
    ...speaking,
    ask: async (questions) =>
      (await speaking.ask(questions)).map((outcome, index) => {
        const question = questions[index];
        if (outcome.kind === "refused" || !question) return outcome;
        const { messages, mode } = question;
        const probability = 1 / (1 + Math.exp(-2 * logOddsOfYes(messages)));
        const text =
          mode?.kind === "sample"
            ? randomFrom(JSON.stringify([messages, mode])).bernoulli(probability)
              ? "yes"
              : "no"
            : outcome.answer.text;
        return { ...outcome, answer: { ...outcome.answer, text, logProbabilities: null } };
      }),
  };
}

describe("predict", () => {
  test("is the default, certifies a surrogate that knows the rule, and keeps the test's state", async () => {
    const kept = new Map<string, string>();
    const first = await screen({}, { kept });
    expect(first).toMatchObject({
      mode: "predict",
      verdict: "certified",
      threshold: 0.7,
      alpha: 0.05,
      rule: { kind: "betting" },
      population: { form: "finite", size: 40 },
    });
    const before = [...kept];
    expect(before.map(([name]) => name.replace(/[0-9a-f]{24}/, "*")).sort()).toEqual([
      "screen-*.json",
      "screen-shares-*.json",
    ]);
    expect(await screen({}, { kept })).toEqual(first);
    expect([...kept]).toEqual(before);
  });

  test("stores the usual test under the name that version 1 gave it", async () => {
    const kept = new Map<string, string>();
    await screen({}, { kept });
    const [name = "", text = ""] = [...kept].find(([key]) => !key.includes("shares")) ?? [];
    const { inputSetHash, surrogate, oracle } = parseCertificate(text, name).test;
    const key = createHash("sha256")
      .update(JSON.stringify([inputSetHash, surrogate, oracle, "0.7", "0.05"]))
      .digest("hex");
    expect(name).toBe(`screen-${key.slice(0, 24)}.json`);
  });

  test("does not support a surrogate that is wrong about the rule", async () => {
    const found = await screen({}, { surrogate: wrongSurrogate() });
    expect(found.verdict).toBe("not supported");
    expect(found.futileAfter).toBeGreaterThan(0);
  });

  test("goes on where `precise` runs as fp32: the surrogate is the one that was asked for", async () => {
    const kept = new Map<string, string>();
    const known = syntheticSurrogate();
    const asked = (precision: "precise" | "fp32"): Surrogate => ({
      ...known,
      identity: { ...known.identity, requestedPrecision: "precise", precision },
    });
    const first = await screen({}, { kept, surrogate: asked("precise") });
    expect(await screen({}, { kept, surrogate: asked("fp32") })).toEqual(first);
    expect(kept.size).toBe(2);
  });
});

describe("labels", () => {
  test("is chosen where the oracle gives no log-probabilities", async () => {
    const found = await screen({}, { oracle: silentOracle() });
    expect(found.mode).toBe("labels");
    if (found.mode !== "labels") throw new Error("another mode");
    expect(found.flipped).toBeGreaterThanOrEqual(20);
    expect(found.inputs).toBe(40);
    expect(found.estimate).toBeGreaterThan(0.75);
    expect(found.control?.estimate).toBeLessThan(found.estimate ?? 0);
  });

  test("does not support a surrogate that is wrong about the rule", async () => {
    const found = await screen({}, { oracle: silentOracle(), surrogate: wrongSurrogate() });
    expect(found).toMatchObject({ mode: "labels", verdict: "not supported" });
  });
});

describe("explain", () => {
  test("needs sixteen masks an input, and says so", async () => {
    expect(await screen({ "screen-mode": "explain" })).toMatchObject({
      mode: "explain",
      verdict: "insufficient data",
      threshold: 0.9,
      reason: expect.stringContaining("masks-per-input to 16"),
    });
  });

  const settings = { "screen-mode": "explain", "masks-per-input": "24" };

  test("certifies a surrogate whose explanations are as good as the oracle's own", async () => {
    const found = await screen(settings);
    expect(found).toMatchObject({ mode: "explain", verdict: "certified", inputs: 40 });
    if (found.mode !== "explain") throw new Error("another mode");
    // Twelve noiseless values fit seven effects well: the opponent is a real one.
    expect(found.oracleQ).toBeGreaterThan(0.7);
    expect(found.surrogateQ).toBeGreaterThan(0.9);
  });

  test("does not support one that is wrong about the rule", async () => {
    const found = await screen(settings, { surrogate: wrongSurrogate() });
    expect(found).toMatchObject({ mode: "explain", verdict: "not supported" });
    expect(found.estimate).toBeLessThan(0.5);
  });
});

describe("settings", () => {
  test("form, rule, threshold and level reach the test", async () => {
    const found = await screen({
      "screen-population": "population",
      "screen-method": "paper-ttest",
      "screen-threshold": "0.8",
      "screen-alpha": "0.01",
    });
    expect(found).toMatchObject({
      population: { form: "population", size: 40 },
      rule: { kind: "paper-ttest" },
      threshold: 0.8,
      alpha: 0.01,
    });
    expect(found.verdict).not.toBe("certified");
    expect(found.wealthPath).toHaveLength(40);
  });

  test("two surrogates share the level where two were announced; a third is refused, with the reason", async () => {
    const kept = new Map<string, string>();
    const two = { "screen-surrogates": "2" };
    expect(await screen(two, { kept })).toMatchObject({ verdict: "certified", alpha: 0.025 });
    expect(await screen({ ...two, method: "lime" }, { kept })).toMatchObject({ alpha: 0.025 });
    const third = await screen({ ...two, method: "kernel-shap" }, { kept });
    expect(third).toMatchObject({ verdict: "not screened", estimate: null });
    expect(third.reason).toMatch(/spent.*2 surrogates.*lasso.*lime/);
    expect(await screen(two, { kept })).toMatchObject({ verdict: "certified", alpha: 0.025 });
  });

  test("a second surrogate nobody announced spends nothing", async () => {
    const kept = new Map<string, string>();
    await screen({}, { kept });
    const files = kept.size;
    expect(await screen({ method: "lime" }, { kept })).toMatchObject({ verdict: "not screened" });
    expect(kept.size).toBe(files);
  });

  test("another mode or oracle is another test with a level of its own", async () => {
    const kept = new Map<string, string>();
    await screen({}, { kept });
    expect((await screen({ "screen-mode": "explain" }, { kept })).verdict).not.toBe("not screened");
    const other = { ...syntheticOracle(), model: "a new version" };
    expect((await screen({}, { kept, oracle: other })).verdict).toBe("certified");
  });

  test("an altered certificate stops the run", async () => {
    const kept = new Map<string, string>();
    await screen({}, { kept });
    for (const [name, text] of kept)
      if (!name.includes("shares")) kept.set(name, text.replace(/"q": [\d.]+/, '"q": 0.1'));
    await expect(screen({}, { kept })).rejects.toMatchObject({ code: "CERTIFICATE" });
  });

  test("nothing to explain is insufficient data in the mode that was asked for", async () => {
    const head = promptOf(SENTENCES, 1);
    expect(await screen({ "screen-mode": "explain" }, {}, head)).toMatchObject({
      mode: "explain",
      verdict: "insufficient data",
      threshold: 0.9,
    });
  });
});
