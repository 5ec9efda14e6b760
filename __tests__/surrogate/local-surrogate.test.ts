import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openLocalSurrogate, type LocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { choosePrecision, readCpuFlags } from "../../src/surrogate/precision.js";
import { scoreText } from "../../src/surrogate/score-text.js";
import { randomModel, writeModel } from "./random-model.js";
import { referenceScores } from "./reference-transformer.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-surrogate-"));
const model = randomModel("qwen2", 21);
const modelPath = writeModel(join(folder, "model.gguf"), model);
/** The byte-level vocabulary gives each ASCII character its own code as id. */
const bytes = (text: string): number[] => [...Buffer.from(text)];
const START = 256;
const END = 257;
let surrogate: LocalSurrogate;

beforeAll(async () => {
  surrogate = await openLocalSurrogate({
    modelPath,
    precision: "fp32",
    backend: "native",
    workers: 1,
    cacheFolder: null,
  });
});

afterAll(async () => {
  await surrogate.close();
  rmSync(folder, { recursive: true, force: true });
});

function expectClose(actual: Float64Array | undefined, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(value - (actual?.[i] ?? Number.NaN))).toBeLessThan(2e-5),
  );
}

describe("a local surrogate", () => {
  test("scores a response after the chat template with its generation prompt, and without an end token", async () => {
    const { logProbabilities } = await surrogate.score([
      { messages: [{ role: "user", content: "Hi" }], response: "Ok." },
    ]);
    const ids = [START, ...bytes("user: Hi"), END, START, ...bytes("assistant: "), ...bytes("Ok.")];
    expectClose(logProbabilities[0], referenceScores(model, ids, 3));
  });

  test("takes markup in a response or a message for plain text", async () => {
    expect([...surrogate.tokenizeResponse("<|end|>")]).toEqual(bytes("<|end|>"));
    expect([...surrogate.tokenize("<|end|>")]).toEqual([END]);
    expect(
      surrogate.tokenizeChat([{ role: "user", content: "<|end|>" }]).filter((id) => id === END),
    ).toHaveLength(1);
    expect(surrogate.countTokens("<|end|>")).toBe(7);
    expect(surrogate.countTokens("")).toBe(0);
  });

  test("scores equal requests once and answers each", async () => {
    const request = { messages: [{ role: "user" as const, content: "Again" }], response: "Yes" };
    const { logProbabilities, tokensAsked, tokensRun } = await surrogate.score([
      request,
      { ...request, response: "No" },
      request,
    ]);
    expect(logProbabilities[2]).toEqual(logProbabilities[0]);
    expect(logProbabilities[2]).not.toBe(logProbabilities[0]);
    expect(logProbabilities[1]).toHaveLength(2);
    expect(tokensRun).toBeLessThan(tokensAsked / 2);
  });

  test("says what it is", () => {
    expect(surrogate.identity).toEqual({
      model: "model",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      engine: expect.stringMatching(/^understudy graph \d+, onnxruntime \d/),
      backend: "native",
      precision: "fp32",
      requestedPrecision: "fp32",
    });
    expect([surrogate.notices, surrogate.precisionReason]).toEqual([[], `"fp32" was asked for.`]);
  });

  test("tells where another precision runs than was asked for", async () => {
    const precise = await openLocalSurrogate({
      modelPath,
      precision: "precise",
      backend: "native",
      workers: 1,
      cacheFolder: null,
    });
    const choice = choosePrecision("precise", readCpuFlags());
    expect(precise.identity).toMatchObject({
      precision: choice.precision,
      requestedPrecision: "precise",
    });
    expect(precise.notices).toEqual(choice.precision === "precise" ? [] : [choice.reason]);
    await precise.close();
  });

  test("refuses an empty response, and a missing file by name", async () => {
    await expect(
      surrogate.score([{ messages: [{ role: "user", content: "Hi" }], response: "" }]),
    ).rejects.toMatchObject({ code: "INPUTS" });
    const missing = {
      modelPath: join(folder, "absent.gguf"),
      precision: "fp32",
      backend: "native",
      workers: 1,
      cacheFolder: null,
    } as const;
    await expect(openLocalSurrogate(missing)).rejects.toMatchObject({
      code: "MODEL_FILE",
      message: expect.stringContaining("absent.gguf"),
    });
  });
});

describe("scoring a text", () => {
  test("gives ids and log-probabilities of the response, prompt as a user message", async () => {
    const scored = await scoreText({ surrogate, prompt: "Hi", response: "Ok.", raw: false });
    const { logProbabilities } = await surrogate.score([
      { messages: [{ role: "user", content: "Hi" }], response: "Ok." },
    ]);
    expect(scored).toEqual({
      model: "model",
      precision: "fp32",
      requestedPrecision: "fp32",
      tokens: bytes("Ok.").map((id, i) => ({ id, logProbability: logProbabilities[0]?.[i] })),
    });
  });

  test("takes a raw prompt as it is, markup included", async () => {
    const { tokens } = await scoreText({
      surrogate,
      prompt: "<|start|>Hi",
      response: "Ok.",
      raw: true,
    });
    expectClose(
      Float64Array.from(tokens, ({ logProbability }) => logProbability),
      referenceScores(model, [START, ...bytes("HiOk.")], 3),
    );
  });

  test("refuses an empty response and an empty raw prompt", async () => {
    await expect(
      scoreText({ surrogate, prompt: "Hi", response: "", raw: false }),
    ).rejects.toMatchObject({ code: "INPUTS" });
    await expect(
      scoreText({ surrogate, prompt: "", response: "Ok", raw: true }),
    ).rejects.toMatchObject({ code: "INPUTS" });
  });
});
