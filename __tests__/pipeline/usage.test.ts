import { expect, test } from "@jest/globals";
import type {
  AskingMode,
  Oracle,
  OracleOutcome,
  OracleQuestion,
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
