/** What a reader is told of a screen: in every mode, on the page, in the comment and in the terminal. */
import { describe, expect, test } from "@jest/globals";
import type { PromptReport, Report, Screen } from "../../src/domain.js";
import { renderComment } from "../../src/report/comment.js";
import { parseReport, serializeReport } from "../../src/report/json.js";
import { courseNotes, unusualNotes } from "../../src/report/screen-notes.js";
import { renderSummary } from "../../src/report/summary.js";
import { renderScreens } from "../../src/report/terminal.js";
import { notScreened } from "../../src/screening/verdict.js";
import { sampleReport } from "../fixtures/sample-report.js";

const numbers = {
  surrogate: "a|b",
  verdict: "supported",
  reason: "the lower bound is fine",
  estimate: 0.84,
  low: 0.81,
  threshold: 0.9,
  supportedAbove: 0.8,
  alpha: 0.025,
  wealth: 7.3,
  wealthPath: [1, 7.3],
  boundPath: [0, 0.81],
  inputs: 2,
  inputsNeeded: 20,
  population: { form: "finite", size: 50 },
  certifiedAfter: null,
  futileAfter: null,
  rule: { kind: "betting" },
} as const;
const predict: Screen = { ...numbers, mode: "predict" };
const labels: Screen = {
  ...numbers,
  mode: "labels",
  flipped: 1,
  control: { name: "span-length", estimate: 0.7, wealth: 3.1, beatenAfter: null },
};
const explain: Screen = { ...numbers, mode: "explain", surrogateQ: 0.42, oracleQ: 0.5 };

function reportWith(...screens: readonly Screen[]): Report {
  const [first, ...rest] = sampleReport.prompts;
  if (!first) throw new Error("no prompt");
  return { ...sampleReport, prompts: [{ ...first, screens }, ...rest] };
}

function promptWith(...screens: readonly Screen[]): PromptReport {
  const [prompt] = reportWith(...screens).prompts;
  if (!prompt) throw new Error("no prompt");
  return prompt;
}

describe("what is unusual", () => {
  test("is nothing about a usual screen", () => {
    expect(unusualNotes(predict)).toEqual([]);
  });

  test("is the mode with its own numbers", () => {
    expect(unusualNotes(labels)).toEqual([
      "Mode labels: judged by which masks flip the answer, q the sign-AUC and 1/2 without a flip; some did for 1 of 2 inputs. Span length alone reaches a mean q of 0.70: not shown to be beaten (wealth 3.10 of 40 needed).",
    ]);
    const beaten: Screen = {
      ...numbers,
      mode: "labels",
      flipped: 1,
      control: { name: "span-length", estimate: 0.7, wealth: 50, beatenAfter: 17 },
    };
    expect(unusualNotes(beaten).join()).toContain("beaten after 17 inputs");
    expect(unusualNotes(explain)).toEqual([
      "Mode explain: mean q 0.42 against 0.50 of the oracle's own explanation from half of its masks; estimate, bound and threshold are shares of that.",
    ]);
    const nothing = notScreened({ surrogate: "s", mode: "explain", reason: "r" });
    expect(unusualNotes(nothing).join()).not.toContain("null");
  });

  test("is the form, and a rule that is no valid test beside what betting says", () => {
    const unusual: Screen = {
      ...predict,
      population: { form: "population", size: 50 },
      certifiedAfter: 33,
      rule: { kind: "paper-ttest", passedAfter: 12, invalid: "it certifies nothing" },
    };
    expect(unusualNotes(unusual)).toEqual([
      "The claim is about inputs like these, not about this set alone.",
      "Not a valid test: it certifies nothing. Betting on the same numbers certifies after 33 inputs.",
    ]);
    expect(unusualNotes({ ...unusual, certifiedAfter: null }).join()).toContain("does not certify");
  });
});

describe("how the test went", () => {
  test("is when it was decided, or could not be any more, and the bound on the way", () => {
    expect(courseNotes({ ...predict, certifiedAfter: 33, boundPath: [0, 0.5] })).toEqual([
      "Certified after 33 of 50 inputs; later ones cannot undo it.",
      "Lower bound at level 0.025 after 1, 2 inputs: 0.00, 0.50.",
    ]);
    expect(courseNotes({ ...predict, futileAfter: 41, boundPath: [] })).toEqual([
      "Futile after 41 of 50 inputs: flawless explanations of all the others could not have certified it any more.",
    ]);
  });

  test("of many looks prints eight, the last among them", () => {
    const path = Array.from({ length: 40 }, (_, index) => index / 100);
    expect(courseNotes({ ...predict, boundPath: path })).toEqual([
      "Lower bound at level 0.025 after 5, 10, 15, 20, 25, 30, 35, 40 inputs: 0.04, 0.09, 0.14, 0.19, 0.24, 0.29, 0.34, 0.39.",
    ]);
  });
});

describe("on a page", () => {
  test("the summary tells both, the comment only what is unusual", () => {
    const report = reportWith(labels);
    const summary = renderSummary(report);
    const comment = renderComment(report, { key: "review" });
    for (const page of [summary, comment]) expect(page).toContain("Mode labels: judged by");
    expect(summary).toContain("Lower bound at level 0.025");
    expect(comment).not.toContain("Lower bound at level");
  });

  test("several surrogates: each sentence names its own, hostile names are harmless", () => {
    const summary = renderSummary(reportWith(labels, explain));
    expect(summary).toContain("- `a`&#124;`b`: Mode labels");
    expect(summary).toContain("- `a`&#124;`b`: Mode explain");
    expect(summary).toContain("| ratio 0.84 |");
  });

  test("the terminal prints mode, numbers and notes", () => {
    const printed = renderScreens(promptWith(explain), null);
    expect(printed).toContain("a|b: supported (mode explain)");
    expect(printed).toContain("ratio 0.84, lower bound 0.81 at alpha 0.025");
    expect(printed).toContain("Mode explain: mean q 0.42");
    expect(printed).toContain("Lower bound at level 0.025 after 1, 2 inputs: 0.00, 0.81.");
  });

  test("a report with any of the modes is written and read back; fields of one mode are refused in another", () => {
    for (const screen of [predict, labels, explain]) {
      const text = serializeReport(reportWith(screen));
      expect(parseReport(text).prompts[0]?.screens[0]).toEqual(screen);
      const other = screen.mode === "explain" ? "predict" : "explain";
      const forged = text.replace(`"mode": "${screen.mode}"`, `"mode": "${other}"`);
      expect(forged).not.toBe(text);
      expect(() => parseReport(forged)).toThrow();
    }
  });
});
