import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AskingMode, OracleQuestion } from "../../src/domain.js";
import { BigramModel, decode } from "./bigram-model.js";
import { startBigramServer } from "./bigram-server.js";
import { fails, type ChatServer } from "./chat-server.js";
import { brief, open, temporaryFolder } from "./opening.js";

const model = new BigramModel();
let server: ChatServer;
beforeEach(async () => void (server = await startBigramServer(model)));
afterEach(() => server.close());

const storePath = (): string => join(temporaryFolder(), "answers.jsonl");
const asked = (content: string, mode?: AskingMode): OracleQuestion => ({
  purpose: "masks",
  messages: [{ role: "user", content }],
  ...(mode ? { mode } : {}),
});
const samples = (content: string, count: number): OracleQuestion[] =>
  Array.from({ length: count }, (_, draw) => asked(content, { kind: "sample", draw }));
const repeats = (content: string, count: number): OracleQuestion[] =>
  Array.from({ length: count }, (_, draw) => asked(content, { kind: "repeat", draw: draw + 1 }));
const bodies = () => server.requests.map(({ body }) => body);

describe("samples", () => {
  test("are drawn from the whole distribution at temperature 1, one seed a draw, without alternatives", async () => {
    await open({ baseUrl: server.baseUrl }).ask(samples("good", 2));
    const plain = { model: "m", messages: asked("good").messages, max_tokens: 16 };
    expect(bodies()).toEqual([
      { ...plain, temperature: 1, seed: 0, top_p: 1 },
      { ...plain, temperature: 1, seed: 1, top_p: 1 },
    ]);
  });

  test("come as often as the model says: Pearson's statistic over 40 prompts follows its law", async () => {
    const draws = 50;
    const oracle = open({ baseUrl: server.baseUrl, maxTokens: 1, concurrency: 8 });
    const prompts = Array.from({ length: 40 }, (_, index) =>
      ["good", "bad", "unclear"]
        .flatMap((cue, at) => ((index >> at) & 1 ? [cue] : []))
        .concat(`prompt ${index}`)
        .join(" "),
    );
    const outcomes = await oracle.ask(prompts.flatMap((prompt) => samples(prompt, draws)));
    const texts = brief(outcomes);
    const statistics = prompts.map((prompt, index) => {
      const drawn = texts.slice(index * draws, (index + 1) * draws);
      const law = model.next(asked(prompt).messages, []);
      return [0, 1, 2].reduce((sum, token) => {
        const expected = draws * Math.exp(law[token] as number);
        const count = drawn.filter((text) => text === decode([token])).length;
        return sum + (count - expected) ** 2 / expected;
      }, 0);
    });
    // Two degrees of freedom: P(X > x) = exp(-x / 2); the sum over prompts has mean 80 and standard deviation 12.6.
    const total = statistics.reduce((sum, each) => sum + each, 0);
    expect(total).toBeGreaterThan(80 - 2.6 * 12.65);
    expect(total).toBeLessThan(80 + 3.1 * 12.65);
    expect(Math.min(...statistics.map((each) => Math.exp(-each / 2)))).toBeGreaterThan(1e-4);
  }, 30_000);

  test("of one draw are asked once, and are neither the plain answer nor a repeat", async () => {
    const oracle = open({ baseUrl: server.baseUrl });
    const zero = asked("good", { kind: "sample", draw: 0 });
    await oracle.ask([zero, zero, asked("good"), ...repeats("good", 1), ...samples("good", 2)]);
    expect(server.requests).toHaveLength(4);
    expect(oracle.facts().usages).toHaveLength(4);
  });

  test("are asked for by the temperature alone where a server takes no top_p beside it, and found again", async () => {
    const whole = server.otherwise;
    const message = "temperature and top_p cannot both be specified";
    server.otherwise = (request, response) =>
      (request.body.top_p === undefined ? whole : fails(400, {}, { message }))(request, response);
    const store = storePath();
    const oracle = open({ baseUrl: server.baseUrl, store });
    const first = brief(await oracle.ask([...samples("good", 3), asked("good")]));
    expect(bodies().map((body) => [body.temperature, body.top_p, body.top_logprobs])).toEqual([
      [1, 1, undefined],
      [1, undefined, undefined],
      [1, undefined, undefined],
      [1, undefined, undefined],
      [0, undefined, 20],
    ]);
    expect(oracle.facts().notices).toEqual([
      "the server refuses top_p beside a temperature; asking for a temperature alone",
    ]);
    expect(brief(await open({ store }).ask([...samples("good", 3), asked("good")]))).toEqual(first);
  });
});

describe("repeats", () => {
  test("ask the plain question again, under a seed of their own", async () => {
    const outcomes = await open({ baseUrl: server.baseUrl }).ask([
      asked("good"),
      ...repeats("good", 2),
    ]);
    expect(new Set(brief(outcomes)).size).toBe(1);
    const plain = { messages: asked("good").messages, model: "m", max_tokens: 16, temperature: 0 };
    expect(bodies().slice(1)).toEqual([
      { ...plain, seed: 1 },
      { ...plain, seed: 2 },
    ]);
  });

  test.each([
    { kind: "repeat", draw: 0 },
    { kind: "repeat", draw: 1.5 },
    { kind: "sample", draw: -1 },
    { kind: "sample", draw: Number.NaN },
  ] as const)("%j is wrong use", async (mode) => {
    await expect(open({}).ask([asked("good", mode)])).rejects.toMatchObject({ code: "INTERNAL" });
  });
});

describe("recorded draws", () => {
  test("a run that was cut off at any answer goes on where it was, and pays for nothing twice", async () => {
    const store = storePath();
    const questions = [
      ...samples("good", 3),
      ...repeats("good", 2),
      asked("good", { kind: "score", response: "yes and" }),
      asked("good"),
    ];
    const whole = await open({ baseUrl: server.baseUrl, store }).ask(questions);
    const lines = readFileSync(store, "utf8").split("\n").slice(0, -1);
    expect(lines).toHaveLength(questions.length);
    for (let kept = 0; kept <= lines.length; kept += 1) {
      // Cut within the next line, as a kill does.
      const torn = lines[kept]?.slice(0, 40) ?? "";
      writeFileSync(
        store,
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join("") + torn,
      );
      const before = server.requests.length;
      const again = await open({ baseUrl: server.baseUrl, store }).ask(questions);
      expect(server.requests.length - before).toBe(questions.length - kept);
      expect(again.map((outcome) => outcome.kind === "answer" && outcome.answer)).toEqual(
        whole.map((outcome) => outcome.kind === "answer" && outcome.answer),
      );
    }
    const replay = await open({ store }).ask(questions);
    expect(replay.every((outcome) => outcome.kind === "answer" && !outcome.paid)).toBe(true);
  });
});
