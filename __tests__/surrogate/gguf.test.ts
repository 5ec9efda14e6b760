import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { UnderstudyError } from "../../src/errors.js";
import { openGguf } from "../../src/surrogate/gguf.js";
import type { GgufFile } from "../../src/surrogate/gguf.js";
import { modelShape } from "../../src/surrogate/architecture.js";
import { createTokenizer } from "../../src/surrogate/tokenizer.js";
import { floatTensor, writeGguf } from "./gguf-writer.js";
import type { WrittenGguf } from "./gguf-writer.js";
import { tinyMetadata, tinyModel, tinyTensors } from "./tiny-model.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: Uint8Array): string {
  const path = join(folder, `${files++}.gguf`);
  writeFileSync(path, content);
  return path;
}

const fileWith = (written: WrittenGguf): string => fileOf(writeGguf(written));

async function failure(path: string): Promise<{ readonly code: string; readonly message: string }> {
  try {
    (await openGguf(path)).close();
  } catch (error) {
    if (error instanceof UnderstudyError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("the file was opened");
}

async function using<Result>(
  path: string,
  use: (gguf: GgufFile) => Result,
): Promise<Awaited<Result>> {
  const gguf = await openGguf(path);
  try {
    return await use(gguf);
  } finally {
    gguf.close();
  }
}

describe("an open file", () => {
  const values = [1, -2, 3.5, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const path = fileWith({
    metadata: {
      name: { type: "string", value: "Größe" },
      count: { type: "uint64", value: 2 ** 40 },
      "general.alignment": { type: "uint32", value: 32 },
    },
    tensors: [
      floatTensor("a", [3]),
      floatTensor("b", [3, 2, 2], values),
      { name: "q", dimensions: [32, 2], type: 2, data: Buffer.alloc(36, 0x3c) },
    ],
  });

  test("tells its tensors' places and shapes", async () => {
    await using(path, ({ tensors }) => {
      expect(tensors.get("b")).toMatchObject({
        type: "F32",
        dimensions: [3, 2, 2],
        columns: 3,
        rows: 4,
        bytesPerRow: 12,
        byteLength: 48,
      });
      expect(tensors.get("q")).toMatchObject({
        type: "Q4_0",
        columns: 32,
        rows: 2,
        bytesPerRow: 18,
        byteLength: 36,
      });
      expect([...tensors.keys()]).toEqual(["a", "b", "q"]);
    });
  });

  test("reads rows, into a given array too", async () => {
    await using(path, ({ tensors, readRows }) => {
      const tensor = tensors.get("b");
      if (!tensor) throw new Error("no tensor b");
      expect([...readRows(tensor, 0, 4)]).toEqual(values);
      expect([...readRows(tensor, 2, 1)]).toEqual([7, 8, 9]);
      expect([...readRows(tensor, 0, 0)]).toEqual([]);
      const into = new Float32Array(7);
      expect(readRows(tensor, 1, 2, into)).toBe(into);
      expect([...into]).toEqual([4, 5, 6, 7, 8, 9, 0]);
    });
  });

  test("refuses rows that are not there", async () => {
    await using(path, ({ tensors, readRows }) => {
      const tensor = tensors.get("b");
      if (!tensor) throw new Error("no tensor b");
      expect(() => readRows(tensor, 3, 2)).toThrow(/rows 3 to 5 of b \(4 rows\)/);
      expect(() => readRows(tensor, -1, 1)).toThrow(/rows -1/);
      expect(() => readRows(tensor, 0, 2, new Float32Array(5))).toThrow(/into 5 numbers/);
    });
  });

  test("tells when it was cut after opening", async () => {
    const content = readFileSync(path);
    const shrinking = fileOf(content);
    await using(shrinking, ({ tensors, readRows }) => {
      const tensor = tensors.get("q");
      if (!tensor) throw new Error("no tensor q");
      writeFileSync(shrinking, content.subarray(0, 40));
      expect(() => readRows(tensor, 0, 2)).toThrow(
        /truncated: it ends inside the tensor data; it has changed/,
      );
    });
  });

  test("has the hash of its bytes, computed once", async () => {
    await using(path, async (gguf) => {
      expect(await gguf.sha256()).toBe(
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      );
      expect(gguf.sha256()).toBe(gguf.sha256());
    });
  });

  test("names the key of missing and mistyped metadata", async () => {
    await using(path, ({ metadata }) => {
      expect(metadata.string("name")).toBe("Größe");
      expect(metadata.number("count")).toBe(2 ** 40);
      expect(metadata.optionalNumber("absent")).toBeNull();
      expect(() => metadata.string("absent")).toThrow(`${path}: metadata key absent is missing`);
      expect(() => metadata.string("count")).toThrow(/metadata key count is not a string/);
      expect(() => metadata.optionalNumber("name")).toThrow(/metadata key name is not a number/);
      expect(() => metadata.stringArray("name")).toThrow(
        /metadata key name is not an array of strings/,
      );
      expect(() => metadata.string("toString")).toThrow(/metadata key toString is missing/);
    });
  });

  test("keeps a metadata key named like a part of every object", async () => {
    const odd = fileWith({
      metadata: Object.fromEntries([["constructor", { type: "string", value: "x" }]]),
    });
    await using(odd, ({ metadata }) => expect(metadata.string("constructor")).toBe("x"));
  });
});

/** A preamble of that many tensors and nothing more. */
function announcing(tensors: bigint): Buffer {
  const content = writeGguf({});
  content.writeBigUInt64LE(tensors, 8);
  return content;
}

describe("a file that cannot be used", () => {
  test.each([
    [
      "is missing",
      () => join(folder, "absent.gguf"),
      "MODEL_FILE",
      /absent\.gguf: the model file cannot be opened: .*ENOENT/,
    ],
    [
      "is named like an address",
      () => "https://127.0.0.1:9/x.gguf",
      "MODEL_FILE",
      /cannot be opened/,
    ],
    ["is a folder", () => folder, "MODEL_FILE", /not a regular file/],
    ["is empty", () => fileOf(Buffer.alloc(0)), "MODEL_FILE", /not a GGUF file/],
    [
      "is something else",
      () => fileOf(Buffer.from("PK\u0003\u0004 and so on, for longer than a header")),
      "MODEL_FILE",
      /not a GGUF file/,
    ],
    [
      "ends in its first bytes",
      () => fileOf(Buffer.from("GGUF\u0003\u0000")),
      "MODEL_FILE",
      /truncated/,
    ],
    [
      "announces more tensors than it can hold",
      () => fileOf(announcing(2n ** 40n)),
      "MODEL_FILE",
      /truncated: it ends inside the header/,
    ],
    [
      "is of version 1",
      () => fileWith({ version: 1 }),
      "MODEL_UNSUPPORTED",
      /GGUF version 1 is not supported; supported: little-endian 2 and 3/,
    ],
    [
      "is of a later version",
      () => fileWith({ version: 4 }),
      "MODEL_UNSUPPORTED",
      /GGUF version 4/,
    ],
    ["is big-endian", () => fileWith({ version: 0x03000000 }), "MODEL_UNSUPPORTED", /big-endian/],
    [
      "is one of several parts",
      () => fileWith({ metadata: { "split.count": { type: "uint32", value: 3 } } }),
      "MODEL_UNSUPPORTED",
      /split into 3 files/,
    ],
    [
      "has a known tensor type that is not read",
      () =>
        fileWith({
          tensors: [{ name: "w", dimensions: [256], type: 23, data: Buffer.alloc(136) }],
        }),
      "MODEL_UNSUPPORTED",
      /tensor w is stored as IQ4_XS, .*; supported: F32, F16, BF16, Q4_0/,
    ],
    [
      "has an unknown tensor type",
      () =>
        fileWith({
          tensors: [{ name: "w", dimensions: [256], type: 999, data: Buffer.alloc(136) }],
        }),
      "MODEL_UNSUPPORTED",
      /tensor w is stored as type number 999/,
    ],
    [
      "has rows of broken blocks",
      () =>
        fileWith({ tensors: [{ name: "w", dimensions: [33], type: 2, data: Buffer.alloc(64) }] }),
      "MODEL_FILE",
      /33 elements, which is no multiple of 32 as Q4_0 needs/,
    ],
    [
      "has an empty tensor",
      () => fileWith({ tensors: [floatTensor("w", [0, 4])] }),
      "MODEL_FILE",
      /tensor w is empty/,
    ],
    [
      "has a tensor twice",
      () => fileWith({ tensors: [floatTensor("w", [4]), floatTensor("w", [4])] }),
      "MODEL_FILE",
      /tensor w occurs twice/,
    ],
    [
      "has a tensor beyond its end",
      () => fileWith({ tensors: [{ ...floatTensor("w", [4]), offset: 4096 }] }),
      "MODEL_FILE",
      /truncated: it has \d+ bytes, and tensor w ends at \d+/,
    ],
    [
      "has a tensor larger than anything",
      () =>
        fileWith({
          tensors: [{ ...floatTensor("w", [4]), dimensions: [2 ** 32, 2 ** 32, 2 ** 32] }],
        }),
      "MODEL_FILE",
      /truncated/,
    ],
  ])("because it %s is refused by name", async (_, path, code, message) => {
    const found = await failure(path());
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
    expect(found.message).toContain("fix: ");
  });
});

describe("a header longer than the parser's read buffer", () => {
  /** Two texts of which the second lies `before` bytes before the parser's boundary at 2,000,000. */
  const boundary = (before: number): WrittenGguf => {
    const written = (padding: number): WrittenGguf => ({
      metadata: { texts: { type: "strings", value: ["x".repeat(padding), "last of all"] } },
      tensors: [floatTensor("w", [4])],
    });
    return written(2_000_000 - before - writeGguf(written(0)).indexOf("last"));
  };

  test("is read where the boundary cuts no last text", async () => {
    await using(fileWith(boundary(-9)), ({ metadata }) =>
      expect(metadata.stringArray("texts")[1]).toBe("last of all"),
    );
    await using(fileWith(boundary(11)), ({ metadata }) =>
      expect(metadata.stringArray("texts")[1]).toBe("last of all"),
    );
  });

  test("is read rightly or refused where it does", async () => {
    const found = await using(
      fileWith(boundary(4)),
      ({ metadata }) => metadata.stringArray("texts")[1],
    ).catch((error: unknown) => error);
    if (found !== "last of all")
      expect(found).toMatchObject({
        code: "MODEL_FILE",
        message: expect.stringMatching(/metadata cannot be read as written/),
      });
  });
});

/** Everything the text side does with a file; whatever is wrong with it must come out as an UnderstudyError. */
async function useWholly(path: string): Promise<"used" | UnderstudyError> {
  try {
    return await using(path, (gguf) => {
      modelShape(gguf);
      createTokenizer(gguf).encode("t1");
      for (const tensor of gguf.tensors.values()) gguf.readRows(tensor, 0, tensor.rows);
      return "used" as const;
    });
  } catch (error) {
    if (error instanceof UnderstudyError && error.code !== "INTERNAL") return error;
    throw error;
  }
}

describe("a damaged file", () => {
  const whole = writeGguf(tinyModel());

  test("is none while whole", async () => {
    expect(await useWholly(fileOf(whole))).toBe("used");
  });

  test("cut anywhere is called truncated or no GGUF file", async () => {
    const path = join(folder, "cut.gguf");
    // The last tensor's padding may be missing without harm.
    const lastByte = whole.length - 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: lastByte }), async (length) => {
        writeFileSync(path, whole.subarray(0, length));
        expect(await failure(path)).toMatchObject({
          code: "MODEL_FILE",
          message: expect.stringMatching(/truncated|not a GGUF/),
        });
      }),
      { numRuns: 150 },
    );
  });

  test("with altered bytes in its header is used or refused, never more", async () => {
    const path = join(folder, "altered.gguf");
    const header = writeGguf({
      metadata: tinyMetadata(),
      tensors: tinyTensors().map((tensor) => ({ ...tensor, data: new Uint8Array(0) })),
    }).length;
    const changes = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: header - 1 }),
        byte: fc.integer({ min: 0, max: 255 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(changes, async (altered) => {
        const content = Buffer.from(whole);
        for (const { at, byte } of altered) content[at] = byte;
        writeFileSync(path, content);
        await useWholly(path);
      }),
      { numRuns: 200 },
    );
  });
});
