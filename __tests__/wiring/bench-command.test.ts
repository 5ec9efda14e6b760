/** `model bench` whole: an oracle and surrogates on real loopback servers, a random model in process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { fromStrings } from "../../src/config.js";
import { runModelBench } from "../../src/wiring/bench-command.js";
import type { CommandContext } from "../../src/wiring/context.js";
import { runScreen } from "../../src/wiring/prompt-commands.js";
import { BigramModel } from "../oracle/bigram-model.js";
import { startBigramServer } from "../oracle/bigram-server.js";
import type { ChatServer } from "../oracle/chat-server.js";
import { randomModel, writeModel } from "../surrogate/random-model.js";

// A busy machine is no failure.
jest.setTimeout(60_000);

const root = mkdtempSync(join(tmpdir(), "understudy-bench-"));
const model = new BigramModel();
const servers: ChatServer[] = [];
let address = { oracle: "", liar: "" };

const SENTENCES = [
  "Some say it is good and good again.",
  "The shop opens at nine.",
  "Others call it bad.",
  "Answer in one word.",
];
const PROMPT = `messages:
  - role: system
    content: |-
${SENTENCES.map((sentence) => `      ${sentence}`).join("\n")}
  - role: user
    content: "{{request}}"
testData:
${Array.from({ length: 12 }, (_, index) => {
  const word = index % 2 === 0 ? "good good" : "bad bad bad bad";
  return `  - request: "request ${index}: ${word}"\n    expected: "${index % 2 === 0 ? "yes" : "no"}"\n`;
}).join("")}`;

beforeAll(async () => {
  for (const side of ["base", "head"]) mkdirSync(join(root, side));
  writeFileSync(join(root, "head", "p.prompt.yml"), PROMPT);
  writeModel(join(root, "tiny.gguf"), randomModel("llama", 51));
  servers.push(await startBigramServer(model), await startBigramServer(model, "zeros"));
  const [oracle = "", liar = ""] = servers.map((server) => server.baseUrl);
  address = { oracle, liar };
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(root, { recursive: true, force: true });
});

async function bench(
  settings: Readonly<Record<string, string>>,
  more: Partial<CommandContext> = {},
  command: (context: CommandContext) => Promise<number> = runModelBench,
): Promise<{ readonly code: number; readonly text: string }> {
  const caller = {
    base: join(root, "base"),
    head: join(root, "head"),
    precision: "fp32",
    "surrogate-workers": "1",
    "state-folder": join(root, "state"),
    "oracle-store": join(root, "state", "oracle.jsonl"),
    ...settings,
  };
  let text = "";
  const context: CommandContext = {
    caller: fromStrings(caller, "--"),
    operands: [],
    json: true,
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
    print: (part) => void (text += part),
    say: () => undefined,
    interactive: false,
    ...more,
  };
  return { code: await command(context), text };
}

const withOracle = (): Record<string, string> => ({
  "oracle-model": "large",
  "oracle-base-url": address.oracle,
  labels: "yes,no,perhaps",
});

describe("model bench", () => {
  test("on a prompt ranks every kind of surrogate by fidelity to the oracle, and refuses the one that lies", async () => {
    const list = [
      "tiny.gguf",
      `server:${address.liar}|liar`,
      `chat:${address.oracle}|mini`,
      `server:${address.oracle}|twin`,
    ];
    const settings = { ...withOracle(), "surrogate-model": list.join(",") };
    const { code, text } = await bench(settings, { operands: ["p.prompt.yml"] });
    const { surrogates, inputs } = JSON.parse(text);
    expect([code, inputs]).toEqual([0, 12]);
    const names = surrogates.map(({ name }: { name: string }) => name);
    expect(names.slice(0, 2).sort()).toEqual(["mini", "twin"]);
    expect(names.slice(2)).toEqual(["tiny", "liar"]);
    expect(surrogates[0].fidelity.estimate).toBeGreaterThan(0.9);
    expect(surrogates[2].fidelity.estimate).toBeLessThan(surrogates[1].fidelity.estimate);
    expect(surrogates[3]).toMatchObject({
      kind: "unusable",
      reason: expect.stringContaining("gives 0 as the log-probability of every token"),
    });
    for (const one of surrogates.slice(0, 3)) expect(one.masksPerSecond).toBeGreaterThan(0);
    const mini = surrogates.find(({ name }: { name: string }) => name === "mini");
    expect(mini.instances).toMatchObject({ share: 1, gate: { agreement: { kappa: 1 } } });
  }, 60_000);

  test("without a prompt gives the speed of what runs here, one object for one model as ever", async () => {
    const one = await bench({ "surrogate-model": "tiny.gguf" }, { masks: 4 });
    expect(JSON.parse(one.text)).toMatchObject({ model: "tiny", precision: "fp32", masks: 4 });
    const list = { "surrogate-model": `tiny.gguf,tiny.gguf,chat:${address.oracle}|mini` };
    const both = await bench(list, { masks: 4 });
    expect(JSON.parse(both.text)).toHaveLength(2);
    const said = await bench({ "surrogate-model": "tiny.gguf" }, { masks: 4, json: false });
    expect(said.text).toMatch(/^tiny, fp32, \w+: 4 masked prompts of \d+ tokens in .* a second\n$/);
  });

  test.each([
    ["two prompts", {}, ["a.prompt.yml", "b.prompt.yml"], "one prompt at most"],
    ["a prompt without an oracle", {}, ["p.prompt.yml"], "there is none"],
    [
      "spans of two sizes",
      {
        "oracle-model": "large",
        "oracle-base-url": "http://127.0.0.1:1/v1",
        granularity: "coarse-to-fine",
      },
      ["p.prompt.yml"],
      "spans of one size",
    ],
  ])("%s is wrong use", async (_, settings, operands, problem) => {
    const given = { "surrogate-model": "tiny.gguf", ...settings };
    await expect(bench(given, { operands })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(problem),
    });
  });
});

describe("screen", () => {
  test("counts what surrogates on servers answered, once however often it is asked, and as C_proxy", async () => {
    const settings = {
      ...withOracle(),
      "surrogate-model": `chat:${address.oracle}|mini,tiny.gguf`,
    };
    const json = async (): Promise<string> =>
      (await bench(settings, { operands: ["p.prompt.yml"] }, runScreen)).text;
    const first = await json();
    const { ledger, screens } = JSON.parse(first);
    expect(screens.map(({ surrogate }: { surrogate: string }) => surrogate)).toEqual([
      "mini",
      "tiny",
    ]);
    const { calls, promptTokens, cost } = ledger.servedSurrogates;
    // Twelve inputs, all masks of four sentences; the unmasked prompt is one of them.
    expect(calls).toBe(12 * 16);
    expect(promptTokens).toBeGreaterThan(calls);
    // Nobody knows the price of this model: unknown, never 0, and the ratio is then one of tokens.
    expect(cost).toBeNull();
    expect(ledger.explanations).toMatchObject({ unit: "prompt tokens", proxy: promptTokens });
    expect(JSON.parse(await json()).ledger).toEqual(ledger);
    const local = { ...settings, "surrogate-model": "tiny.gguf" };
    const alone = await bench(local, { operands: ["p.prompt.yml"] }, runScreen);
    expect(JSON.parse(alone.text).ledger).toMatchObject({
      servedSurrogates: null,
      explanations: { proxy: null },
    });
  });
});
