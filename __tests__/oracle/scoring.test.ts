import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Message, OracleOutcome, OracleQuestion, ScoringAbility } from "../../src/domain.js";
import { compactRecording } from "../../src/oracle/recording.js";
import { BigramModel } from "./bigram-model.js";
import { bigram, startBigramServer, type Scoring } from "./bigram-server.js";
import { fails, sends, type ChatServer } from "./chat-server.js";
import { brief, countingBudget, open, temporaryFolder } from "./opening.js";

let server: ChatServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function serve(model: BigramModel, scoring: Scoring = "truthful"): Promise<ChatServer> {
  return (server = await startBigramServer(model, scoring));
}

const storePath = (): string => join(temporaryFolder(), "answers.jsonl");
const messagesOf = (content: string): readonly Message[] => [{ role: "user", content }];
const scoreOf = (content: string, response: string): OracleQuestion => ({
  purpose: "masks",
  messages: messagesOf(content),
  mode: { kind: "score", response },
});
const scoredOf = (outcome: OracleOutcome | undefined) =>
  outcome?.kind === "answer" ? outcome.answer.scored : undefined;
const withoutAsked = (ability: ScoringAbility): object => {
  const { asked: _, ...rest } = ability;
  return rest;
};

describe("scores of given text", () => {
  const model = new BigramModel();
  const texts = ["yes", "no and so", "perhaps caf", "yes café so", "no café"];

  test("are the model's own log-probabilities of each token, also of characters that tokens share", async () => {
    const { baseUrl } = await serve(model);
    const prompts = ["is it good?", "bad, bad", "unclear"];
    const questions = prompts.flatMap((prompt) => texts.map((text) => scoreOf(prompt, text)));
    const outcomes = await open({ baseUrl }).ask(questions);
    outcomes.forEach((outcome, index) => {
      const { messages, mode } = questions[index] as OracleQuestion;
      const exact = model.score(messages, mode?.kind === "score" ? mode.response : "");
      const scored = scoredOf(outcome);
      expect(scored).toBeInstanceOf(Float64Array);
      expect(scored).toHaveLength(exact.length);
      exact.forEach((value, token) => {
        const found = (scored as Float64Array)[token] as number;
        expect(Math.abs(found - value)).toBeLessThan(1e-6 * Math.max(1, -value));
      });
    });
  });

  test("are asked for with a final message that is left open; nothing else is stored of them", async () => {
    const { baseUrl, requests } = await serve(model);
    const store = storePath();
    const budget = countingBudget();
    const [outcome] = await open({ baseUrl, store, budget }).ask([scoreOf("good", "yes so")]);
    expect(requests[0]?.body).toEqual({
      model: "m",
      messages: [...messagesOf("good"), { role: "assistant", content: "yes so" }],
      temperature: 0,
      max_tokens: 1,
      seed: 0,
      add_generation_prompt: false,
      continue_final_message: true,
      prompt_logprobs: 1,
    });
    const line = JSON.parse(readFileSync(store, "utf8"));
    const scored = [...(scoredOf(outcome) as Float64Array)];
    expect(line.request).toEqual(requests[0]?.body);
    expect(line.response).toEqual({
      text: "",
      finishReason: "scored",
      logProbabilities: null,
      scored,
    });
    expect(budget.reserved).toMatchObject([{ model: "m", completionTokens: 1 }]);
    expect(budget.settled).toEqual([{ promptTokens: 20, completionTokens: 1 }]);
    expect(outcome).toMatchObject({ paid: true, answer: { text: "", logProbabilities: null } });
  });

  test("of different texts are different questions, and no answers to the plain one", async () => {
    const { baseUrl, requests } = await serve(model);
    const plain: OracleQuestion = { purpose: "masks", messages: messagesOf("good") };
    await open({ baseUrl }).ask([scoreOf("good", "yes"), scoreOf("good", "no"), plain, plain]);
    expect(requests).toHaveLength(3);
  });

  test("an empty text is wrong use", async () => {
    await expect(open({}).ask([scoreOf("good", "")])).rejects.toMatchObject({ code: "INTERNAL" });
  });

  const without: [Scoring, string][] = [
    ["ignores", "the server gives no log-probabilities of given text"],
    ["other form", "in a form that is not known"],
    ["other words", "do not spell the given text"],
    ["not numbers", "is no number"],
    ["impossible", "is no number"],
    ["rejects", "the server refused the request to score given text"],
  ];
  test.each(without)(
    "a server that %s: an answer without numbers, stored, so that it is not asked again",
    async (scoring, reason) => {
      const { baseUrl, requests } = await serve(model, scoring);
      const store = storePath();
      const questions = [scoreOf("good", "yes so"), scoreOf("good", "yes so")];
      const first = await open({ baseUrl, store }).ask(questions);
      const again = await open({ store }).ask(questions);
      for (const outcome of [...first, ...again])
        expect(scoredOf(outcome)).toEqual({
          kind: "unknown",
          reason: expect.stringContaining(reason),
        });
      expect(requests).toHaveLength(1);
    },
  );

  test("ten answers without numbers in a row end the asking", async () => {
    const { baseUrl, requests } = await serve(model, "ignores");
    const questions = Array.from({ length: 50 }, (_, index) => scoreOf(`q${index}`, "yes"));
    await open({ baseUrl }).ask(questions);
    expect(requests).toHaveLength(10);
  });

  test("faults lose nothing that was paid for: a second run asks for the rest alone", async () => {
    const started = await serve(model);
    started.next.push(bigram(model), fails(500), sends("garbage"), bigram(model), fails(401));
    const store = storePath();
    const questions = ["a", "b", "c", "d", "e"].map((prompt) => scoreOf(prompt, "no and"));
    const options = { baseUrl: started.baseUrl, store, retries: 0 };
    const first = await open(options).ask(questions);
    expect(brief(first)).toEqual(["", "unavailable", "unusable", "", "authentication"]);
    const second = await open(options).ask(questions);
    expect(brief(second)).toEqual(["", "", "", "", ""]);
    expect(started.requests).toHaveLength(5 + 3);
    expect(second.map((outcome) => outcome.kind === "answer" && outcome.paid)).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
    expect(scoredOf(second[0])).toEqual(scoredOf(first[0]));
  });
});

describe("whether a server can score", () => {
  const prompts = ["good", "bad", "unclear"].map(messagesOf);
  const certain = new BigramModel(40);

  test("yes where it scores its own answer as it wrote it", async () => {
    const { baseUrl, requests } = await serve(new BigramModel());
    const oracle = open({ baseUrl });
    const ability = await oracle.canScore(prompts);
    expect(withoutAsked(ability)).toEqual({
      kind: "yes",
      how: "prompt_logprobs of a chat completion that ends in the given text",
    });
    expect(ability.asked.map(({ question }) => question.mode?.kind ?? "plain")).toEqual([
      "plain",
      "score",
    ]);
    await oracle.canScore(prompts.slice(1));
    expect(requests).toHaveLength(2);
    expect(oracle.facts().usages).toHaveLength(2);
  });

  test("yes where it is certain of its answer, after a look at the next best one", async () => {
    const { baseUrl, requests } = await serve(certain);
    const ability = await open({ baseUrl }).canScore(prompts);
    expect(ability.kind).toBe("yes");
    expect(requests).toHaveLength(3);
    const [, , alternative] = ability.asked;
    expect(alternative?.question.mode).toMatchObject({ kind: "score" });
    expect((scoredOf(alternative?.outcome) as Float64Array)[0]).toBeLessThan(-0.5);
  });

  const refused: [Scoring, string, number][] = [
    ["ignores", "the server gives no log-probabilities of given text", 2],
    ["zeros", "the server gives 0 as the log-probability of every token of given text", 2],
    ["noisy", "disagree with those it generated", 2],
    ["late", "disagree with those it generated", 2],
    ["not numbers", "is no number", 2],
    ["impossible", "is no number", 2],
    ["other words", "do not spell the given text", 2],
    ["other form", "in a form that is not known", 2],
    ["rejects", "refused the request to score given text", 2],
    ["other tokens", "could not be found out: the server reads the text that it wrote as", 6],
  ];
  describe.each(refused)("no for a server that scores: %s", (scoring, reason, calls) => {
    test("with its reason, and a replay without a network says the same", async () => {
      const { baseUrl, requests } = await serve(new BigramModel(), scoring);
      const store = storePath();
      const found = await open({ baseUrl, store }).canScore(prompts);
      expect(withoutAsked(found)).toEqual({
        kind: "no",
        reason: expect.stringContaining(reason),
      });
      expect(requests).toHaveLength(calls);
      expect(withoutAsked(await open({ store }).canScore(prompts))).toEqual(withoutAsked(found));
    });
  });

  test.each(["zeros", "noisy", "late"] as const)(
    "no for a server that is certain of its answer and scores: %s",
    async (scoring) => {
      const { baseUrl } = await serve(certain, scoring);
      expect((await open({ baseUrl }).canScore(prompts)).kind).toBe("no");
    },
  );

  test("no where what it writes comes without log-probabilities: nothing could be checked", async () => {
    const started = await serve(new BigramModel());
    const truthful = started.otherwise;
    started.otherwise = (request, response) =>
      truthful({ ...request, body: { ...request.body, logprobs: false } }, response);
    const ability = await open({ baseUrl: started.baseUrl }).canScore(prompts);
    expect(ability).toMatchObject({ kind: "no", reason: expect.stringContaining("be checked") });
    expect(started.requests).toHaveLength(1);
  });

  test("is replayed from the store, where it was yes, and what was used survives compacting", async () => {
    const { baseUrl, requests } = await serve(certain);
    const store = storePath();
    const usedKeys = new Set<string>();
    const found = await open({ baseUrl, store, usedKeys }).canScore(prompts);
    expect(compactRecording(store, usedKeys)).toEqual({ kept: 3, removed: 0 });
    const replayed = await open({ store }).canScore(prompts);
    expect(withoutAsked(replayed)).toEqual(withoutAsked(found));
    expect(requests).toHaveLength(3);
  });

  test("could not be found out without budget or recording, and is looked for again later", async () => {
    const { baseUrl } = await serve(new BigramModel());
    const poor = await open({ baseUrl, budget: countingBudget(1) }).canScore(prompts);
    expect(poor).toMatchObject({ kind: "no", reason: expect.stringContaining("the cap of 1") });
    expect(await open({}).canScore(prompts)).toMatchObject({
      kind: "no",
      reason:
        "could not be found out: no recorded answer tells whether the server scores given text",
    });
    expect(await open({ baseUrl }).canScore([])).toMatchObject({ kind: "no" });
    server?.next.push(fails(500));
    const oracle = open({ baseUrl, retries: 0 });
    expect(await oracle.canScore(prompts)).toMatchObject({ kind: "no" });
    expect(await oracle.canScore(prompts)).toMatchObject({ kind: "yes" });
  });
});
