import { describe, expect, test } from "@jest/globals";
import { parseEvent, readEvent } from "../../src/github/event.js";

const SHA = "0123456789abcdef0123456789abcdef01234567";

function event(headRepo: unknown = { id: 1 }, changes: Record<string, unknown> = {}): string {
  const repo = { id: 1, name: "prompts", owner: { login: "octo" } };
  return JSON.stringify({
    action: "synchronize",
    pull_request: {
      number: 7,
      base: { sha: SHA, repo },
      head: { sha: SHA.replace("0", "f"), repo: headRepo },
      title: "::error::",
      ...changes,
    },
  });
}

describe("the workflow's event", () => {
  test("gives the pull request", () => {
    expect(parseEvent(event())).toEqual({
      kind: "pull request",
      owner: "octo",
      repo: "prompts",
      number: 7,
      baseSha: SHA,
      headSha: SHA.replace("0", "f"),
      fork: false,
    });
  });

  test.each([
    ["another repository", { id: 2 }],
    ["a deleted one", null],
  ])("is a fork's where the branch lies in %s", (_name, repo) => {
    expect(parseEvent(event(repo))).toMatchObject({ fork: true });
  });

  test("may be another event", () => {
    expect(parseEvent(JSON.stringify({ ref: "refs/heads/main" }))).toMatchObject({ kind: "other" });
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[1"],
    ["null", "null"],
    [
      "a commit that is an option",
      event({ id: 1 }, { head: { sha: "--upload-pack=x", repo: null } }),
    ],
    ["a number that is a path", event({ id: 1 }, { number: "../1" })],
    ["no base", event({ id: 1 }, { base: undefined })],
  ])("is refused: %s", (_name, text) => {
    expect(() => parseEvent(text, "event.json")).toThrow(
      expect.objectContaining({ code: "USAGE", place: { path: "event.json" } }),
    );
  });

  test("names the file that cannot be read", async () => {
    await expect(readEvent("no/such/event.json")).rejects.toMatchObject({
      code: "FILE",
      place: { path: "no/such/event.json" },
    });
  });
});
