import { describe, expect, test } from "@jest/globals";
import type { Explanation, PromptReport } from "../../src/domain.js";
import { renderCompression } from "../../src/report/compression-text.js";
import { renderExplanation, renderPerInput, renderScreens } from "../../src/report/terminal.js";
import { sampleReport } from "../fixtures/sample-report.js";

const [report] = sampleReport.prompts;
if (!report?.explanation) throw new Error("the sample has no explanation");
const explanation: Explanation = report.explanation;
const printed = renderExplanation(report);

/** Controls and marks of direction; line feeds are ours. */
const CONTROL = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

describe("an explanation in the terminal", () => {
  test("says how it was made, how good it is and what it must beat, before any span", () => {
    const lines = printed.split("\n");
    expect(lines[0]).toBe("prompts/triage.prompt.yml");
    expect(lines[1]).toBe(
      "hierarchical, value: class-margin, sentence spans, 40 inputs x 8 masks, 320 oracle calls",
    );
    expect(lines[2]).toBe("fidelity 0.71 (0.64 to 0.77; cross-validated LDS, 40 inputs)");
    expect(printed).toContain("  random             0.01 (−0.06 to 0.08)");
    expect(printed).toContain("unstable: rank correlation of refits 0.74");
    expect(printed).toContain("  with 6 oracle masks an input (280 calls): 0.70 (0.62 to 0.76)");
    expect(printed).toContain("pair: either");
  });

  test("draws a bar relative to the strongest span, minus signs for what works against", () => {
    const lineOf = (start: string): string =>
      printed.split("\n").find((line) => line.trimStart().startsWith(start)) ?? "";
    expect(lineOf("6-7 ")).toMatch(/1\.22 \(1\.05 to 1\.39\) #{12} Answer outage/);
    expect(lineOf("8 ")).toMatch(/−0\.08 \(−0\.14 to −0\.02\) -{1} {12}Ping/);
  });

  test("lets no control or direction character of a prompt through", () => {
    const hostile: PromptReport = {
      ...report,
      path: "a\u001b[2Jb\u202e.txt",
      explanation: {
        ...explanation,
        withheld: "because\u001b]8;;x\u0007",
        shown: false,
        spans: explanation.spans.map((span) => ({
          ...span,
          text: "\u001b[31mred\u202e\u0007",
          influence: null,
        })),
      },
    };
    for (const text of [
      renderExplanation(hostile),
      renderScreens(hostile, sampleReport.ledger),
      compressionOf({
        ...hostile,
        selfDisagreement: null,
        selfDisagreementReason: "no\u0007",
        removable: hostile.removable && {
          ...hostile.removable,
          diff: "-\u001b[31mred\u202e\n",
          changedOutputs: [{ input: "\u0007", before: "\u001b[2J", after: "\u202e" }],
        },
      }),
      renderPerInput(explanation, [
        {
          id: "\u001b[2J",
          influence: explanation.spans.map(() => ({ estimate: 1, low: 0, high: 2 })),
        },
      ]),
    ])
      expect(text).not.toMatch(CONTROL);
    expect(renderExplanation(hostile)).toContain("influence withheld: because");
  });

  test("shows the strongest of very many spans, in the order of the file, and how many are left", () => {
    const span = explanation.spans[0];
    if (!span) throw new Error("no span");
    const spans = Array.from({ length: 100 }, (_, index) => ({
      ...span,
      index,
      startLine: index + 1,
      endLine: index + 1,
      influence: { estimate: index % 2 === 0 ? 0.001 * index : 2 + 0.001 * index, low: 0, high: 9 },
    }));
    const shown = renderExplanation({ ...report, explanation: { ...explanation, spans } });
    const lines = shown.split("\n").filter((line) => line.includes(" tokens "));
    expect(lines.length).toBe(60);
    const numbers = lines.map((line) => Number.parseInt(line, 10));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    // Every second span is strong; all of them are among those shown.
    expect(numbers.filter((line) => line % 2 === 0).length).toBe(50);
    expect(shown).toContain("and 40 weaker spans");
  });

  test("a screen says who may explain which inputs, and why", () => {
    expect(renderScreens(report, null)).toContain(
      "SmolLM2-135M-Instruct: May explain 32 of 40 inputs by itself, the oracle's own masks 7, 1 by neither (20 % fall back): the lower bound of kappa is 0.31",
    );
  });

  test("a screen says what it took, from the ledger of its own calls", () => {
    const { ledger } = sampleReport;
    const lines = renderScreens(report, ledger).trimEnd().split("\n");
    expect(lines).toContainEqual(
      expect.stringMatching(
        new RegExp(`^oracle: ${ledger.oracle.calls.toLocaleString("en-US")} calls \\(`),
      ),
    );
    expect(lines.at(-1)).toMatch(/^cost-reduction ratio \d/);
    expect(renderScreens(report, null)).not.toContain("oracle:");
  });

  test("says why there is none", () => {
    const none = { ...report, explanation: null, explanationReason: "no oracle\u001b[2J" };
    expect(renderExplanation(none)).toMatch(
      /^prompts\/triage\.prompt\.yml\nno explanation: no oracle/,
    );
    expect(renderPerInput(explanation, null)).toBe("influence on each input is withheld as well\n");
  });
});

describe("influence on single inputs", () => {
  test("three strongest spans a line, by size whatever the sign", () => {
    const influence = [0.1, -3, 0.2, 2, 0.05, 0].map((estimate) => ({
      estimate,
      low: estimate - 1,
      high: estimate + 1,
    }));
    expect(renderPerInput(explanation, [{ id: "ticket 1", influence }])).toBe(
      "strongest spans of each input:\nticket 1: line 5 −3.00 (−4.00 to −2.00), line 8 2.00 (1.00 to 3.00), line 6 0.20 (−0.80 to 1.20)\n",
    );
  });
});

function compressionOf(prompt: PromptReport): string {
  const locked = { startLine: 1, endLine: 1, text: "\u001b[1mkeep", tokens: 1 };
  return renderCompression({
    prompt,
    locked: [{ ...locked, protection: "pinned" }],
    ledger: sampleReport.ledger,
    oracle: "m\u0007",
    surrogate: { ...(sampleReport.surrogate ?? missing()), model: "\u202esmall" },
    missing: ["an answer\u001b[2J"],
  });
}

function missing(): never {
  throw new Error("the sample has no surrogate");
}

describe("a compression in the terminal", () => {
  const text = compressionOf(report);

  test("has its headline, decisions with their reasons, outputs side by side and the scope", () => {
    expect(text.split("\n")[1]).toBe(
      "−11 % tokens (1,240 → 1,106); on 98 held-out inputs 1 output changed; 97 % sure that at most 4.8 % change; 1,324 oracle calls, $0.09",
    );
    expect(text).toContain("incomplete: an answer");
    expect(text).toMatch(
      /DELETED: not distinguishable from none; redundant with line 4, which stays/,
    );
    expect(text).toMatch(
      /kept: carries outputs; deleting it too changed 9 of 40 search outputs; redundant with line 5, which goes/,
    );
    expect(text).toMatch(/6-7 +43 1\.22 \(1\.05 to 1\.39\) +kept: carries outputs\n/);
    expect(text).toMatch(/locked: pinned by the author/);
    expect(text).toMatch(/billing +\| other \| @all +\| ticket-0042/);
    expect(text).toContain("saves 134,000 prompt tokens every 1,000 calls, $0.02");
    expect(text).toContain("changed 31 of 98 outputs");
    expect(text).toContain("hash 9c1d4be0");
  });

  test("says of a price that is unknown that it is, and of no certificate that nothing is to be deleted", () => {
    const { removable } = report;
    const nothing = compressionOf({
      ...report,
      savings: null,
      removable: removable && {
        ...removable,
        spans: [],
        certificate: null,
        diff: null,
        reason: "too few inputs",
      },
    });
    expect(nothing.split("\n")[1]).toMatch(
      /^no certificate, so nothing is to be deleted: too few inputs;/,
    );
    expect(nothing).not.toContain("DELETED");
    const unpriced = compressionOf({ ...report, savings: { promptTokens: 1000, cost: null } });
    expect(unpriced).toContain("every 1,000 calls, price unknown");
  });

  test("says of a deletion that held while certification ended earlier just that", () => {
    const { removable } = report;
    const path = [
      { spans: [0, 1, 3, 4], tokensSaved: 152, search: { inputs: 40, changed: 1 }, certify: null },
    ];
    const held = compressionOf({ ...report, removable: removable && { ...removable, path } });
    expect(held).toContain("changed 1 of 40 search outputs, but certification ended at a milder");
  });
});
