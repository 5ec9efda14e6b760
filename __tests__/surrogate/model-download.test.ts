import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { guardedDownloads } from "../../src/oracle/guarded-download.js";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { fetchModel } from "../../src/surrogate/model-download.js";
import { parseSurrogateSource, type ModelDownload } from "../../src/surrogate/source.js";
import { startFileServer, type FileServer } from "../fixtures/file-server.js";
import { randomModel, writeModel } from "./random-model.js";

// A busy machine is no failure.
jest.setTimeout(60_000);

let server: FileServer | null = null;
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-models-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.close();
  server = null;
});

const open = guardedDownloads({ allowPrivate: false });
const content = Buffer.from("the bytes of a model".repeat(1000));
const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function serve(answer: RequestListener): Promise<FileServer> {
  return (server = await startFileServer(answer));
}

const sends =
  (bytes: Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(200, headers).end(bytes);

function sourceOf(origin: string, sha256 = sha256Of(content)): ModelDownload {
  const source = parseSurrogateSource(`${origin}/tiny.gguf#sha256=${sha256}`);
  if (source.kind !== "download") throw new Error(source.kind);
  return source;
}

/** Every file below the folder. */
const kept = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(gguf|tmp)$/.test(name),
  );

describe("a model file from elsewhere", () => {
  test("is fetched once, kept under its checksum, and the same bytes", async () => {
    const { origin, asked } = await serve(sends(content));
    const source = sourceOf(origin);
    const path = await fetchModel(source, { folder, open });
    expect(path).toBe(join(folder, source.sha256, "tiny.gguf"));
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(await fetchModel(source, { folder, open })).toBe(path);
    expect(asked).toEqual(["/tiny.gguf"]);
    expect(kept()).toHaveLength(1);
  });

  test("with a wrong checksum is refused with both, and nothing of it stays", async () => {
    const { origin } = await serve(sends(content));
    const wrong = "a".repeat(64);
    await expect(fetchModel(sourceOf(origin, wrong), { folder, open })).rejects.toMatchObject({
      code: "MODEL_FILE",
      message: expect.stringMatching(`${sha256Of(content)}, not ${wrong}`),
    });
    expect(kept()).toEqual([]);
  });

  test("that was altered where it is kept is fetched again; a link in its place is replaced, not followed", async () => {
    const { origin, asked } = await serve(sends(content));
    const source = sourceOf(origin);
    const path = join(folder, source.sha256, "tiny.gguf");
    mkdirSync(join(folder, source.sha256));
    writeFileSync(path, "planted");
    await fetchModel(source, { folder, open });
    expect(readFileSync(path).equals(content)).toBe(true);
    const victim = join(folder, "victim");
    writeFileSync(victim, content);
    rmSync(path);
    symlinkSync(victim, path);
    await fetchModel(source, { folder, open });
    expect([lstatSync(path).isFile(), lstatSync(victim).isFile()]).toEqual([true, true]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    [
      "announced",
      (_: unknown, bytes: Buffer) => sends(bytes, { "content-length": String(bytes.length) }),
    ],
    [
      "not announced",
      (_: unknown, bytes: Buffer) => sends(bytes, { "transfer-encoding": "chunked" }),
    ],
  ])("that is too large is refused, %s", async (_, listener) => {
    const { origin } = await serve(listener(null, content));
    await expect(
      fetchModel(sourceOf(origin), { folder, open, maxBytes: content.length - 1 }),
    ).rejects.toMatchObject({ code: "MODEL_FILE", message: expect.stringContaining("larger") });
    expect(kept()).toEqual([]);
    expect(
      (await fetchModel(sourceOf(origin), { folder, open, maxBytes: content.length })).length,
    ).toBeGreaterThan(0);
  });

  test("that is announced as too large is refused before any of it comes", async () => {
    let closed = false;
    const { origin } = await serve((_, response) => {
      response.on("close", () => (closed = true));
      response.writeHead(200, { "content-length": String(2 ** 40) }).flushHeaders();
    });
    await expect(fetchModel(sourceOf(origin), { folder, open })).rejects.toMatchObject({
      code: "MODEL_FILE",
    });
    await new Promise((done) => setTimeout(done, 50));
    expect(closed).toBe(true);
  });

  test("whose connection breaks leaves nothing, and a later run fetches it", async () => {
    let broken = true;
    const { origin } = await serve((_, response) => {
      if (!broken) return void response.end(content);
      response.writeHead(200, { "content-length": String(content.length) });
      response.write(content.subarray(0, 500), () => response.socket?.destroy());
    });
    const source = sourceOf(origin);
    await expect(fetchModel(source, { folder, open })).rejects.toMatchObject({
      code: "ORACLE_UNAVAILABLE",
    });
    expect(kept()).toEqual([]);
    broken = false;
    expect(existsSync(await fetchModel(source, { folder, open }))).toBe(true);
  });

  test("says how far it is, and where it cannot be kept", async () => {
    const { origin } = await serve(
      sends(Buffer.alloc(3 * 2 ** 20), { "content-length": String(3 * 2 ** 20) }),
    );
    const seen: [number, number][] = [];
    const source = sourceOf(origin, sha256Of(Buffer.alloc(3 * 2 ** 20)));
    await fetchModel(source, { folder, open, onProgress: (...at) => void seen.push(at) });
    expect(seen.at(-1)).toEqual([3, 3]);
    writeFileSync(join(folder, "file"), "");
    await expect(fetchModel(source, { folder: join(folder, "file"), open })).rejects.toMatchObject({
      code: "FILE",
    });
  });

  test("from a hub through a redirect is a surrogate that scores, under the name of its file", async () => {
    const model = readFileSync(writeModel(join(folder, "source.bin"), randomModel("llama", 51)));
    const { origin, asked } = await serve((request, response) => {
      if (request.url?.startsWith("/owner/repo/resolve/"))
        return void response.writeHead(302, { location: "/blob?sig=1" }).end();
      response.end(model);
    });
    const source = parseSurrogateSource(
      `hf:owner/repo/Tiny-Q4.gguf@v1#sha256=${sha256Of(model)}`,
      origin,
    );
    if (source.kind !== "download") throw new Error(source.kind);
    const surrogate = await openLocalSurrogate({
      modelPath: await fetchModel(source, { folder, open }),
      precision: "fp32",
      backend: "auto",
      workers: 1,
      cacheFolder: null,
    });
    try {
      expect(surrogate.identity).toMatchObject({ model: "Tiny-Q4", sha256: sha256Of(model) });
      const messages = [{ role: "user" as const, content: "Hi" }];
      const { logProbabilities } = await surrogate.score([{ messages, response: "Ok" }]);
      expect(logProbabilities[0]?.every((value) => value < 0)).toBe(true);
      expect(asked).toEqual(["/owner/repo/resolve/v1/Tiny-Q4.gguf", "/blob?sig=1"]);
    } finally {
      await surrogate.close();
    }
  });
});
