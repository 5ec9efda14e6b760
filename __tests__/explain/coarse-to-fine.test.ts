import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Interval, SourceRange, Span } from "../../src/domain.js";
import {
  nextStep,
  planLevels,
  SMALLEST_BUDGET,
  type CoarseToFineProblem,
  type MeasuredLevel,
} from "../../src/explain/coarse-to-fine.js";
import { mixedLeaves, spreadOver } from "../../src/explain/mixed-leaves.js";

const problem = (
  budget: number,
  [section, block, sentence, word]: readonly [number, number, number, number],
): CoarseToFineProblem => ({ budget, spans: { section, block, sentence, word } });

const LONG = problem(200, [20, 30, 120, 2000]);

function interval(estimate: number, half: number): Interval {
  return { estimate, low: estimate - half, high: estimate + half };
}

function level(
  granularity: MeasuredLevel["granularity"],
  rest: Partial<MeasuredLevel>,
): MeasuredLevel {
  return { granularity, masks: 50, looks: 1, intervals: [], children: [], ...rest };
}

describe("the levels of a prompt", () => {
  const granularities = (counts: readonly [number, number, number, number]): string[] =>
    planLevels(problem(100, counts)).map(({ granularity }) => granularity);

  test.each([
    ["sections, sentences, words", [20, 30, 120, 2000], ["section", "sentence", "word"]],
    ["blocks where there are too few sections", [2, 30, 120, 2000], ["block", "sentence", "word"]],
    ["no coarse level where nothing is coarser", [1, 2, 120, 2000], ["sentence", "word"]],
    ["no coarse level where sentences fit", [20, 30, 40, 2000], ["sentence", "word"]],
    ["words where words fit", [2, 3, 8, 48], ["word"]],
    ["a sentence a section is one level", [60, 60, 60, 900], ["sentence", "word"]],
  ] as const)("%s", (_, counts, expected) => {
    expect(granularities(counts)).toEqual(expected);
  });

  test("share the budget 25 : 50 : 25, and a skipped level's share goes to the others", () => {
    expect(nextStep(LONG, [])).toEqual({
      kind: "measure",
      granularity: "section",
      parents: null,
      idle: [],
      masks: 50,
      mostSpans: 48,
    });
    expect(nextStep(problem(200, [1, 2, 120, 2000]), [])).toMatchObject({
      granularity: "sentence",
      masks: 133,
    });
    expect(nextStep(problem(200, [1, 2, 3, 40]), [])).toMatchObject({
      granularity: "word",
      masks: 200,
    });
  });

  test("masks that a level did not need go to the finer ones", () => {
    const measured = [
      level("section", { masks: 8, intervals: [interval(1, 0.1)], children: [10] }),
    ];
    expect(nextStep(LONG, measured)).toMatchObject({ granularity: "sentence", masks: 128 });
  });
});

describe("what is split", () => {
  const intervals = [
    interval(0.2, 0.1),
    interval(-2, 0.5),
    interval(0.4, 0.5),
    interval(1, 0.5),
    interval(0, 0),
  ];

  test("spans whose interval excludes 0; the others are idle", () => {
    const measured = [level("section", { intervals, children: [10, 10, 10, 10, 10] })];
    expect(nextStep(LONG, measured)).toMatchObject({
      kind: "measure",
      granularity: "sentence",
      parents: [0, 1, 3],
      idle: [2, 4],
    });
  });

  test("the strongest first, as long as their pieces fit", () => {
    const measured = [level("section", { intervals, children: [10, 30, 10, 20, 10] })];
    expect(nextStep(LONG, measured)).toMatchObject({ parents: [0, 1], idle: [2, 4] });
  });

  test("the strongest even where its pieces do not fit", () => {
    const measured = [level("section", { intervals, children: [1, 80, 1, 1, 1] })];
    expect(nextStep(LONG, measured)).toMatchObject({ parents: [1], mostSpans: 48 });
  });

  test("candidates for deletion too", () => {
    const measured = [
      level("section", { intervals, children: [9, 9, 9, 9, 9], deletionCandidates: new Set([4]) }),
    ];
    expect(nextStep(LONG, measured)).toMatchObject({ parents: [0, 1, 3, 4], idle: [2] });
  });

  test("before the last level only what has two words or more", () => {
    const sentences = level("sentence", { masks: 100, intervals, children: [1, 1, 5, 5, 5] });
    const measured = [level("section", { intervals, children: [1, 1, 1, 1, 1] }), sentences];
    expect(nextStep(LONG, measured)).toMatchObject({ granularity: "word", parents: [3] });
    expect(nextStep(LONG, measured.slice(0, 1))).toMatchObject({ parents: [0, 1, 3] });
  });
});

describe("the end", () => {
  const nothing = [interval(0.1, 0.2), interval(0, 0)];

  test("a level that shows nothing is measured once more, then it is over", () => {
    const once = level("section", { intervals: nothing, children: [9, 9] });
    expect(nextStep(LONG, [once])).toEqual({ kind: "measure again", masks: 75 });
    const step = nextStep(LONG, [{ ...once, looks: 2, masks: 125 }]);
    expect(step).toMatchObject({ kind: "done" });
    expect(JSON.stringify(step)).toContain("no section has an influence");
  });

  test("after the finest level, or when no masks are left", () => {
    const all = (["section", "sentence", "word"] as const).map((name) => level(name, {}));
    expect(nextStep(LONG, all)).toMatchObject({ kind: "done" });
    const spent = level("section", { masks: 196, intervals: [interval(1, 0)], children: [4] });
    expect(nextStep(LONG, [spent])).toMatchObject({
      kind: "done",
      reason: expect.stringContaining("too few"),
    });
  });

  test("small budgets and levels out of order are refused", () => {
    expect(() => nextStep(problem(SMALLEST_BUDGET - 1, [9, 9, 99, 999]), [])).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
    expect(() => nextStep(LONG, [level("word", {})])).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });
});

test("no run of steps ever asks for more masks than the budget, nor for more spans than a level carries", () => {
  const spans = fc.tuple(
    fc.integer({ min: 0, max: 80 }),
    fc.integer({ min: 0, max: 150 }),
    fc.integer({ min: 1, max: 400 }),
    fc.integer({ min: 1, max: 5000 }),
  );
  const found = fc.infiniteStream(
    fc.record({ estimate: fc.double({ min: -3, max: 3, noNaN: true }), sure: fc.boolean() }),
  );
  const quiet = fc.infiniteStream(fc.boolean());
  const used = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(
      fc.integer({ min: SMALLEST_BUDGET, max: 1000 }),
      spans,
      found,
      quiet,
      used,
      (budget, counts, outcomes, silences, shares) => {
        const asked = problem(budget, counts);
        const measured: MeasuredLevel[] = [];
        let spent = 0;
        for (let steps = 0; steps < 10; steps++) {
          const step = nextStep(asked, measured);
          if (step.kind === "done") {
            expect(spent).toBeLessThanOrEqual(budget);
            return;
          }
          expect(step.masks).toBeGreaterThan(0);
          spent += step.masks;
          expect(spent).toBeLessThanOrEqual(budget);
          const last = measured[measured.length - 1];
          if (step.kind === "measure again" && last) {
            measured[measured.length - 1] = {
              ...last,
              masks: last.masks + step.masks,
              looks: last.looks + 1,
            };
            continue;
          }
          if (step.kind !== "measure") throw new Error("nothing was measured yet");
          expect(step.mostSpans).toBeLessThanOrEqual(48);
          const isQuiet = [...silences.take(1)][0];
          const intervals = [...outcomes.take(step.mostSpans)].map(({ estimate, sure }) =>
            interval(estimate, sure && !isQuiet ? 0 : 5),
          );
          const needed = Math.ceil(step.masks * ([...shares.take(1)][0] ?? 1));
          spent += needed - step.masks;
          measured.push({
            granularity: step.granularity,
            masks: needed,
            looks: 1,
            intervals,
            children: intervals.map((_, index) => index % 7),
          });
        }
        throw new Error("no end after 10 steps");
      },
    ),
    { numRuns: 500 },
  );
});

describe("leaves of several granularities", () => {
  const nowhere: SourceRange = {
    startOffset: 0,
    endOffset: 0,
    startLine: 1,
    startColumn: 1,
    endLine: 1,
    endColumn: 1,
  };
  const span = (start: number, end: number): Span => ({
    index: 0,
    kind: "sentence",
    parts: [{ message: 0, start, end, source: nowhere }],
    text: "",
    source: nowhere,
    protection: null,
  });
  const points = (...estimates: number[]): Interval[] => estimates.map((one) => interval(one, 0));
  const leaves = mixedLeaves([
    { granularity: "section", spans: [span(0, 100), span(100, 200)], intervals: points(5, -2) },
    { granularity: "sentence", spans: [span(0, 40), span(40, 100)], intervals: points(3, 1) },
    { granularity: "word", spans: [span(0, 10), span(10, 40)], intervals: points(2.5, 2.25) },
  ]);

  test("are the finest that were looked at, in the order of the text, with what they are pieces of", () => {
    expect(
      leaves.map((leaf) => [
        leaf.span.parts[0]?.start,
        leaf.granularity,
        leaf.influence.estimate,
        leaf.parent?.estimate ?? null,
      ]),
    ).toEqual([
      [0, "word", 2.5, 3],
      [10, "word", 2.25, 3],
      [40, "sentence", 1, 5],
      [100, "section", -2, null],
    ]);
  });

  test("spread over any partition by the characters they share with it", () => {
    const pieces = [span(0, 10), span(10, 25), span(25, 70), span(70, 100), span(100, 150)];
    expect([...spreadOver(leaves, [...pieces, span(200, 210)])]).toEqual([
      2.5,
      expect.closeTo(1.125),
      expect.closeTo(1.125 + 0.5),
      expect.closeTo(0.5),
      -1,
      0,
    ]);
  });
});
