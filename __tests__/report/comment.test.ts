import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import type { Report } from "../../src/domain.js";
import { COMMENT_BYTES, commentMarker, renderComment } from "../../src/report/comment.js";
import { hasFindings } from "../../src/report/facts.js";
import { renderSummary, SUMMARY_BYTES } from "../../src/report/summary.js";
import { aliveIn, HOSTILE, nodesOf, parse, shownText } from "../fixtures/rendered-markdown.js";
import { cleanReport, sampleFacts, sampleReport } from "../fixtures/sample-report.js";

const GOLDEN = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "..",
  "__tests__",
  "golden",
);
const OPTIONS = { key: "review" };
const FILES = "https://github.com/octo/prompts/blob/0123456789abcdef0123456789abcdef01234567";

/** Compares with a committed file. `UPDATE_GOLDEN=1 npm test` writes it anew: read the change before committing it. */
function expectGolden(name: string, text: string): void {
  const path = join(GOLDEN, name);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, "utf8"));
}

/** The report with every text replaced, whatever field it stands in; words that the type fixes stay. */
function withTexts(report: Report, replace: (text: string) => string): Report {
  const fixed = new Set([
    "kind",
    "method",
    "value",
    "measure",
    "mode",
    "verdict",
    "backend",
    "precision",
    "requestedPrecision",
    "name",
    "currency",
    "valueKind",
    "effect",
    "change",
    "conclusion",
  ]);
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return fixed.has(key) ? value : replace(value);
    if (Array.isArray(value)) return value.map((item) => visit(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, visit(item, name)]),
    );
  };
  return visit(report, "") as Report;
}

function repeated(report: Report, times: number): Report {
  const copies = <Item>(items: readonly Item[]): Item[] =>
    Array.from({ length: times }, () => items).flat();
  return {
    ...report,
    prompts: copies(
      report.prompts.map((prompt) => ({
        ...prompt,
        demonstrations: prompt.demonstrations && copies(prompt.demonstrations),
      })),
    ),
    data: copies(
      report.data.map((data) => ({
        ...data,
        suspicious: data.suspicious && copies(data.suspicious),
      })),
    ),
  };
}

describe("the comment", () => {
  test("is the golden one", () => {
    expectGolden(
      "comment.md",
      renderComment(sampleReport, { ...OPTIONS, links: { files: FILES } }),
    );
    expectGolden("comment-resolved.md", renderComment(cleanReport, OPTIONS));
  });

  test("begins with its marker, then says what matters in two lines", () => {
    const [marker, title, line, blank] = renderComment(sampleReport, OPTIONS).split("\n");
    expect(marker).toBe("<!-- understudy:v1 key=review -->");
    expect(title).toBe("### Understudy: 2 prompts, 1 data set");
    expect(line).toBe(
      "**−134 tokens** possible in `prompts/triage.prompt.yml` (11 %, certified; $0.02 every 1,000 calls) · **1 suspected instruction** in `prompts/triage.prompt.yml` · **1 suspicious example** in `prompts/triage.prompt.yml` · " +
        "**3 suspicious rows** in `data/train.jsonl` · **1 problem** in the wording · fidelity **0.71** (0.64–0.77) · 1,324 oracle calls, $0.09 · surrogate not supported",
    );
    expect(blank).toBe("");
  });

  test("is the same bytes for the same report", () => {
    expect(renderComment(structuredClone(sampleReport), OPTIONS)).toBe(
      renderComment(sampleReport, OPTIONS),
    );
  });

  test("holds no link but those to the reviewed files", () => {
    expect(aliveIn(renderComment(sampleReport, OPTIONS))).toEqual([]);
    const linked = renderComment(sampleReport, { ...OPTIONS, links: { files: FILES } });
    expect(aliveIn(linked, { links: FILES })).toEqual([]);
    expect(nodesOf(parse(linked)).filter((node) => node.type === "link").length).toBeGreaterThan(5);
  });

  test.each([
    "javascript:alert%281%29",
    "ftp://x/y",
    "https://x/)[y",
    "https://x/<b>",
    "//x",
    "https://x y",
  ])("makes no link of %j", (address) => {
    const linked = renderComment(sampleReport, {
      ...OPTIONS,
      links: { files: address, run: address },
    });
    expect(nodesOf(parse(linked)).filter((node) => node.type === "link")).toEqual([]);
  });

  test.each([0, 7, 14, 21, 28])(
    "stays dead, and so does the summary, with another hostile text in each field (from %i)",
    (first) => {
      let next = first;
      const report = withTexts(sampleReport, () => HOSTILE[next++ % HOSTILE.length] ?? "");
      expect(next - first).toBeGreaterThan(HOSTILE.length);
      expect(
        aliveIn(renderComment(report, { ...OPTIONS, links: { files: FILES } }), { links: FILES }),
      ).toEqual([]);
      expect(aliveIn(renderSummary(report, sampleFacts))).toEqual([]);
    },
  );

  test.each(["-->", "a b", "", "x--y", "a\nb", "k".repeat(101)])("refuses the key %j", (key) => {
    expect(() => commentMarker(key)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("the comment's size", () => {
  const wide = withTexts(repeated(sampleReport, 20), (text) => `${text} ${"界".repeat(4000)}`);

  test.each([
    ["many files", repeated(sampleReport, 200)],
    ["long wide texts", wide],
    [
      "combining marks",
      withTexts(repeated(sampleReport, 20), () => `e\u0301\u0301\u0301`.repeat(2000)),
    ],
    ["much to escape", withTexts(repeated(sampleReport, 20), () => "| <`&> ".repeat(2000))],
  ])("stays within the budget: %s", (_name, report) => {
    const comment = renderComment(report, OPTIONS);
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(COMMENT_BYTES);
    expect(comment.length).toBeLessThanOrEqual(COMMENT_BYTES);
    expect(aliveIn(comment)).toEqual([]);
    expect(Buffer.byteLength(renderSummary(report, sampleFacts))).toBeLessThanOrEqual(
      SUMMARY_BYTES,
    );
  });

  test("is kept by leaving out whole sections, the evidence first, and saying which", () => {
    const long = sampleReport.prompts.map((prompt) => ({
      ...prompt,
      removable: prompt.removable && { ...prompt.removable, diff: "+ line\n".repeat(9000) },
    }));
    const comment = renderComment({ ...sampleReport, prompts: long }, OPTIONS);
    const shown = shownText(comment);
    expect(shown).toContain("Left out for length: Diff of the shorter prompt");
    expect(comment).not.toContain("+ line");
    expect(comment).toContain("#### Suspicious rows");
    expect(comment).toContain("<summary>Seeds, versions, limits</summary>");
    expect(comment.match(/^<details>/gm)).toHaveLength(
      comment.match(/^<\/details>/gm)?.length ?? -1,
    );
  });
});

describe("what was not measured", () => {
  test("is said with its reason, never as nothing", () => {
    const shown = shownText(renderComment(sampleReport, OPTIONS));
    expect(shown).toContain(
      "influence of the spans not shown: no inputs were found for this prompt",
    );
    expect(shown).toContain("suspicious entries not looked for: no oracle is configured");
    expect(shown).toContain("about 524 oracle calls (198,000 prompt tokens, price unknown)");
  });

  test("shows in the headline where nothing could be tested", () => {
    const [, unexplained] = sampleReport.prompts;
    const report: Report = {
      ...sampleReport,
      complete: true,
      prompts: [unexplained].filter((prompt) => prompt !== undefined),
      data: [],
      oracle: null,
      ledger: {
        ...sampleReport.ledger,
        oracle: { ...sampleReport.ledger.oracle, calls: 0, cost: null },
      },
    };
    expect(hasFindings(report)).toBe(false);
    const line = renderComment(report, OPTIONS).split("\n")[2];
    expect(line).toBe(
      "nothing suspicious in what could be tested · no oracle was asked: nothing explained, screened or certified",
    );
  });

  test("keeps an incomplete run from looking like a clean one", () => {
    const cut = renderComment(
      {
        ...cleanReport,
        complete: { reason: "the time cap was reached", finished: [], missing: [] },
      },
      OPTIONS,
    );
    expect(cut).toContain("> **Incomplete.** the time cap was reached (nothing was finished)");
  });

  test("is withheld influence with its reason, and no table of it", () => {
    const prompts = sampleReport.prompts.map((prompt) => ({
      ...prompt,
      explanation: prompt.explanation && {
        ...prompt.explanation,
        shown: false,
        withheld: "span length does as well",
        spans: prompt.explanation.spans.map((span) => ({ ...span, influence: null })),
      },
    }));
    const comment = renderComment({ ...sampleReport, prompts }, OPTIONS);
    expect(comment).toContain("influence withheld");
    expect(shownText(comment)).toContain("span length does as well");
    expect(comment).not.toContain("Influence of every span");
    expect(comment).toContain("part of the certified deletion");
  });

  test("an unknown price is unknown, not free", () => {
    const oracle = { ...sampleReport.ledger.oracle, cost: null };
    const comment = renderComment(
      { ...sampleReport, ledger: { ...sampleReport.ledger, oracle, costReductionRatio: null } },
      OPTIONS,
    );
    expect(comment.split("\n")[2]).toContain("1,324 oracle calls, price unknown");
    expect(comment).toContain("ratio unknown");
  });

  test("a deletion without a certificate is no finding", () => {
    const prompts = cleanReport.prompts.map((prompt) => ({
      ...prompt,
      removable: prompt.removable && {
        ...prompt.removable,
        spans: [1],
        tokensSaved: 21,
        reason: "set B holds 12 inputs, 59 are needed",
      },
    }));
    const report = { ...cleanReport, prompts };
    expect(hasFindings(report)).toBe(false);
    expect(renderComment(report, OPTIONS)).not.toContain("−21");
    expect(renderComment(report, OPTIONS)).toContain("59 are needed");
  });
});

describe("findings", () => {
  test("of each kind make a comment worth creating", () => {
    expect(hasFindings(sampleReport)).toBe(true);
    expect(hasFindings(cleanReport)).toBe(false);
    expect(hasFindings({ ...cleanReport, data: sampleReport.data })).toBe(true);
    const [triage] = sampleReport.prompts;
    if (triage === undefined) throw new Error("the sample has a prompt");
    const only = (change: Partial<typeof triage>): Report => ({
      ...cleanReport,
      prompts: cleanReport.prompts.map((prompt) => ({ ...prompt, ...change })),
    });
    expect(hasFindings(only({ removable: triage.removable }))).toBe(true);
    expect(hasFindings(only({ demonstrations: triage.demonstrations }))).toBe(true);
    expect(hasFindings(only({ problems: triage.problems }))).toBe(true);
    expect(hasFindings(only({ injections: triage.injections }))).toBe(true);
    const old = triage.injections.map((one) => ({ ...one, isNew: false }));
    expect(hasFindings(only({ injections: old }))).toBe(false);
    const [data] = sampleReport.data;
    if (data === undefined) throw new Error("the sample has a data file");
    const rows = { ...data, suspicious: [], triggers: [] };
    expect(hasFindings({ ...cleanReport, data: [rows] })).toBe(true);
  });
});

describe("the job summary", () => {
  test("without facts of the run is the golden one", () => {
    expectGolden("summary.md", renderSummary(sampleReport, null));
  });

  test("with them only adds", () => {
    const summary = renderSummary(sampleReport, sampleFacts);
    expect(summary.startsWith(renderSummary(sampleReport, null).trimEnd())).toBe(true);
    expect(summary).toContain("81.5 s");
    expect(summary).toContain("the cache could not be saved");
    expect(summary).toContain("| Planned before the first call | up to 1,324 calls, $0.09 |");
    expect(summary).toContain(
      "22.4 = $0.67 / ($0.0058 surrogate + $0.02 fallback + $0.00050 screen); cheaper than the oracle alone from 1 input on",
    );
  });
});

describe("what is said of the oracle itself", () => {
  const prompt = { ...sampleReport.prompts[0] } as Report["prompts"][number];
  const changed = (change: Partial<Report["prompts"][number]>): string =>
    renderComment({ ...sampleReport, prompts: [{ ...prompt, ...change }] }, OPTIONS);

  test("that it wavers stands beside the certificate; that it did not, or was not asked, in the fold alone", () => {
    const beside = "outputs by itself; the bound counts such changes";
    expect(changed({})).toContain(beside);
    const steady = { inputs: 8, changed: 0, bound: 0.3123, confidence: 0.95 };
    const calm = changed({ selfDisagreement: steady });
    expect(calm).not.toContain(beside);
    expect(calm).toContain("changed 0 of 8 outputs, at most 31 % at 95 % confidence");
    const unknown = changed({ selfDisagreement: null, selfDisagreementReason: "<b>why</b>" });
    expect(unknown).not.toContain(beside);
    expect(unknown).toContain("Self-disagreement of the oracle: not measured, &lt;b&gt;why");
  });

  test("another model that answered is named before anything else, and the first five of many", () => {
    const named = (substitutes: readonly string[]): string =>
      renderComment(
        {
          ...cleanReport,
          oracle: { model: "m", valueKind: null, reasoned: 0, substitutes },
        },
        OPTIONS,
      );
    expect(named([])).not.toContain("Another model answered");
    expect(named(["a"])).toContain("`m` was asked for, and the server says that it is `a`.");
    expect(named([..."abcdefg"])).toContain("`a`, `b`, `c`, `d`, `e` and 2 more");
  });

  test("a plan that is kept apart from what was needed, and a ratio in tokens, or none", () => {
    const ledgerOf = (change: Partial<Report["ledger"]>): string =>
      renderComment({ ...sampleReport, ledger: { ...sampleReport.ledger, ...change } }, OPTIONS);
    expect(ledgerOf({ planned: null })).not.toContain("Planned");
    expect(ledgerOf({ explanations: null })).not.toContain("cost-reduction ratio");
    const { explanations } = sampleReport.ledger;
    if (explanations === null) throw new Error("the sample has a ratio");
    const dear = { ...explanations, unit: "prompt tokens", breakEvenInputs: null } as const;
    expect(ledgerOf({ explanations: dear })).toMatch(
      /in prompt tokens, the surrogate's time not counted; never cheaper/,
    );
  });
});
