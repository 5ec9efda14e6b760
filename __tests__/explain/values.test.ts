import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { OracleAnswer } from "../../src/domain.js";
import {
  chooseValueKind,
  classMargin,
  labelMarginFromLogProbabilities,
  logOddsOfText,
  similarity,
} from "../../src/explain/values.js";

type Alternatives = Readonly<Record<string, number>>;

/** An answer whose tokens have these alternatives; the first of each is the token that was chosen. */
function answerOf(text: string, ...positions: readonly Alternatives[]): OracleAnswer {
  const logProbabilities = positions.map((alternatives) => {
    const top = Object.entries(alternatives).map(([token, probability]) => ({
      token,
      logProbability: Math.log(probability),
    }));
    return { token: top[0]?.token ?? "", logProbability: top[0]?.logProbability ?? 0, top };
  });
  return {
    text,
    finishReason: "stop",
    logProbabilities,
    scored: null,
    usage: { promptTokens: 1, completionTokens: 1 },
    model: "m",
  };
}

const LABELS = ["billing", "bug", "other"];

describe("classMargin", () => {
  test("sums the spellings of each label: with and without white space, in pieces", () => {
    const answer = answerOf("billing", {
      bill: 0.4,
      " billing": 0.2,
      bug: 0.2,
      " other": 0.1,
      Billing: 0.05,
    });
    expect(classMargin(answer, "billing", LABELS)).toEqual({
      kind: "margin",
      value: expect.closeTo(Math.log(0.6) - Math.log(0.3), 12),
      bounded: false,
    });
  });

  test("bounds absent labels by the last entry and says so", () => {
    const answer = answerOf("billing", { billing: 0.9, bug: 0.05, x: 0.01 });
    expect(classMargin(answer, "billing", LABELS)).toEqual({
      kind: "margin",
      value: expect.closeTo(Math.log(0.9) - Math.log(0.06), 12),
      bounded: true,
    });
    expect(classMargin(answer, "other", LABELS)).toEqual({
      kind: "margin",
      value: expect.closeTo(Math.log(0.01) - Math.log(0.95), 12),
      bounded: true,
    });
  });

  test("skips white space before the answer", () => {
    const answer = answerOf("\nbug", { "\n": 1 }, { bug: 0.7, billing: 0.2, other: 0.1 });
    expect(classMargin(answer, "bug", LABELS)).toMatchObject({
      value: expect.closeTo(Math.log(0.7) - Math.log(0.3), 12),
      bounded: false,
    });
  });

  test("reads on where the answer's token begins several labels", () => {
    const labels = ["account_access", "account_closing", "spam"];
    const answer = answerOf(
      "account_access",
      { account: 0.8, spam: 0.2 },
      { _: 0.9, _clos: 0.1 },
      { access: 0.75, closing: 0.25 },
    );
    expect(classMargin(answer, "account_access", labels)).toMatchObject({
      value: expect.closeTo(
        Math.log(0.8 * 0.9 * 0.75) - Math.log(0.2 + 0.8 * 0.1 + 0.8 * 0.9 * 0.25),
        12,
      ),
      bounded: false,
    });
  });

  test("divides a beginning of several labels that the answer did not follow, and says so", () => {
    const labels = ["account_access", "account_closing", "spam"];
    const answer = answerOf("spam", { spam: 0.6, account: 0.4 });
    expect(classMargin(answer, "spam", labels)).toMatchObject({
      value: expect.closeTo(Math.log(0.6) - Math.log(0.4), 12),
      bounded: true,
    });
    expect(classMargin(answer, "account_access", labels)).toMatchObject({
      value: expect.closeTo(Math.log(0.2) - Math.log(0.8), 12),
      bounded: true,
    });
  });

  test("a label that begins another is meant where nothing of the other follows", () => {
    const labels = ["no", "not sure", "yes"];
    const ended = answerOf(
      "no",
      { no: 0.7, yes: 0.3 },
      { "<end>": 0.8, "t sure": 0.15, "\n": 0.05 },
    );
    expect(classMargin(ended, "no", labels)).toMatchObject({
      value: expect.closeTo(Math.log(0.7 * 0.85) - Math.log(0.3 + 0.7 * 0.15), 12),
      bounded: false,
    });
    expect(classMargin(answerOf("no", { no: 0.7, yes: 0.3 }), "no", labels)).toMatchObject({
      value: expect.closeTo(Math.log(0.7) - Math.log(0.3 + 0.3), 12),
      bounded: true,
    });
  });

  test("cannot know without alternatives, without the label, or without another one", () => {
    const answer = answerOf("billing", { billing: 1 });
    expect(classMargin({ ...answer, logProbabilities: null }, "billing", LABELS)).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("no alternatives"),
    });
    expect(classMargin(answerOf("billing", {}), "billing", LABELS)).toMatchObject({
      kind: "unknown",
    });
    expect(classMargin(answer, "unheard of", LABELS)).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining('"unheard of"'),
    });
    expect(classMargin(answer, "billing", ["billing"])).toMatchObject({ kind: "unknown" });
  });

  test("is finite whatever the probabilities", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom("bill", " bug", "other", "zzz", "b", "", "\n"),
            fc.double({ min: -2000, max: 0, noNaN: true }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        (entries) => {
          const top = entries.map(([token, logProbability]) => ({ token, logProbability }));
          const answer: OracleAnswer = {
            ...answerOf(""),
            logProbabilities: [{ ...(top[0] as { token: string; logProbability: number }), top }],
          };
          const margin = classMargin(answer, "bug", LABELS);
          if (margin.kind === "margin") expect(Number.isFinite(margin.value)).toBe(true);
        },
      ),
    );
  });
});

describe("logOddsOfText", () => {
  test("is the log-odds of the whole response over its length", () => {
    expect(logOddsOfText(Float64Array.of(Math.log(0.5)))).toBeCloseTo(0, 12);
    expect(logOddsOfText(Float64Array.of(Math.log(0.5), Math.log(0.4)))).toBeCloseTo(
      Math.log(0.2 / 0.8) / 2,
      12,
    );
  });

  test("is the mean log-probability of long unlikely responses", () => {
    expect(logOddsOfText(new Float64Array(100).fill(-10))).toBeCloseTo(-10, 12);
  });

  test("keeps its digits next to certainty and stays finite at it", () => {
    expect(logOddsOfText(Float64Array.of(-1e-12))).toBeCloseTo(-Math.log(1e-12), 9);
    const certain = logOddsOfText(Float64Array.of(0));
    expect(certain).toBeCloseTo(53 * Math.LN2, 9);
    expect(logOddsOfText(Float64Array.of(1e-9))).toBe(certain);
  });

  test("refuses no tokens and positive sums", () => {
    expect(() => logOddsOfText(new Float64Array(0))).toThrow("without tokens");
    expect(() => logOddsOfText(Float64Array.of(0.5))).toThrow("add up");
    expect(() => logOddsOfText(Float64Array.of(NaN))).toThrow("add up");
  });
});

describe("labelMarginFromLogProbabilities", () => {
  test("compares a label with all others together", () => {
    const logs = [0.5, 0.3, 0.2].map(Math.log);
    expect(labelMarginFromLogProbabilities(logs, 0)).toBeCloseTo(0, 12);
    expect(labelMarginFromLogProbabilities(Float64Array.from(logs), 2)).toBeCloseTo(
      Math.log(0.25),
      12,
    );
    expect(labelMarginFromLogProbabilities([-2000, -2001], 0)).toBeCloseTo(1, 12);
  });

  test("refuses a single label and an index that is none", () => {
    expect(() => labelMarginFromLogProbabilities([-1], 0)).toThrow("among 1");
    expect(() => labelMarginFromLogProbabilities([-1, -2], 2)).toThrow("label 2");
  });
});

describe("similarity", () => {
  test("is 1 for the same answer in other clothes", () => {
    expect(similarity(" The  Answer is\n42. ", "the answer is 42")).toBe(1);
    expect(similarity("\uff34\uff45\uff53\uff54", "test")).toBe(1);
    expect(similarity("...", "...")).toBe(1);
  });

  test("is the F1 of words otherwise", () => {
    expect(similarity("a b c d", "a b x")).toBeCloseTo((2 * 2) / 7, 12);
    expect(similarity("a a a", "a b")).toBeCloseTo(2 / 5, 12);
    expect(similarity("yes", "no")).toBe(0);
    expect(similarity("", "no")).toBe(0);
    expect(similarity("?", "!")).toBe(0);
    expect(similarity("\u6771\u4eac\u90fd", "\u6771\u4eac")).toBeCloseTo(4 / 5, 12);
  });

  test("is symmetric, in [0, 1], 1 on itself and less for reordered words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const found = similarity(a, b);
        expect(found).toBe(similarity(b, a));
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
        expect(similarity(a, a)).toBe(1);
      }),
    );
    expect(similarity("one two", "two one")).toBeLessThan(1);
  });
});

describe("chooseValueKind", () => {
  const listed = answerOf("bug", { bug: 0.9, other: 0.1 });

  test("class margin where labels come with alternatives", () => {
    expect(chooseValueKind([listed, { ...listed, text: " other\n" }], LABELS).kind).toBe(
      "class-margin",
    );
  });

  test("a stray answer does not change what is measured for the others", () => {
    expect(
      chooseValueKind(
        [...Array.from({ length: 19 }, () => listed), { ...listed, text: "I cannot say" }],
        LABELS,
      ).kind,
    ).toBe("class-margin");
  });

  test.each([
    ["no answer", [], LABELS, "no answer"],
    ["free text", [listed], [], "free text"],
    ["one label", [listed], ["bug"], "same"],
    ["long outputs", [listed], ["bug", "x".repeat(61)], "longer"],
    ["answers beside the labels", [listed, { ...listed, text: "neither" }], LABELS, "1 of 2"],
    [
      "an answer without alternatives",
      [listed, { ...listed, logProbabilities: null }],
      LABELS,
      "1 of 2",
    ],
  ])("similarity for %s, and why", (_, answers, labels, why) => {
    const chosen = chooseValueKind(answers, labels);
    expect(chosen.kind).toBe("similarity");
    expect(chosen.reason).toContain(why);
  });

  const abilities = { scoresGivenText: true, samples: 16 };

  test("the class margin comes before all others", () => {
    expect(chooseValueKind([listed], LABELS, abilities).kind).toBe("class-margin");
  });

  test("log-odds of given text come next, for labels and for free text, and why", () => {
    const bare = { ...listed, logProbabilities: null };
    expect(chooseValueKind([bare], LABELS, abilities)).toMatchObject({
      kind: "log-odds",
      reason: expect.stringContaining("0 of 1 answers"),
    });
    expect(chooseValueKind([listed], [], abilities)).toMatchObject({
      kind: "log-odds",
      reason: expect.stringContaining("free text"),
    });
  });

  test("samples serve labels only, and only where there are two or more", () => {
    const bare = { ...listed, logProbabilities: null };
    expect(chooseValueKind([bare], LABELS, { samples: 16 })).toMatchObject({
      kind: "sampled-log-odds",
      reason: expect.stringContaining("16 answers"),
    });
    expect(chooseValueKind([bare], LABELS, { samples: 1 }).kind).toBe("similarity");
    expect(chooseValueKind([bare], [], { samples: 16 }).kind).toBe("similarity");
    expect(chooseValueKind([], LABELS, abilities).kind).toBe("similarity");
  });
});
