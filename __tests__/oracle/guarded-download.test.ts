import { afterEach, describe, expect, test } from "@jest/globals";
import type { RequestListener } from "node:http";
import { checkEndpoint } from "../../src/oracle/endpoint.js";
import { endpointOf, guardedDownloads } from "../../src/oracle/guarded-download.js";
import { startFileServer, type FileServer } from "../fixtures/file-server.js";

let server: FileServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function serve(answer: RequestListener): Promise<FileServer> {
  return (server = await startFileServer(answer));
}

async function textOf(url: string, options: { readonly idleMs?: number } = {}): Promise<string> {
  const { body } = await guardedDownloads({ allowPrivate: false, ...options })(url);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("downloads", () => {
  test("come as a stream with their announced size, after redirects, and no header tells who asks", async () => {
    const seen: object[] = [];
    const { origin, asked } = await serve((request, response) => {
      seen.push(request.headers);
      if (request.url === "/a") response.writeHead(302, { location: "/b" }).end();
      else if (request.url === "/b") response.writeHead(307, { location: "c?sig=1" }).end();
      else response.writeHead(200, { "content-length": "5" }).end("bytes");
    });
    const { bytes } = await guardedDownloads({ allowPrivate: false })(`${origin}/a`);
    expect(bytes).toBe(5);
    expect(await textOf(`${origin}/a`)).toBe("bytes");
    expect(asked.slice(0, 3)).toEqual(["/a", "/b", "/c?sig=1"]);
    for (const headers of seen)
      expect(Object.keys(headers).sort()).toEqual(["accept", "connection", "host"]);
  });

  test("redirects in a circle end", async () => {
    const { origin, asked } = await serve((_, response) =>
      response.writeHead(302, { location: "/again" }).end(),
    );
    await expect(textOf(`${origin}/a`)).rejects.toMatchObject({ code: "MODEL_FILE" });
    expect(asked).toHaveLength(6);
  });

  test.each([
    [404, "MODEL_FILE"],
    [429, "ORACLE_UNAVAILABLE"],
    [503, "ORACLE_UNAVAILABLE"],
    [204, "MODEL_FILE"],
  ])("an answer of %d is %s", async (status, code) => {
    const { origin } = await serve((_, response) => response.writeHead(status).end());
    await expect(textOf(`${origin}/a?secret=1`)).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining("secret"),
    });
  });

  test("a connection that breaks, is silent or is not there is unavailable", async () => {
    const { origin } = await serve((request, response) => {
      response.writeHead(200, { "content-length": "50" });
      response.write("part", () => request.url === "/breaks" && response.socket?.destroy());
    });
    for (const url of [`${origin}/breaks`, `${origin}/stalls`, "http://127.0.0.1:1/none"])
      await expect(textOf(url, { idleMs: 200 })).rejects.toMatchObject({
        code: "ORACLE_UNAVAILABLE",
      });
  });

  test.each([
    "http://models.example/a.gguf",
    "https://10.0.0.1/a.gguf",
    "https://169.254.169.254/latest",
    "https://user:secret@models.example/a.gguf",
  ])("%s is refused before anything is sent", async (url) => {
    await expect(textOf(url)).rejects.toMatchObject({
      code: "ORACLE_ENDPOINT",
      message: expect.not.stringContaining("secret"),
    });
  });

  test("a public name with a private address is refused when it resolves", async () => {
    const open = guardedDownloads({
      allowPrivate: false,
      resolve: (_, done) => done(null, [{ address: "10.1.2.3", family: 4 }]),
    });
    await expect(open("https://models.example/a.gguf")).rejects.toMatchObject({
      code: "ORACLE_ENDPOINT",
      message: expect.stringContaining("10.1.2.3"),
    });
  });
});

describe("a redirect", () => {
  const from = checkEndpoint("https://hub.example", { allowPrivate: false });
  const to = (url: string, allowPrivate = false) =>
    endpointOf(new URL(url), from, { allowPrivate });

  test("may lead to another public https host", () => {
    expect(to("https://cdn.example/a?sig=1")).toMatchObject({ scope: "public", encrypted: true });
  });

  test.each([
    "http://127.0.0.1:8080/admin",
    "https://localhost/admin",
    "https://192.168.1.1/",
    "http://cdn.example/a",
  ])("must not lead from a public host to %s", (url) => {
    expect(() => to(url)).toThrow(expect.objectContaining({ code: "ORACLE_ENDPOINT" }));
  });

  test("also not where private hosts are allowed: loopback is none of theirs, and http none of https's", () => {
    for (const url of ["https://localhost/admin", "http://192.168.1.1/"])
      expect(() => to(url, true)).toThrow(expect.objectContaining({ code: "ORACLE_ENDPOINT" }));
    expect(to("https://192.168.1.1/", true)).toMatchObject({ scope: "private" });
  });
});
