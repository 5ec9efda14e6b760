/** Models that reason first, behind a real server: which text counts, what it cost, and what such models refuse. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OracleAnswer, OracleOutcome } from "../../src/domain.js";
import { splitReasoning, tokensOfAnswer } from "../../src/oracle/reasoning.js";
import { answers, fails, startChatServer, type Behaviour, type ChatServer } from "./chat-server.js";
import { brief, countingBudget, open, question, temporaryFolder } from "./opening.js";

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

const answerOf = (outcome: OracleOutcome | undefined): OracleAnswer | undefined =>
  outcome?.kind === "answer" ? outcome.answer : undefined;

interface Written {
  readonly message: Record<string, unknown>;
  readonly finish?: string;
  readonly tokens?: readonly string[];
  readonly reasoningTokens?: number;
}

/** A completion with this message; `tokens` become log-probabilities of -0.5 each. */
const writes = ({ message, finish = "stop", tokens, reasoningTokens }: Written): Behaviour =>
  answers((body) => {
    const content = tokens?.map((token) => ({
      token,
      logprob: -0.5,
      top_logprobs: [{ token, logprob: -0.5 }],
    }));
    body["choices"] = [{ message, finish_reason: finish, logprobs: content ? { content } : null }];
    body["usage"] = {
      prompt_tokens: 12,
      completion_tokens: 40,
      ...(reasoningTokens === undefined
        ? {}
        : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
    };
  });

const SAME = { content: "CARDS" };

describe("the final answer", () => {
  test.each<[string, Written, number | null]>([
    ["beside reasoning_content", { message: { ...SAME, reasoning_content: "Hm, CARDS?" } }, null],
    ["beside reasoning", { message: { ...SAME, reasoning: "Hm" }, reasoningTokens: 38 }, 38],
    ["after a block", { message: { content: "<think>\nBILLING?\n</think>\n\nCARDS" } }, null],
    ["after an opening in the prompt", { message: { content: "Hm.\n</think>\n\nCARDS" } }, null],
    ["with reasoning that is only counted", { message: SAME, reasoningTokens: 38 }, 38],
  ])("%s is the text, and the reasoning is said", async (_, written, tokens) => {
    server.otherwise = writes(written);
    const store = join(temporaryFolder(), "store.jsonl");
    const bought = open({ baseUrl: server.baseUrl, store });
    const [outcome] = await bought.ask([question("a")]);
    expect(answerOf(outcome)).toMatchObject({
      text: "CARDS",
      reasoning: { tokens },
      usage: { promptTokens: 12, completionTokens: 40 },
    });
    const replay = open({ store });
    expect(answerOf((await replay.ask([question("a")]))[0])).toEqual(answerOf(outcome));
    for (const oracle of [bought, replay])
      expect(oracle.facts().notices.join()).toContain("reasons before it answers");
    expect(readFileSync(store, "utf8")).not.toMatch(/think|Hm|BILLING/);
  });

  test("of a model that does not reason has no such mark", async () => {
    server.otherwise = writes({ message: SAME, reasoningTokens: 0 });
    const oracle = open({ baseUrl: server.baseUrl });
    expect(answerOf((await oracle.ask([question("a")]))[0])).not.toHaveProperty("reasoning");
    expect(oracle.facts().notices.join()).not.toContain("reasons");
  });

  test.each<[string, Written]>([
    ["a field", { message: { content: "CARDS", reasoning_content: "no CARDS" } }],
    ["a block", { message: { content: "<think>no CARDS</think>\n\nCARDS" } }],
  ])("keeps the log-probabilities of its own tokens, behind %s", async (_, written) => {
    const tokens = ["<think>", "no", " CARDS", "</think>", "\n\n", "CAR", "DS", "<|im_end|>"];
    server.otherwise = writes({ ...written, tokens });
    const [outcome] = await open({ baseUrl: server.baseUrl }).ask([question("a")]);
    expect(answerOf(outcome)?.logProbabilities?.map(({ token }) => token)).toEqual(["CAR", "DS"]);
  });

  test("has none where no tokens spell it, with a notice", async () => {
    server.otherwise = writes({
      message: { content: "CARDS", reasoning: "x" },
      tokens: ["x", "\n\nCARDS"],
    });
    const oracle = open({ baseUrl: server.baseUrl });
    expect(answerOf((await oracle.ask([question("a")]))[0])?.logProbabilities).toBeNull();
    expect(oracle.facts().notices.join()).toContain("no tokens with log-probabilities spell");
  });

  test("that never came is no answer: the message names the setting, and the tokens count as spent", async () => {
    const cut: readonly Record<string, unknown>[] = [
      { content: null, reasoning_content: "so" },
      { content: "", reasoning: "so" },
      { content: "<think>so many" },
    ];
    const budget = countingBudget();
    for (const message of cut) server.next.push(writes({ message, finish: "length" }));
    server.next.push(writes({ message: { content: "" }, finish: "length", reasoningTokens: 16 }));
    const store = join(temporaryFolder(), "store.jsonl");
    const outcomes = await open({ baseUrl: server.baseUrl, store, budget }).ask(
      [..."abcde"].map((text) => question(text)),
    );
    expect(brief(outcomes)).toEqual([...Array(4).fill("unusable"), "E"]);
    for (const outcome of outcomes.slice(0, 4))
      expect(outcome.kind === "refused" && outcome.message).toContain("raise oracle-max-tokens");
    expect(readFileSync(store, "utf8").trim().split("\n")).toHaveLength(1);
    expect(budget.settled.slice(0, 4)).toEqual(
      Array(4).fill(expect.objectContaining({ completionTokens: 16 })),
    );
  });

  test("is estimated with its reasoning where the server counts nothing", async () => {
    server.otherwise = answers((body) => {
      body["choices"] = [{ message: { content: "ab", reasoning: "r".repeat(28) } }];
      delete body["usage"];
    });
    const [outcome] = await open({ baseUrl: server.baseUrl }).ask([question("a")]);
    expect(answerOf(outcome)?.usage.completionTokens).toBe(10);
  });
});

describe("splitting", () => {
  test.each([
    ["plain", { text: "plain", reasoning: null }],
    ["see <think> in HTML", { text: "see <think> in HTML", reasoning: null }],
    ["<think></think>x", { text: "x", reasoning: "" }],
    ["a</think>b</think>c", { text: "b</think>c", reasoning: "a" }],
  ])("%j", (content, split) => {
    expect(splitReasoning({ content })).toEqual(split);
  });

  test("of a message with nothing in it", () => {
    expect(splitReasoning({ content: null })).toEqual({ text: null, reasoning: null });
  });

  test("an empty answer has no tokens", () => {
    expect(tokensOfAnswer([{ token: "" }], "")).toBeNull();
  });
});

describe("models that refuse what others need", () => {
  const LIMIT =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  const WARMTH =
    "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.";
  const LOGPROBS = "You are not allowed to request logprobs from this model";
  /** As OpenAI's reasoning models: one complaint at a time. */
  const refusing: Behaviour = (request, response) => {
    const { body } = request;
    const message =
      body.max_tokens !== undefined
        ? LIMIT
        : body.temperature !== undefined
          ? WARMTH
          : body.logprobs
            ? LOGPROBS
            : null;
    if (message !== null) return fails(400, {}, { message })(request, response);
    return writes({ message: SAME, reasoningTokens: 7 })(request, response);
  };
  const plain = (text: string) => ({
    model: "m",
    messages: [{ role: "user", content: text }],
    max_completion_tokens: 16,
  });

  test("are asked step by step for less, once, and their answers are found again", async () => {
    server.otherwise = refusing;
    const store = join(temporaryFolder(), "store.jsonl");
    const budget = countingBudget();
    const oracle = open({ baseUrl: server.baseUrl, store, budget });
    const repeat = { ...question("a"), mode: { kind: "repeat", draw: 1 } } as const;
    const sample = { ...question("a"), mode: { kind: "sample", draw: 3 } } as const;
    const questions = [question("a"), question("b"), repeat, sample];
    expect(brief(await oracle.ask(questions))).toEqual(Array(4).fill("CARDS"));
    const bodies = server.requests.map(({ body }) => body);
    expect(bodies).toHaveLength(8);
    expect(bodies.slice(4)).toEqual([
      { ...plain("a"), seed: 0 },
      { ...plain("b"), seed: 0 },
      { ...plain("a"), seed: 1 },
      { ...plain("a"), seed: 3, top_p: 1 },
    ]);
    expect(oracle.facts().notices).toEqual(
      expect.arrayContaining([
        "the server refuses max_tokens; asking with max_completion_tokens",
        "the server refuses a temperature; asking without, so that an answer may differ when it is asked for again",
      ]),
    );
    expect(budget.reserved[0]).toMatchObject({ completionTokens: 16 });
    const replayed = await open({ store }).ask(questions);
    expect(replayed.map((outcome) => outcome.kind === "answer" && !outcome.paid)).toEqual(
      Array(4).fill(true),
    );
  });

  test.each([
    "max_tokens is too large: 16. This model's maximum context length is 8 tokens; max_completion_tokens is supported up to 8.",
    "temperature must be between 0 and 2",
  ])("a question that is wrong in itself is no such refusal: %s", async (message) => {
    server.otherwise = fails(400, {}, { message });
    expect(brief(await open({ baseUrl: server.baseUrl }).ask([question("a")]))).toEqual([
      "unusable",
    ]);
    expect(server.requests).toHaveLength(1);
  });

  test("what is refused to the end fails, and is not asked for ever", async () => {
    server.otherwise = fails(400, {}, { message: WARMTH });
    expect(brief(await open({ baseUrl: server.baseUrl }).ask([question("a")]))).toEqual([
      "unusable",
    ]);
    expect(server.requests).toHaveLength(2);
  });
});
