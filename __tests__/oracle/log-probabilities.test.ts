import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OracleOutcome } from "../../src/domain.js";
import {
  answers,
  completion,
  fails,
  sends,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "./chat-server.js";
import { brief, open, question, temporaryFolder } from "./opening.js";

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

const scoresOf = (outcome: OracleOutcome | undefined) =>
  outcome?.kind === "answer" ? outcome.answer.logProbabilities : undefined;

/** Answers with these log-probabilities for the chosen token and its alternatives, as the JSON texts given. */
const scored =
  (chosen: string, ...alternatives: string[]): Behaviour =>
  (request, response) => {
    const top = alternatives.map((value, index) => `{"token":"t${index}","logprob":${value}}`);
    const content = `[{"token":"NaN, -Infinity","logprob":${chosen},"top_logprobs":[${top.join()}]}]`;
    sends(
      completion(
        request,
        (body) =>
          (body["choices"] = [
            { message: { content: "NaN" }, finish_reason: "stop", logprobs: { content: "HERE" } },
          ]),
      ).replace('"HERE"', content),
    )(request, response);
  };

describe("log-probabilities", () => {
  test("are sorted, bounded by 0, and keep seven significant digits", async () => {
    server.next.push(
      scored("0.0000001", "-7.123456789012", "-0.000000123456789", "-1e-12", "-0.0"),
    );
    const [outcome] = await open({ baseUrl: server.baseUrl }).ask([question("a")]);
    expect(scoresOf(outcome)?.[0]?.logProbability).toBe(0);
    expect(scoresOf(outcome)?.[0]?.top).toEqual([
      { token: "t3", logProbability: 0 },
      { token: "t2", logProbability: -1e-12 },
      { token: "t1", logProbability: -1.234568e-7 },
      { token: "t0", logProbability: -7.123457 },
    ]);
  });

  test.each([["null"], ['"NaN"'], ["NaN"], ["Infinity"], ["-Infinity"], ["0.5"], ['"-0.5"']])(
    "%s for a chosen token: none, with a notice",
    async (value) => {
      server.next.push(scored(value, "-1"));
      const oracle = open({ baseUrl: server.baseUrl });
      const outcomes = await oracle.ask([question("a")]);
      expect(brief(outcomes)).toEqual(["NaN"]);
      expect(scoresOf(outcomes[0])).toBeNull();
      expect(oracle.facts().notices).toEqual([expect.stringContaining("no number")]);
    },
  );

  test.each([["null"], ['"NaN"'], ["NaN"], ["0.5"]])(
    "%s for an alternative: none, with a notice",
    async (value) => {
      server.next.push(scored("-1", value, "-2"));
      const oracle = open({ baseUrl: server.baseUrl });
      expect(scoresOf((await oracle.ask([question("a")]))[0])).toBeNull();
      expect(oracle.facts().notices).toHaveLength(1);
    },
  );

  test("an alternative of probability 0 says nothing and is left out; texts keep their NaN", async () => {
    server.next.push(scored("-1", "-1", "-Infinity"));
    const [outcome] = await open({ baseUrl: server.baseUrl }).ask([question("a")]);
    expect(scoresOf(outcome)).toEqual([
      { token: "NaN, -Infinity", logProbability: -1, top: [{ token: "t0", logProbability: -1 }] },
    ]);
  });

  test.each([
    ["null", null],
    ["an empty list", { content: [] }],
    ["another form", { tokens: ["A"], token_logprobs: [-1] }],
    ["a wrong type", { content: [{ token: 5 }] }],
  ])(
    "%s instead of log-probabilities: none, with a notice, and the answer counts",
    async (_, logprobs) => {
      server.otherwise = answers(
        (body) =>
          (body["choices"] = [{ message: { content: "x" }, finish_reason: "stop", logprobs }]),
      );
      const oracle = open({ baseUrl: server.baseUrl });
      const outcomes = await oracle.ask([question("a"), question("b")]);
      expect(outcomes.map(scoresOf)).toEqual([null, null]);
      expect(oracle.facts().notices).toEqual(["the server gives no log-probabilities"]);
    },
  );
});

describe("a server that refuses them", () => {
  const refusing =
    (most: number): Behaviour =>
    (request, response) => {
      const asked = request.body.top_logprobs ?? 0;
      const message = `Invalid value for 'top_logprobs': must be at most ${most}`;
      return (asked > most ? fails(400, {}, { message }) : answers())(request, response);
    };
  const asked = (): (number | undefined)[] =>
    server.requests.map((request) => request.body.top_logprobs);
  const requestOf = (path: string): unknown =>
    JSON.parse(readFileSync(path, "utf8").split("\n")[0] ?? "").request;

  test("is asked for fewer, then for none, and remembered; the request is recorded as sent and found again", async () => {
    server.otherwise = refusing(0);
    const store = join(temporaryFolder(), "store.jsonl");
    const oracle = open({ baseUrl: server.baseUrl, store });
    const outcomes = await oracle.ask([question("a"), question("b")]);
    expect(brief(outcomes)).toEqual(["A", "B"]);
    expect(asked()).toEqual([20, 5, undefined, undefined]);
    expect(requestOf(store)).toEqual({
      model: "m",
      messages: [{ role: "user", content: "a" }],
      temperature: 0,
      max_tokens: 16,
      seed: 0,
    });
    expect(oracle.facts().notices).toHaveLength(2);
    expect(brief(await open({ store }).ask([question("a"), question("b")]))).toEqual(["A", "B"]);
  });

  test("five where it allows five", async () => {
    server.otherwise = refusing(5);
    const store = join(temporaryFolder(), "store.jsonl");
    const outcomes = await open({ baseUrl: server.baseUrl, store }).ask([
      question("a"),
      question("b"),
    ]);
    expect(outcomes.map((outcome) => scoresOf(outcome)?.length)).toEqual([1, 1]);
    expect(asked()).toEqual([20, 5, 5]);
    expect(brief(await open({ store }).ask([question("b")]))).toEqual(["B"]);
  });

  test("a richer recorded answer is preferred to a poorer one", async () => {
    const [poor, rich] = [join(temporaryFolder(), "poor"), join(temporaryFolder(), "rich")];
    await open({ baseUrl: server.baseUrl, store: rich }).ask([question("a")]);
    server.otherwise = refusing(0);
    await open({ baseUrl: server.baseUrl, store: poor }).ask([question("a")]);
    const [outcome] = await open({ recordings: [poor, rich] }).ask([question("a")]);
    expect(scoresOf(outcome)).not.toBeNull();
  });

  test("a 400 that says nothing about them is not answered with poorer questions", async () => {
    server.otherwise = fails(400, {}, { message: "context length exceeded" });
    expect(brief(await open({ baseUrl: server.baseUrl }).ask([question("a")]))).toEqual([
      "unusable",
    ]);
    expect(asked()).toEqual([20]);
  });
});
