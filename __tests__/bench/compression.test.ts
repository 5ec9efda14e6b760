/** The compression benchmark: its measures on paths written by hand, and that docs/results.md says what the recordings say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { checkpointsOf, MEASURED } from "../../bench/compression/deletions.js";
import {
  areaUnchanged,
  EQUALITIES,
  meanMargin,
  overResampledInputs,
  pathOf,
  shareAtTolerance,
  shareUntilChange,
  signOf,
  type InputPath,
} from "../../bench/compression/measures.js";
import { rankingsOf } from "../../bench/compression/rankings.js";
import {
  codeOf,
  labelOf,
  NOT_ASKED,
  readCompressionRecording,
  sameLabel,
  type CompressionRecording,
} from "../../bench/compression/recording.js";
import { ownTable, sharedTables } from "../../bench/compression/tables.js";
import { repository, TEMPLATE_NAMES } from "../../bench/games/games.js";
import { openRecordedTemplate } from "../../bench/games/measured.js";

const LABELS = ["negative", "positive"];
const recordings = TEMPLATE_NAMES.flatMap((name) => {
  const recording = readCompressionRecording(name);
  return recording ? [{ name, recording }] : [];
});

function path(unchanged: readonly boolean[], margins: readonly (number | null)[] = []): InputPath {
  return { shares: [0, 0.25, 0.5, 1], unchanged, margins };
}

/** Four equal spans that go in their order; an answer for the whole prompt and the four checkpoints of the path. */
function handMade(codes: string): CompressionRecording {
  const masks = ["1111", "0111", "0011", "0001", "0000"];
  return {
    template: "hand made",
    oracle: "nobody",
    labels: LABELS,
    fresh: ["a"],
    attributed: [],
    answers: Object.fromEntries(
      masks.map((mask, step) => [
        mask,
        { codes: codes[step] ?? NOT_ASKED, likeliest: "1", margins: [1 - step] },
      ]),
    ),
  };
}

const order = [0, 1, 2, 3].map((index) => ({ index, tokens: 5, pinned: false }));

describe("answers", () => {
  test("a label in its own spelling, in another letter case, its beginning, and anything else", () => {
    expect(
      ["neg", " positive", "Positive", "P", "", "The"].map((token) => codeOf(token, LABELS)),
    ).toEqual(["0", "1", "b", "x", "x", "x"]);
    expect(["0", "b", "x", "."].map(labelOf)).toEqual([0, 1, null, null]);
  });

  test("other answers and answers nobody asked for are equal to nothing, not even to themselves", () => {
    expect(sameLabel("1", "b")).toBe(true);
    expect(["0", "x", "."].map((code) => sameLabel(code, "1"))).toEqual([false, false, false]);
    expect([sameLabel("x", "x"), sameLabel(".", ".")]).toEqual([false, false]);
  });
});

describe("paths", () => {
  test("what is gone before the first change, though a later answer is the first one again", () => {
    expect(shareUntilChange(path([true, true, false, true]))).toBe(0.25);
    expect(shareUntilChange(path([true, true, true, true]))).toBe(1);
  });

  test("areas are trapezoids over shares of tokens", () => {
    expect(areaUnchanged(path([true, true, false, false]))).toBeCloseTo(0.375, 12);
    expect(meanMargin(path([true, true, true, true], [2, 1, 0, -2]))).toBeCloseTo(0, 12);
    expect(meanMargin(path([true, true, true, true], [2, null, 0, -2]))).toBeNull();
    expect(() => areaUnchanged(path([true, false]))).toThrow(/stops before its end/);
  });

  test("the tolerance counts inputs and stops at the first checkpoint that breaks it", () => {
    const kept = path([true, true, true, true]);
    const lost = path([true, true, false, true]);
    const nineteen = Array.from({ length: 19 }, () => kept);
    expect(shareAtTolerance([...nineteen, lost], 0.05)).toBe(1);
    expect(shareAtTolerance([...nineteen.slice(1), lost, lost], 0.05)).toBe(0.25);
  });

  test("a recording is read along an order, by label or by spelling; a gap before any change is not known", () => {
    const read = (codes: string, same = EQUALITIES.label) =>
      pathOf(handMade(codes), 0, order, same);
    expect(read("11b01")?.unchanged).toEqual([true, true, true, false, true]);
    expect(read("11b01", EQUALITIES.exact)?.unchanged).toEqual([true, true, false, false, true]);
    expect(read("11x00", EQUALITIES.likeliest)?.unchanged).toEqual([true, true, true, true, true]);
    expect(read("110..")?.unchanged).toEqual([true, true, false]);
    expect(read("11...")).toBeNull();
    expect(read("11b01")?.shares).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test("checkpoints are nested and end where every span is gone", () => {
    for (const { order: spans } of rankingsOf("routing")) {
      const steps = checkpointsOf(spans);
      steps.slice(1).forEach(({ mask, share }, index) => {
        const before = steps[index];
        expect(share).toBeGreaterThan(before?.share ?? 1);
        expect([...mask].every((kept, span) => kept === "0" || before?.mask[span] === "1")).toBe(
          true,
        );
      });
      expect(steps.at(-1)).toEqual({ mask: "0".repeat(spans.length), share: 1 });
    }
  });
});

test("an interval over inputs holds its estimate, and its sign is said only where it leaves out 0", () => {
  const values = Array.from({ length: 20 }, (_, input) => (input % 4) / 4);
  const interval = overResampledInputs(
    values.length,
    (drawn) => drawn.reduce((sum, one) => sum + (values[one] ?? 0), 0) / drawn.length,
    "test",
  );
  expect(interval.estimate).toBeCloseTo(0.375, 12);
  expect(interval.low).toBeLessThan(0.375);
  expect(interval.high).toBeGreaterThan(0.375);
  // The standard error of this mean is .0625: a 95 % interval is about four of them wide.
  expect(interval.high - interval.low).toBeGreaterThan(0.18);
  expect(interval.high - interval.low).toBeLessThan(0.3);
  expect(signOf({ estimate: 1, low: 0.1, high: 2 })).toBe("better");
  expect(signOf({ estimate: -1, low: -2, high: -0.1 })).toBe("worse");
  expect(signOf({ estimate: 1, low: -0.1, high: 2 })).toBe("not told apart");
});

describe("recordings", () => {
  test("three templates are recorded", () => {
    expect(recordings.map(({ name }) => name)).toEqual([...TEMPLATE_NAMES]);
  });

  test.each(recordings)("$name: every answer has its place, and margins go with answers", (one) => {
    const { fresh, attributed, answers } = one.recording;
    const inputs = fresh.length + attributed.length;
    const full = answers["1".repeat(Object.keys(answers)[0]?.length ?? 0)];
    expect(new Set([...fresh, ...attributed]).size).toBe(inputs);
    expect([...(full?.codes ?? "")].every((code) => labelOf(code) !== null)).toBe(true);
    for (const { codes, likeliest, margins } of Object.values(answers)) {
      expect([codes.length, likeliest.length, margins.length]).toEqual([inputs, inputs, inputs]);
      for (const [position, code] of [...codes].entries()) {
        expect(margins[position] === null).toBe(code === NOT_ASKED);
        expect(likeliest[position] === NOT_ASKED).toBe(code === NOT_ASKED);
      }
    }
    // Two ways to read the same answer: they differ only where spellings of another label add up to more than the first token.
    const spelled = Object.values(answers).flatMap(({ codes, likeliest }) =>
      [...codes].flatMap((code, at) => (/\d/.test(code) ? [code === likeliest[at]] : [])),
    );
    expect(spelled.filter((same) => !same).length / spelled.length).toBeLessThan(0.03);
  });

  test.each(recordings)("$name: fresh inputs are none that attributions were made of", (one) => {
    const known = new Set(openRecordedTemplate(one.name).inputs.map(({ id }) => id));
    const { fresh, attributed } = one.recording;
    expect(fresh.filter((id) => known.has(id))).toEqual([]);
    expect(attributed.filter((id) => !known.has(id))).toEqual([]);
    expect(fresh.length).toBeGreaterThanOrEqual(MEASURED.fresh);
    expect(attributed.length).toBeGreaterThanOrEqual(MEASURED.attributed);
  });

  const results = readFileSync(join(repository, "docs", "results.md"), "utf8").split("\n");
  test.each(recordings)("$name: docs/results.md holds the tables that it gives", (one) => {
    const lines = [...sharedTables(one.name, one.recording), ...ownTable(one.name, one.recording)];
    expect(lines.filter((line) => !results.includes(line))).toEqual([]);
  });
});
