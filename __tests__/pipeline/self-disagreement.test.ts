/** The oracle's disagreement with itself and the plan, measured by the pipeline behind a real server. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { OracleAnswer } from "../../src/domain.js";
import { askUnmasked } from "../../src/pipeline/oracle-values.js";
import { announceOutcome, announcePlan, planPrompt } from "../../src/pipeline/plan.js";
import type { Job } from "../../src/pipeline/ports.js";
import {
  measureSelfDisagreement,
  type DisagreementFields,
} from "../../src/pipeline/self-disagreement.js";
import { openStudy, type PromptStudy } from "../../src/pipeline/study.js";
import { countUsage, type CountingOracle } from "../../src/pipeline/usage.js";
import {
  answers,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "../oracle/chat-server.js";
import { countingBudget, open, temporaryFolder } from "../oracle/opening.js";
import { syntheticJob } from "./synthetic-job.js";

const PROMPT = "prompts/letters.md";
const TEXT = "Sort letters.\nBe kind.\n\nLetter: {{letter}}\n";
const INPUTS = 30;

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

/** Says "yes", and "no" to repeats of the inputs whose number ends in one of these digits. */
const wavers =
  (...digits: number[]): Behaviour =>
  (request, response) => {
    const { messages, seed } = request.body;
    const digit = Number(/(\d)\s*$/.exec(messages.at(-1)?.content ?? "")?.[1]);
    const content = seed !== 0 && digits.includes(digit) ? "no" : "yes";
    answers((body) => (body["choices"] = [{ message: { content }, finish_reason: "stop" }]))(
      request,
      response,
    );
  };

interface Given {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly said: string[];
}

async function given(settings: Readonly<Record<string, string>> = {}): Promise<Given> {
  const said: string[] = [];
  const base = syntheticJob({ "search-inputs": "20", ...settings }, { said });
  const inputs = Array.from({ length: INPUTS }, (_, index) => ({
    slots: { letter: `letter ${index}` },
    expected: index % 2 === 0 ? "yes" : "no",
  }));
  const read = async (path: string): Promise<string | null> =>
    path === "prompts/letters.inputs.jsonl"
      ? inputs.map((input) => `${JSON.stringify(input)}\n`).join("")
      : null;
  const job = { ...base, ports: { ...base.ports, workspace: { ...base.ports.workspace, read } } };
  return { job, study: await openStudy(job, PROMPT, TEXT), said };
}

interface Measured extends DisagreementFields {
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
}

async function measure({ job, study }: Given, oracle: CountingOracle): Promise<Measured> {
  const fixed = await askUnmasked(job, study, oracle, study.inputs?.search ?? []);
  return { oracle, fixed, ...(await measureSelfDisagreement(job, study, oracle, fixed)) };
}

const live = (): CountingOracle => countUsage(open({ baseUrl: server.baseUrl }));

describe("self-disagreement", () => {
  test("of a steady oracle: eight repeats by default, none changed", async () => {
    server.otherwise = wavers();
    const { selfDisagreement, oracle } = await measure(await given(), live());
    expect(selfDisagreement).toMatchObject({ inputs: 8, changed: 0, confidence: 0.95 });
    expect(selfDisagreement?.bound).toBeCloseTo(1 - 0.05 ** (1 / 8), 9);
    expect(oracle.usages().filter(({ purpose }) => purpose === "repeats")).toHaveLength(8);
    expect(oracle.usages()).toHaveLength(28);
  });

  test("of one that wavers counts each output that changed", async () => {
    server.otherwise = wavers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    const all = await measure(await given({ "oracle-repeats": "12" }), live());
    expect(all.selfDisagreement).toMatchObject({ inputs: 12, changed: 12, bound: 1 });
    server.otherwise = wavers(3);
    const whole = await measure(await given({ "oracle-repeats": "50" }), live());
    expect(whole.selfDisagreement?.inputs).toBe(20);
    const searched = (await given()).study.inputs?.search ?? [];
    const expected = searched.filter(({ slots }) => slots["letter"]?.endsWith("3")).length;
    expect(whole.selfDisagreement?.changed).toBe(expected);
    expect(expected).toBeGreaterThan(0);
  });

  test("asked for no repeats, or with a recording that lacks them, is not measured, and the run is whole", async () => {
    const none = await measure(await given({ "oracle-repeats": "0" }), live());
    expect(none.selfDisagreement).toBeNull();
    expect(none.selfDisagreementReason).toContain("oracle-repeats is 0");
    expect(none.oracle.usages()).toHaveLength(20);

    const store = join(temporaryFolder(), "store.jsonl");
    await measure(await given(), countUsage(open({ baseUrl: server.baseUrl, store })));
    const lines = readFileSync(store, "utf8").split("\n");
    writeFileSync(store, lines.filter((line) => !line.includes('"seed":1')).join("\n"));
    const replay = await measure(await given(), countUsage(open({ store })));
    expect(replay.selfDisagreementReason).toBe(
      "the recording holds no second answers to the whole prompt",
    );
    expect(replay.oracle.missing()).toEqual([]);
  });

  test("cut by the budget is measured on what was answered, and the rest is missing", async () => {
    server.otherwise = wavers();
    const budget = countingBudget(23);
    const cut = await measure(await given(), countUsage(open({ baseUrl: server.baseUrl, budget })));
    expect(cut.selfDisagreement).toMatchObject({ inputs: 3, changed: 0 });
    expect(cut.oracle.missing()).toEqual([
      expect.objectContaining({ purpose: "repeats", cause: "budget", questions: 5 }),
    ]);
  });
});

describe("the plan", () => {
  test("counts the steps of this prompt and says them, with the cap and the worse case", async () => {
    const { job, study, said } = await given({ "max-oracle-calls": "100", tolerance: "0.5" });
    const plan = planPrompt(job, study);
    expect(plan?.byPurpose).toEqual({
      "fixed outputs": 30,
      injections: 0,
      masks: 160,
      search: 120,
      certification: 40,
      control: 10,
      demonstrations: 0,
      "influence of demonstrations": 0,
      confirmation: 0,
      repeats: 8,
      base: 0,
    });
    expect(plan?.most.calls).toBe(368 + 9 + 7 * 160);
    const oracle = live();
    if (plan !== null) announcePlan(job, study, oracle, plan);
    expect(said[0]).toContain(
      `up to 368 calls to m at ${oracle.host} (30 fixed outputs, 160 masks`,
    );
    expect(said[0]).toContain("price unknown");
    expect(said[1]).toContain(`up to ${368 + 9 + 7 * 160} calls`);
    expect(said[2]).toContain("max-oracle-calls is 100");
    expect(server.requests).toHaveLength(0);
  });

  test("names the cap on money where the estimate is over it", async () => {
    const { job, study, said } = await given({
      "oracle-model": "m",
      "price-input-per-million": "1000",
      "price-output-per-million": "1000",
      "max-cost": "0.5",
    });
    const plan = planPrompt(job, study);
    expect(plan?.cost).toBeGreaterThan(0.5);
    if (plan !== null) announcePlan(job, study, live(), plan);
    expect(said.at(-1)).toBe("  max-cost is $0.5: what comes last is cut, and said to be");
  });

  test("of an explanation alone leaves out what it does not do", async () => {
    const { job, study } = await given();
    expect(planPrompt(job, study, "explanation")?.byPurpose).toMatchObject({
      "fixed outputs": 20,
      masks: 160,
      search: 0,
      certification: 0,
      control: 0,
      repeats: 0,
    });
  });

  test("is held against what was needed, step by step where they differ", async () => {
    const context = await given();
    const { job, study, said } = context;
    const plan = planPrompt(job, study);
    const { oracle } = await measure(context, live());
    if (plan !== null) announceOutcome(job, study, oracle, { plan, before: 2 });
    expect(said.at(-1)).toMatch(
      /^used for prompts\/letters\.md: 26 of \d+ planned answers, 312 of /,
    );
    expect(said.at(-1)).toContain("fixed outputs 18 of 30, masks 0 of 160");
    expect(said.at(-1)).not.toContain("repeats 8");
  });
});
