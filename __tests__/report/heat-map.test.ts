import { describe, expect, test } from "@jest/globals";
import type { ReportSpan } from "../../src/domain.js";
import { renderHeatMap } from "../../src/report/heat-map.js";

const SOURCE = "keep this word\nand this line\u202E\nlast\n";

function span(
  startOffset: number,
  endOffset: number,
  influence: ReportSpan["influence"],
): ReportSpan {
  return {
    index: 0,
    kind: "word",
    startLine: 1,
    endLine: 1,
    startOffset,
    endOffset,
    text: SOURCE.slice(startOffset, endOffset),
    tokens: 1,
    influence,
  };
}

const SPANS = [
  span(5, 9, { estimate: 2, low: 1, high: 3 }),
  span(10, 14, { estimate: -0.9, low: -1.2, high: -0.6 }),
  span(15, 28, { estimate: 0.4, low: -0.1, high: 0.9 }),
];

describe("the heat map of a prompt", () => {
  test("shades a line by its strongest span, and leaves what may be nothing blank", () => {
    const [first, second, third] = renderHeatMap(SOURCE, SPANS, { colour: false }).split("\n");
    expect(first).toBe("1 █ keep this word");
    expect(second).toBe("2   and this line⟨U+202E⟩");
    expect(third).toBe("3   last");
  });

  test("colours span by span: green for, red against, nothing where the interval holds 0", () => {
    const [first, second] = renderHeatMap(SOURCE, SPANS, { colour: true }).split("\n");
    expect(first).toBe(
      "1 █ keep \u001b[48;5;77;38;5;16mthis\u001b[0m \u001b[48;5;217;38;5;16mword\u001b[0m",
    );
    expect(second).toBe("2   and this line⟨U+202E⟩");
  });

  test("never prints an escape of the prompt's own", () => {
    const hostile = "\u001b[2J\u001b]0;title\u0007text";
    expect(renderHeatMap(hostile, [], { colour: true })).not.toContain("\u001b");
  });

  test("gives back every line of the file once, whatever the spans cover", () => {
    const overlapping = [...SPANS, span(0, SOURCE.length, { estimate: 1, low: 0.5, high: 2 })];
    const lines = renderHeatMap(SOURCE, overlapping, { colour: false }).split("\n");
    expect(lines.slice(0, 3).map((line) => line.slice(4))).toEqual([
      "keep this word",
      "and this line⟨U+202E⟩",
      "last",
    ]);
  });
});
