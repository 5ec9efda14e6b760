/** Values of every kind, asked of a server whose language model is known in closed form. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { fromStrings, resolveSettings } from "../../src/config.js";
import type { OracleAnswer } from "../../src/domain.js";
import { logOddsOfText, similarity } from "../../src/explain/values.js";
import type { OracleOptions } from "../../src/oracle/oracle.js";
import { askUnmasked, measureMasks, type OracleValues } from "../../src/pipeline/oracle-values.js";
import type { Job } from "../../src/pipeline/ports.js";
import { openStudy, renderMasked, type PromptStudy } from "../../src/pipeline/study.js";
import { countUsage, type CountingOracle } from "../../src/pipeline/usage.js";
import { BigramModel, decode, likeliest } from "../oracle/bigram-model.js";
import { startBigramServer, type Scoring } from "../oracle/bigram-server.js";
import type { ChatServer } from "../oracle/chat-server.js";
import { open } from "../oracle/opening.js";

const INPUTS = 10;
const MASKS = 4;
const model = new BigramModel();

let server: ChatServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

/** Ten letters under four sentences; with labels where they come with expected outputs. */
function promptFile(labelled: boolean): string {
  const tests = Array.from({ length: INPUTS }, (_, index) => {
    const cue = ["good", "bad", "unclear"][index % 3];
    const expected = ["yes", "no", "perhaps"][index % 3];
    return `  - letter: "letter ${index} is ${cue}"\n${labelled ? `    expected: "${expected}"\n` : ""}`;
  });
  return `messages:
  - role: system
    content: |-
      Whoever is good gets a good answer.
      The kettle stands on the left.
      What is bad has a bad end.
      Please say so where things are unclear.
  - role: user
    content: "{{letter}}"
testData:
${tests.join("")}`;
}

interface Measured {
  readonly values: OracleValues;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
}

async function measured(setup: {
  readonly scoring?: Scoring;
  readonly labelled?: boolean;
  /** Whether the server gives log-probabilities of what it writes. */
  readonly logprobs?: boolean;
  /** What the server says instead of its own answer, by the seed; null: nothing else. */
  readonly wavering?: (seed: number) => string | null;
  readonly oracle?: Partial<OracleOptions>;
  readonly samples?: number;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<Measured> {
  const { scoring = "truthful", labelled = false, logprobs = true } = setup;
  server = await startBigramServer(model, scoring);
  const truthful = server.otherwise;
  server.otherwise = (request, response) => {
    const other = setup.wavering?.(request.body.seed ?? 0) ?? null;
    if (other === null)
      return truthful(
        logprobs ? request : { ...request, body: { ...request.body, logprobs: false } },
        response,
      );
    response.end(
      JSON.stringify({ choices: [{ message: { content: other }, finish_reason: "stop" }] }),
    );
  };
  const job = {
    ports: { say: () => undefined },
    settings: resolveSettings(
      fromStrings(
        {
          "search-inputs": "8",
          "masks-per-input": String(MASKS),
          "samples-per-mask": String(setup.samples ?? 8),
          ...setup.settings,
        },
        "--",
      ),
    ),
  } as unknown as Job;
  const study = await openStudy(job, "letters.prompt.yml", promptFile(labelled));
  const oracle = countUsage(
    open({ baseUrl: server.baseUrl, maxTokens: labelled ? 1 : 6, ...setup.oracle }),
  );
  const fixed = await askUnmasked(job, study, oracle, study.inputs?.search ?? []);
  const values = await measureMasks(job, study, oracle, fixed);
  return { values, study, oracle, fixed };
}

const messagesOf = ({ values, study }: Measured, row: number) => {
  const { input, mask } = values.rows[row] as OracleValues["rows"][number];
  const position = values.inputs[input] as number;
  const found = study.inputs?.search[position];
  if (!found) throw new Error("no such input");
  return { messages: renderMasked(study, mask, found), position };
};
const modes = () => (server?.requests ?? []).map(({ body }) => body);
const samples = () => modes().filter((body) => body.temperature === 1);
const repeats = () => modes().filter((body) => body.temperature === 0 && (body.seed ?? 0) > 0);
const countOf = (oracle: CountingOracle, purpose: string) =>
  oracle.usages().filter((usage) => usage.purpose === purpose).length;

describe("kind (b): log-odds of the fixed output", () => {
  test("are those of the model, under every mask, for answers of any length", async () => {
    const all = await measured({});
    const { values, fixed, oracle } = all;
    expect(values).toMatchObject({ kind: "log-odds", noise: null, asked: 8 * MASKS });
    expect(values.kindReason).toContain("free text");
    expect(values.rows).toHaveLength(8 * MASKS);
    values.rows.forEach((row, index) => {
      const { messages, position } = messagesOf(all, index);
      const exact = model.score(messages, fixed[position]?.text ?? "");
      expect(row.value).toBeCloseTo(logOddsOfText(Float64Array.from(exact)), 5);
      expect(row.bounded).toBe(false);
    });
    expect(new Set(values.rows.map((row) => row.value)).size).toBeGreaterThan(4);
    expect(repeats()).toHaveLength(0);
    expect(samples()).toHaveLength(0);
    // Two scores tell whether the server can: of the first fixed output, and of another beginning of it.
    expect(countOf(oracle, "fixed outputs")).toBe(8 + 2);
    expect(oracle.usages().length).toBe(server?.requests.length);
  });

  test("are not asked for where alternatives of labels are listed: kind (a) asks what it always asked", async () => {
    const { values } = await measured({ labelled: true });
    expect(values).toMatchObject({ kind: "class-margin", noise: null, asked: 8 * MASKS });
    for (const body of modes())
      expect(Object.keys(body).sort()).toEqual([
        "logprobs",
        "max_tokens",
        "messages",
        "model",
        "seed",
        "temperature",
        "top_logprobs",
      ]);
    expect(modes().every((body) => body.temperature === 0 && body.seed === 0)).toBe(true);
  });

  test("a prompt that the server did not score has no value, and the others keep theirs", async () => {
    let scored = 0;
    const all = await measured({
      wavering: (seed) => (seed === 0 && (scored += 1) === 15 ? "not a score" : null),
    });
    expect(all.values.kind).toBe("log-odds");
    expect(all.values.rows).toHaveLength(8 * MASKS - 1);
  });
});

describe("kind (d): log-odds of the fixed label among samples", () => {
  test("count the draws that give the label, with the variance of such a count", async () => {
    const all = await measured({ labelled: true, logprobs: false, samples: 6 });
    const { values, oracle } = all;
    expect(values).toMatchObject({
      kind: "sampled-log-odds",
      noise: null,
      masked: 8 * MASKS,
      asked: 8 * MASKS * 6,
    });
    expect(values.kindReason).toMatch(/6 answers at temperature 1.*given text is not scored/);
    for (const row of values.rows) {
      const agreeing = 7 / (1 + Math.exp(-row.value)) - 0.5;
      expect(agreeing).toBeCloseTo(Math.round(agreeing), 9);
      expect(row.variance).toBeCloseTo(1 / (agreeing + 0.5) + 1 / (6.5 - agreeing), 9);
    }
    expect(new Set(samples().map((body) => body.seed))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(oracle.usages().length).toBe(server?.requests.length);
  });

  test("follow the model's probability of the label", async () => {
    const draws = 24;
    const all = await measured({
      labelled: true,
      logprobs: false,
      samples: draws,
      oracle: { concurrency: 8 },
    });
    const standardised = all.values.rows.map((row, index) => {
      const { messages, position } = messagesOf(all, index);
      const label = all.fixed[position]?.text ?? "";
      const law = model.next(messages, []);
      const p = Math.exp(law[[0, 1, 2].find((token) => decode([token]) === label) ?? 0] as number);
      const agreeing = (draws + 1) / (1 + Math.exp(-row.value)) - 0.5;
      return (agreeing - draws * p) / Math.sqrt(draws * p * (1 - p));
    });
    const distinct = new Map(
      standardised.map((value, index) => [JSON.stringify(messagesOf(all, index).messages), value]),
    );
    const squares = [...distinct.values()].map((value) => value ** 2);
    const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    // Chi-square with one degree of freedom each: mean 1, standard deviation sqrt(2 / count).
    expect(Math.abs(mean - 1)).toBeLessThan(3 * Math.sqrt(2 / squares.length));
    expect(Math.max(...squares)).toBeLessThan(16);
  });

  test("a prompt with draws missing counts those it has, and with one draw or none has no value", async () => {
    const samplesOf = 4;
    const before = 8;
    const all = await measured({
      labelled: true,
      logprobs: false,
      samples: samplesOf,
      oracle: { budget: capped(before + 2 * samplesOf + 3) },
    });
    const distinct = new Set(
      all.values.rows.map((_, index) => JSON.stringify(messagesOf(all, index).messages)),
    );
    expect(distinct.size).toBe(3);
    // From value and variance: (x + 1/2) / (n + 1) = s, and the variance is 1 / ((n + 1) s (1 - s)).
    const drawn = all.values.rows.map(({ value, variance = 0 }) => {
      const share = 1 / (1 + Math.exp(-value));
      return Math.round(1 / (variance * share * (1 - share))) - 1;
    });
    expect(new Set(drawn)).toEqual(new Set([samplesOf, 3]));
    await server?.close();
    const fewer = await measured({
      labelled: true,
      logprobs: false,
      samples: samplesOf,
      oracle: { budget: capped(before + 2 * samplesOf + 1) },
    });
    expect(fewer.values.rows.length).toBe(
      all.values.rows.length - drawn.filter((n) => n === 3).length,
    );
  });

  test("fewer than two samples are none: then similarity", async () => {
    const { values } = await measured({
      labelled: true,
      logprobs: false,
      samples: 1,
    });
    expect(values.kind).toBe("similarity");
    expect(samples()).toHaveLength(0);
  });
});

describe("kind (c): similarity, and its noise", () => {
  test("a steady oracle has none: three repeats of each of eight inputs, all the same", async () => {
    const all = await measured({ scoring: "ignores" });
    expect(all.values).toMatchObject({
      kind: "similarity",
      noise: { kind: "estimated", variance: 0, degreesOfFreedom: 16 },
    });
    expect(repeats()).toHaveLength(24);
    expect(countOf(all.oracle, "repeats")).toBe(24);
    expect(countOf(all.oracle, "masks")).toBeLessThanOrEqual(8 * MASKS);
    all.values.rows.forEach((row, index) => {
      const { messages, position } = messagesOf(all, index);
      const tokens = model.write(messages, 6, likeliest).map(({ token }) => token);
      const text = decode(tokens).replace("<|end|>", "");
      expect(row.value).toBe(similarity(text, all.fixed[position]?.text ?? ""));
    });
  });

  test("an oracle that says something else on one repeat of three has the variance of that", async () => {
    const all = await measured({
      scoring: "ignores",
      wavering: (seed) => (seed === 2 ? "nothing alike" : null),
    });
    // Values 1, 0, 1 for each input: squares 2/3 over 2 degrees of freedom.
    const { noise } = all.values;
    expect(noise).toMatchObject({ kind: "estimated", degreesOfFreedom: 16 });
    expect(noise?.kind === "estimated" && noise.variance).toBeCloseTo(1 / 3, 12);
  });

  test.each([
    [
      { "answer-check": "exact" },
      (text: string, fixed: string) => Number(text.trim() === fixed.trim()),
    ],
    [
      { "answer-check": "pattern", "answer-pattern": "^(.)" },
      (text: string, fixed: string) => Number(text.trim()[0] === fixed.trim()[0]),
    ],
  ])("the user's own check %j decides what agrees", async (settings, agrees) => {
    const all = await measured({ scoring: "ignores", settings });
    const expected = all.values.rows.map((_, index) => {
      const { messages, position } = messagesOf(all, index);
      const tokens = model.write(messages, 6, likeliest).map(({ token }) => token);
      return agrees(decode(tokens).replace("<|end|>", ""), all.fixed[position]?.text ?? "");
    });
    expect(all.values.rows.map(({ value }) => value)).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
  });

  test.each([
    [{ "answer-check": "pattern" }, /answer-pattern is missing/],
    [{ "answer-pattern": "a" }, /answer-check is words/],
    [{ "answer-check": "pattern", "answer-pattern": "(" }, /regular expression/i],
  ])("%j is refused", async (settings, message) => {
    await expect(measured({ scoring: "ignores", settings })).rejects.toThrow(message);
  });

  test("without repeats, for lack of budget, the noise is unknown, never 0", async () => {
    const all = await measured({
      scoring: "ignores",
      oracle: { budget: capped(8 + 1 + 8 * MASKS) },
    });
    expect(all.values.kind).toBe("similarity");
    expect(all.values.noise).toMatchObject({ kind: "unknown" });
  });
});

/** Grants the first calls only. */
function capped(calls: number): OracleOptions["budget"] {
  let reserved = 0;
  return {
    reserve: () =>
      (reserved += 1) > calls
        ? { kind: "refused", message: "the cap is reached" }
        : { kind: "granted", reservation: reserved },
    settle: () => undefined,
  };
}
