import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { UnderstudyError } from "../../src/errors.js";
import {
  compiledModel,
  type CacheKey,
  type CompiledModel,
} from "../../src/surrogate/compiled-cache.js";
import type { WeightSink } from "../../src/surrogate/weight-sink.js";

const key: CacheKey = { sha256: "ab".repeat(32), precision: "fast" };
let folder = "";
let compiled = 0;

function compile(sink: WeightSink): Uint8Array {
  compiled++;
  const first = sink.add("first", Uint8Array.of(1, 2, 3));
  const second = sink.add("second", new Uint8Array(5000).fill(9));
  return Buffer.from(JSON.stringify([first, second]));
}

function contents({ graph }: CompiledModel): { readonly graph: string; readonly weights: Buffer } {
  return { graph: readFileSync(graph.graphPath, "utf8"), weights: readFileSync(graph.weightsPath) };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-cache-"));
  compiled = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the cache of compiled models", () => {
  test("compiles once, then gives the same files", () => {
    const first = compiledModel(folder, key, compile);
    const second = compiledModel(folder, key, compile);
    expect([first.fromCache, second.fromCache, compiled]).toEqual([false, true, 1]);
    expect([first.notices, second.notices]).toEqual([[], []]);
    expect(contents(second)).toEqual(contents(first));
    second.discard();
    expect(existsSync(second.graph.graphPath)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("puts each weight where the graph says, at a multiple of 4096", () => {
    const { graph, weights } = contents(compiledModel(folder, key, compile));
    expect(JSON.parse(graph)).toEqual([
      { location: "weights.bin", offset: 0 },
      { location: "weights.bin", offset: 4096 },
    ]);
    expect(weights.length).toBe(4096 + 5000);
    expect([...weights.subarray(0, 5), weights[4096], weights.at(-1)]).toEqual([
      1, 2, 3, 0, 0, 9, 9,
    ]);
  });

  test("keeps models and precisions apart", () => {
    for (const other of [
      key,
      { ...key, precision: "precise" as const },
      { ...key, sha256: "cd".repeat(32) },
    ])
      expect(compiledModel(folder, other, compile).fromCache).toBe(false);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test.each([
    [
      "a changed byte of the weights",
      ({ graph }: CompiledModel) =>
        writeFileSync(
          graph.weightsPath,
          Buffer.from(readFileSync(graph.weightsPath)).fill(8, 4100, 4101),
        ),
    ],
    ["cut weights", ({ graph }: CompiledModel) => truncateSync(graph.weightsPath, 4097)],
    ["another graph", ({ graph }: CompiledModel) => writeFileSync(graph.graphPath, "[]")],
    ["a missing graph", ({ graph }: CompiledModel) => rmSync(graph.graphPath)],
    [
      "a missing manifest",
      ({ graph }: CompiledModel) => rmSync(join(graph.graphPath, "..", "manifest.json")),
    ],
    [
      "a garbled manifest",
      ({ graph }: CompiledModel) =>
        writeFileSync(join(graph.graphPath, "..", "manifest.json"), "{}"),
    ],
  ])("notices %s, compiles again and says so", (_, damage) => {
    const first = compiledModel(folder, key, compile);
    const expected = contents(first);
    damage(first);
    const second = compiledModel(folder, key, compile);
    expect([second.fromCache, compiled, contents(second)]).toEqual([false, 2, expected]);
    expect(second.notices).toEqual([expect.stringContaining("was damaged")]);
    expect(compiledModel(folder, key, compile).fromCache).toBe(true);
  });

  test("leaves nothing behind where compiling fails, and passes the error on", () => {
    const refusal = new UnderstudyError("MODEL_FILE", "no such tensor");
    const fail = (sink: WeightSink): Uint8Array => {
      sink.add("first", Uint8Array.of(1));
      throw refusal;
    };
    expect(() => compiledModel(folder, key, fail)).toThrow(refusal);
    expect(readdirSync(folder)).toEqual([]);
    expect(compiledModel(folder, key, compile).fromCache).toBe(false);
  });

  test("where it cannot write compiles for one run, with a notice", () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const model = compiledModel(join(file, "cache"), key, compile);
    expect(model.notices).toEqual([expect.stringContaining("could not be kept")]);
    expect(contents(model).weights[4096]).toBe(9);
    model.discard();
    expect(existsSync(model.graph.graphPath)).toBe(false);
  });

  test("without a folder keeps nothing", () => {
    const model = compiledModel(null, key, compile);
    expect([model.fromCache, model.notices, contents(model).weights[4096]]).toEqual([false, [], 9]);
    model.discard();
    expect(existsSync(model.graph.weightsPath)).toBe(false);
  });
});
