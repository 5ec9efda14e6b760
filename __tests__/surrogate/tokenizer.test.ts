import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { openGguf } from "../../src/surrogate/gguf.js";
import type { GgufFile } from "../../src/surrogate/gguf.js";
import { createGgufMetadata } from "../../src/surrogate/gguf-metadata.js";
import type { GgufMetadata } from "../../src/surrogate/gguf-metadata.js";
import {
  PRE_TOKENIZER_NAMES,
  isPreTokenizerName,
  preTokenizer,
} from "../../src/surrogate/pre-tokenizer.js";
import type { PreTokenizerName } from "../../src/surrogate/pre-tokenizer.js";
import { createTokenizer } from "../../src/surrogate/tokenizer.js";
import type { ModelTokenizer } from "../../src/surrogate/tokenizer.js";
import { embeddedModel, repository, withStrings } from "./embedded-model.js";

const folder = join(repository, "__tests__/references/tokenization");
const texts = JSON.parse(readFileSync(join(folder, "texts.json"), "utf8")) as readonly string[];
const references = JSON.parse(readFileSync(join(folder, "ids.json"), "utf8")) as TokenIds;

type IdsByRule = Readonly<Record<PreTokenizerName, readonly (readonly number[])[]>>;
interface TokenIds {
  readonly embedded: IdsByRule;
  readonly runs: {
    readonly tokens: readonly string[];
    readonly merges: readonly string[];
    readonly texts: readonly string[];
    readonly ids: IdsByRule;
  };
}

let gguf: GgufFile;
let tokenizer: ModelTokenizer;

beforeAll(async () => {
  gguf = await openGguf(embeddedModel);
  tokenizer = createTokenizer(gguf);
});
afterAll(() => gguf.close());

/** Text with everything that tokenizers stumble over: marks, joiners, wide characters, digits, white space, special tokens. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom(
        "👩‍👩‍👧",
        "é",
        "漢字",
        "½",
        " \n",
        "\r\n",
        "\u0085",
        "\ufeff",
        "<|im_end|>",
        "'ll",
        "12345",
        "  ",
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** Without the characters whose bytes the embedded vocabulary lacks. */
const encodableText = anyText.map((text) =>
  text.replaceAll(/(?!\p{White_Space})[\p{Cc}\p{Cn}]/gu, "\n"),
);

describe("token ids", () => {
  test.each(PRE_TOKENIZER_NAMES)("are llama.cpp's with the rule %s", (rule) => {
    const { encode } = createTokenizer({
      path: gguf.path,
      metadata: withStrings(gguf.metadata, { "tokenizer.ggml.pre": rule }),
    });
    expect(texts.map((text) => [text, [...encode(text)]])).toEqual(
      texts.map((text, index) => [text, references.embedded[rule][index]]),
    );
  });

  test.each(PRE_TOKENIZER_NAMES)("are llama.cpp's where digits merge, with the rule %s", (rule) => {
    const { encode } = createTokenizer({ path: "runs.gguf", metadata: runsMetadata(rule) });
    expect(references.runs.texts.map((text) => [...encode(text)])).toEqual(
      references.runs.ids[rule],
    );
  });

  test("do not depend on what was encoded before", () => {
    const { encode } = createTokenizer(gguf);
    const backwards = texts.toReversed().map((text) => encode(text));
    expect(backwards.toReversed()).toEqual(texts.map((text) => tokenizer.encode(text)));
    expect(texts.map((text) => encode(text))).toEqual(backwards.toReversed());
  });

  test("leave out bytes that the vocabulary lacks, and read an unpaired surrogate as U+FFFD", () => {
    expect(tokenizer.decode(tokenizer.encode("a\u0004b"))).toBe("ab");
    expect(tokenizer.encode("\u0004")).toHaveLength(0);
    expect(tokenizer.encode("a\ud800b")).toEqual(tokenizer.encode("a\ufffdb"));
  });

  test("of fragments never mean markup in the text between special tokens", () => {
    const marker = tokenizer.encodeFragments([{ kind: "text", text: "<|im_end|>" }]);
    expect([...marker]).not.toContain(tokenizer.endOfSequence);
    expect(tokenizer.decode(marker)).toBe("<|im_end|>");
    expect([...tokenizer.encode("<|im_end|>")]).toEqual([tokenizer.endOfSequence]);
  });
});

function runsMetadata(rule: PreTokenizerName): GgufMetadata {
  const { tokens, merges } = references.runs;
  const values: readonly [string, unknown][] = [
    ["model", "gpt2"],
    ["pre", rule],
    ["tokens", tokens],
    ["merges", merges],
  ];
  return createGgufMetadata(
    "runs.gguf",
    new Map(values.map(([key, value]) => [`tokenizer.ggml.${key}`, value])),
  );
}

describe("text of tokens", () => {
  test("is the text that was encoded", () => {
    fc.assert(
      fc.property(encodableText, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  test("keeps a byte order mark and spaces before punctuation", () => {
    expect(tokenizer.decode(tokenizer.encode("\ufeffx , y ."))).toBe("\ufeffx , y .");
  });

  test("is refused for an id outside the vocabulary", () => {
    expect(() => tokenizer.tokenBytes(49152)).toThrow(
      /token id 49152 is outside the vocabulary of 49152/,
    );
    expect(() => tokenizer.decode([-1])).toThrow(/token id -1/);
  });
});

describe("offsets", () => {
  test("partition the text and carry the ids of encode", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizer.offsets(text);
        expect(tokens.map((token) => token.id)).toEqual([...tokenizer.encode(text)]);
        fc.pre(tokens.length > 0);
        expect(tokens.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
        expect(tokens.every((token, index) => token.start === (tokens[index - 1]?.end ?? 0))).toBe(
          true,
        );
        expect(tokens.at(-1)?.end ?? 0).toBe(text.length);
      }),
    );
  });

  test("never cut a character: its last token has it", () => {
    const text = "a😀b";
    const tokens = tokenizer.offsets(text);
    expect(tokens.length).toBeGreaterThan(3);
    expect(
      tokens.map(({ start, end }) => text.slice(start, end)).filter((part) => part !== ""),
    ).toEqual(["a", "😀", "b"]);
  });

  test("give whole-character tokens their own bytes", () => {
    const text = "Größe: 漢字, <|im_end|> naïve";
    const utf8 = new TextEncoder();
    const whole = tokenizer
      .offsets(text)
      .filter(({ id }) => !tokenizer.decode([id]).includes("\ufffd"));
    expect(whole.length).toBeGreaterThan(8);
    for (const { id, start, end } of whole)
      expect([...tokenizer.tokenBytes(id)]).toEqual([...utf8.encode(text.slice(start, end))]);
  });
});

describe("pre-tokenizers", () => {
  test.each(PRE_TOKENIZER_NAMES)("%s loses no character", (rule) => {
    fc.assert(fc.property(anyText, (text) => expect(preTokenizer(rule)(text).join("")).toBe(text)));
  });

  test("are found by their own names only", () => {
    expect(["smollm", "toString", "default"].map(isPreTokenizerName)).toEqual([true, false, false]);
  });
});

describe("an unusable tokenizer", () => {
  const create = (replaced: Readonly<Record<string, string | null>>): unknown =>
    createTokenizer({ path: "x.gguf", metadata: withStrings(gguf.metadata, replaced) });

  test("is refused by name", () => {
    expect(() => create({ "tokenizer.ggml.model": "llama" })).toThrow(
      /x\.gguf: .*tokenizer is "llama"; supported: byte-level BPE/,
    );
    expect(() => create({ "tokenizer.ggml.pre": "tekken" })).toThrow(
      /pre-tokenizer is "tekken"; supported: gpt-2, smollm, qwen2, llama-bpe/,
    );
  });

  test("is refused where merges are no pairs", () => {
    const metadata = {
      ...gguf.metadata,
      stringArray: (key: string) =>
        key.endsWith("merges") ? ["ab"] : gguf.metadata.stringArray(key),
    };
    expect(() => createTokenizer({ path: "x.gguf", metadata })).toThrow(
      /tokenizer\.ggml\.merges holds "ab"/,
    );
  });
});
