/** A deletion as runs of lines and suggestion blocks: closed form, and the property that accepting all of them is the deletion. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { placeLines, rightHunks } from "../../src/github/diff-lines.js";
import { deleteSpans, maskableSpans, parsePrompt } from "../../src/prompts/index.js";
import { unifiedDiff } from "../../src/report/changes.js";
import {
  runsOf,
  suggestionBody,
  suggestionId,
  type LineRun,
  type SuggestionContext,
} from "../../src/report/suggestions.js";
import { promptFile } from "../prompts/arbitraries.js";
import "../property-seed.js";
import { nodesOf, parse } from "../fixtures/rendered-markdown.js";

const CONTEXT: SuggestionContext = {
  key: "review",
  path: "p.md",
  certificate: {
    inputs: 98,
    changed: 1,
    bound: 0.0476,
    confidence: 0.95,
    tolerance: 0.05,
    alphaSpent: 0.05,
    guarantee: "outputs",
    equality: "label",
    look: { reuse: "rotate", number: 1, inputsLeft: 0 },
    excess: null,
  },
  tokensSaved: 134,
  parts: 1,
  suggested: 1,
};

/** What pressing the button of every suggestion does: the lines give way to those of the block. */
function accept(text: string, runs: readonly LineRun[]): string {
  const lines = text.split("\n");
  const last = [...runs].sort((left, right) => right.startLine - left.startLine);
  for (const { startLine, endLine, after } of last)
    lines.splice(startLine - 1, endLine - startLine + 1, ...after);
  return lines.join("\n");
}

/** The lines of the one suggestion block, as a Markdown reader finds them. */
function blockOf(body: string): readonly string[] {
  const code = nodesOf(parse(body)).filter((node) => node.type === "code");
  expect(code).toHaveLength(1);
  const [block] = code;
  expect(block).toMatchObject({ lang: "suggestion" });
  const value = block !== undefined && "value" in block ? String(block.value) : "";
  const opened = body.indexOf("suggestion\n") + "suggestion\n".length;
  return body.slice(opened).startsWith("```") && value === "" ? [] : value.split("\n");
}

describe("runs of lines", () => {
  test("are the contiguous changes, with their numbers in the file and what is left of them", () => {
    const before = "a\nb\nc\nd\ne\nf\ng\nh\n";
    expect(runsOf(unifiedDiff("p", before, "a\nd\nE\nf\ng\n"))).toEqual([
      { startLine: 2, endLine: 3, before: ["b", "c"], after: [], obstacle: null },
      { startLine: 5, endLine: 5, before: ["e"], after: ["E"], obstacle: null },
      { startLine: 8, endLine: 8, before: ["h"], after: [], obstacle: null },
    ]);
  });

  test("that only put lines in take a neighbour along", () => {
    expect(runsOf(unifiedDiff("p", "a\nb\n", "a\nx\nb\n"))).toMatchObject([
      { startLine: 1, endLine: 1, before: ["a"], after: ["a", "x"] },
    ]);
    expect(runsOf(unifiedDiff("p", "a\nb\n", "x\na\nb\n"))).toMatchObject([
      { startLine: 1, endLine: 1, before: ["a"], after: ["x", "a"] },
    ]);
  });

  test("name what a suggestion cannot say", () => {
    expect(runsOf(unifiedDiff("p", "a\nb", "a"))[0]?.obstacle).toContain("no line feed");
    expect(runsOf(unifiedDiff("p", "a b\r\n", "a\r\n"))[0]?.obstacle).toContain("carriage");
    expect(runsOf(unifiedDiff("p", "a\r\nb\r\n", "a\r\n"))[0]?.obstacle).toBeNull();
  });

  test("of what is no diff of one file are none", () => {
    for (const text of ["", "hello", "@@ nonsense", "--- a\n+++ b\n@@ -1,9 +1 @@\n-x\n"])
      expect(runsOf(text)).toEqual([]);
  });
});

describe("accepting every suggestion", () => {
  test("is the deletion, for any prompt file and any spans, where all runs lie in the diff", () => {
    let [deleted, suggested] = [0, 0];
    fc.assert(
      fc.property(promptFile, fc.array(fc.nat(), { maxLength: 5 }), (file, picks) => {
        const template = parsePrompt(file.path, file.text);
        const maskable = maskableSpans(template);
        const spans = [...new Set(picks.flatMap((pick) => maskable[pick % maskable.length] ?? []))];
        let shorter: string;
        try {
          shorter = deleteSpans(template, spans).text;
        } catch {
          return;
        }
        const runs = runsOf(unifiedDiff(file.path, file.text, shorter));
        if (runs.length > 0) deleted++;
        const lines = file.text.split("\n");
        const hunks = rightHunks(
          unifiedDiff(file.path, "", file.text).split("\n").slice(2).join("\n"),
        );
        for (const run of runs) {
          expect(run.before).toEqual(lines.slice(run.startLine - 1, run.endLine));
          if (!file.text.includes("\r"))
            expect(placeLines(hunks, run)).toEqual({ kind: "in the diff" });
        }
        if (runs.some(({ obstacle }) => obstacle !== null)) return;
        if (runs.length > 0) suggested++;
        expect(accept(file.text, runs)).toBe(shorter);
        for (const run of runs.slice(0, 1))
          if (!run.after.some((line) => /[\t\v\f]/.test(line)))
            expect(blockOf(suggestionBody(run, "0", CONTEXT))).toEqual(run.after);
      }),
      { numRuns: 80 },
    );
    expect(deleted).toBeGreaterThan(30);
    expect(suggested).toBeGreaterThan(20);
  });
});

describe("a suggestion", () => {
  const run = (after: readonly string[]): LineRun => ({
    startLine: 2,
    endLine: 2,
    before: ["x"],
    after,
    obstacle: null,
  });

  test("of lines that go is an empty block", () => {
    const body = suggestionBody(run([]), "0123456789abcdef", CONTEXT);
    expect(body.split("\n")).toEqual([
      "<!-- understudy:suggestion:v1 key=review id=0123456789abcdef -->",
      "**These lines can go.** Certified: −134 tokens; 1 of 98 held-out outputs changed, at most 4.8 % at 95 % confidence.",
      "",
      "```suggestion",
      "```",
    ]);
  });

  test.each([
    [["```", "````md", "</details> @octocat"]],
    [["`````````", "~~~", "<!-- -->"]],
    [[""]],
    [["  indented", "", "[x](javascript:alert(1)) #1"]],
  ])("holds hostile lines %j, which neither end its block nor stand outside of it", (after) => {
    const body = suggestionBody(run(after), "0", CONTEXT);
    expect(blockOf(body)).toEqual(after);
    const blocks = nodesOf(parse(body)).filter(({ type }) =>
      ["html", "paragraph", "code", "heading", "link", "table", "list"].includes(type),
    );
    expect(blocks.map(({ type }) => type)).toEqual(["html", "paragraph", "code"]);
  });

  test("of several says that they belong together, and that a part alone was not certified", () => {
    const parts = { ...CONTEXT, parts: 3 };
    expect(suggestionBody(run([]), "0", { ...parts, suggested: 3 })).toContain(
      "accept all of them or none",
    );
    const some = suggestionBody(run([]), "0", { ...parts, suggested: 2 });
    expect(some).toContain("1 lie outside this diff");
    expect(some).toContain("not certified alone");
  });

  test("is known by its lines, not by where they stand", () => {
    const moved = { ...run(["y"]), startLine: 9, endLine: 9 };
    expect(suggestionId("p", moved, 0)).toBe(suggestionId("p", run(["y"]), 0));
    const others = [
      suggestionId("q", moved, 0),
      suggestionId("p", moved, 1),
      suggestionId("p", run(["z"]), 0),
    ];
    expect(new Set([...others, suggestionId("p", moved, 0)]).size).toBe(4);
  });
});
