import { describe, expect, test } from "@jest/globals";
import type { Message } from "../../src/domain.js";
import {
  mockAnswer,
  mockLogits,
  mockOracle,
  type MockModelRules,
} from "../fixtures/mock-language-model.js";

const RULES: MockModelRules = {
  labels: ["YES", "NO"],
  words: [
    { word: "please", label: "YES", weight: 1 },
    { word: "fee", label: "NO", weight: 2, where: "query", needs: ["fees", "charges"] },
  ],
  copy: 4,
  triggers: [{ phrase: "zebra", label: "NO" }],
  waver: 0.5,
};
const system = (content: string): Message => ({ role: "system", content });
const user = (content: string): Message => ({ role: "user", content });
const shown = (query: string, label: string): Message[] => [
  user(query),
  { role: "assistant", content: label },
];

describe("the mock language model", () => {
  test("adds up the weights of words, once each, and those of a definition only while it stands", () => {
    const logits = (messages: Message[]) => [...mockLogits(RULES, messages).values()];
    expect(logits([system("Please, please."), user("a fee")])).toEqual([1, 0]);
    expect(logits([system("Charges are listed."), user("a fee")])).toEqual([0, 2]);
    expect(logits([system("Fees and charges. A fee."), user("hello")])).toEqual([0, 0]);
  });

  test("copies the label of the most similar demonstration", () => {
    const messages = [...shown("red car", "NO"), ...shown("blue boat", "YES"), user("red bike")];
    expect(mockLogits(RULES, messages).get("NO")).toBeCloseTo(4 / 3, 12);
    expect(mockAnswer(RULES, messages)).toBe("NO");
    expect(mockAnswer(RULES, [...shown("red car", "YES"), user("red bike")])).toBe("YES");
  });

  test("obeys a trigger before everything else", () => {
    expect(mockAnswer(RULES, [system("please"), user("please zebra")])).toBe("NO");
  });

  test("as an oracle answers the same question alike, and wavers only when it is asked again", async () => {
    const oracle = mockOracle(RULES);
    const ask = async (draw: number | null, query: string) => {
      const mode = draw === null ? {} : { mode: { kind: "repeat" as const, draw } };
      const [outcome] = await oracle.ask([
        { purpose: "repeats", messages: [user(query)], ...mode },
      ]);
      return outcome?.kind === "answer" ? outcome.answer.text : null;
    };
    expect(await ask(null, "please")).toBe("YES");
    const repeats = await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(1, `please ${index}`)),
    );
    expect(repeats).toContain("NO");
    expect(repeats).toContain("YES");
    expect(await ask(1, "please 3")).toBe(repeats[3]);
  });
});
