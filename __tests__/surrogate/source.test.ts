import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { UnderstudyError } from "../../src/errors.js";
import { parseSurrogateSource } from "../../src/surrogate/source.js";

const sha256 = "0123456789abcdef".repeat(4);

describe("an entry of surrogate-model", () => {
  test.each([
    ["embedded", { kind: "embedded" }],
    ["models/a b.gguf", { kind: "file", path: "models/a b.gguf" }],
    ["C:\\models\\a.gguf", { kind: "file", path: "C:\\models\\a.gguf" }],
    [
      `https://host.example/x/tiny.gguf?download=true#sha256=${sha256.toUpperCase()}`,
      {
        kind: "download",
        url: "https://host.example/x/tiny.gguf?download=true",
        sha256,
        file: "tiny.gguf",
      },
    ],
    [
      `hf:bartowski/Small-GGUF/Small-Q4_1.gguf#sha256=${sha256}`,
      {
        kind: "download",
        url: "https://huggingface.co/bartowski/Small-GGUF/resolve/main/Small-Q4_1.gguf",
        sha256,
        file: "Small-Q4_1.gguf",
      },
    ],
    [
      `hf:o/r/sub/m.gguf@refs/pr/3#sha256=${sha256}`,
      {
        kind: "download",
        url: "https://huggingface.co/o/r/resolve/refs%2Fpr%2F3/sub/m.gguf",
        sha256,
        file: "m.gguf",
      },
    ],
    [
      "server:http://localhost:8000/v1|Qwen/Qwen2.5-7B-Instruct",
      { kind: "server", baseUrl: "http://localhost:8000/v1", model: "Qwen/Qwen2.5-7B-Instruct" },
    ],
    [
      "completions:https://h/v1 | m:7b",
      { kind: "completions", baseUrl: "https://h/v1", model: "m:7b" },
    ],
    [
      "chat:https://api.example/v1|cheap-mini",
      { kind: "chat", baseUrl: "https://api.example/v1", model: "cheap-mini" },
    ],
  ])("%s", (entry, source) => {
    expect(parseSurrogateSource(entry)).toEqual(source);
  });

  test.each([
    ["https://host.example/tiny.gguf", "sha256"],
    ["https://host.example/tiny.gguf#sha256=abc", "sha256"],
    [`https://host.example/tiny.bin#sha256=${sha256}`, "NAME.gguf"],
    [`https://host.example/..%2Fup.gguf#sha256=${sha256}`, "NAME.gguf"],
    [`hf:owner/file.gguf#sha256=${sha256}`, "OWNER/REPOSITORY/FILE"],
    [`hf:owner/repo/../../x.gguf#sha256=${sha256}`, "OWNER/REPOSITORY/FILE"],
    [`hf:owner/repo/x.gguf@../main#sha256=${sha256}`, "OWNER/REPOSITORY/FILE"],
    [`hf:owner/repo/x.gguf@a@b#sha256=${sha256}`, "OWNER/REPOSITORY/FILE"],
    ["server:http://localhost:8000/v1", "separated by"],
    ["chat:|model", "separated by"],
    ["  ", "is empty"],
  ])("%s is wrong use: %s", (entry, problem) => {
    expect(() => parseSurrogateSource(entry)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(problem) }),
    );
  });

  test("a password in an address is not repeated", () => {
    try {
      parseSurrogateSource("https://user:hunter2@host.example/tiny.gguf");
      throw new Error("passed");
    } catch (thrown) {
      expect(String(thrown)).toContain("host.example");
      expect(String(thrown)).not.toContain("hunter2");
    }
  });

  test("any text parses or is wrong use, and what is downloaded has a checksum and a plain name", () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom("hf:", "https://h/", "server:", "chat:"), fc.string())
        .map((p) => p.join("")),
      fc.string().map((path) => `hf:a/b/${path}.gguf#sha256=${sha256}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const source = parseSurrogateSource(text);
          if (source.kind !== "download") return;
          expect(source.file).toMatch(/^[A-Za-z0-9][\w.-]*\.gguf$/i);
          expect(source.sha256).toHaveLength(64);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UnderstudyError);
        }
      }),
    );
  });
});
