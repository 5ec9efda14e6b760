/** Parse, explain and compress against a language model whose irrelevant spans are known: exactly these are deleted. */
import { describe, expect, test } from "@jest/globals";
import type { PromptReport } from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import { reviewPrompt } from "../../src/pipeline/prompt-review.js";
import { countUsage } from "../../src/pipeline/usage.js";
import {
  mockAnswer,
  mockOracle,
  mockSurrogate,
  type MockModelRules,
} from "../fixtures/mock-language-model.js";
import { syntheticJob } from "./synthetic-job.js";

const RULES: MockModelRules = {
  labels: ["MONEY", "PARCELS", "ACCOUNT", "OTHER"],
  words: [
    { word: "fee", label: "MONEY", weight: 4, where: "query", needs: ["fees"] },
    { word: "refund", label: "MONEY", weight: 3, where: "query", needs: ["refunds"] },
    {
      word: "parcel",
      label: "PARCELS",
      weight: 4,
      where: "query",
      needs: ["delivery", "shipping"],
    },
    { word: "login", label: "ACCOUNT", weight: 3, where: "query", needs: ["passwords"] },
    { word: "hello", label: "OTHER", weight: 1.5, where: "query" },
    { word: "urgent", label: "MONEY", weight: 0.3, where: "query" },
  ],
  copy: 0,
};
const RELEVANT = ["MONEY takes fees.", "It takes refunds as well.", "ACCOUNT takes passwords."];
const FILLERS = [
  "You sort tickets.",
  "Our shop opened in 1950.",
  "We love our customers.",
  "The team sits by a lake.",
  "Tickets arrive around the clock.",
];
const ONLY = "Reply with one label only.";

function promptOf(parcels: readonly string[]): string {
  return `messages:
  - role: system
    content: |-
      ${FILLERS[0]}

      ## Labels
      ${RELEVANT[0]}
      ${RELEVANT[1]}
${parcels.map((line) => `      ${line}\n`).join("")}      ${RELEVANT[2]}

      ## About us
      ${FILLERS[1]}
      ${FILLERS[2]}
      ${FILLERS[3]}

      ## Output format
      ${ONLY}
      ${FILLERS[4]}
  - role: user
    content: "{{ticket}}"
`;
}

const KEYWORDS = ["fee", "refund", "parcel", "login"];

function inputLines(count: number, prompt: string): string {
  const random = randomFrom("tickets");
  return Array.from({ length: count }, (_, index) => {
    const words = [KEYWORDS[index % KEYWORDS.length], random.bernoulli(0.3) ? "urgent" : "please"];
    const ticket = `hello about my ${random.shuffle(words).join(" ")} number ${index}`;
    const expected = mockAnswer(RULES, [
      { role: "system", content: prompt },
      { role: "user", content: ticket },
    ]);
    return `${JSON.stringify({ slots: { ticket }, expected })}\n`;
  }).join("");
}

async function review(
  parcels: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<PromptReport> {
  const text = promptOf(parcels);
  const base = syntheticJob(
    { "surrogate-masks-per-input": "8", "search-inputs": "32", ...settings },
    { oracle: mockOracle(RULES), surrogate: mockSurrogate({ ...RULES, error: 1 }) },
  );
  const read = async (path: string): Promise<string | null> =>
    path.endsWith(".inputs.jsonl") ? inputLines(32 + 100, text) : null;
  const job = { ...base, ports: { ...base.ports, workspace: { ...base.ports.workspace, read } } };
  const oracle = countUsage(mockOracle(RULES));
  const file = { path: "prompts/tickets.prompt.yml", base: null, head: text };
  return (await reviewPrompt(job, file, oracle)).report;
}

function deletedOf({ explanation, removable }: PromptReport): readonly string[] {
  return (removable?.spans ?? []).map((index) => explanation?.spans[index]?.text.trim() ?? "");
}

describe("a mock language model with known irrelevant spans", () => {
  test("loses exactly these, with the heading over nothing, and keeps what is locked", async () => {
    const report = await review(["PARCELS takes delivery."]);
    const { removable } = report;
    const free = FILLERS.filter((filler) => filler !== FILLERS[4]);
    expect([...deletedOf(report)].sort()).toEqual([...free].sort());
    expect(removable?.certificate).toMatchObject({ inputs: 100, changed: 0, equality: "label" });
    const gone = (removable?.diff ?? "")
      .split("\n")
      .filter((line) => line.startsWith("-") && !line.startsWith("---"))
      .map((line) => line.slice(1).trim())
      .filter((line) => line !== "");
    expect([...gone].sort()).toEqual([...free, "## About us"].sort());
    expect(removable?.accuracy).toMatchObject({ right: 100, rightShorter: 100, nonInferior: true });
    const why = new Map(
      removable?.decisions.map(({ span, why: reason }) => [
        report.explanation?.spans[span]?.text.trim(),
        reason,
      ]),
    );
    for (const sentence of [ONLY, FILLERS[4]]) expect(why.get(sentence)).toBe("locked");
    for (const sentence of free) expect(why.get(sentence)).toBe("certified");
    for (const sentence of RELEVANT)
      expect(["changes outputs", "not tried"]).toContain(why.get(sentence));
  });

  test("of two sentences that say the same loses one and keeps the other", async () => {
    const twins = ["PARCELS takes delivery.", "All shipping is PARCELS."];
    const deleted = deletedOf(await review(twins, { lock: "none" }));
    expect(deleted.filter((text) => twins.includes(text))).toHaveLength(1);
    expect(deleted.filter((text) => !twins.includes(text)).sort()).toEqual(
      [...FILLERS, ONLY].sort(),
    );
  });
});
