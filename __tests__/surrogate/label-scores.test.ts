import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Message } from "../../src/domain.js";
import { openLocalSurrogate, type LocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { embeddedModel } from "./embedded-model.js";
import { randomModel, writeModel } from "./random-model.js";
import { referenceLogSoftmax } from "./reference-transformer.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-labels-"));
const random = randomModel("llama", 31);
const tiny = {
  modelPath: writeModel(join(folder, "model.gguf"), random),
  precision: "fp32",
} as const;
const opened = new Map<string, LocalSurrogate>();

async function open(
  name: string,
  options: {
    readonly modelPath: string;
    readonly precision: "fp32" | "precise";
    readonly workers?: number;
  },
): Promise<LocalSurrogate> {
  const surrogate = await openLocalSurrogate({
    backend: "native",
    workers: 1,
    cacheFolder: null,
    ...options,
  });
  opened.set(name, surrogate);
  return surrogate;
}

const surrogateOf = (name: string): LocalSurrogate => {
  const surrogate = opened.get(name);
  if (!surrogate) throw new Error(`${name} was not opened`);
  return surrogate;
};

beforeAll(async () => {
  await open("tiny", tiny);
  await open("tiny, three workers", { ...tiny, workers: 3 });
});

afterAll(async () => {
  for (const surrogate of opened.values()) await surrogate.close();
  rmSync(folder, { recursive: true, force: true });
});

const user = (content: string): readonly Message[] => [{ role: "user", content }];
const PROMPTS = ["Is the sky green?", "Is the sky blue?", "Is it?", "Is the sky green?"].map(user);

/** The old way: each label a response of its own. */
async function oneByOne(
  surrogate: LocalSurrogate,
  prompts: readonly (readonly Message[])[],
  labels: readonly string[],
): Promise<readonly Float64Array[][]> {
  const { logProbabilities } = await surrogate.score(
    prompts.flatMap((messages) => labels.map((response) => ({ messages, response }))),
  );
  return prompts.map((_, prompt) =>
    labels.map((__, label) => logProbabilities[prompt * labels.length + label] as Float64Array),
  );
}

describe.each(["tiny", "tiny, three workers"])("single-token labels on the %s model", (name) => {
  const labels = ["a", "Z", "~", " "];

  test("come out of one pass a prompt, to the bit as each scored as a response of its own", async () => {
    const surrogate = surrogateOf(name);
    const scores = await surrogate.scoreLabels(PROMPTS, labels);
    const separate = await oneByOne(surrogate, PROMPTS, labels);
    expect(scores.singleToken).toBe(true);
    expect(scores.logProbabilities.map((row) => [...row])).toEqual(
      separate.map((row) => row.map((tokens) => tokens[0])),
    );
    expect(scores.tokensAsked).toBe(
      PROMPTS.reduce((sum, messages) => sum + surrogate.tokenizeChat(messages).length + 1, 0),
    );
    expect(scores.tokensRun).toBeLessThan(scores.tokensAsked);
  });

  test("have the probabilities of the definition", async () => {
    const surrogate = surrogateOf(name);
    const { logProbabilities } = await surrogate.scoreLabels(PROMPTS, labels);
    PROMPTS.forEach((messages, prompt) => {
      const next = referenceLogSoftmax(random, [...surrogate.tokenizeChat(messages)]).at(-1);
      labels.forEach((label, index) =>
        expect(logProbabilities[prompt]?.[index]).toBeCloseTo(
          next?.[label.charCodeAt(0)] ?? Number.NaN,
          4,
        ),
      );
    });
  });
});

describe("the labels' set", () => {
  test("is exhaustive: over the whole vocabulary of bytes and markers the probabilities sum to one", async () => {
    const surrogate = surrogateOf("tiny");
    const { logProbabilities } = await surrogate.scoreTokens(
      [{ ids: [...surrogate.tokenizeChat(user("Hi")), 5], responseTokens: 1 }],
      { candidates: Int32Array.from({ length: 258 }, (_, id) => id) },
    );
    expect(logProbabilities[0]).toHaveLength(258);
    const total = (logProbabilities[0] ?? new Float64Array()).reduce(
      (sum, log) => sum + Math.exp(log),
      0,
    );
    expect(total).toBeCloseTo(1, 5);
  });

  test("applies to every row of a longer response, row by row, and across reused prefixes", async () => {
    const surrogate = surrogateOf("tiny");
    const sequences = ["one two three", "one two four"].map((text) => ({
      ids: [...Buffer.from(text)],
      responseTokens: 3,
    }));
    const candidates = Int32Array.of(97, 98);
    const { logProbabilities } = await surrogate.scoreTokens(sequences, { candidates });
    sequences.forEach(({ ids }, i) => {
      const rows = referenceLogSoftmax(random, ids).slice(-4, -1);
      const expected = rows.flatMap((row) => [row[97], row[98]]);
      expect(logProbabilities[i]).toHaveLength(6);
      expected.forEach((value, at) =>
        expect(logProbabilities[i]?.[at]).toBeCloseTo(value ?? Number.NaN, 4),
      );
    });
  });

  test("leaves divergence and its reference as they are", async () => {
    const surrogate = surrogateOf("tiny");
    const sequences = [user("Hello"), user("Help")].map((messages) => ({
      ids: [...surrogate.tokenizeChat(messages), 65],
      responseTokens: 1,
    }));
    const plain = await surrogate.scoreTokens(sequences, { divergenceFrom: 0 });
    const several = await surrogate.scoreTokens(sequences, {
      divergenceFrom: 0,
      candidates: Int32Array.of(65, 66, 67),
    });
    expect(several.divergence).toEqual(plain.divergence);
    expect(several.logProbabilities.map((row) => row[0])).toEqual(
      plain.logProbabilities.map((row) => row[0]),
    );
  });
});

describe("labels of several tokens", () => {
  const labels = ["yes", "no", "y"];

  test("count with the mean over their tokens, and share the prompt's prefix", async () => {
    const surrogate = surrogateOf("tiny");
    const scores = await surrogate.scoreLabels(PROMPTS, labels);
    const separate = await oneByOne(surrogate, PROMPTS, labels);
    expect(scores.singleToken).toBe(false);
    separate.forEach((row, prompt) =>
      row.forEach((tokens, label) => {
        expect(tokens).toHaveLength(labels[label]?.length ?? 0);
        expect(scores.logProbabilities[prompt]?.[label]).toBeCloseTo(
          tokens.reduce((sum, value) => sum + value, 0) / tokens.length,
          12,
        );
      }),
    );
    expect(scores.tokensRun).toBeLessThan(0.6 * scores.tokensAsked);
  });
});

describe("what cannot be scored", () => {
  const ask = async (labels: readonly string[]): Promise<unknown> =>
    surrogateOf("tiny").scoreLabels(PROMPTS, labels);

  test("no label, and an empty one", async () => {
    await expect(ask([])).rejects.toMatchObject({
      code: "INPUTS",
      message: expect.stringContaining("no labels to score"),
    });
    await expect(ask(["a", ""])).rejects.toMatchObject({
      code: "INPUTS",
      message: expect.stringContaining('label "" has no tokens'),
    });
  });

  test("labels with the same tokens, by name: they read alike, or differ only in what no token stands for", async () => {
    await expect(ask(["a", "b", "a"])).rejects.toMatchObject({
      code: "INPUTS",
      message: expect.stringContaining('labels "a" and "a"'),
    });
    await expect(ask(["\ud800", "b", "\ufffd"])).rejects.toMatchObject({
      code: "INPUTS",
      message: expect.stringMatching(/labels "\\ud800" and "\ufffd"/),
    });
  });

  test("candidates outside the vocabulary, and none at all", async () => {
    const sequences = [{ ids: [1, 2], responseTokens: 1 }];
    const surrogate = surrogateOf("tiny");
    await expect(
      surrogate.scoreTokens(sequences, { candidates: Int32Array.of(1, 258) }),
    ).rejects.toMatchObject({ code: "INPUTS", message: expect.stringContaining("token id 258") });
    await expect(
      surrogate.scoreTokens(sequences, { candidates: new Int32Array() }),
    ).rejects.toMatchObject({ code: "INTERNAL" });
  });

  test("no prompts give no scores", async () => {
    expect(await surrogateOf("tiny").scoreLabels([], ["a", "b"])).toEqual({
      logProbabilities: [],
      singleToken: true,
      tokensRun: 0,
      tokensAsked: 0,
    });
  });
});

describe("the embedded model", () => {
  const question = user(
    "Is this review positive or negative? A joy from the first minute to the last.",
  );
  const prompts = [question, user("Is this review positive or negative? Dull.")];

  test("scores single-token labels in one pass as one by one, in the precision it runs in by default", async () => {
    const surrogate = await open("embedded", { modelPath: embeddedModel, precision: "precise" });
    const labels = ["positive", "negative", "A", "B"];
    const scores = await surrogate.scoreLabels(prompts, labels);
    const separate = await oneByOne(surrogate, prompts, labels);
    expect(scores.singleToken).toBe(true);
    separate.forEach((row, prompt) =>
      row.forEach((tokens, label) => {
        expect(tokens).toHaveLength(1);
        expect(
          Math.abs((tokens[0] ?? Number.NaN) - (scores.logProbabilities[prompt]?.[label] ?? 0)),
        ).toBeLessThan(1e-5);
      }),
    );
  }, 60_000);

  test("scores longer labels by their means", async () => {
    const surrogate = surrogateOf("embedded");
    const labels = ["very positive", "negative"];
    const scores = await surrogate.scoreLabels([question], labels);
    const [separate] = await oneByOne(surrogate, [question], labels);
    expect(scores.singleToken).toBe(false);
    expect([...(scores.logProbabilities[0] ?? [])]).toEqual(
      separate?.map((tokens) => tokens.reduce((sum, value) => sum + value, 0) / tokens.length),
    );
  }, 60_000);
});
