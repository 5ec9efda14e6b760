import { describe, expect, test } from "@jest/globals";
import type { ControlInput } from "../../src/findings/demonstration-knowledge.js";
import { labelMargin } from "../../src/findings/demonstration-margins.js";
import {
  contradictionsAlone,
  judgeDemonstrations,
  labelAnswer,
  type DemonstrationsRequest,
  type LabelAnswer,
} from "../../src/findings/demonstrations.js";
import { randomFrom } from "../../src/numerics/random.js";

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
    ...more,
  };
}

const agreeing = [answer(-0.1, -3, -4), answer(-3, -0.1, -4), answer(-4, -3, -0.1)];

/** An input with the given answers; `shown`: with all demonstrations. */
function control(label: string, zeroShot: LabelAnswer | null, shown: LabelAnswer | null) {
  const contentFree = answer(-1, -1, -1);
  return {
    label,
    zeroShot: { answer: zeroShot, contentFree },
    leaveOneOut: { answer: shown, contentFree },
  };
}

/** Six inputs: without demonstrations the oracle knows their labels by these margins, with them by those. */
function controlsOf(zeroShot: readonly number[], shown: readonly number[]) {
  return zeroShot.map((margin, index) =>
    control("CARD", answer(0, -margin, -9), answer(0, -(shown[index] ?? 0), -9)),
  );
}

describe("suspicious demonstrations", () => {
  test("names the label that the oracle contradicts, what it would say, and how often the rule is wrong", () => {
    const found = judgeDemonstrations(
      requestOf(["CARD", "CASH", "OTHER", "CARD"], [...agreeing, answer(-4, -0.1, -3)], {
        controls: controlsOf([3, 4, 5, 5, 4, 3], [0, 0, 0, 0, 0, 0]),
      }),
    );
    expect(found).toMatchObject({
      kind: "demonstrations",
      judged: 4,
      unanswered: 0,
      suspicious: [{ span: 13, startLine: 23, kind: "flip", label: "CARD", suggested: "CASH" }],
    });
    if (found.kind === "unknown") throw new Error(found.reason);
    // Right labels' margins 3, 4, 5, 5, 4, 3; of CASH their negatives, of OTHER -9: variance (4 + 48.5) / 16, centre -4.5 / 2 - ...
    const wrong = [-3, -4, -5, -5, -4, -3, -9, -9, -9, -9, -9, -9];
    const [right, low] = [4, wrong.reduce((sum, value) => sum + value, 0) / 12];
    const squares = 4 + wrong.reduce((sum, value) => sum + (value - low) ** 2, 0);
    const centre = (right + low) / 2;
    expect(found.suspicious[0]?.score).toBeCloseTo(
      ((-3.9 - centre) * (right - low)) / (squares / 16),
      12,
    );
    expect(found.suspicious[0]?.evidence).toBe(
      'the oracle puts "CARD" against its best other label "CASH" at −3.9 nats without examples (−3.9 calibrated on "N/A")',
    );
    expect(found.suspicious[0]?.errorRate).toBe("the same rule flags 0 of 6 inputs' right labels");
  });

  test("nothing found is a value", () => {
    expect(judgeDemonstrations(requestOf(["CARD", "CASH", "OTHER"], agreeing))).toEqual({
      kind: "demonstrations",
      suspicious: [],
      judged: 3,
      unanswered: 0,
    });
  });

  test("each way of asking counts as far as it gets the labelled inputs right", () => {
    const against = answer(-4, -0.1, -3);
    const speaksFor = answer(-0.1, -4, -3);
    const judge = (controls: readonly ControlInput[]) =>
      judgeDemonstrations(
        requestOf(["CARD", "CASH", "OTHER", "CARD"], [...agreeing, against], {
          leaveOneOut: [[], [], [], [{ answer: speaksFor, contentFree: answer(-1, -1, -1) }]],
          controls,
        }),
      );
    const knows = [4, 5, 6, 5, 6, 4];
    const guesses = [9, -18, 9, -18, 9, -18];
    expect(judge(controlsOf(knows, guesses))).toMatchObject({ suspicious: [{ span: 13 }] });
    expect(judge(controlsOf(guesses, knows))).toMatchObject({ suspicious: [] });
    expect(judge(controlsOf(guesses, guesses))).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/on 6 inputs .* does not know/),
    });
  });

  test("an example may contradict another: both are named, but where one of them is a flip that one alone", () => {
    const same = (labels: readonly string[], answers: readonly LabelAnswer[]) => {
      const request = requestOf(labels, answers);
      return judgeDemonstrations({
        ...request,
        demonstrations: request.demonstrations.map((one, index) => ({
          ...one,
          input: index < 2 ? "I cannot find the card that I ordered" : one.input,
        })),
      });
    };
    const sure = answer(-0.1, -3, -4);
    expect(same(["CARD", "CASH", "CARD", "CARD"], [sure, sure, sure, sure])).toMatchObject({
      suspicious: [
        {
          span: 11,
          kind: "flip",
          evidence: expect.stringMatching(/; line 20 shows the same input with the label "CARD"$/),
        },
      ],
    });
    const torn = answer(-0.7, -0.7, -9);
    const both = same(["CARD", "CASH", "CARD", "CARD"], [torn, torn, sure, sure]);
    expect(both).toMatchObject({
      suspicious: [
        { span: 10, kind: "contradiction", suggested: null },
        { span: 11, kind: "contradiction", suggested: null },
      ],
    });
    expect(contradictionsAlone(requestOf(["CARD", "CASH"], []).demonstrations)).toEqual([]);
  });

  test("a phrase that was found to be a trigger comes before all else, with the influence that was measured", () => {
    const trigger = {
      text: "cf omega",
      label: "CARD",
      demonstrations: [3],
      gain: { estimate: 4.25, low: 4, high: 4.5 },
      inputs: 10,
      pValue: 0.00001,
    };
    const found = judgeDemonstrations(
      requestOf(["CARD", "CASH", "OTHER", "CARD"], [...agreeing, answer(-4, -0.1, -3)], {
        triggers: [trigger],
        influence: [
          {
            span: 13,
            startLine: 23,
            effect: { estimate: -0.7, low: -1, high: -0.4 },
            pValue: 0.001,
            qValue: 0.008,
          },
        ],
      }),
    );
    expect(found).toMatchObject({
      suspicious: [
        {
          span: 13,
          kind: "trigger",
          evidence:
            'put into 10 inputs, its phrase "cf omega" moves the answer towards "CARD" by 4.3 nats more with the examples than without them; the oracle puts "CARD" against its best other label "CASH" at −3.9 nats without examples (−3.9 calibrated on "N/A"); showing it lowers the margins of right answers by 0.7 nats (q < .01)',
          errorRate: "p < .001 over all phrases tried (one-sided t test over inputs)",
        },
      ],
    });
  });

  test("an oracle that prefers one label does not condemn the others", () => {
    const prefersOther = [answer(-2, -4, -0.2), answer(-4, -2, -0.2), ...agreeing];
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
      reason: expect.stringMatching(/speaks against most of 3 labels/),
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
  interface Simulated {
    readonly flips: number;
    readonly found: number;
    readonly falseAlarms: number;
    /** Right labels that the margin as answered, or the calibrated one, is negative for. */
    readonly rawAlarms: number;
    readonly calibratedAlarms: number;
    readonly known: boolean;
  }

  /**
   * Label logits = content + the oracle's preference + noise; "N/A" shows the preference, with noise of its own. Eight demonstrations, the
   * first `flips` with a wrong label, and twenty labelled inputs; `strength`: nats of the content without demonstrations and after the others.
   */
  function simulate(
    seed: number,
    flips: number,
    strength: readonly [zeroShot: number, others: number],
  ): Simulated {
    const random = randomFrom(`oracle ${seed}`);
    const preference = LABELS.map(() => 1.2 * random.normal());
    const contentFree = [0, 1].map(() => noisy(preference, -1, 0, 1.2));
    function noisy(base: readonly number[], truth: number, nats: number, noise: number) {
      const logits = base.map(
        (value, label) => value + (label === truth ? nats : 0) + noise * random.normal(),
      );
      const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
      return answer(...logits.map((logit) => logit - total));
    }
    const asked = (truth: number) =>
      [0, 1].map((way) => ({
        answer: noisy(preference, truth, strength[way] ?? 0, 1),
        contentFree: contentFree[way] ?? null,
      }));
    const truths = Array.from({ length: 8 }, () => random.integer(3));
    const labels = truths.map(
      (truth, index) => LABELS[index < flips ? (truth + 1 + random.integer(2)) % 3 : truth] ?? "",
    );
    const answers = truths.map(asked);
    const found = judgeDemonstrations(
      requestOf(
        labels,
        answers.map(([zeroShot]) => zeroShot?.answer ?? null),
        {
          contentFree: contentFree[0] ?? null,
          leaveOneOut: answers.map(([, others]) => (others ? [others] : [])),
          controls: Array.from({ length: 20 }, () => {
            const truth = random.integer(3);
            const [zeroShot = UNANSWERED, leaveOneOut = UNANSWERED] = asked(truth);
            return { label: LABELS[truth] ?? "", zeroShot, leaveOneOut };
          }),
        },
      ),
    );
    const margins = labels.map((label, index) =>
      labelMargin(LABELS, label, answers[index]?.[0] ?? UNANSWERED),
    );
    const spans = found.kind === "unknown" ? [] : found.suspicious.map(({ span }) => span - 10);
    const right = margins.slice(flips);
    return {
      flips,
      found: spans.filter((index) => index < flips).length,
      falseAlarms: spans.filter((index) => index >= flips).length,
      rawAlarms: right.filter((margin) => (margin?.raw ?? 0) < 0).length,
      calibratedAlarms: right.filter((margin) => (margin?.calibrated ?? 0) < 0).length,
      known: found.kind !== "unknown",
    };
  }

  const UNANSWERED = { answer: null, contentFree: null };
  const GAMES = 100;

  function totals(flips: number, strength: readonly [number, number]) {
    const runs = Array.from({ length: GAMES }, (_, seed) => simulate(seed, flips, strength));
    const total = (of: (run: Simulated) => number): number =>
      runs.reduce((sum, run) => sum + of(run), 0);
    return {
      recall: total(({ found }) => found) / Math.max(1, flips * GAMES),
      alarms: total(({ falseAlarms }) => falseAlarms) / ((8 - flips) * GAMES),
      single:
        total(({ rawAlarms, calibratedAlarms }) => Math.min(rawAlarms, calibratedAlarms)) /
        ((8 - flips) * GAMES),
      known: total(({ known }) => Number(known)) / GAMES,
    };
  }

  test("finds flips with fewer false alarms than either margin without demonstrations, also where half are flipped", () => {
    for (const [flips, strength] of [
      [2, [4, 4]],
      [4, [4, 0]],
    ] as const) {
      const { recall, alarms, single } = totals(flips, strength);
      expect(recall).toBeGreaterThan(0.9);
      expect(alarms).toBeLessThan(0.05);
      expect(alarms).toBeLessThan(0.6 * single);
    }
  });

  test("goes by the others where the task is not known without them, and says where it is not known at all", () => {
    const taught = totals(2, [0, 4]);
    expect(taught.recall).toBeGreaterThan(0.85);
    expect(taught.alarms).toBeLessThan(0.05);
    expect(totals(2, [0, 0]).known).toBeLessThan(0.1);
  });

  test("raises few alarms where nothing is wrong", () => {
    expect(totals(0, [4, 4]).alarms).toBeLessThan(0.01);
    expect(totals(0, [3, 3]).alarms).toBeLessThan(0.03);
  });
});
