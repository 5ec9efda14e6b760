import {
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatLine, type RecordedLine } from "../../src/oracle/recording-line.js";
import { compactRecording, openStore, readRecording } from "../../src/oracle/recording.js";
import { canonicalJson, keyOf, ladderOf } from "../../src/oracle/request.js";
import { temporaryFolder } from "./opening.js";

const EXAMPLE = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../examples/ticket-triage/head/oracle.recording.jsonl",
);

function lineOf(content: string, text = `answer to ${content}`): RecordedLine {
  const [request] = ladderOf(
    { messages: [{ role: "user", content }] },
    { model: "m", maxTokens: 4 },
  );
  const response = {
    text,
    finishReason: "stop",
    logProbabilities: [{ token: text, logProbability: -0.5, top: [] }],
  };
  return {
    key: keyOf(request),
    request,
    response,
    usage: { promptTokens: 3, completionTokens: 1 },
    model: "m",
  };
}

function fileWith(content: string | Uint8Array): string {
  const path = join(temporaryFolder(), "recording.jsonl");
  writeFileSync(path, content);
  return path;
}

const linesOf = (path: string): RecordedLine[] => [...readRecording(path).lines.values()];

describe("keys", () => {
  test("canonical JSON sorts names at every depth, keeps lists, leaves out what is absent", () => {
    expect(canonicalJson({ b: [2, { d: null, c: "é\n" }], a: undefined, A: true })).toBe(
      '{"A":true,"b":[2,{"c":"é\\n","d":null}]}',
    );
  });

  test("the key of a request is the sha256 of this text", () => {
    // printf %s '{...}' | sha256sum
    const [, , plain] = ladderOf(
      { messages: [{ role: "user", content: "hi" }] },
      { model: "m", maxTokens: 16 },
    );
    expect(plain && canonicalJson(plain)).toBe(
      '{"max_tokens":16,"messages":[{"content":"hi","role":"user"}],"model":"m","seed":0,"temperature":0}',
    );
    expect(plain && keyOf(plain)).toBe(
      "3805a2737c6574bb0753524e85b58df15a744adda2f5c1861530121b947e9672",
    );
  });
});

describe("scores", () => {
  const scoredLine = (scored?: object): RecordedLine => {
    const mode = { kind: "score", response: "yes" } as const;
    const messages = [{ role: "user", content: "q" }] as const;
    const [request] = ladderOf({ messages, mode }, { model: "m", maxTokens: 4 });
    return {
      ...lineOf("q"),
      key: keyOf(request),
      request,
      response: {
        text: "",
        finishReason: "scored",
        logProbabilities: null,
        ...(scored ? { scored } : {}),
      } as RecordedLine["response"],
    };
  };
  const unknown = { kind: "unknown", reason: "none given" };

  test.each([[[-0.5, 0, -1.25e-7]], [unknown]])(
    "%j are read back as they were written",
    (scored) => {
      const lines = [lineOf("a"), scoredLine(scored)];
      expect(linesOf(fileWith(lines.map(formatLine).join("")))).toEqual(lines);
    },
  );

  test.each<[string, RecordedLine, string]>([
    ["missing", scoredLine(), "response.scored"],
    [
      "of a plain answer",
      { ...lineOf("a"), response: { ...lineOf("a").response, scored: [-1] } },
      "response.scored",
    ],
    ["none at all", scoredLine([]), "response.scored"],
    ["above 0", scoredLine([0.5]), "response.scored"],
    ["without a reason", scoredLine({ kind: "unknown" }), "response.scored"],
    [
      "of another text",
      { ...scoredLine([-1]), request: { ...scoredLine().request, messages: [] } },
      "does not belong to the request",
    ],
    [
      "of another draw",
      { ...lineOf("a"), request: { ...lineOf("a").request, seed: 1 } },
      "does not belong to the request",
    ],
  ])("%s: refused, naming the line", (_, line, message) => {
    const path = fileWith(`${formatLine(lineOf("b"))}${formatLine(line)}`);
    expect(() => readRecording(path)).toThrow(
      expect.objectContaining({
        code: "RECORDING",
        place: { path, line: 2 },
        message: expect.stringContaining(message),
      }),
    );
  });
});

test("the shipped recording is read and written byte for byte as before there were scores", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  const lines = linesOf(EXAMPLE);
  expect(lines.map(formatLine).join("")).toBe(text);
  for (const { key, request } of lines.slice(0, 50)) {
    const settings = { model: request.model, maxTokens: request.max_tokens ?? 0 };
    expect(ladderOf(request, settings).map(keyOf)).toContain(key);
  }
});

describe("reading", () => {
  test("gives back what was written, whatever the texts hold", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom("\u2028", "\ud800", "\r\n", '"}\n{"', "\0", "__proto__"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(hostile, { minLength: 1, maxLength: 5 }), (contents) => {
        const lines = contents.map((content) => lineOf(content));
        expect(linesOf(fileWith(lines.map(formatLine).join("")))).toEqual(lines);
      }),
      { numRuns: 30 },
    );
  });

  test("takes the first of two lines with one key, blank lines and carriage returns", () => {
    const path = fileWith(
      `${formatLine(lineOf("a", "first"))}\n\r\n${formatLine(lineOf("a", "second")).replace("\n", "\r\n")}${formatLine(lineOf("b"))}`,
    );
    expect(linesOf(path).map((line) => line.response.text)).toEqual(["first", "answer to b"]);
  });

  const edited = (change: (line: RecordedLine) => unknown): string =>
    `${JSON.stringify(change(lineOf("b")))}\n`;
  test.each([
    ["no JSON", "{oops}\n", "is not JSON"],
    ["a missing field", edited((line) => ({ ...line, usage: undefined })), 'field "usage"'],
    [
      "a wrong number",
      edited((line) => ({ ...line, usage: { promptTokens: -1, completionTokens: 0 } })),
      "usage.promptTokens",
    ],
    [
      "a log-probability that is text",
      edited((line) => ({
        ...line,
        response: {
          ...line.response,
          logProbabilities: [{ token: "a", logProbability: "x", top: [] }],
        },
      })),
      "response.logProbabilities.0.logProbability",
    ],
    [
      "another question under the same key",
      edited((line) => ({ ...line, request: { ...line.request, messages: [] } })),
      "does not belong to the request",
    ],
    [
      "a setting that we do not send",
      edited((line) => ({ ...line, request: { ...line.request, top_k: 1 } })),
      'field "request"',
    ],
  ])("%s is an error that names file and line", (_, bad, message) => {
    const path = fileWith(`${formatLine(lineOf("a"))}\n${bad}${formatLine(lineOf("c"))}`);
    let thrown: unknown;
    try {
      readRecording(path);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "RECORDING", place: { path, line: 3 } });
    expect(String(thrown)).toContain(`${path}:3: `);
    expect(String(thrown)).toContain(message);
  });

  test("a file that is not there is an error for a recording and an empty store", () => {
    const path = join(temporaryFolder(), "no", "store.jsonl");
    expect(() => readRecording(path)).toThrow(expect.objectContaining({ code: "FILE" }));
    const store = openStore(path);
    expect(existsSync(path)).toBe(false);
    store.append(lineOf("a"));
    expect(linesOf(path)).toEqual([lineOf("a")]);
  });
});

describe("a kill in mid-write", () => {
  const lines = ["a", "b €", "c"].map((content) => lineOf(content));
  const whole = Buffer.from(lines.map(formatLine).join(""), "utf8");
  const ends = lines.map((_, index) =>
    Buffer.byteLength(
      lines
        .slice(0, index + 1)
        .map(formatLine)
        .join(""),
    ),
  );
  /** Lines all of whose bytes, the newline aside, are there. */
  const completeAt = (bytes: number): RecordedLine[] =>
    lines.filter((_, index) => (ends[index] ?? 0) - 1 <= bytes);

  test("at any byte, all complete lines survive reading, and appending goes on after them", () => {
    const path = fileWith(whole);
    const added = lineOf("new");
    for (let bytes = whole.length; bytes >= 0; bytes -= 1) {
      truncateSync(path, bytes);
      const store = openStore(path);
      const complete = completeAt(bytes);
      const isTorn = bytes > 0 && !ends.includes(bytes) && !ends.includes(bytes + 1);
      expect([...store.lines.values()]).toEqual(complete);
      expect(store.notices).toHaveLength(isTorn ? 1 : 0);
      expect(statSync(path).size).toBe(bytes);
      // Appending syncs to the disk, so only every so often.
      if (bytes % 97 !== 0 && !ends.includes(bytes + 1)) continue;
      store.append(added);
      expect(readFileSync(path, "utf8")).toBe([...complete, added].map(formatLine).join(""));
      writeFileSync(path, whole.subarray(0, bytes));
    }
  });

  test("a read-only recording is not repaired, only read", () => {
    const path = fileWith(whole.subarray(0, whole.length - 9));
    expect(readRecording(path).notices).toEqual([
      `${path}:3: the last line was cut off in mid-write and is ignored`,
    ]);
    expect(statSync(path).size).toBe(whole.length - 9);
  });

  test("a file that another run writes to meanwhile is not cut", () => {
    const path = fileWith(whole.subarray(0, whole.length - 9));
    const store = openStore(path);
    writeFileSync(path, whole);
    expect(() => store.append(lineOf("d"))).toThrow(
      expect.objectContaining({
        code: "FILE",
        message: expect.stringContaining("does another run write to it?"),
      }),
    );
    expect(readFileSync(path)).toEqual(whole);
  });

  test("a torn line in the middle is damage, not a kill", () => {
    const path = fileWith(whole);
    truncateSync(path, (ends[1] ?? 0) - 5);
    writeFileSync(path, `\n${formatLine(lineOf("d"))}`, { flag: "a" });
    expect(() => readRecording(path)).toThrow(
      expect.objectContaining({ code: "RECORDING", place: { path, line: 2 } }),
    );
  });
});

describe("compacting", () => {
  test("keeps the used lines, in an order that only their content determines", () => {
    const lines = [..."abcdef"].map((content) => lineOf(content));
    const used = new Set(lines.filter((_, index) => index % 2 === 0).map((line) => line.key));
    const [one, other] = [
      fileWith(lines.map(formatLine).join("")),
      fileWith([...lines].reverse().map(formatLine).join("")),
    ];
    expect(compactRecording(one, used)).toEqual({ kept: 3, removed: 3 });
    compactRecording(other, used);
    expect(readFileSync(one, "utf8")).toBe(readFileSync(other, "utf8"));
    expect(new Set(linesOf(one).map((line) => line.key))).toEqual(used);
    expect(linesOf(one).map((line) => line.key)).toEqual([...used].sort());
    expect(readdirSync(dirname(one))).toEqual(["recording.jsonl"]);
    const before = readFileSync(one);
    expect(compactRecording(one, used)).toEqual({ kept: 3, removed: 0 });
    expect(readFileSync(one)).toEqual(before);
  });

  test("leaves a damaged file as it is", () => {
    const path = fileWith(`oops\n${formatLine(lineOf("a"))}`);
    expect(() => compactRecording(path, new Set())).toThrow(
      expect.objectContaining({ code: "RECORDING" }),
    );
    expect(readFileSync(path, "utf8")).toContain("oops");
  });
});
