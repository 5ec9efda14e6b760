/** The ledger against the shipped recording: every token that a line holds, and no other. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { z } from "zod";
import { buildLedger } from "../../src/cost/ledger.js";
import { createPricing } from "../../src/cost/prices.js";
import type { OraclePurpose, OracleQuestion } from "../../src/domain.js";
import { countUsage } from "../../src/pipeline/usage.js";
import { brief, countingBudget, open } from "./opening.js";

const EXAMPLE = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../examples/ticket-triage/head/oracle.recording.jsonl",
);
const PURPOSES: readonly OraclePurpose[] = ["fixed outputs", "masks", "certification"];

/** Read here on its own, not by the code that is tested. */
const lines = readFileSync(EXAMPLE, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) =>
    z
      .object({
        request: z.object({
          model: z.string(),
          max_tokens: z.number(),
          seed: z.number(),
          messages: z.array(
            z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() }),
          ),
        }),
        usage: z.object({ promptTokens: z.number(), completionTokens: z.number() }),
      })
      .parse(JSON.parse(line)),
  );
const sum = (pick: (usage: (typeof lines)[number]["usage"]) => number): number =>
  lines.reduce((total, { usage }) => total + pick(usage), 0);

test("adds up to the recorded usage to the token, whoever asks how often, and to the cent", async () => {
  const { model, max_tokens: maxTokens } = lines[0]?.request ?? { model: "", max_tokens: 0 };
  const budget = countingBudget(0);
  const opened = open({ model, maxTokens, recordings: [EXAMPLE], budget });
  const oracle = countUsage(opened);
  const questions = lines.map(({ request }, index): OracleQuestion => ({
    purpose: PURPOSES[index % PURPOSES.length] ?? "masks",
    messages: request.messages,
    ...(request.seed > 0 ? { mode: { kind: "repeat", draw: request.seed } } : {}),
  }));
  const outcomes = await oracle.ask(questions);
  await oracle.ask(questions.slice(0, 100));
  expect(outcomes.every(({ kind }) => kind === "answer")).toBe(true);
  expect(brief(outcomes)).toHaveLength(lines.length);

  const { oracle: used } = buildLedger({
    usages: oracle.usages(),
    price: createPricing({ [model]: { inputPerMillion: 2, outputPerMillion: 10 } }),
    surrogate: null,
    explainedInputs: 0,
  });
  const prompt = sum(({ promptTokens }) => promptTokens);
  const completion = sum(({ completionTokens }) => completionTokens);
  expect(used).toMatchObject({
    calls: lines.length,
    promptTokens: prompt,
    completionTokens: completion,
    cost: expect.closeTo((2 * prompt + 10 * completion) / 1e6, 9),
  });
  for (const field of ["calls", "promptTokens", "completionTokens"] as const)
    expect(Object.values(used.byPurpose).reduce((total, part) => total + part[field], 0)).toBe(
      used[field],
    );
  expect(opened.facts()).toMatchObject({ paid: 0, cached: lines.length, notices: [] });
  expect(budget.reserved).toEqual([]);
});
