import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Precision } from "../../src/domain.js";
import {
  openLocalSurrogate,
  type LocalSurrogate,
  type ScoredTokens,
} from "../../src/surrogate/local-surrogate.js";
import { referenceScores } from "../fixtures/reference-transformer.js";
import { randomTinyModel, writeTinyModel, type TinyModel } from "../fixtures/tiny-model.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-engine-"));
const models = { llama: randomTinyModel("llama", 7), qwen2: randomTinyModel("qwen2", 8) };
const paths = { llama: join(folder, "llama.gguf"), qwen2: join(folder, "qwen2.gguf") };
const opened: LocalSurrogate[] = [];

async function open(
  architecture: "llama" | "qwen2",
  precision: Precision,
  workers = 1,
): Promise<LocalSurrogate> {
  const surrogate = await openLocalSurrogate({
    modelPath: paths[architecture],
    precision,
    backend: "native",
    workers,
    cacheFolder: null,
  });
  opened.push(surrogate);
  return surrogate;
}

/** Sequences over a base of `length` tokens, each with one stretch of ten replaced: what masked prompts look like. */
function maskedSequences(count: number, length: number, responseTokens: number): ScoredTokens[] {
  const base = Array.from({ length }, (_, i) => (i * 37 + 11) % 250);
  return Array.from({ length: count }, (_, mask) => {
    const start = ((mask * 13) % Math.max(1, length - responseTokens - 10)) | 0;
    return { ids: base.map((id, i) => (i >= start && i < start + 10 ? 32 : id)), responseTokens };
  });
}

function largestDifference(
  rows: readonly Float64Array[],
  model: TinyModel,
  sequences: readonly ScoredTokens[],
): number {
  const differences = sequences.flatMap(({ ids, responseTokens }, i) => {
    const expected = referenceScores(model, [...ids], responseTokens);
    return Array.from(expected, (value, t) => Math.abs(value - (rows[i]?.[t] ?? Number.NaN)));
  });
  return Math.max(...differences);
}

beforeAll(() => {
  writeTinyModel(paths.llama, models.llama);
  writeTinyModel(paths.qwen2, models.qwen2);
});

afterAll(async () => {
  await Promise.all(opened.map((surrogate) => surrogate.close()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each(["llama", "qwen2"] as const)("a tiny %s model", (architecture) => {
  const sequences = [...maskedSequences(3, 60, 5), ...maskedSequences(2, 23, 1)];

  test("in fp32 gives what the definition gives in float64", async () => {
    const surrogate = await open(architecture, "fp32");
    const { logProbabilities } = await surrogate.scoreTokens(sequences);
    expect(largestDifference(logProbabilities, models[architecture], sequences)).toBeLessThan(2e-5);
  });

  test("in precise stays near, and in fast nearer than a different model would", async () => {
    const precise = await (await open(architecture, "fast")).scoreTokens(sequences);
    expect(
      largestDifference(precise.logProbabilities, models[architecture], sequences),
    ).toBeLessThan(0.5);
  });
});
