import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { answers, completion, startChatServer, type ChatServer } from "./chat-server.js";
import { brief, countingBudget, open, question, temporaryFolder } from "./opening.js";

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

const storePath = (): string => join(temporaryFolder(), "deep", "answers.jsonl");
const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("asking", () => {
  test("sends the settings, gives the answer with normalised log-probabilities", async () => {
    const oracle = open({ baseUrl: server.baseUrl });
    const [outcome] = await oracle.ask([question("hi")]);
    expect(server.requests[0]?.body).toEqual({
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      temperature: 0,
      max_tokens: 16,
      seed: 0,
      logprobs: true,
      top_logprobs: 20,
    });
    expect(server.requests[0]?.headers.authorization).toBe("Bearer sk-secret");
    const top = [
      { token: "HI", logProbability: -0.25 },
      { token: "OTHER", logProbability: -2 },
    ];
    expect(outcome).toEqual({
      kind: "answer",
      paid: true,
      answer: {
        text: "HI",
        finishReason: "stop",
        logProbabilities: [{ token: "HI", logProbability: -0.25, top }],
        scored: null,
        usage: { promptTokens: 12, completionTokens: 1 },
        model: "m-2026",
      },
    });
    expect(oracle.host).toBe(new URL(server.baseUrl).host);
  });

  test("asks identical questions once, keeps the order of the answers, asks in the order given", async () => {
    const oracle = open({ baseUrl: server.baseUrl });
    const progress: number[][] = [];
    const outcomes = await oracle.ask(
      ["b", "a", "b", "c", "a"].map((text) => question(text)),
      (...step) => void progress.push(step),
    );
    expect(brief(outcomes)).toEqual(["B", "A", "B", "C", "A"]);
    expect(server.requests.map((request) => request.body.messages[0]?.content)).toEqual([
      "b",
      "a",
      "c",
    ]);
    expect(server.peak).toBe(1);
    expect(progress.map(([done]) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(progress.every(([, total]) => total === 5)).toBe(true);
    await oracle.ask([question("a"), question("d")]);
    expect(server.requests).toHaveLength(4);
  });

  test("keeps within its concurrency, and answers stay in order although they come out of order", async () => {
    let delay = 60;
    server.otherwise = (request, response) =>
      setTimeout(() => answers()(request, response), (delay -= 10));
    const oracle = open({ baseUrl: server.baseUrl, concurrency: 3 });
    const outcomes = await oracle.ask([..."abcde"].map((text) => question(text)));
    expect(brief(outcomes)).toEqual([..."ABCDE"]);
    expect(server.peak).toBe(3);
    expect(oracle.facts().usages).toHaveLength(5);
  });

  test("needs no key on loopback and then sends none", async () => {
    const oracle = open({ baseUrl: server.baseUrl, apiKey: null });
    expect(brief(await oracle.ask([question("a")]))).toEqual(["A"]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test("reserves before each paid call and settles at what was used", async () => {
    const budget = countingBudget(2);
    const oracle = open({ baseUrl: server.baseUrl, budget });
    const outcomes = await oracle.ask([..."abc"].map((text) => question(text)));
    expect(brief(outcomes)).toEqual(["A", "B", "budget"]);
    expect(server.requests).toHaveLength(2);
    expect(budget.settled).toEqual([
      { promptTokens: 12, completionTokens: 1 },
      { promptTokens: 12, completionTokens: 1 },
    ]);
    expect(budget.reserved[0]).toMatchObject({ model: "m", completionTokens: 16 });
  });

  test("counts each distinct question once, under the purpose it was first asked for", async () => {
    const oracle = open({ baseUrl: server.baseUrl });
    await oracle.ask([question("a", "fixed outputs"), question("b"), question("a", "masks")]);
    const usage = { promptTokens: 12, completionTokens: 1, model: "m" };
    expect(oracle.facts()).toMatchObject({
      paid: 2,
      cached: 0,
      usages: [
        { purpose: "fixed outputs", ...usage },
        { purpose: "masks", ...usage },
      ],
    });
  });
});

describe("recording and replay", () => {
  test("a second run pays nothing, and the ledger is the same", async () => {
    const store = storePath();
    const first = open({ baseUrl: server.baseUrl, store });
    const before = await first.ask([..."ab"].map((text) => question(text)));
    const usedKeys = new Set<string>();
    const second = open({ store, usedKeys });
    const after = await second.ask([..."abc"].map((text) => question(text)));
    expect(brief(after)).toEqual(["A", "B", "not recorded"]);
    expect(server.requests).toHaveLength(2);
    const answersOf = (outcomes: typeof before) =>
      outcomes.map((outcome) => outcome.kind === "answer" && outcome.answer);
    expect(answersOf(after.slice(0, 2))).toEqual(answersOf(before));
    expect(second.facts().usages).toEqual(first.facts().usages);
    expect(second.facts()).toMatchObject({ paid: 0, cached: 2 });
    expect(second.host).toBe("recording");
    expect([...usedKeys]).toEqual(linesOf(store).map((line) => line["key"]));
  });

  test("a line holds what the issue names, in its order", async () => {
    const store = storePath();
    await open({ baseUrl: server.baseUrl, store }).ask([question("a")]);
    const [line] = linesOf(store);
    expect(Object.keys(line ?? {})).toEqual(["key", "request", "response", "usage", "model"]);
    expect(line?.["request"]).toEqual(server.requests[0]?.body);
  });

  test("an answer is on the disk before the next question is asked", async () => {
    const store = storePath();
    const stored: number[] = [];
    server.otherwise = (request, response) => {
      if (server.requests.length > 1) stored.push(linesOf(store).length);
      answers()(request, response);
    };
    await open({ baseUrl: server.baseUrl, store }).ask([..."abc"].map((text) => question(text)));
    expect(stored).toEqual([1, 2]);
  });

  test("an answer that cannot be stored ends the asking", async () => {
    const blocked = join(temporaryFolder(), "store");
    const oracle = open({ baseUrl: server.baseUrl, store: join(blocked, "x.jsonl") });
    const { writeFileSync } = await import("node:fs");
    writeFileSync(blocked, "a file where a folder should be");
    await expect(oracle.ask([..."abc"].map((text) => question(text)))).rejects.toMatchObject({
      code: "FILE",
    });
    await expect(oracle.ask([question("d")])).rejects.toMatchObject({ code: "FILE" });
    expect(server.requests).toHaveLength(1);
  });

  test("the first recording that has an answer wins, and the store is written to alone", async () => {
    const [one, two, store] = [storePath(), storePath(), storePath()];
    server.otherwise = answers((body) => (body["model"] = "first"));
    await open({ baseUrl: server.baseUrl, store: one }).ask([question("a")]);
    server.otherwise = answers((body) => (body["model"] = "second"));
    await open({ baseUrl: server.baseUrl, store: two }).ask([question("a"), question("b")]);
    const before = readFileSync(two);
    const outcomes = await open({ baseUrl: server.baseUrl, recordings: [one, two], store }).ask(
      [..."abc"].map((text) => question(text)),
    );
    expect(outcomes.map((outcome) => outcome.kind === "answer" && outcome.answer.model)).toEqual([
      "first",
      "second",
      "second",
    ]);
    expect(linesOf(store)).toHaveLength(1);
    expect(readFileSync(two)).toEqual(before);
  });

  test("model, maximum and messages are part of the key", async () => {
    const store = storePath();
    await open({ baseUrl: server.baseUrl, store }).ask([question("a")]);
    expect(brief(await open({ store, model: "n" }).ask([question("a")]))).toEqual(["not recorded"]);
    expect(brief(await open({ store, maxTokens: 17 }).ask([question("a")]))).toEqual([
      "not recorded",
    ]);
    expect(
      brief(
        await open({ store }).ask([
          { purpose: "masks", messages: [{ role: "system", content: "a" }] },
        ]),
      ),
    ).toEqual(["not recorded"]);
    expect(brief(await open({ store }).ask([question("a")]))).toEqual(["A"]);
  });

  test("never writes the key, nor folders of a local model file", async () => {
    const store = storePath();
    server.otherwise = (request, response) =>
      response.end(
        completion(request, (body) => (body["model"] = "/home/someone/models/local.gguf")),
      );
    await open({ baseUrl: server.baseUrl, store }).ask([question("a")]);
    expect(readFileSync(store, "utf8")).not.toMatch(/sk-secret|someone/);
    expect(linesOf(store)[0]?.["model"]).toBe("local.gguf");
  });
});
