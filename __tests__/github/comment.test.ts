import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { connect } from "../../src/github/client.js";
import {
  upsertComment,
  type CommentOutcome,
  type CommentRequest,
} from "../../src/github/comment.js";
import { createRedactor } from "../../src/github/redact.js";
import { commentMarker, renderComment } from "../../src/report/comment.js";
import { startFakeGitHub, type FakeGitHub } from "../fixtures/github-api.js";
import { sampleReport } from "../fixtures/sample-report.js";

const BODY = `${commentMarker("review")}\n### Understudy: 1 prompt\n`;
let github: FakeGitHub;

beforeAll(async () => {
  github = await startFakeGitHub();
});
beforeEach(async () => {
  await github.reset();
});
afterAll(async () => {
  await github.close();
});

interface Posting extends Partial<CommentRequest> {
  readonly waits?: number[];
}

async function post({ waits = [], ...changes }: Posting = {}): Promise<CommentOutcome> {
  return await upsertComment({
    octokit: connect("token-for-tests", { baseUrl: github.url }),
    owner: "octo",
    repo: "prompts",
    issueNumber: 7,
    key: "review",
    body: BODY,
    createIfMissing: true,
    sleep: async (milliseconds) => void waits.push(milliseconds),
    ...changes,
  });
}

async function bodies(): Promise<readonly string[]> {
  return (await github.comments()).map((comment) => comment.body);
}

describe("the sticky comment", () => {
  test("is created once, left alone while it says the same, then updated in place", async () => {
    const created = await post();
    expect(created).toMatchObject({ kind: "created", id: 1001 });
    expect(await post()).toMatchObject({ kind: "unchanged", id: 1001 });
    expect(await post({ body: `${BODY}more` })).toMatchObject({ kind: "updated", id: 1001 });
    expect(await bodies()).toEqual([`${BODY}more`]);
    expect(
      (await github.operations()).filter(
        (operation) => operation === "create" || operation === "update",
      ),
    ).toEqual(["create", "update"]);
  });

  test("is not rewritten for line ends or a last newline that GitHub changed", async () => {
    await github.addComments({
      author: "github-actions[bot]",
      body: BODY.trimEnd().replaceAll("\n", "\r\n"),
    });
    expect(await post()).toMatchObject({ kind: "unchanged" });
  });

  test("is not created where there is nothing to report, but updated where it exists", async () => {
    expect(await post({ createIfMissing: false })).toEqual({ kind: "absent" });
    await post();
    expect(await post({ createIfMissing: false, body: `${BODY}resolved` })).toMatchObject({
      kind: "updated",
    });
    expect(await bodies()).toEqual([`${BODY}resolved`]);
  });

  test("never takes a comment of somebody else who pasted the marker", async () => {
    await github.addComments({ author: "mallory", body: `${BODY}all is well` });
    await github.addComments({ author: "github-actions", body: `${BODY}a person with this name` });
    expect(await post()).toMatchObject({ kind: "created" });
    expect(await bodies()).toEqual([`${BODY}all is well`, `${BODY}a person with this name`, BODY]);
  });

  test("is ours only with the marker as the whole first line and with the same key", async () => {
    await github.addComments({ author: "github-actions[bot]", body: `quoted: ${BODY}` });
    await github.addComments({
      author: "github-actions[bot]",
      body: `${commentMarker("review-2")}\nother job`,
    });
    expect(await post()).toMatchObject({ kind: "created" });
  });

  test("is found under the login of an app's own token", async () => {
    await github.reset({ login: "prompt-keeper[bot]" });
    await post();
    expect(await post({ body: `${BODY}x` })).toMatchObject({ kind: "updated" });
    expect(await bodies()).toHaveLength(1);
  });

  test("is found on the third page of a long discussion", async () => {
    await github.addComments(
      ...Array.from({ length: 230 }, (_, index) => ({
        author: "someone",
        body: `comment ${index}`,
      })),
    );
    await github.addComments({ author: "github-actions[bot]", body: BODY });
    expect(await post({ body: `${BODY}x` })).toMatchObject({ kind: "updated", id: 1231 });
    expect((await github.operations()).filter((operation) => operation === "list")).toHaveLength(3);
  });

  test("keeps to its own pull request", async () => {
    await github.addComments({ author: "github-actions[bot]", body: BODY, issue: 8 });
    expect(await post()).toMatchObject({ kind: "created" });
  });

  test("of a whole report passes GitHub's limit", async () => {
    expect(await post({ body: renderComment(sampleReport, { key: "review" }) })).toMatchObject({
      kind: "created",
    });
  });

  test("goes out without secrets", async () => {
    await post({ body: `${BODY}key sk-test-12345`, redact: createRedactor(["sk-test-12345"]) });
    expect(await bodies()).toEqual([`${BODY}key ***`]);
  });

  test("must begin with the marker of its key", async () => {
    await expect(post({ key: "other" })).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await github.operations()).toEqual([]);
  });
});

describe("a comment that cannot be posted", () => {
  test("is refused with the permission's name where the token may only read", async () => {
    await github.reset({ readOnly: true });
    const waits: number[] = [];
    expect(await post({ waits })).toEqual({
      kind: "refused",
      permission: "pull-requests: write",
      message: expect.stringContaining("not accessible by integration"),
    });
    expect(waits).toEqual([]);
  });

  test("is given up at once where it is too long", async () => {
    const waits: number[] = [];
    const outcome = await post({ body: BODY + "x".repeat(66_000), waits });
    expect(outcome).toMatchObject({
      kind: "failed",
      status: 422,
      message: expect.stringContaining("too long"),
    });
    expect(waits).toEqual([]);
    expect(await bodies()).toEqual([]);
  });

  test("waits as long as GitHub asks after 429, then succeeds", async () => {
    const waits: number[] = [];
    await github.failNext({ operation: "create", status: 429, headers: { "retry-after": "17" } });
    expect(await post({ waits })).toMatchObject({ kind: "created" });
    expect(waits).toEqual([17_000]);
  });

  test("takes a secondary rate limit for what it is, although it comes as 403", async () => {
    const waits: number[] = [];
    await github.failNext({
      operation: "create",
      status: 403,
      message: "You have exceeded a secondary rate limit",
    });
    expect(await post({ waits })).toMatchObject({ kind: "created" });
    expect(waits).toEqual([1000]);
  });

  test("does not wait for longer than a minute", async () => {
    const waits: number[] = [];
    await github.failNext({ operation: "list", status: 403, headers: { "retry-after": "3600" } });
    expect(await post({ waits })).toMatchObject({ kind: "failed", status: 403 });
    expect(waits).toEqual([]);
  });

  test("is tried four times while GitHub is down, with growing pauses", async () => {
    const waits: number[] = [];
    await github.failNext(
      ...Array.from({ length: 4 }, () => ({ operation: "list" as const, status: 502 })),
    );
    expect(await post({ waits })).toMatchObject({ kind: "failed", status: 502 });
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  test("is tried twice after 422, then left", async () => {
    const waits: number[] = [];
    await github.failNext(
      { operation: "create", status: 422 },
      { operation: "create", status: 422 },
    );
    expect(await post({ waits })).toMatchObject({ kind: "failed", status: 422 });
    expect(waits).toEqual([1000]);
  });

  test("is created anew where somebody deleted it between search and update", async () => {
    await github.addComments({ author: "github-actions[bot]", body: BODY });
    await github.failNext({ operation: "update", status: 404 });
    const outcome = await post({
      body: `${BODY}x`,
      sleep: async () => await github.deleteComment(1001),
    });
    expect(outcome).toMatchObject({ kind: "created" });
    expect(await bodies()).toEqual([`${BODY}x`]);
  });

  test("is not posted twice where only the answer was lost", async () => {
    await github.failNext({ operation: "create", status: 502, afterEffect: true });
    expect(await post()).toMatchObject({ kind: "unchanged" });
    expect(await bodies()).toHaveLength(1);
  });

  test("is not posted twice where GitHub could not say who we are", async () => {
    await github.reset({ login: "prompt-keeper[bot]" });
    await post();
    await github.failNext({ operation: "viewer", status: 502 });
    expect(await post({ body: `${BODY}x` })).toMatchObject({ kind: "updated" });
    expect(await bodies()).toHaveLength(1);
  });

  test("is looked for under the workflow's login where the token may not ask for its own", async () => {
    await post();
    await github.failNext({ operation: "viewer", status: 403 });
    expect(await post({ body: `${BODY}x` })).toMatchObject({ kind: "updated" });
  });

  test("survives a server that is not there", async () => {
    const octokit = connect("token-for-tests", { baseUrl: "http://127.0.0.1:9" });
    expect(await post({ octokit })).toMatchObject({ kind: "failed", status: 500 });
  });
});

describe("the fake of GitHub", () => {
  test("refuses what GitHub's description refuses", async () => {
    const octokit = connect("token-for-tests", { baseUrl: github.url });
    const address = { owner: "octo", repo: "prompts", issue_number: 7 };
    const wrong = octokit.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...address,
      body: JSON.parse("5"),
    });
    await expect(wrong).rejects.toMatchObject({ status: 422 });
    await expect(octokit.request("GET /repos/octo/prompts/pulls/7")).rejects.toMatchObject({
      status: 404,
    });
  });
});
