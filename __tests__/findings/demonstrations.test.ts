import { describe, expect, test } from "@jest/globals";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import {
  judgeDemonstrations,
  labelAnswer,
  type DemonstrationsRequest,
  type LabelAnswer,
} from "../../src/findings/demonstrations.js";

const LABELS = ["CARD", "CASH", "OTHER"];

function answer(...logProbabilities: (number | null)[]): LabelAnswer {
  return { logProbabilities, bounded: logProbabilities.map(() => false) };
}

function requestOf(
  labels: readonly string[],
  answers: readonly (LabelAnswer | null)[],
  more: Partial<DemonstrationsRequest> = {},
): DemonstrationsRequest {
  const demonstrations = labels.map((label, index) => ({
    span: 10 + index,
    startLine: 20 + index,
    input: `text ${index}`,
    label,
  }));
  return {
    demonstrations,
    labels: LABELS,
    answers,
    contentFree: answer(-1, -1, -1),
    baseError: null,
    ...more,
  };
}

const agreeing = [answer(-0.1, -3, -4), answer(-3, -0.1, -4), answer(-4, -3, -0.1)];

describe("suspicious demonstrations", () => {
  test("names the label that the oracle contradicts, what it would say, and how sure that is", () => {
    const found = judgeDemonstrations(
      requestOf(["CARD", "CASH", "OTHER", "CARD"], [...agreeing, answer(-4, -0.1, -3)], {
        baseError: { wrong: 3, answered: 40 },
      }),
    );
    expect(found).toMatchObject({
      kind: "demonstrations",
      judged: 4,
      unanswered: 0,
      suspicious: [{ span: 13, startLine: 23, kind: "label", label: "CARD", suggested: "CASH" }],
    });
    if (found.kind === "unknown") throw new Error(found.reason);
    expect(found.suspicious[0]?.score).toBeCloseTo(-3.9, 12);
    expect(found.suspicious[0]?.evidence).toBe(
      'asked without demonstrations, the oracle puts "CARD" −3.9 nats against the best other label, −3.9 after subtracting its answer to "N/A"; it would say "CASH"',
    );
    expect(found.suspicious[0]?.errorRate).toMatch(/wrong on 3 of 40 labelled inputs/);
  });

  test("nothing found is a value", () => {
    expect(judgeDemonstrations(requestOf(["CARD", "CASH", "OTHER"], agreeing))).toEqual({
      kind: "demonstrations",
      suspicious: [],
      judged: 3,
      unanswered: 0,
    });
  });

  test("an oracle that prefers one label does not condemn the others", () => {
    const prefersOther = [answer(-1, -4, -0.5), answer(-4, -1, -0.5), ...agreeing];
    const request = requestOf(["CARD", "CASH", "CARD", "CASH", "OTHER"], prefersOther, {
      contentFree: answer(-4, -4, -0.1),
    });
    expect(judgeDemonstrations(request)).toMatchObject({ suspicious: [] });
    expect(judgeDemonstrations({ ...request, contentFree: null })).toMatchObject({
      suspicious: [{ label: "CARD", suggested: "OTHER" }, { label: "CASH" }],
    });
  });

  test("an odd answer to N/A does not condemn what the oracle agrees with", () => {
    expect(
      judgeDemonstrations(
        requestOf(["CARD", "CASH", "OTHER"], agreeing, { contentFree: answer(-0.001, -12, -12) }),
      ),
    ).toMatchObject({ suspicious: [] });
  });

  test("most negative first", () => {
    const found = judgeDemonstrations(
      requestOf(
        ["CARD", "CASH", "OTHER", "CARD", "CARD"],
        [...agreeing, answer(-2, -0.3, -4), answer(-6, -0.1, -4)],
      ),
    );
    if (found.kind === "unknown") throw new Error(found.reason);
    expect(found.suspicious.map((one) => one.span)).toEqual([14, 13]);
  });

  test("a rival that is only bounded proves nothing, a written label that is only bounded does", () => {
    const rival: LabelAnswer = { logProbabilities: [-2, -1, -1], bounded: [false, true, true] };
    const written: LabelAnswer = { logProbabilities: [-7, -0.1, -7], bounded: [true, false, true] };
    expect(judgeDemonstrations(requestOf(["CARD", ...LABELS], [rival, ...agreeing]))).toMatchObject(
      { suspicious: [], judged: 3, unanswered: 1 },
    );
    const found = judgeDemonstrations(requestOf(["CARD", ...LABELS], [written, ...agreeing]));
    expect(found).toMatchObject({
      suspicious: [
        { span: 10, suggested: "CASH", evidence: expect.stringMatching(/only bounded/) },
      ],
    });
  });

  test("what could not be judged is counted, and all of it is unknown", () => {
    expect(
      judgeDemonstrations(
        requestOf(
          ["CARD", "CASH", "OTHER", "STRANGE"],
          [null, agreeing[1] ?? null, answer(-1, -1, null), agreeing[0] ?? null],
        ),
      ),
    ).toMatchObject({ judged: 1, unanswered: 3 });
    expect(judgeDemonstrations(requestOf(["CARD"], [null]))).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/no log-probabilities for 1 of 1/),
    });
  });

  test("an oracle that contradicts most demonstrations is no judge of them", () => {
    expect(judgeDemonstrations(requestOf(["CASH", "OTHER", "OTHER"], agreeing))).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/contradicts 2 of 3 labels/),
    });
  });

  test("an answer is read from probabilities and their bound", () => {
    expect(labelAnswer({ probabilities: [0.5, 0], bound: 0.01 })).toEqual({
      logProbabilities: [Math.log(0.5), Math.log(0.01)],
      bounded: [false, true],
    });
  });

  test("answers that do not fit are refused", () => {
    expect(() => judgeDemonstrations(requestOf(["CARD"], []))).toThrow(/0 answers for 1/);
    expect(() => judgeDemonstrations(requestOf(["CARD"], [answer(-1)]))).toThrow(
      /1 labels instead of 3/,
    );
  });
});

describe("the rule on simulated oracles", () => {
  /** Label logits = content + the oracle's preference + noise; "N/A" shows the preference, with noise of its own. */
  function simulate(seed: number): {
    readonly flips: number;
    readonly found: number;
    readonly falseAlarms: number;
    readonly rawAlarms: number;
    readonly calibratedAlarms: number;
  } {
    const generator = xoroshiro128plus(seed);
    const uniform = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const preference = LABELS.map(() => 1.2 * normal());
    const logSoftmax = (logits: readonly number[]): number[] =>
      logits.map(
        (logit) => logit - Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0)),
      );
    const noShift = answer(0, 0, 0);
    const contentFree = answer(...logSoftmax(preference.map((value) => value + 1.2 * normal())));
    const truths = Array.from({ length: 8 }, () => Math.floor(3 * uniform()));
    const labels = truths.map((truth, index) => LABELS[index < 2 ? (truth + 1) % 3 : truth] ?? "");
    const answers = truths.map((truth) =>
      answer(
        ...logSoftmax(
          preference.map((value, label) => value + (label === truth ? 4 : 0) + normal()),
        ),
      ),
    );
    const spans = (contentFreeAnswer: LabelAnswer | null): number[] => {
      const found = judgeDemonstrations(
        requestOf(labels, answers, { contentFree: contentFreeAnswer }),
      );
      return found.kind === "unknown" ? [] : found.suspicious.map((one) => one.span - 10);
    };
    const both = spans(contentFree);
    // Margins of "N/A" large enough to decide alone: the calibrated rule without the raw one.
    const calibratedOnly = answers.filter((one, index) => {
      const scores = one.logProbabilities.map(
        (value, label) => (value ?? 0) - (contentFree.logProbabilities[label] ?? 0),
      );
      return index >= 2 && scores.indexOf(Math.max(...scores)) !== truths[index];
    });
    const alarms = (found: readonly number[]): number => found.filter((index) => index >= 2).length;
    return {
      flips: 2,
      found: both.filter((index) => index < 2).length,
      falseAlarms: alarms(both),
      rawAlarms: alarms(spans(noShift)),
      calibratedAlarms: calibratedOnly.length,
    };
  }

  test("both margins together raise fewer false alarms than either and find nearly as many flips", () => {
    const runs = Array.from({ length: 300 }, (_, seed) => simulate(seed + 1));
    const total = (name: keyof (typeof runs)[number]): number =>
      runs.reduce((sum, run) => sum + run[name], 0);
    expect(total("found") / total("flips")).toBeGreaterThan(0.9);
    expect(total("falseAlarms")).toBeLessThan(0.6 * total("rawAlarms"));
    expect(total("falseAlarms")).toBeLessThan(0.6 * total("calibratedAlarms"));
    expect(total("falseAlarms") / (6 * runs.length)).toBeLessThan(0.05);
  });
});
