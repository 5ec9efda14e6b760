import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OracleOutcome } from "../../src/domain.js";
import {
  answers,
  breaksOff,
  completion,
  drips,
  fails,
  hangs,
  sends,
  stalls,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "./chat-server.js";
import { brief, countingBudget, fakeTime, open, question, temporaryFolder } from "./opening.js";

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

const questions = (count: number) =>
  Array.from({ length: count }, (_, index) => question(`q${index}`));
const messageOf = (outcome: OracleOutcome | undefined): string =>
  outcome?.kind === "refused" ? outcome.message : "";

describe("refusals that no retry helps", () => {
  test.each([401, 403])(
    "%i: the key is refused once, and nothing more is asked",
    async (status) => {
      server.otherwise = fails(
        status,
        {},
        { message: "wrong key sk-secret, or is it\n::set-env::sk-secret" },
      );
      const time = fakeTime();
      const outcomes = await open({ baseUrl: server.baseUrl, time }).ask(questions(1000));
      expect(new Set(brief(outcomes))).toEqual(new Set(["authentication"]));
      expect(server.requests).toHaveLength(1);
      expect(time.sleeps).toEqual([]);
      expect(messageOf(outcomes[0])).not.toMatch(/sk-secret|\n/);
      expect(messageOf(outcomes[999])).toContain("not asked any more");
    },
  );

  test("a redirect is not followed, and the key goes nowhere else", async () => {
    const elsewhere = await startChatServer();
    server.otherwise = fails(307, { location: `${elsewhere.baseUrl}/chat/completions` });
    const [outcome] = await open({ baseUrl: server.baseUrl }).ask(questions(3));
    expect(brief([outcome as OracleOutcome])).toEqual(["unusable"]);
    expect(messageOf(outcome)).toContain("redirect");
    expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
    await elsewhere.close();
  });

  test("a model that does not exist is asked for once; an exhausted quota is not waited for", async () => {
    server.otherwise = fails(404, {}, { message: "no such model" });
    expect(brief(await open({ baseUrl: server.baseUrl }).ask(questions(5)))).toEqual(
      Array(5).fill("unusable"),
    );
    expect(server.requests).toHaveLength(1);
    server.otherwise = fails(
      429,
      {},
      { message: "You exceeded your current quota", code: "insufficient_quota" },
    );
    expect(brief(await open({ baseUrl: server.baseUrl }).ask(questions(5)))).toEqual(
      Array(5).fill("unavailable"),
    );
    expect(server.requests).toHaveLength(2);
  });

  test("a question that the server cannot take does not harm the others", async () => {
    server.otherwise = (request, response) =>
      (request.body.messages[0]?.content === "q1"
        ? fails(400, {}, { message: "too long" })
        : answers())(request, response);
    const outcomes = await open({ baseUrl: server.baseUrl }).ask(questions(3));
    expect(brief(outcomes)).toEqual(["Q0", "unusable", "Q2"]);
    expect(messageOf(outcomes[1])).toMatch(/^127\.0\.0\.1:\d+: answered 400: .*too long/);
    expect(server.requests).toHaveLength(3);
  });
});

describe("passing failures", () => {
  test.each([[429], [500], [502], [503], [529]])(
    "%i passes after retries, with growing waits",
    async (status) => {
      server.next.push(fails(status), fails(status), fails(status));
      const time = fakeTime();
      expect(brief(await open({ baseUrl: server.baseUrl, time }).ask(questions(1)))).toEqual([
        "Q0",
      ]);
      expect(server.requests).toHaveLength(4);
      expect(time.sleeps).toHaveLength(3);
      time.sleeps.forEach((wait, attempt) => {
        expect(wait).toBeGreaterThanOrEqual(250 * 2 ** attempt);
        expect(wait).toBeLessThan(500 * 2 ** attempt);
      });
    },
  );

  test("the waits are the same in every run, and differ between questions", async () => {
    const waits = async (text: string): Promise<number[]> => {
      server.next.push(fails(500), fails(500));
      const time = fakeTime();
      await open({ baseUrl: server.baseUrl, time }).ask([question(text)]);
      return time.sleeps;
    };
    expect(await waits("a")).toEqual(await waits("a"));
    expect(await waits("a")).not.toEqual(await waits("b"));
  });

  test("Retry-After is obeyed, in seconds and as a date, and spares the other calls too", async () => {
    const time = fakeTime();
    server.next.push(
      fails(429, { "retry-after": "7" }),
      fails(503, { "retry-after": new Date(time.now() + 7_000 + 11_000).toUTCString() }),
    );
    expect(brief(await open({ baseUrl: server.baseUrl, time }).ask(questions(2)))).toEqual([
      "Q0",
      "Q1",
    ]);
    expect(time.sleeps).toEqual([7_000, 11_000]);
  });

  test("while one call was told to wait, no other is sent", async () => {
    server.next.push(fails(429, { "retry-after": "7" }));
    const waking: (() => void)[] = [];
    let clock = 0;
    const sleep = (): Promise<void> => new Promise((wake) => waking.push(wake));
    const oracle = open({
      baseUrl: server.baseUrl,
      concurrency: 2,
      time: { now: () => clock, sleep },
    });
    const asked = oracle.ask(questions(4));
    for (let tries = 0; waking.length < 2 && tries < 200; tries += 1)
      await new Promise((done) => setTimeout(done, 5));
    expect(waking).toHaveLength(2);
    expect(server.requests).toHaveLength(2);
    clock = 7000;
    for (const wake of waking) wake();
    expect(brief(await asked)).toEqual(["Q0", "Q1", "Q2", "Q3"]);
  });

  test("a pause of an hour is not waited for", async () => {
    server.otherwise = fails(429, { "retry-after": "3600" });
    const time = fakeTime();
    const outcomes = await open({ baseUrl: server.baseUrl, time }).ask(questions(50));
    expect(new Set(brief(outcomes))).toEqual(new Set(["unavailable"]));
    expect(time.sleeps).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  test("a server that is down costs three questions' retries, not a thousand's", async () => {
    server.otherwise = fails(500);
    const outcomes = await open({ baseUrl: server.baseUrl, retries: 2 }).ask(questions(1000));
    expect(new Set(brief(outcomes))).toEqual(new Set(["unavailable"]));
    expect(server.requests).toHaveLength(9);
    expect(messageOf(outcomes[0])).toContain("after 3 tries");
  });

  test("the breaker counts failures in a row only", async () => {
    const bad = new Set(["q0", "q1", "q3", "q4", "q6", "q7"]);
    server.otherwise = (request, response) =>
      (bad.has(request.body.messages[0]?.content ?? "") ? fails(500) : answers())(
        request,
        response,
      );
    const outcomes = await open({ baseUrl: server.baseUrl, retries: 0 }).ask(questions(9));
    expect(brief(outcomes).filter((text) => text.startsWith("Q"))).toEqual(["Q2", "Q5", "Q8"]);
  });

  test("nobody listens: unavailable", async () => {
    await server.close();
    const time = fakeTime();
    const outcomes = await open({ baseUrl: server.baseUrl, retries: 1, time }).ask(questions(4));
    expect(brief(outcomes)).toEqual(Array(4).fill("unavailable"));
    expect(time.sleeps).toHaveLength(3);
  });

  test.each([
    ["hangs", hangs],
    ["stalls within the body", stalls],
  ] as [string, Behaviour][])(
    "a server that %s is timed out, retried once, and given up",
    async (_, behaviour) => {
      server.otherwise = behaviour;
      const budget = countingBudget();
      const outcomes = await open({
        baseUrl: server.baseUrl,
        timeoutMs: 30,
        retries: 9,
        budget,
      }).ask(questions(10));
      expect(brief(outcomes)).toEqual(Array(10).fill("unavailable"));
      expect(messageOf(outcomes[0])).toContain("within 30 ms");
      expect(server.requests).toHaveLength(6);
      expect(budget.settled).toEqual([null, null, null]);
    },
  );

  test("a slow body is waited for as long as the whole of it comes in time", async () => {
    server.next.push(drips(8, 4));
    const oracle = open({ baseUrl: server.baseUrl, retries: 0 });
    expect(brief(await oracle.ask(questions(1)))).toEqual(["Q0"]);
    server.next.push(drips(40, 10));
    const hasty = open({ baseUrl: server.baseUrl, retries: 0, timeoutMs: 60 });
    expect(brief(await hasty.ask(questions(1)))).toEqual(["unavailable"]);
  });

  test("a connection that breaks off within the body is tried again", async () => {
    server.next.push(breaksOff);
    expect(brief(await open({ baseUrl: server.baseUrl }).ask(questions(1)))).toEqual(["Q0"]);
    expect(server.requests).toHaveLength(2);
  });

  test("a later ask may succeed where an earlier one was refused", async () => {
    const oracle = open({ baseUrl: server.baseUrl, retries: 0 });
    server.next.push(fails(500));
    expect(brief(await oracle.ask(questions(1)))).toEqual(["unavailable"]);
    expect(brief(await oracle.ask(questions(1)))).toEqual(["Q0"]);
    expect(oracle.facts()).toMatchObject({ paid: 1, cached: 0 });
  });

  test("answers bought before a failure are kept and replayed", async () => {
    const store = join(temporaryFolder(), "store.jsonl");
    server.next.push(answers(), answers());
    server.otherwise = fails(401);
    expect(brief(await open({ baseUrl: server.baseUrl, store }).ask(questions(4)))).toEqual([
      "Q0",
      "Q1",
      "authentication",
      "authentication",
    ]);
    expect(brief(await open({ store }).ask(questions(4)))).toEqual([
      "Q0",
      "Q1",
      "not recorded",
      "not recorded",
    ]);
  });
});

describe("answers that cannot be used", () => {
  const whole = completion({
    url: "",
    headers: {},
    body: { model: "m", messages: [{ role: "user", content: "x" }], logprobs: true },
  });
  const garbage: [string, Behaviour][] = [
    ["truncated JSON", sends(whole.slice(0, -40))],
    ["a page", sends("<html>busy</html>", "text/html")],
    ["nothing", sends("")],
    ["null", sends("null")],
    ["no choices", answers((body) => (body["choices"] = []))],
    ["no message", answers((body) => (body["choices"] = [{ index: 0, finish_reason: "stop" }]))],
    [
      "a refusal without text",
      answers(
        (body) =>
          (body["choices"] = [
            { message: { content: null, refusal: "no" }, finish_reason: "stop" },
          ]),
      ),
    ],
  ];
  test.each(garbage)("%s: unusable, not stored, counted as spent", async (_, behaviour) => {
    server.next.push(behaviour);
    const store = join(temporaryFolder(), "store.jsonl");
    const budget = countingBudget();
    const outcomes = await open({ baseUrl: server.baseUrl, store, budget }).ask(questions(2));
    expect(brief(outcomes)).toEqual(["unusable", "Q1"]);
    expect(server.requests).toHaveLength(2);
    expect(readFileSync(store, "utf8").trim().split("\n")).toHaveLength(1);
    expect(budget.settled[0]).toMatchObject({ completionTokens: 16 });
  });

  test("ten in a row end the asking: each of them may cost money", async () => {
    server.otherwise = sends("nonsense");
    expect(new Set(brief(await open({ baseUrl: server.baseUrl }).ask(questions(500))))).toEqual(
      new Set(["unusable"]),
    );
    expect(server.requests).toHaveLength(10);
  });

  test("a whole answer under the wrong content type is an answer", async () => {
    server.next.push((request, response) =>
      sends(completion(request), "text/plain")(request, response),
    );
    expect(brief(await open({ baseUrl: server.baseUrl }).ask(questions(1)))).toEqual(["Q0"]);
  });

  test("an empty text is an answer", async () => {
    server.next.push(
      answers((body) => (body["choices"] = [{ message: { content: "" }, finish_reason: "stop" }])),
    );
    expect(brief(await open({ baseUrl: server.baseUrl }).ask(questions(1)))).toEqual([""]);
  });

  test("a server that counts no tokens is estimated, with a notice that a replay repeats", async () => {
    server.otherwise = answers((body) => delete body["usage"]);
    const store = join(temporaryFolder(), "store.jsonl");
    const oracle = open({ baseUrl: server.baseUrl, store });
    await oracle.ask(questions(1));
    const again = open({ store });
    await again.ask(questions(1));
    for (const facts of [oracle.facts(), again.facts()]) {
      expect(facts.notices.join()).toContain("counts no tokens");
      expect(facts.usages).toEqual([
        { purpose: "masks", promptTokens: 17, completionTokens: 1, model: "m" },
      ]);
    }
  });
});

describe("another model than the one asked for", () => {
  const says = (name: unknown): Behaviour => answers((body) => (body["model"] = name));
  const substitutes = (outcomes: readonly OracleOutcome[]) =>
    outcomes.map((outcome) => outcome.kind === "answer" && (outcome.answer.substitute ?? null));

  test("is said of every answer, bought or replayed, and the answer counts: names cannot prove a model", async () => {
    server.next.push(says("m-mini"), says("m-2026"), says("someone/m"), says(null));
    const store = join(temporaryFolder(), "store.jsonl");
    for (const baseUrl of [server.baseUrl, null]) {
      const oracle = open({ baseUrl, store });
      const outcomes = await oracle.ask(questions(4));
      expect(brief(outcomes)).toEqual(["Q0", "Q1", "Q2", "Q3"]);
      expect(substitutes(outcomes)).toEqual(["m-mini", null, null, null]);
      expect(oracle.facts().notices).toEqual([
        'another model answered: "m" was asked for, and the server says that it is "m-mini"',
      ]);
    }
  });

  test("with a name as long as a book is shown by its beginning", async () => {
    server.next.push(says("x".repeat(100_000)));
    const oracle = open({ baseUrl: server.baseUrl });
    expect(substitutes(await oracle.ask(questions(1)))).toEqual(["x".repeat(120)]);
    expect(oracle.facts().notices[0]?.length).toBeLessThan(300);
  });
});
