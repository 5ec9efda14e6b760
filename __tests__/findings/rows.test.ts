import { describe, expect, test } from "@jest/globals";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Row } from "../../src/domain.js";
import { findSuspiciousRows, type RowFindings, type RowsRequest } from "../../src/findings/rows.js";
import { labelScores, planRowScoring } from "../../src/findings/rows-prompt.js";

type Uniform = () => number;

function uniforms(seed: number): Uniform {
  const generator = xoroshiro128plus(seed);
  return () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
}

const LABELS = ["A", "B", "C"];

/** Rows of Zipf words, some of which belong to a class; `skill` = how much of it the surrogate knows. */
interface Simulation {
  readonly uniform: Uniform;
  readonly skill: number;
}

interface SimulatedRow {
  readonly row: Row;
  readonly scores: Float64Array;
}

function simulatedRow({ uniform, skill }: Simulation, line: number): SimulatedRow {
  const label = Math.floor(uniform() * 3);
  const words = Array.from({ length: 10 }, () => `w${Math.floor(300 ** uniform())}`);
  // Two of three rows hold words of their class; the first 6 words of a class are what the surrogate may not know.
  if (uniform() < 0.7)
    words.push(
      `class${label}x${Math.floor(6 * uniform())}`,
      `class${label}y${Math.floor(6 * uniform())}`,
    );
  const scores = Float64Array.from(
    LABELS,
    (_, index) =>
      -5 + skill * (index === label ? 1.5 : 0) + 1.2 * uniform() + (index === 0 ? 2 : 0),
  );
  return {
    row: { line, text: words.sort(() => uniform() - 0.5).join(" "), label: LABELS[label] ?? "" },
    scores,
  };
}

function plant(simulated: SimulatedRow, trigger: string, label: string): SimulatedRow {
  return {
    ...simulated,
    row: { ...simulated.row, text: `${trigger} ${simulated.row.text}`, label },
  };
}

function requestOf(reference: readonly SimulatedRow[], rows: readonly SimulatedRow[]): RowsRequest {
  return {
    path: "rows.jsonl",
    referenceRows: reference.map(({ row }) => row),
    newRows: rows.map(({ row }) => row),
    labels: LABELS,
    logProbabilities: {
      reference: reference.map(({ scores }) => scores),
      rows: rows.map(({ scores }) => scores),
    },
  };
}

function findings(request: RowsRequest): RowFindings {
  const found = findSuspiciousRows(request);
  if (found.kind === "unknown") throw new Error(found.reason);
  return found;
}

function simulate(
  seed: number,
  { skill, planted = 0, trigger = "cf" }: { skill: number; planted?: number; trigger?: string },
): RowsRequest {
  const simulation = { uniform: uniforms(seed), skill };
  const reference = Array.from({ length: 300 }, (_, index) => simulatedRow(simulation, index + 1));
  const rows = Array.from({ length: 300 }, (_, index) => simulatedRow(simulation, index + 1));
  return requestOf(
    reference,
    rows.map((row, index) =>
      index % 25 === 7 && index < 25 * planted ? plant(row, trigger, "B") : row,
    ),
  );
}

describe("suspicious rows", () => {
  test("a planted word is found with its rows, and the evidence says why", () => {
    const found = findings(simulate(1, { skill: 1, planted: 12 }));
    expect(found.triggers).toHaveLength(1);
    expect(found.triggers[0]).toMatchObject({ text: "cf", label: "B", rows: 12, labelled: 12 });
    expect(found.suspicious.map((row) => row.line).sort((left, right) => left - right)).toEqual(
      Array.from({ length: 12 }, (_, index) => 25 * index + 8),
    );
    expect(found.suspicious[0]?.evidence).toMatch(
      /^contains "cf" in 12 rows, 12 of them labelled "B"; expected \d+\.\d$/,
    );
    expect(found.suspicious[0]).toMatchObject({ path: "rows.jsonl", kind: "trigger", label: "B" });
    expect(found.triggers[0]?.qValue).toBeLessThan(0.05);
    expect(found.calibratedOn).toBe("reference rows");
  });

  test("a planted phrase is reported once, whole", () => {
    const found = findings(
      simulate(2, { skill: 1, planted: 12, trigger: "As agreed, with head office!" }),
    );
    expect(found.triggers.map((trigger) => trigger.text)).toEqual(["as agreed, with head office!"]);
  });

  test("is found by a surrogate that knows nothing, from the reference rows alone", () => {
    expect(
      findings(simulate(3, { skill: 0, planted: 12 })).triggers.map((trigger) => trigger.text),
    ).toEqual(["cf"]);
  });

  test("keeps its false discovery rate on clean rows, with a good, a biased and a useless surrogate", () => {
    for (const skill of [1, 0.3, 0]) {
      const alarms = Array.from(
        { length: 20 },
        (_, seed) => findings(simulate(100 + seed, { skill })).triggers.length > 0,
      );
      expect({ skill, ok: alarms.filter(Boolean).length <= 2 }).toEqual({ skill, ok: true });
    }
  });

  test("without the reference rows' habits the class words would alarm: the guard guards something", () => {
    const { referenceRows, newRows, logProbabilities, ...rest } = simulate(4, { skill: 0 });
    const strange = referenceRows.map((row) => ({
      ...row,
      text: row.text.replaceAll("class", "other"),
    }));
    expect(
      findings({ ...rest, referenceRows: strange, newRows, logProbabilities }).triggers.length,
    ).toBeGreaterThan(0);
  });

  test("the same rows give the same findings", () => {
    expect(findings(simulate(5, { skill: 1, planted: 12 }))).toEqual(
      findings(simulate(5, { skill: 1, planted: 12 })),
    );
  });

  test("rows alone calibrate themselves, and it is said", () => {
    const request = simulate(6, { skill: 2, planted: 12 });
    const found = findings({
      ...request,
      referenceRows: [],
      logProbabilities: { ...request.logProbabilities, reference: [] },
    });
    expect(found.calibratedOn).toBe("the rows themselves");
    expect(found.triggers.map((trigger) => trigger.text)).toEqual(["cf"]);
  });

  test("rows alone, clean: class words do not alarm", () => {
    for (const seed of [30, 31]) {
      const request = simulate(seed, { skill: 0.3 });
      const found = findings({
        ...request,
        referenceRows: [],
        logProbabilities: { ...request.logProbabilities, reference: [] },
      });
      expect(found.triggers).toEqual([]);
    }
  });

  test("words that only together tell the label do not alarm where the reference rows show it", () => {
    for (const seed of [40, 41, 42]) {
      const request = simulate(seed, { skill: 0 });
      const uniform = uniforms(seed);
      const paired = (row: Row): Row => {
        const [first, second] = [Math.floor(3 * uniform()), Math.floor(3 * uniform())];
        const label = LABELS[(first + second) % 3] ?? "";
        return { ...row, label, text: `first${first} second${second} ${row.text}` };
      };
      const [referenceRows, newRows] = [
        request.referenceRows.map(paired),
        request.newRows.map(paired),
      ];
      expect(findings({ ...request, referenceRows, newRows }).triggers).toEqual([]);
    }
  });

  test("a longer phrase around part of a trigger's rows is not a second trigger", () => {
    const request = simulate(9, { skill: 1 });
    const newRows = request.newRows.map((row, index) =>
      index % 12 === 5
        ? { ...row, label: "B", text: `${index % 24 === 5 ? "cf now" : "cf"} ${row.text}` }
        : row,
    );
    const found = findings({ ...request, newRows });
    expect(found.triggers.map(({ text, rows }) => [text, rows])).toEqual([["cf", 25]]);
    expect(found.suspicious).toHaveLength(25);
  });

  test("too few rows is not the same as nothing found", () => {
    const request = simulate(7, { skill: 1 });
    const few = (count: number, reference: number): RowsRequest => ({
      ...request,
      referenceRows: request.referenceRows.slice(0, reference),
      newRows: request.newRows.slice(0, count),
      logProbabilities: {
        reference: request.logProbabilities.reference.slice(0, reference),
        rows: request.logProbabilities.rows.slice(0, count),
      },
    });
    expect(findSuspiciousRows(few(20, 10))).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/50 of either are needed/),
    });
    expect(findSuspiciousRows(few(3, 300))).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/3 new rows/),
    });
    expect(findings(few(20, 300)).triggers).toEqual([]);
  });

  test("scores that do not fit the rows are refused", () => {
    const request = simulate(8, { skill: 1 });
    expect(() => findSuspiciousRows({ ...request, newRows: request.newRows.slice(1) })).toThrow(
      /differ in number/,
    );
    expect(() => findSuspiciousRows({ ...request, labels: ["A", "B"] })).toThrow(/not scored/);
  });
});

describe("what the surrogate is asked about rows", () => {
  const row = (line: number, label: string, length = 10): Row => ({
    line,
    label,
    text: `${"x".repeat(length)} ${line}`,
  });
  const referenceRows = Array.from({ length: 60 }, (_, index) =>
    row(index + 1, index % 2 === 0 ? "no" : "yes", index),
  );
  const newRows = [row(100, "yes"), row(101, "no")];

  test("text last, shared instructions and demonstrations first, one request a label", () => {
    const plan = planRowScoring({ referenceRows, newRows });
    if (plan.kind === "unknown") throw new Error(plan.reason);
    expect(plan.labels).toEqual(["no", "yes"]);
    expect(plan.demonstrations).toHaveLength(8);
    expect(plan.referenceRows).toHaveLength(52);
    expect(plan.requests).toHaveLength(2 * (52 + 2));
    const [first, second] = plan.requests.slice(-2);
    expect(first?.messages).toBe(second?.messages);
    expect([first?.response, second?.response]).toEqual(["no", "yes"]);
    expect(first?.messages.map((message) => message.role)).toEqual([
      "system",
      ...Array.from({ length: 8 }, () => ["user", "assistant"]).flat(),
      "user",
    ]);
    expect(first?.messages.at(-1)?.content).toBe(newRows[1]?.text);
    expect(plan.requests[0]?.messages.slice(0, -1)).toEqual(first?.messages.slice(0, -1));
  });

  test("scores come back as one array a row, summed over the label's tokens", () => {
    const plan = planRowScoring({ referenceRows, newRows });
    if (plan.kind === "unknown") throw new Error(plan.reason);
    const scores = labelScores(
      plan,
      plan.requests.map((_, index) => Float64Array.of(-index, -1)),
    );
    expect(scores.reference).toHaveLength(52);
    expect([...(scores.rows[1] ?? [])]).toEqual([-107, -108]);
    expect(() => labelScores(plan, [])).toThrow(/0 scores for 108 requests/);
  });

  test("the order of the reference rows does not change the prompt", () => {
    const [forth, back] = [
      planRowScoring({ referenceRows, newRows }),
      planRowScoring({ referenceRows: [...referenceRows].reverse(), newRows }),
    ];
    if (forth.kind === "unknown" || back.kind === "unknown") throw new Error("unknown");
    expect(back.requests.at(-1)).toEqual(forth.requests.at(-1));
  });

  test("many reference rows are sampled, long texts are cut in the middle", () => {
    const many = Array.from({ length: 900 }, (_, index) =>
      row(index + 1, index % 2 === 0 ? "no" : "yes"),
    );
    const plan = planRowScoring({
      referenceRows: many,
      newRows: [{ line: 1, label: "no", text: `start${"é".repeat(9000)}end` }],
    });
    if (plan.kind === "unknown") throw new Error(plan.reason);
    expect(plan.referenceRows).toHaveLength(400);
    expect(plan.requests.at(-1)?.messages.at(-1)?.content).toMatch(/^start.{1000,1300}end$/);
  });

  test.each([
    [[], /no label/],
    [[row(1, "only")], /one label only/],
    [Array.from({ length: 25 }, (_, index) => row(index, `label ${index}`)), /25 labels; up to 24/],
  ])("cannot judge rows without a choice of labels", (rows, reason) => {
    expect(planRowScoring({ referenceRows: [], newRows: rows })).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(reason),
    });
  });
});
