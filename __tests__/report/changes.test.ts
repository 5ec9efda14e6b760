import { describe, expect, test } from "@jest/globals";
import { applyPatch } from "diff";
import fc from "fast-check";
import { applyDiff, unifiedDiff } from "../../src/report/changes.js";

const lines = fc
  .array(fc.constantFrom("a", "b", "  c", "-d", "+e", "@@ x", "", "\\ No"), { maxLength: 12 })
  .map((all) => all.join("\n"));

describe("a unified diff", () => {
  test("has the headers that git apply reads and three lines of context", () => {
    const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    expect(unifiedDiff("prompts/a.md", before, before.replace("5\n", ""))).toBe(
      [
        "--- a/prompts/a.md",
        "+++ b/prompts/a.md",
        "@@ -2,7 +2,6 @@",
        " 2",
        " 3",
        " 4",
        "-5",
        " 6",
        " 7",
        " 8",
        "",
      ].join("\n"),
    );
  });

  test("is empty where nothing changed", () => {
    expect(unifiedDiff("a", "x", "x")).toBe("");
  });

  test("says where the last newline is missing", () => {
    expect(unifiedDiff("a", "x\ny", "x")).toContain("\\ No newline at end of file");
  });

  test("keeps a path with a line break on its line", () => {
    expect(unifiedDiff("a\n+++ b/evil", "x\n", "y\n").split("\n")).toHaveLength(6);
  });

  test("turns the one text into the other", () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        fc.pre(before !== after);
        expect(applyPatch(before, unifiedDiff("a", before, after))).toBe(after);
      }),
    );
  });

  test("keeps the line ends of a file from another system", () => {
    expect(unifiedDiff("a", "x\r\ny\r\n", "x\r\n")).toContain("\n-y\r\n");
  });
});

describe("applying it", () => {
  test("gives the text it was made to, for any two texts, and nothing for another text", () => {
    fc.assert(
      fc.property(lines, lines, lines, (before, after, other) => {
        const diff = unifiedDiff("a", before, after);
        if (diff === "") return;
        expect(applyDiff("a", before, diff)).toBe(after);
        const elsewhere = applyDiff("a", other, diff);
        if (other !== before && elsewhere !== null)
          expect(unifiedDiff("a", other, elsewhere)).toBe(diff);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps CRLF, and does not shift to where the lines stand now", () => {
    const before = "a\r\nb\r\nc\r\n";
    const diff = unifiedDiff("p", before, "a\r\nc\r\n");
    expect(applyDiff("p", before, diff)).toBe("a\r\nc\r\n");
    expect(applyDiff("p", `x\r\n${before}`, diff)).toBeNull();
    expect(applyDiff("p", before, "no diff at all")).toBeNull();
  });
});
