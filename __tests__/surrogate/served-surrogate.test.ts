import { join } from "node:path";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import type { Message, Oracle, Surrogate } from "../../src/domain.js";
import { labelProbabilities } from "../../src/explain/label-tokens.js";
import { openTextCompletions } from "../../src/oracle/text-completions.js";
import { servedSurrogate } from "../../src/surrogate/served-surrogate.js";
import type { ServedModel } from "../../src/surrogate/source.js";
import { BigramModel } from "../oracle/bigram-model.js";
import { bigram, startBigramServer, type Scoring } from "../oracle/bigram-server.js";
import { completion, fails, sendJson, type ChatServer } from "../oracle/chat-server.js";
import { startCompletionServer, type CompletionScoring } from "../oracle/completion-server.js";
import { countingBudget, fakeTime, open, temporaryFolder } from "../oracle/opening.js";

// A busy machine is no failure.
jest.setTimeout(60_000);

let server: ChatServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const model = new BigramModel();
const prompts: readonly (readonly Message[])[] = ["is it good?", "bad, bad", "unclear"].map(
  (content) => [{ role: "user", content }],
);
const LABELS = ["yes", "no", "perhaps"];

function surrogateOver(oracle: Oracle, kind: ServedModel["kind"]): Surrogate {
  return servedSurrogate({
    source: { kind, baseUrl: "http://127.0.0.1/v1", model: "m" },
    oracle,
    readLabels: labelProbabilities,
    countTokens: (text) => text.length,
    countedBy: "characters",
  });
}

function completionsAt(baseUrl: string, calls?: number): Oracle {
  return openTextCompletions({
    model: "m",
    baseUrl,
    apiKey: null,
    budget: countingBudget(calls),
    maxTokens: 6,
    concurrency: 2,
    timeoutMs: 5000,
    retries: 1,
    allowPrivateEndpoint: false,
    time: fakeTime(),
  });
}

/** What the model says of a response after the transcript that completions see. */
const transcribed = (messages: readonly Message[], response: string): number[] =>
  model.score(
    [{ role: "user", content: messages.map(({ content }) => content).join(" ") }],
    response,
  );

async function serveChat(scoring: Scoring, of = model): Promise<string> {
  return (server = await startBigramServer(of, scoring)).baseUrl;
}

async function serveCompletions(scoring: CompletionScoring): Promise<string> {
  return (server = await startCompletionServer(model, scoring)).baseUrl;
}

const requests = prompts.flatMap((messages) =>
  ["yes and so", "no", "perhaps café"].map((response) => ({ messages, response })),
);

function expectExact(rows: readonly Float64Array[]): void {
  rows.forEach((row, index) => {
    const { messages, response } = requests[index] ?? requests[0]!;
    const exact = transcribed(messages, response);
    expect(row).toHaveLength(exact.length);
    exact.forEach((value, token) => expect(row[token]).toBeCloseTo(value, 5));
  });
}

describe("a server that scores given text", () => {
  test("is a surrogate: log-probabilities of any output, and of labels", async () => {
    const surrogate = surrogateOver(open({ baseUrl: await serveChat("truthful") }), "server");
    const scores = await surrogate.score(requests);
    expectExact(scores.logProbabilities);
    expect(scores).toMatchObject({ divergence: null, tokensAsked: 180, tokensRun: 180 });
    const labels = await surrogate.scoreLabels(prompts, LABELS);
    expect(labels.singleToken).toBe(true);
    labels.logProbabilities.forEach((row, index) => {
      const exact = LABELS.map((label) => transcribed(prompts[index] ?? [], label)[0] ?? 0);
      exact.forEach((value, label) => expect(row[label]).toBeCloseTo(value, 5));
    });
    const long = await surrogate.scoreLabels(prompts, ["yes and", "no"]);
    expect(long.singleToken).toBe(false);
    const [first = 0, second = 0] = transcribed(prompts[0] ?? [], "yes and");
    expect(long.logProbabilities[0]?.[0]).toBeCloseTo((first + second) / 2, 5);
  });

  test("says what it is, and what it cannot do is wrong use that says so", async () => {
    const surrogate = surrogateOver(open({ baseUrl: await serveChat("truthful") }), "server");
    expect(surrogate.identity).toMatchObject({
      model: "m",
      backend: "server",
      precision: "as served",
      engine: expect.stringMatching(/^chat completions with prompt_logprobs at 127\.0\.0\.1:\d+$/),
    });
    expect([surrogate.lacks, surrogate.countedBy, surrogate.countTokens("four")]).toEqual([
      ["divergence", "embeddings"],
      "characters",
      4,
    ]);
    await expect(surrogate.score(requests, { divergenceFrom: 0 })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("cannot give divergence"),
    });
    await expect(surrogate.embedPrompt(prompts[0] ?? [])).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("rope-rwmd"),
    });
    for (const labels of [[], ["a", " "], ["a", "a"]])
      await expect(surrogate.scoreLabels(prompts, labels)).rejects.toMatchObject({
        code: "INPUTS",
      });
    expect(server?.requests).toHaveLength(0);
  });

  test.each<[Scoring, string]>([
    ["ignores", "gives no log-probabilities of given text"],
    ["zeros", "gives 0 as the log-probability of every token"],
    ["noisy", "disagree with those it generated"],
    ["late", "disagree with those it generated"],
    ["not numbers", "no number"],
    ["impossible", "no number"],
    ["other words", "do not spell"],
    ["other form", "form that is not known"],
    ["rejects", "refused the request"],
  ])(
    "that scores in another way (%s) is refused with what was seen, and no number of it is used",
    async (scoring, why) => {
      const surrogate = surrogateOver(open({ baseUrl: await serveChat(scoring) }), "server");
      for (const asked of [
        () => surrogate.score(requests),
        () => surrogate.scoreLabels(prompts, LABELS),
      ])
        await expect(asked()).rejects.toMatchObject({
          code: "ORACLE_ANSWER",
          message: expect.stringMatching(new RegExp(`does not score given text.*${why}`)),
        });
      expect(server?.requests.length).toBeLessThanOrEqual(3);
    },
  );

  test("that stops answering, costs too much or wants a key is an error of that kind, not a missing number", async () => {
    const baseUrl = await serveChat("truthful");
    const poor = surrogateOver(open({ baseUrl, budget: countingBudget(4) }), "server");
    await expect(poor.score(requests)).rejects.toMatchObject({ code: "BUDGET" });
    const none = surrogateOver(open({ baseUrl, budget: countingBudget(0) }), "server");
    await expect(none.score(requests)).rejects.toMatchObject({ code: "BUDGET" });
    server!.otherwise = fails(500);
    const down = surrogateOver(open({ baseUrl, retries: 0 }), "server");
    await expect(down.score(requests)).rejects.toMatchObject({ code: "ORACLE_UNAVAILABLE" });
    server!.otherwise = fails(401);
    const locked = surrogateOver(open({ baseUrl }), "server");
    await expect(locked.score(requests)).rejects.toMatchObject({ code: "ORACLE_ENDPOINT" });
  });

  test("answers once: a second run is replayed from its store", async () => {
    const baseUrl = await serveChat("truthful");
    const store = join(temporaryFolder(), "surrogate.jsonl");
    const first = await surrogateOver(open({ baseUrl, store }), "server").score(requests);
    const count = server?.requests.length;
    const again = await surrogateOver(open({ store }), "server").score(requests);
    expect(again.logProbabilities).toEqual(first.logProbabilities);
    expect(server?.requests).toHaveLength(count ?? -1);
  });
});

describe("a server of text completions", () => {
  test.each(["echo", "short", "prompt_logprobs"] as const)(
    "scores given text: %s",
    async (scoring) => {
      const oracle = completionsAt(await serveCompletions(scoring));
      const scores = await surrogateOver(oracle, "completions").score(requests);
      expectExact(scores.logProbabilities);
      expect(await oracle.canScore(prompts)).toMatchObject({
        kind: "yes",
        how: expect.stringContaining(scoring === "short" ? "echo" : scoring),
      });
      const bodies = server?.requests.map(({ body }) => body as unknown as Record<string, unknown>);
      expect(bodies?.at(-1)?.["prompt"]).toBe("User: unclear\n\nAssistant: perhaps café");
      // The form that gives numbers is found out once.
      expect(bodies?.filter(({ echo }) => echo === true)).toHaveLength(
        scoring === "prompt_logprobs" ? 1 : 10,
      );
    },
  );

  test.each<[CompletionScoring, string]>([
    ["neither", "no log-probabilities of given text"],
    ["late", "disagree with those it generated"],
    ["zeros", "gives 0 as the log-probability"],
  ])("that does neither truthfully (%s) is refused", async (scoring, why) => {
    const surrogate = surrogateOver(completionsAt(await serveCompletions(scoring)), "completions");
    await expect(surrogate.score(requests)).rejects.toMatchObject({
      code: "ORACLE_ANSWER",
      message: expect.stringContaining(why),
    });
  });

  test("that knows no such settings, is over budget or down is refused as that", async () => {
    const rejects = surrogateOver(completionsAt(await serveCompletions("rejects")), "completions");
    await expect(rejects.score(requests)).rejects.toMatchObject({ code: "ORACLE_ANSWER" });
    await server?.close();
    const baseUrl = await serveCompletions("echo");
    const poor = surrogateOver(completionsAt(baseUrl, 1), "completions");
    await expect(poor.score(requests)).rejects.toMatchObject({ code: "BUDGET" });
    server!.next.push(fails(503), fails(429, { "retry-after": "3" }));
    const patient = surrogateOver(completionsAt(baseUrl), "completions");
    await expect(patient.score(requests)).rejects.toMatchObject({ code: "ORACLE_UNAVAILABLE" });
    expectExact((await patient.score(requests)).logProbabilities);
  });
});

describe("a chat model with top_logprobs", () => {
  test("scores labels by the first token of its answer, and nothing else", async () => {
    const surrogate = surrogateOver(open({ baseUrl: await serveChat("ignores") }), "chat");
    const { logProbabilities, singleToken } = await surrogate.scoreLabels(prompts, LABELS);
    expect(singleToken).toBe(true);
    logProbabilities.forEach((row, index) => {
      LABELS.forEach((label, at) =>
        expect(row[at]).toBeCloseTo(transcribed(prompts[index] ?? [], label)[0] ?? 0, 5),
      );
    });
    expect(server?.requests).toHaveLength(prompts.length);
    expect(surrogate.lacks).toContain("output scores");
    await expect(surrogate.score(requests)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(
        /cannot give log-probabilities of given outputs.*top_logprobs/,
      ),
    });
  });

  test("bounds a label that is not listed by the last alternative", async () => {
    const started = (server = await startBigramServer(model));
    started.otherwise = (request, response) =>
      bigram(model)({ ...request, body: { ...request.body, top_logprobs: 2 } }, response);
    const surrogate = surrogateOver(open({ baseUrl: started.baseUrl }), "chat");
    const { logProbabilities } = await surrogate.scoreLabels(prompts, LABELS);
    const exact = LABELS.map((label) => transcribed(prompts[0] ?? [], label)[0] ?? 0);
    const second = [...exact].sort((a, b) => b - a)[1] ?? 0;
    const expected = exact.map((value) => Math.max(value, second));
    expected.forEach((value, label) => expect(logProbabilities[0]?.[label]).toBeCloseTo(value, 5));
  });

  const tampered: [
    string,
    (top: { logprob: number }[], own: { logprob: number }) => void,
    string,
  ][] = [
    ["zeros", (top, own) => [own, ...top].forEach((each) => (each.logprob = 0)), "together"],
    ["a token that its own numbers call unlikely", (_, own) => (own.logprob = -9), "less likely"],
    ["none", (top) => top.splice(0), "lists no alternatives"],
  ];
  test.each(tampered)(
    "is refused where its alternatives are no log-probabilities: %s",
    async (_, change, why) => {
      const started = (server = await startBigramServer(model));
      started.otherwise = (request, response) =>
        sendJson(
          response,
          completion(request, (body) => {
            const top = LABELS.map((token) => ({ token, logprob: Math.log(1 / 3) }));
            const own = { token: "yes", logprob: Math.log(1 / 3), top_logprobs: top };
            change(top, own);
            Object.assign((body["choices"] as object[])[0] ?? {}, {
              message: { role: "assistant", content: "yes" },
              logprobs: { content: [own] },
            });
          }),
        );
      const surrogate = surrogateOver(open({ baseUrl: started.baseUrl }), "chat");
      await expect(surrogate.scoreLabels(prompts, LABELS)).rejects.toMatchObject({
        code: "ORACLE_ANSWER",
        message: expect.stringContaining(why),
      });
    },
  );

  test("is refused where most answers begin with no label", async () => {
    const surrogate = surrogateOver(open({ baseUrl: await serveChat("ignores") }), "chat");
    await expect(surrogate.scoreLabels(prompts, ["billing", "refund"])).rejects.toMatchObject({
      code: "ORACLE_ANSWER",
      message: expect.stringContaining("3 of 3 answers have none of the labels"),
    });
  });
});
