import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { Precision } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import {
  openLocalSurrogate,
  type LocalSurrogate,
  type LocalSurrogateOptions,
  type ScoredTokens,
} from "../../src/surrogate/local-surrogate.js";
import { packError, unpackError } from "../../src/surrogate/worker-protocol.js";
import { randomModel, writeModel, type RandomModel } from "./random-model.js";
import { referenceLogSoftmax, referenceScores } from "./reference-transformer.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-engine-"));
const models = { llama: randomModel("llama", 7), qwen2: randomModel("qwen2", 8) };
const paths = {
  llama: writeModel(join(folder, "llama.gguf"), models.llama),
  qwen2: writeModel(join(folder, "qwen2.gguf"), models.qwen2),
};
const opened = new Map<string, Promise<LocalSurrogate>>();

const BASE: LocalSurrogateOptions = {
  modelPath: paths.llama,
  precision: "fp32",
  backend: "native",
  workers: 1,
  cacheFolder: null,
};

/** One surrogate for each combination, shared by the tests. */
async function open(options: Partial<LocalSurrogateOptions>): Promise<LocalSurrogate> {
  const key = JSON.stringify(options);
  const known = opened.get(key) ?? openLocalSurrogate({ ...BASE, ...options });
  opened.set(key, known);
  return known;
}

/** Sequences over one base, each with a stretch of ten tokens replaced: what masked prompts look like. */
function maskedSequences(count: number, length: number, responseTokens: number): ScoredTokens[] {
  const base = Array.from({ length }, (_, i) => (i * 37 + 11) % 250);
  return Array.from({ length: count }, (_, mask) => {
    const start = (mask * 13) % (length - responseTokens - 10);
    return { ids: base.map((id, i) => (i >= start && i < start + 10 ? 32 : id)), responseTokens };
  });
}

const bitsOf = (rows: readonly Float64Array[]): string[] =>
  rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString("hex"));

/** Differences of scores from the definition, nats a token. */
function differences(
  rows: readonly Float64Array[],
  model: RandomModel,
  sequences: readonly ScoredTokens[],
): number[] {
  return sequences.flatMap(({ ids, responseTokens }, i) => {
    const expected = referenceScores(model, [...ids], responseTokens);
    return Array.from(expected, (value, t) => Math.abs(value - (rows[i]?.[t] ?? Number.NaN)));
  });
}

const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, value) => (value <= most ? most : value), 0);

afterAll(async () => {
  for (const surrogate of opened.values()) await (await surrogate).close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(["llama", "qwen2"] as const)("a random %s model", (architecture) => {
  const modelPath = paths[architecture];
  const model = models[architecture];
  const sequences = [...maskedSequences(3, 60, 5), ...maskedSequences(2, 23, 1)];

  test("in fp32 gives what the definition gives in float64", async () => {
    const { logProbabilities } = await (await open({ modelPath })).scoreTokens(sequences);
    expect(largest(differences(logProbabilities, model, sequences))).toBeLessThan(2e-5);
  });

  test.each([
    ["precise", 0.1],
    ["fast", 0.6],
  ] as const)("in %s stays within %d nats of it", async (precision, bound) => {
    const surrogate = await open({ modelPath, precision });
    const { logProbabilities } = await surrogate.scoreTokens(sequences);
    const worst = largest(differences(logProbabilities, model, sequences));
    expect(worst).toBeLessThan(bound);
    if (surrogate.identity.precision !== "fp32") expect(worst).toBeGreaterThan(1e-4);
  });

  test.each(["fp32", "precise", "fast"] as const)(
    "in %s gives the same bits with and without reuse, in any order, on any number of workers",
    async (precision: Precision) => {
      const many = [...maskedSequences(9, 60, 5), ...maskedSequences(6, 31, 1), ...sequences];
      const surrogate = await open({ modelPath, precision });
      const reused = await surrogate.scoreTokens(many);
      const full = await surrogate.scoreTokens(many, { reusePrefixes: false });
      const alone = await Promise.all(
        many.map(
          async (one) =>
            (await surrogate.scoreTokens([one])).logProbabilities[0] ?? new Float64Array(),
        ),
      );
      const spread = await (await open({ modelPath, precision, workers: 3 })).scoreTokens(many);
      const reversed = await surrogate.scoreTokens([...many].reverse());
      const expected = bitsOf(reused.logProbabilities);
      for (const rows of [
        full.logProbabilities,
        alone,
        spread.logProbabilities,
        [...reversed.logProbabilities].reverse(),
      ])
        expect(bitsOf(rows)).toEqual(expected);
      expect([spread.tokensRun, spread.tokensAsked]).toEqual([
        reused.tokensRun,
        reused.tokensAsked,
      ]);
      expect(reused.tokensRun).toBeLessThan(0.7 * reused.tokensAsked);
    },
  );

  test("measures divergence from a reference run as the definition does", async () => {
    const compared = maskedSequences(4, 40, 3);
    const surrogate = await open({ modelPath });
    const { divergence, logProbabilities } = await surrogate.scoreTokens(compared, {
      divergenceFrom: 2,
    });
    const rows = compared.map(({ ids }) => referenceLogSoftmax(model, [...ids]).slice(36, 39));
    const expected = rows.map((own) => {
      const perToken = own.map((logs, t) =>
        logs.reduce(
          (sum, log, v) =>
            sum + Math.exp(rows[2]?.[t]?.[v] ?? 0) * ((rows[2]?.[t]?.[v] ?? 0) - log),
          0,
        ),
      );
      return perToken.reduce((sum, value) => sum + value, 0) / 3;
    });
    expect(divergence).toHaveLength(4);
    divergence?.forEach((value, i) =>
      expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThan(1e-5),
    );
    expect(divergence?.[2]).toBe(0);
    expect(Math.min(...expected.filter((_, i) => i !== 2))).toBeGreaterThan(1e-3);
    expect(bitsOf(logProbabilities)).toEqual(
      bitsOf((await surrogate.scoreTokens(compared)).logProbabilities),
    );
  });
});

test("prompts of more rows than run at once are cut, and still scored as defined", async () => {
  const [first = { ids: [], responseTokens: 0 }] = maskedSequences(1, 530, 4);
  const prefix = (length: number, responseTokens: number): ScoredTokens => ({
    ids: first.ids.slice(0, length),
    responseTokens,
  });
  // 514 tokens: after 512 rows there would be fewer left than the response needs.
  const sequences = [first, prefix(528, 2), prefix(514, 5), prefix(100, 2)];
  const surrogate = await open({});
  const { logProbabilities } = await surrogate.scoreTokens(sequences);
  expect(largest(differences(logProbabilities, models.llama, [first]))).toBeLessThan(5e-5);
  const full = await surrogate.scoreTokens(sequences, { reusePrefixes: false });
  expect(bitsOf(full.logProbabilities)).toEqual(bitsOf(logProbabilities));
}, 20_000);

test("a longer job after a shorter one with the same beginning does not read what outgrew its room", async () => {
  const [long = { ids: [], responseTokens: 0 }] = maskedSequences(1, 300, 2);
  const short = { ids: long.ids.slice(0, 50), responseTokens: 2 };
  const fresh = await openLocalSurrogate(BASE);
  await fresh.scoreTokens([short, { ...short, responseTokens: 1 }]);
  const after = await fresh.scoreTokens([long]);
  const full = await fresh.scoreTokens([long], { reusePrefixes: false });
  await fresh.close();
  expect(bitsOf(after.logProbabilities)).toEqual(bitsOf(full.logProbabilities));
});

test("the WebAssembly build gives the same, also with prefixes reused", async () => {
  const sequences = maskedSequences(4, 40, 3);
  const surrogate = await open({ backend: "wasm" });
  const { logProbabilities, divergence } = await surrogate.scoreTokens(sequences, {
    divergenceFrom: 0,
  });
  expect(largest(differences(logProbabilities, models.llama, sequences))).toBeLessThan(2e-5);
  const full = await surrogate.scoreTokens(sequences, { reusePrefixes: false });
  expect(bitsOf(full.logProbabilities)).toEqual(bitsOf(logProbabilities));
  expect(divergence?.[0]).toBe(0);
  expect([surrogate.identity.backend, surrogate.notices]).toEqual(["wasm", []]);
}, 60_000);

describe("progress", () => {
  test("counts distinct sequences up to their number", async () => {
    const seen: [number, number][] = [];
    const sequences = maskedSequences(5, 40, 3);
    await (
      await open({ workers: 3 })
    ).scoreTokens([...sequences, ...sequences], {
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen.map(([done]) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.every(([, total]) => total === 5)).toBe(true);
  });
});

describe("what cannot be scored", () => {
  const ids = [1, 2, 3, 4, 5];
  test.each([
    ["an empty response", { ids, responseTokens: 0 }, "response to score is empty"],
    ["an empty prompt", { ids, responseTokens: 5 }, "prompt before the response is empty"],
    [
      "more tokens than the context",
      { ids: Array<number>(1201).fill(3), responseTokens: 1 },
      "together take 1201 tokens; this model takes at most 1200",
    ],
    [
      "an unknown token",
      { ids: [1, 300, 2], responseTokens: 1 },
      "token id 300 is outside the model's vocabulary of 258",
    ],
  ])("%s", async (_, sequence, message) => {
    const surrogate = await open({});
    await expect(surrogate.scoreTokens([sequence])).rejects.toMatchObject({
      code: "INPUTS",
      message: expect.stringContaining(message),
    });
  });

  test("responses of different lengths where divergence is asked for", async () => {
    const sequences = [
      { ids, responseTokens: 1 },
      { ids, responseTokens: 2 },
    ];
    const surrogate = await open({});
    await expect(surrogate.scoreTokens(sequences, { divergenceFrom: 0 })).rejects.toMatchObject({
      code: "INPUTS",
    });
  });

  test("nothing is scored as nothing", async () => {
    expect(await (await open({})).scoreTokens([])).toEqual({
      logProbabilities: [],
      divergence: null,
      tokensRun: 0,
      tokensAsked: 0,
    });
  });

  test("a model whose activations overflow is refused, and so is one with a broken weight", async () => {
    const { layers, norm, ...rest } = models.qwen2;
    const loud = norm.map(() => 3e38);
    const overflowing = writeModel(join(folder, "overflowing.gguf"), {
      ...rest,
      layers,
      norm: loud,
    });
    const surrogate = await open({ modelPath: overflowing });
    await expect(surrogate.scoreTokens([{ ids, responseTokens: 1 }])).rejects.toMatchObject({
      code: "MODEL_RUNTIME",
      message: expect.stringContaining("NaN or infinity"),
    });
    const [first, ...others] = layers;
    if (!first) throw new Error("no layer");
    const broken = {
      ...first,
      up: {
        ...first.up,
        values: first.up.values.map((value, i) => (i === 100 ? Number.NaN : value)),
      },
    };
    const path = writeModel(join(folder, "broken.gguf"), {
      ...rest,
      norm,
      layers: [broken, ...others],
    });
    await expect(
      openLocalSurrogate({ ...BASE, modelPath: path, precision: "fast" }),
    ).rejects.toMatchObject({ code: "MODEL_FILE" });
  });

  test("zero workers, and a head size that the attention operator lacks", async () => {
    await expect(openLocalSurrogate({ ...BASE, workers: 0 })).rejects.toMatchObject({
      code: "USAGE",
    });
    const odd = writeModel(
      join(folder, "odd.gguf"),
      randomModel("llama", 3, { headSize: 8, heads: 12 }),
    );
    await expect(openLocalSurrogate({ ...BASE, modelPath: odd })).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("8 channels"),
    });
  });
});

describe("workers that fail", () => {
  test("keep code and message of their errors on the way", () => {
    const refusal = new UnderstudyError("MODEL_FILE", "too short", {
      place: { path: "m.gguf" },
      fix: "get it again",
    });
    const received = unpackError(structuredClone(packError(refusal)));
    expect([received.code, received.message]).toEqual([
      "MODEL_FILE",
      "m.gguf: too short\n  fix: get it again",
    ]);
    expect(packError(new Error("from native code"))).toEqual({
      code: "MODEL_RUNTIME",
      message: "from native code",
    });
  });

  const entry = (name: string, code: string): string => {
    const path = join(folder, name);
    writeFileSync(path, code);
    return path;
  };

  test("at the start stop the opening with their reason", async () => {
    const workerEntry = entry("fails.mjs", `throw new Error("no such luck");`);
    await expect(openLocalSurrogate({ ...BASE, workers: 2, workerEntry })).rejects.toMatchObject({
      code: "MODEL_RUNTIME",
      message: expect.stringContaining("no such luck"),
    });
  });

  test("in the middle of a job are an error, not missing scores, and closing still works", async () => {
    const workerEntry = entry(
      "dies.mjs",
      `import { parentPort } from "node:worker_threads";
       parentPort.on("message", ({ kind }) => kind === "open" ? parentPort.postMessage({ kind: "ready", backend: "native", version: "0", notice: null }) : process.exit(3));`,
    );
    const surrogate = await openLocalSurrogate({ ...BASE, workerEntry });
    await expect(
      surrogate.scoreTokens([{ ids: [1, 2, 3], responseTokens: 1 }]),
    ).rejects.toMatchObject({
      code: "MODEL_RUNTIME",
      message: expect.stringContaining("exit code 3"),
    });
    await expect(
      surrogate.scoreTokens([{ ids: [1, 2, 3], responseTokens: 1 }]),
    ).rejects.toMatchObject({ code: "MODEL_RUNTIME" });
    await surrogate.close();
  });
});
