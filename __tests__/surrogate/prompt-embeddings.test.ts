import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { randomModel, writeModel } from "./random-model.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-embeddings-"));
const model = randomModel("llama", 41, { ropeBase: 50_000 });
const modelPath = writeModel(join(folder, "model.gguf"), model);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["fp32", "fast"] as const)("a prompt's embeddings where %s runs", (precision) => {
  test("are the file's rows, unrotated, a row a token, with the file's rotary settings", async () => {
    const surrogate = await openLocalSurrogate({
      modelPath,
      precision,
      backend: "native",
      workers: 1,
      cacheFolder: null,
    });
    const messages = [
      { role: "system" as const, content: "Be brief." },
      { role: "user" as const, content: "Hi" },
    ];
    const embedded = await surrogate.embedPrompt(messages);
    const ids = surrogate.tokenizeChat(messages);
    await surrogate.close();
    expect(embedded).toMatchObject({ hidden: 96, headSize: 16, ropeBase: 50_000 });
    expect(embedded.tokens.map(({ id }) => id)).toEqual([...ids]);
    const rows = Array.from(ids, (id) => [
      ...model.embeddings.values.subarray(id * 96, id * 96 + 96),
    ]);
    expect([...embedded.vectors]).toEqual(rows.flat());
    const own = embedded.tokens.filter(({ message }) => message === 1);
    expect(own.map(({ id, start, end }) => [id, start, end])).toEqual([
      [72, 0, 1],
      [105, 1, 2],
    ]);
  });
});
