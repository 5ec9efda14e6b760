/** Suggestions against a stateful fake of GitHub that knows what a review comment may stand on. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PullRequestEvent } from "../../src/github/event.js";
import { placeLines, rightHunks } from "../../src/github/diff-lines.js";
import type { SuggestionOutcome } from "../../src/github/suggestions.js";
import type { Report } from "../../src/domain.js";
import { unifiedDiff } from "../../src/report/changes.js";
import { renderComment } from "../../src/report/comment.js";
import { notesOf, suggestDeletions } from "../../src/wiring/suggestions.js";
import { startFakeGitHub, type FakeGitHub } from "../fixtures/github-api.js";
import { sampleReport } from "../fixtures/sample-report.js";

let github: FakeGitHub;
beforeAll(async () => void (github = await startFakeGitHub()));
afterAll(async () => void (await github.close()));

const PATH = "prompts/triage.prompt.yml";
const LINES = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
const HEAD = `${LINES.join("\n")}\n`;
const without = (...numbers: number[]): string =>
  `${LINES.filter((_, index) => !numbers.includes(index + 1)).join("\n")}\n`;
/** As GitHub lists it: no file headers. */
const patchFrom = (base: string): string =>
  unifiedDiff(PATH, base, HEAD).split("\n").slice(2).join("\n");
/** Brings lines 4 to 6 and line 20; the hunks show 1 to 9 and 17 to 23. */
const PATCH = patchFrom(without(4, 5, 6, 20));

const EVENT: PullRequestEvent = {
  kind: "pull request",
  owner: "octo",
  repo: "prompts",
  number: 7,
  baseSha: "a".repeat(40),
  headSha: "b".repeat(40),
  fork: false,
};

/** The sample with the deletion of these lines of the file above. */
function deleting(shorter: string): Report {
  const [triage, ...others] = sampleReport.prompts;
  if (!triage?.removable) throw new Error("the sample has no deletion");
  const removable = { ...triage.removable, diff: unifiedDiff(PATH, HEAD, shorter) };
  return { ...sampleReport, prompts: [{ ...triage, removable }, ...others] };
}

async function suggest(
  shorter: string,
  redact: (text: string) => string = (text) => text,
): Promise<SuggestionOutcome | null> {
  return await suggestDeletions({
    event: EVENT,
    token: "token-for-tests",
    key: "review",
    report: deleting(shorter),
    redact,
    baseUrl: github.url,
    sleep: async () => {},
  });
}

beforeEach(async () => {
  await github.reset({ files: [{ filename: "README.md" }, { filename: PATH, patch: PATCH }] });
});

describe("where a suggestion may stand", () => {
  const hunks = rightHunks(PATCH);
  const at = (startLine: number, ...before: string[]): string => {
    const placement = placeLines(hunks, { startLine, before });
    return placement.kind === "outside" ? placement.reason : placement.kind;
  };

  test("is within one hunk, context included, on the very text that was reviewed", () => {
    expect(hunks.map((hunk) => [hunk[0]?.line, hunk.at(-1)?.line])).toEqual([
      [1, 9],
      [17, 23],
    ]);
    expect(at(1, "line 1")).toBe("in the diff");
    expect(at(8, "line 8", "line 9")).toBe("in the diff");
    expect(at(9, "line 9", "line 10")).toBe("not in this diff");
    expect(at(9, ...LINES.slice(8, 17))).toBe("not in this diff");
    expect(at(12, "line 12")).toBe("not in this diff");
    expect(at(4, "line 40")).toBe("the pull request's diff has other text there");
  });

  test("is not across lines that the diff deletes", () => {
    const crossing = rightHunks("@@ -1,4 +1,3 @@\n a\n-gone\n b\n\\ No newline at end of file\n c");
    expect(placeLines(crossing, { startLine: 1, before: ["a", "b"] }).kind).toBe("outside");
    expect(placeLines(crossing, { startLine: 2, before: ["b", "c"] }).kind).toBe("in the diff");
  });

  test("does not depend on how lines end", () => {
    const crlf = rightHunks("@@ -1 +1,2 @@\n a\r\n+b\r");
    expect(placeLines(crlf, { startLine: 1, before: ["a\r", "b\r"] }).kind).toBe("in the diff");
  });
});

describe("suggestions", () => {
  test("are posted as one review on their lines, and a second run posts none", async () => {
    const shorter = without(5, 6, 20);
    expect(await suggest(shorter)).toEqual({
      kind: "placed",
      posted: 2,
      already: 0,
      placedIn: [{ path: PATH, count: 2 }],
      outside: [],
    });
    expect(await github.reviewComments()).toMatchObject([
      { path: PATH, startLine: 5, line: 6, body: expect.stringMatching(/```suggestion\n```$/) },
      { path: PATH, startLine: null, line: 20, body: expect.stringContaining("2 parts") },
    ]);
    expect(await suggest(shorter)).toMatchObject({ posted: 0, already: 2 });
    expect(await github.reviewComments()).toHaveLength(2);
    expect((await github.operations()).filter((one) => one === "review")).toHaveLength(1);
  });

  test("outside the diff are named with their reason and not sent, for GitHub takes all or none", async () => {
    const outcome = await suggest(without(5, 12, 13));
    expect(outcome).toMatchObject({
      posted: 1,
      outside: [{ path: PATH, startLine: 12, endLine: 13, reason: "not in this diff" }],
    });
    expect((await github.reviewComments())[0]?.body).toContain("1 lie outside this diff");
    if (outcome?.kind !== "placed") throw new Error("not placed");
    const comment = renderComment(sampleReport, { key: "review", suggestions: notesOf(outcome) });
    expect(comment).toContain(
      "1 suggestion on the lines of this diff, of 2 parts that were certified together; not in this diff, so only in the diff below: lines 12–13 (not in this diff).",
    );
  });

  test("of a file that the pull request does not show stand in the comment alone", async () => {
    await github.setFiles({ filename: PATH });
    expect(await suggest(without(5))).toMatchObject({
      posted: 0,
      outside: [{ reason: "GitHub gives no diff of this file" }],
    });
    await github.setFiles({ filename: "other.md", patch: PATCH });
    expect(await suggest(without(5))).toMatchObject({ outside: [{ reason: "not in this diff" }] });
    expect(await github.operations()).toEqual(["files", "files"]);
  });

  test("that stand there outdated are not posted again, those of somebody else count for nothing", async () => {
    await suggest(without(5));
    const [own] = await github.reviewComments();
    if (own === undefined) throw new Error("nothing was posted");
    await github.reset({ files: [{ filename: PATH, patch: PATCH }] });
    await github.addReviewComments({ ...own, author: "mallory" });
    expect(await suggest(without(5))).toMatchObject({ posted: 1, already: 0 });
    await github.reset({ files: [{ filename: PATH, patch: PATCH }] });
    await github.addReviewComments({ ...own, line: null });
    expect(await suggest(without(5))).toMatchObject({ posted: 0, already: 1 });
  });

  test("are found among more comments than a page holds, and their file among more files", async () => {
    await suggest(without(5));
    const [own] = await github.reviewComments();
    if (own === undefined) throw new Error("nothing was posted");
    const files = Array.from({ length: 130 }, (_, index) => ({
      filename: `${index}.md`,
      patch: "",
    }));
    await github.reset({ files: [...files, { filename: PATH, patch: PATCH }] });
    await github.addReviewComments(
      ...Array.from({ length: 120 }, () => ({ ...own, body: "something else" })),
      own,
    );
    expect(await suggest(without(5))).toMatchObject({ posted: 0, already: 1 });
  });

  test("that a token may not post are a refusal that names the permission", async () => {
    await github.reset({ readOnly: true, files: [{ filename: PATH, patch: PATCH }] });
    expect(await suggest(without(5))).toMatchObject({
      kind: "refused",
      permission: "pull-requests: write",
    });
  });

  test("refused for what another push did are tried once more on the diff as it is now", async () => {
    await github.failNext({ operation: "review", status: 422, message: "line must be part" });
    expect(await suggest(without(5))).toMatchObject({ kind: "placed", posted: 1 });
    expect((await github.operations()).filter((one) => one === "files")).toHaveLength(2);
    await github.reset({ files: [{ filename: PATH, patch: PATCH }] });
    const fault = { operation: "review", status: 422, message: "no" } as const;
    await github.failNext(fault, fault);
    expect(await suggest(without(5))).toMatchObject({ kind: "failed", status: 422 });
  });

  test("whose answer was lost are not posted twice", async () => {
    await github.failNext({ operation: "review", status: 502, afterEffect: true });
    expect(await suggest(without(5))).toMatchObject({ posted: 0, already: 1 });
    expect(await github.reviewComments()).toHaveLength(1);
  });

  test("with a secret are not made, and more than twenty parts are left to the diff", async () => {
    const redact = (text: string): string => text.replaceAll("line 5", "***");
    expect(await suggest(without(5), redact)).toMatchObject({
      posted: 0,
      outside: [{ reason: "they hold a secret" }],
    });
    const long = Array.from({ length: 50 }, (_, index) => `line ${index + 1}`);
    const [triage] = sampleReport.prompts;
    if (!triage?.removable) throw new Error("the sample has no deletion");
    const every = long.filter((_, index) => index % 2 === 0);
    const diff = unifiedDiff(PATH, `${long.join("\n")}\n`, `${every.join("\n")}\n`);
    const report = {
      ...sampleReport,
      prompts: [{ ...triage, removable: { ...triage.removable, diff } }],
    };
    const outcome = await suggestDeletions({
      event: EVENT,
      token: "token-for-tests",
      key: "review",
      report,
      redact: (text) => text,
      baseUrl: github.url,
    });
    expect(outcome).toMatchObject({ posted: 0 });
    expect(outcome?.kind === "placed" ? outcome.outside.length : 0).toBe(25);
  });

  test("of nothing certified ask GitHub nothing", async () => {
    const [, ...others] = sampleReport.prompts;
    const options = { event: EVENT, token: "t", key: "review", baseUrl: github.url };
    const report = { ...sampleReport, prompts: others };
    expect(await suggestDeletions({ ...options, report, redact: (text) => text })).toBeNull();
    expect(await github.operations()).toEqual([]);
  });
});
