/** `compress` whole: an oracle on a real loopback server, a random model in process, a prompt file on disk. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { fromStrings } from "../../src/config.js";
import { applyDiff } from "../../src/report/changes.js";
import type { CommandContext } from "../../src/wiring/context.js";
import { runCompress } from "../../src/wiring/compress-command.js";
import { IDLE, promptWith, startRuleServer, VITAL } from "../fixtures/certifiable-prompt.js";
import type { ChatServer } from "../oracle/chat-server.js";
import { randomModel, writeModel } from "../surrogate/random-model.js";

// A busy machine is no failure.
jest.setTimeout(120_000);

const root = mkdtempSync(join(tmpdir(), "understudy-compress-"));
const PATH = "p.prompt.yml";
const file = join(root, "head", PATH);
const PROMPT = promptWith([VITAL, ...IDLE]);

let server: ChatServer;

beforeAll(async () => {
  for (const side of ["base", "head"]) mkdirSync(join(root, side));
  writeModel(join(root, "tiny.gguf"), randomModel("llama", 51));
  server = await startRuleServer();
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(file, { force: true });
  writeFileSync(file, PROMPT);
});

const LIVE = (): Readonly<Record<string, string>> => ({
  "oracle-model": "m",
  "oracle-base-url": server.baseUrl,
});

async function compress(
  settings: Readonly<Record<string, string>>,
  more: Partial<CommandContext> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  const caller = {
    base: join(root, "base"),
    head: join(root, "head"),
    precision: "fp32",
    "surrogate-model": join(root, "tiny.gguf"),
    "surrogate-workers": "1",
    "surrogate-masks-per-input": "8",
    "state-folder": join(root, "state"),
    "oracle-store": join(root, "state", "oracle.jsonl"),
    "search-inputs": "10",
    "masks-per-input": "4",
    "oracle-concurrency": "4",
    tolerance: "0.2",
    ...settings,
  };
  let text = "";
  const code = await runCompress({
    caller: fromStrings(caller, "--"),
    operands: [PATH],
    json: false,
    quiet: true,
    raw: false,
    prompt: null,
    response: null,
    model: null,
    masks: null,
    values: null,
    perInput: false,
    root,
    environment: {},
    print: (piece) => (text += piece),
    say: () => {},
    interactive: false,
    ...more,
  });
  return { code, text };
}

const documentShape = z.object({
  path: z.string(),
  inputs: z.object({ hash: z.string(), certify: z.number() }),
  removable: z.object({ diff: z.string(), certificate: z.object({ changed: z.number() }) }),
  savings: z.object({ promptTokens: z.number(), cost: z.null() }),
  decisions: z.array(z.object({ text: z.string(), decision: z.string(), why: z.string() })),
  locked: z.array(z.object({ text: z.string(), protection: z.string() })),
  ledger: z.object({ oracle: z.object({ calls: z.number() }) }),
  written: z.null(),
});

describe("compress", () => {
  test("certifies what can go, says why the rest stays, and writes nothing unasked", async () => {
    const { code, text } = await compress(LIVE());
    expect(code).toBe(0);
    const [path, headline] = text.split("\n");
    expect(path).toBe(PATH);
    expect(headline).toMatch(
      /^−\d+ % tokens \(\d+ → \d+\); on 40 held-out inputs 0 outputs changed; 97 % sure that at most 8\.4 % change; \d+ oracle calls, price unknown$/,
    );
    for (const sentence of IDLE) expect(text).toMatch(new RegExp(`DELETED: .*\\n +${sentence}`));
    expect(text).toMatch(new RegExp(`kept: deleting it too changed .*\\n +${VITAL}`));
    expect(text).toMatch(/locked: the turn that asks\n +\{\{request\}\}/);
    expect(text).toContain(`-      ${IDLE[0]}`);
    expect(text).toContain("saves ");
    expect(text).toContain("control arm: ");
    expect(text).toMatch(/10 searched, 40 held out, hash [0-9a-f]{8}/);
    expect(readFileSync(file, "utf8")).toBe(PROMPT);
  });

  test("gives the same as JSON", async () => {
    const { code, text } = await compress(LIVE(), { json: true });
    expect(code).toBe(0);
    const document = documentShape.parse(JSON.parse(text));
    expect(document.decisions.map(({ text: span, decision }) => [span.trim(), decision])).toEqual([
      [VITAL, "kept"],
      ...IDLE.map((sentence) => [sentence, "deleted"]),
    ]);
    expect(document.locked).toMatchObject([{ text: "{{request}}", protection: "query" }]);
  });

  test("writes the certified deletion in place, with the file's permissions, and shows it", async () => {
    chmodSync(file, 0o640);
    const { removable } = documentShape.parse(
      JSON.parse((await compress(LIVE(), { json: true })).text),
    );
    const { code, text } = await compress(LIVE(), { write: true });
    expect(code).toBe(0);
    const written = readFileSync(file, "utf8");
    expect(written).toBe(applyDiff(PATH, PROMPT, removable.diff));
    for (const sentence of IDLE) expect(written).not.toContain(sentence);
    expect(text).toContain(`wrote ${PATH}: `);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test("without a certificate says so first, writes nothing and ends with 3", async () => {
    const { code, text } = await compress({ ...LIVE(), tolerance: "0.01" }, { write: true });
    expect(code).toBe(3);
    expect(text.split("\n")[1]).toMatch(
      /^no certificate, so nothing is to be deleted: insufficient data/,
    );
    expect(text).toMatch(/\nnothing was written: there is no certificate: insufficient data/);
    expect(readFileSync(file, "utf8")).toBe(PROMPT);
  });

  test("without an oracle says what is missing, and ends with 3", async () => {
    const { code, text } = await compress({});
    expect(code).toBe(3);
    expect(text).toContain("no oracle was asked");
  });

  test("does not write through a symbolic link", async () => {
    const target = join(root, "head", "target.txt");
    writeFileSync(target, PROMPT);
    rmSync(file);
    symlinkSync(target, file);
    await expect(compress(LIVE(), { write: true })).rejects.toThrow("symbolic link");
    expect(readFileSync(target, "utf8")).toBe(PROMPT);
  });

  test("does not write over a file that changed while it was examined", async () => {
    const say = (): void => writeFileSync(file, `${PROMPT}# changed\n`);
    await expect(compress(LIVE(), { write: true, quiet: false, say })).rejects.toThrow(
      "changed while it was examined",
    );
    expect(readFileSync(file, "utf8")).toBe(`${PROMPT}# changed\n`);
  });

  test("refuses words, whose diffs nobody reads", async () => {
    await expect(compress({ ...LIVE(), granularity: "word" })).rejects.toThrow("`explain` alone");
  });
});
