import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { embeddedModel, repository } from "./embedded-model.js";

/** Made by ../references/log-probabilities/generate.py: transformers in fp32. */
interface Reference {
  readonly sequences: readonly {
    readonly prompt: string;
    readonly response: string;
    readonly ids: readonly number[];
    readonly responseTokens: number;
    readonly logProbabilities: readonly number[];
  }[];
}

const reference = JSON.parse(
  readFileSync(join(repository, "__tests__/references/log-probabilities/values.json"), "utf8"),
) as Reference;
const cacheFolder = mkdtempSync(join(tmpdir(), "understudy-embedded-"));

afterAll(() => rmSync(cacheFolder, { recursive: true, force: true }));

const requests = reference.sequences.map(({ prompt, response }) => ({
  messages: [{ role: "user" as const, content: prompt }],
  response,
}));

/** Differences from transformers, nats a token, ascending. */
function differences(scores: readonly Float64Array[]): number[] {
  return reference.sequences
    .flatMap(({ logProbabilities }, i) => {
      expect(scores[i]).toHaveLength(logProbabilities.length);
      return logProbabilities.map((expected, t) =>
        Math.abs(expected - (scores[i]?.[t] ?? Number.NaN)),
      );
    })
    .sort((a, b) => a - b);
}

describe("the embedded model", () => {
  // The medians are the design's bars; its maxima are for common English text, and among these texts are German and code.
  test.each([
    ["fp32", 1e-4, 1e-4],
    ["precise", 0.05, 1],
    ["fast", 0.12, 3],
  ] as const)(
    "in %s scores as transformers does, within %d nats in the median and %d at most",
    async (precision, median, maximum) => {
      const surrogate = await openLocalSurrogate({
        modelPath: embeddedModel,
        precision,
        backend: "native",
        workers: 1,
        cacheFolder,
      });
      const ids = reference.sequences.map(({ prompt, response }) => [
        ...surrogate.tokenizeChat([{ role: "user", content: prompt }]),
        ...surrogate.tokenizeResponse(response),
      ]);
      expect(ids).toEqual(reference.sequences.map((sequence) => sequence.ids));
      const { logProbabilities } = await surrogate.score(requests);
      const sorted = differences(logProbabilities);
      expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(median);
      expect(sorted.at(-1)).toBeLessThan(maximum);
      await surrogate.close();
    },
    120_000,
  );
});
