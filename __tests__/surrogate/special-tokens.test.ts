import { describe, expect, test } from "@jest/globals";
import { createGgufMetadata } from "../../src/surrogate/gguf-metadata.js";
import { readSpecialTokens, splitAtSpecialTokens } from "../../src/surrogate/special-tokens.js";
import type { SpecialToken } from "../../src/surrogate/special-tokens.js";

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

function specialOf(
  entries: readonly (readonly [text: string, type: number])[],
): readonly SpecialToken[] {
  const types = entries.map(([, type]) => type);
  const metadata = createGgufMetadata("x.gguf", new Map([["tokenizer.ggml.token_type", types]]));
  const texts = entries.map(([text]) => text);
  return readSpecialTokens(metadata, texts);
}

function cut(text: string, special: readonly SpecialToken[]): string[] {
  return splitAtSpecialTokens(text, special).map((part) =>
    part.kind === "special" ? `#${part.token.id}` : part.text,
  );
}

describe("special tokens", () => {
  test("are those of the types control, unknown and user-defined, longest first", () => {
    const special = specialOf([
      ["a", NORMAL],
      ["<unk>", UNKNOWN],
      ["<s>", CONTROL],
      ["    ", USER_DEFINED],
      ["<0x0A>", BYTE],
      ["", CONTROL],
    ]);
    expect(special.map(({ id }) => id)).toEqual([1, 3, 2]);
  });

  test("are markup if they are control tokens or look like tags", () => {
    const special = specialOf([
      ["<unk>", UNKNOWN],
      ["plain", CONTROL],
      ["<tool_call>", USER_DEFINED],
      ["[INST]", USER_DEFINED],
      ["    ", USER_DEFINED],
      ["word", USER_DEFINED],
      ["< >", USER_DEFINED],
    ]);
    const control = special.filter((token) => token.control).map(({ text }) => text);
    expect(control.sort()).toEqual(["<tool_call>", "<unk>", "[INST]", "plain"]);
  });

  test("are none where the file types no tokens", () => {
    expect(readSpecialTokens(createGgufMetadata("x.gguf", new Map()), ["<s>"])).toEqual([]);
  });
});

describe("cutting at special tokens", () => {
  const special = specialOf([
    ["<a>", CONTROL],
    ["<a><a>", CONTROL],
    [">b", CONTROL],
  ]);

  test("lets the longest token claim its places first", () => {
    expect(cut("x<a><a><a>y", special)).toEqual(["x", "#1", "#0", "y"]);
    expect(cut("<a>b", special)).toEqual(["#0", "b"]);
    expect(cut("c>b", special)).toEqual(["c", "#2"]);
  });

  test("leaves no empty text behind", () => {
    expect(cut("", special)).toEqual([]);
    expect(cut("<a>", special)).toEqual(["#0"]);
    expect(cut("no markup", special)).toEqual(["no markup"]);
  });
});
