import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, jest, test } from "@jest/globals";
import { fromStrings } from "../../src/config.js";
import { withMostCalls } from "../../src/wiring/budgets.js";
import { settingsOf, type CommandContext } from "../../src/wiring/context.js";
import { runModelInfo } from "../../src/wiring/model-commands.js";
import { openJob, type OpenedJob } from "../../src/wiring/ports.js";
import { secretsOf } from "../../src/wiring/review.js";
import { BigramModel } from "../oracle/bigram-model.js";
import { startBigramServer } from "../oracle/bigram-server.js";
import type { ChatServer } from "../oracle/chat-server.js";
import { startCompletionServer } from "../oracle/completion-server.js";
import { countingBudget } from "../oracle/opening.js";
import { randomModel, writeModel } from "../surrogate/random-model.js";

// A busy machine is no failure.
jest.setTimeout(60_000);

const root = mkdtempSync(join(tmpdir(), "understudy-surrogates-"));
for (const side of ["base", "head"]) mkdirSync(join(root, side));
const file = writeModel(join(root, "tiny.gguf"), randomModel("llama", 51));
const servers: ChatServer[] = [];
const jobs: OpenedJob[] = [];

afterEach(async () => {
  await Promise.all(jobs.splice(0).map((job) => job.ports.surrogate.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function bigramServer(): Promise<ChatServer> {
  const server = await startBigramServer(new BigramModel());
  servers.push(server);
  return server;
}

function contextOf(
  settings: Readonly<Record<string, string>>,
  more: Partial<CommandContext> = {},
): CommandContext {
  const caller = {
    base: join(root, "base"),
    head: join(root, "head"),
    precision: "fp32",
    "surrogate-workers": "1",
    "state-folder": join(root, "state"),
    ...settings,
  };
  return {
    caller: fromStrings(caller, "--"),
    operands: [],
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
    print: () => undefined,
    say: () => undefined,
    interactive: false,
    ...more,
  };
}

async function opened(
  settings: Readonly<Record<string, string>>,
  more: Partial<CommandContext> = {},
): Promise<OpenedJob> {
  const context = contextOf(settings, more);
  const job = await openJob(context, await settingsOf(context));
  jobs.push(job);
  return job;
}

const messages = [{ role: "user" as const, content: "is it good?" }];
const labels = ["yes", "no", "perhaps"];
const keyOf = (server: ChatServer): unknown => server.requests[0]?.headers["authorization"];

describe("the list of surrogates", () => {
  test("is opened in its order, each by its kind, and servers count tokens with the file's vocabulary", async () => {
    const [scoring, chat] = [await bigramServer(), await bigramServer()];
    const text = await startCompletionServer(new BigramModel(), "echo");
    servers.push(text);
    const list = [
      "tiny.gguf",
      `chat:${chat.baseUrl}|mini`,
      `server:${scoring.baseUrl}|folder/large`,
      `completions:${text.baseUrl}|base`,
    ];
    const { ports } = await opened({ "surrogate-model": list.join("\n") });
    expect(ports.surrogates.map(({ identity }) => identity.model)).toEqual([
      "tiny",
      "mini",
      "folder/large",
      "base",
    ]);
    expect(ports.surrogate).toBe(ports.surrogates[0]);
    const [tiny, ...served] = ports.surrogates;
    for (const one of served) {
      expect(one.countedBy).toBe("tiny");
      expect(one.countTokens("Hi you")).toBe(tiny?.countTokens("Hi you"));
      const { logProbabilities } = await one.scoreLabels([messages], labels);
      expect(logProbabilities[0]?.every((value) => value <= 0)).toBe(true);
    }
    const exact = new BigramModel().score([...messages], "yes")[0] ?? 0;
    const found = await ports.surrogates[1]?.scoreLabels([messages], labels);
    expect(found?.logProbabilities[0]?.[0]).toBeCloseTo(exact, 5);
    const stores = readdirSync(join(root, "state")).filter((name) => name.startsWith("surrogate-"));
    expect(stores).toHaveLength(2);
  });

  test("every entry that is wrong is named at once; --model takes the place of the list", async () => {
    const wrong = "https://h.example/a.gguf,hf:only#sha256=1,tiny.gguf";
    await expect(opened({ "surrogate-model": wrong })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/h\.example[\s\S]*hf:only/),
    });
    const { ports } = await opened({ "surrogate-model": wrong }, { model: file });
    expect(ports.surrogates.map(({ identity }) => identity.model)).toEqual(["tiny"]);
  });

  test("a public server without https is refused, as the oracle is", async () => {
    await expect(
      opened({ "surrogate-model": "tiny.gguf,server:http://models.example/v1|m" }),
    ).rejects.toMatchObject({ code: "ORACLE_ENDPOINT" });
  });

  test("what looks into a model wants one that runs here", async () => {
    const context = contextOf({ "surrogate-model": "chat:http://127.0.0.1:1/v1|mini" });
    await expect(runModelInfo(context)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("on a server"),
    });
  });

  test("calls to servers have a cap of their own", async () => {
    const chat = await bigramServer();
    const { ports } = await opened({
      "surrogate-model": `tiny.gguf,chat:${chat.baseUrl}|capped`,
      "max-surrogate-calls": "1",
      "max-oracle-calls": "0",
    });
    const prompts = [messages, [{ role: "user" as const, content: "bad" }]];
    await expect(ports.surrogates[1]?.scoreLabels(prompts, labels)).rejects.toMatchObject({
      code: "BUDGET",
      message: expect.stringContaining("the cap of 1 surrogate calls is reached"),
    });
    expect(chat.requests).toHaveLength(1);
  });
});

describe("keys of servers", () => {
  test("reach their own host alone", async () => {
    const [first, second] = [await bigramServer(), await bigramServer()];
    const host = (server: ChatServer): string => new URL(server.baseUrl).host;
    const { ports } = await opened({
      "surrogate-model": `tiny.gguf,chat:${first.baseUrl}|keyed one,chat:${second.baseUrl}|keyed two`,
      "surrogate-api-key": `${host(first)}=sk-first==`,
    });
    for (const one of ports.surrogates.slice(1)) await one.scoreLabels([messages], labels);
    expect([keyOf(first), keyOf(second)]).toEqual(["Bearer sk-first==", undefined]);
  });

  test("one bare key is for one host; for two it is not clear whose it is", async () => {
    const [first, second] = [await bigramServer(), await bigramServer()];
    const one = { "surrogate-model": `tiny.gguf,chat:${first.baseUrl}|bare` };
    const environment = { UNDERSTUDY_SURROGATE_API_KEY: "sk-bare==" };
    const { ports } = await opened(one, { environment });
    await ports.surrogates[1]?.scoreLabels([messages], labels);
    expect(keyOf(first)).toBe("Bearer sk-bare==");
    const two = { "surrogate-model": `${one["surrogate-model"]},chat:${second.baseUrl}|bare` };
    await expect(opened(two, { environment })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.not.stringContaining("sk-bare"),
    });
  });

  test("are secrets, with and without their host", async () => {
    const context = contextOf({ "surrogate-api-key": "h.example=sk-first-key,sk-two==" });
    expect(secretsOf(await settingsOf(context))).toEqual([
      "h.example=sk-first-key",
      "sk-two==",
      "sk-first-key",
    ]);
  });
});

test("a cap on calls gives back what failed, and asks the budget behind", () => {
  const behind = countingBudget(3);
  const budget = withMostCalls(behind, { calls: 2, whose: "surrogate" });
  const call = { model: "m", promptTokens: 1, completionTokens: 1 };
  const reserve = (): string => budget.reserve(call).kind;
  expect([reserve(), reserve(), reserve()]).toEqual(["granted", "granted", "refused"]);
  budget.settle(0, null);
  expect([reserve(), reserve()]).toEqual(["granted", "refused"]);
  budget.settle(1, null);
  expect(budget.reserve(call)).toMatchObject({ message: "the cap of 3 oracle calls is reached" });
});
