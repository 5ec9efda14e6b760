import { describe, expect, test } from "@jest/globals";
import type {
  AskingMode,
  Oracle,
  OracleOutcome,
  OracleQuestion,
  RefusalCause,
  ScoringAbility,
} from "../../src/domain.js";
import { countUsage } from "../../src/pipeline/usage.js";

const answer = (promptTokens: number): OracleOutcome => ({
  kind: "answer",
  paid: true,
  answer: {
    text: "yes",
    finishReason: "stop",
    logProbabilities: null,
    scored: null,
    usage: { promptTokens, completionTokens: 1 },
    model: "m",
  },
});
const question = (purpose: OracleQuestion["purpose"], mode?: AskingMode): OracleQuestion => ({
  purpose,
  messages: [{ role: "user", content: "q" }],
  ...(mode ? { mode } : {}),
});

function oracleOf(ability: ScoringAbility): Oracle {
  return {
    model: "m",
    host: "h",
    ask: async (questions) => questions.map((_, index) => answer(index)),
    canScore: async () => ability,
  };
}

test("the same messages asked in another way, or for another draw or text, count on their own", async () => {
  const counting = countUsage(oracleOf({ kind: "no", reason: "none", asked: [] }));
  await counting.ask([
    question("fixed outputs"),
    question("masks"),
    question("masks", { kind: "sample", draw: 0 }),
    question("masks", { kind: "sample", draw: 1 }),
    question("masks", { kind: "sample", draw: 1 }),
    question("repeats", { kind: "repeat", draw: 1 }),
    question("masks", { kind: "score", response: "yes" }),
    question("masks", { kind: "score", response: "no" }),
  ]);
  expect(counting.usages().map(({ purpose, promptTokens }) => [purpose, promptTokens])).toEqual([
    ["fixed outputs", 0],
    ["masks", 2],
    ["masks", 3],
    ["repeats", 5],
    ["masks", 6],
    ["masks", 7],
  ]);
});

test("what was asked to learn whether the oracle scores is counted; that it did not tell is no refusal", async () => {
  const refused: OracleOutcome = { kind: "refused", cause: "unavailable", message: "down" };
  const asked = [
    { question: question("fixed outputs"), outcome: answer(7) },
    { question: question("fixed outputs", { kind: "score", response: "yes" }), outcome: refused },
  ];
  const ability: ScoringAbility = { kind: "no", reason: "down", asked };
  const counting = countUsage(oracleOf(ability));
  await counting.ask([question("fixed outputs")]);
  expect(await counting.canScore([])).toEqual(ability);
  expect(counting.usages()).toHaveLength(1);
  const other = countUsage(oracleOf(ability));
  await other.canScore([]);
  expect(other.usages().map(({ promptTokens }) => promptTokens)).toEqual([7]);
  expect(other.refusals().size).toBe(0);
});

describe("questions without an answer", () => {
  const texts = (...contents: string[]): OracleQuestion[] =>
    contents.map((content) => ({ purpose: "masks", messages: [{ role: "user", content }] }));
  const refusing = (cause: RefusalCause, message = "no"): Oracle => ({
    ...oracleOf({ kind: "no", reason: "none", asked: [] }),
    ask: async (questions) => questions.map(() => ({ kind: "refused", cause, message })),
  });

  test("count once each, by step, cause and message, until they are answered", async () => {
    let inner = refusing("budget", "the cap is reached");
    const counting = countUsage({ ...inner, ask: (questions) => inner.ask(questions) });
    await counting.ask([...texts("a", "b", "a"), question("certification")]);
    await counting.ask(texts("a"));
    const cause = { cause: "budget", message: "the cap is reached" } as const;
    expect(counting.missing()).toEqual([
      { purpose: "masks", ...cause, questions: 2 },
      { purpose: "certification", ...cause, questions: 1 },
    ]);
    expect([...counting.refusals()]).toEqual([["the cap is reached", 3]]);
    inner = oracleOf({ kind: "no", reason: "none", asked: [] });
    await counting.ask(texts("a"));
    inner = refusing("unavailable");
    await counting.ask(texts("a"));
    expect(counting.missing()).toEqual([
      { purpose: "masks", ...cause, questions: 1 },
      { purpose: "certification", ...cause, questions: 1 },
    ]);
    expect(counting.usages()).toHaveLength(1);
  });

  test("that a run can do without are missing only where they were not just unrecorded", async () => {
    for (const [cause, missing] of [
      ["not recorded", 0],
      ["budget", 2],
    ] as const) {
      const counting = countUsage(refusing(cause));
      await counting.askIfThere(texts("a", "b"));
      expect(counting.missing().reduce((sum, { questions }) => sum + questions, 0)).toBe(missing);
    }
  });
});

test("what the server says of itself is gathered from distinct answers", async () => {
  const said = (extra: object): OracleOutcome => {
    const plain = answer(1);
    return plain.kind === "answer" ? { ...plain, answer: { ...plain.answer, ...extra } } : plain;
  };
  const outcomes = [said({ reasoning: { tokens: 3 } }), said({ substitute: "z" }), said({})];
  const counting = countUsage({
    ...oracleOf({ kind: "no", reason: "none", asked: [] }),
    ask: async (questions) =>
      questions.map(({ messages }) => outcomes[Number(messages[0]?.content)] ?? answer(1)),
  });
  await counting.ask(
    ["0", "1", "2", "0"].map((content) => ({
      purpose: "masks",
      messages: [{ role: "user", content }],
    })),
  );
  expect(counting.manners()).toEqual({ reasoned: 1, substitutes: ["z"] });
});
