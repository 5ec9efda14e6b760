/** The Action with `suggestions: true`, whole: a git checkout, an oracle and GitHub's API on loopback servers, a random model. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { IDLE, promptWith, startRuleServer, VITAL } from "../fixtures/certifiable-prompt.js";
import { startFakeGitHub, type FakeGitHub } from "../fixtures/github-api.js";
import type { ChatServer } from "../oracle/chat-server.js";
import { randomModel, writeModel } from "../surrogate/random-model.js";

// A busy machine is no failure.
jest.setTimeout(300_000);

const PATH = "prompts/requests.prompt.yml";
const ACTION = new URL("../../src/action.js", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "understudy-suggesting-"));
const root = join(folder, "checkout");
let github: FakeGitHub;
let oracle: ChatServer;

function git(...words: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@t.invalid"];
  return execFileSync("git", [...identity, ...words], { cwd: root, encoding: "utf8" });
}

function commit(text: string): string {
  mkdirSync(join(root, "prompts"), { recursive: true });
  writeFileSync(join(root, PATH), text);
  git("add", "-A");
  git("commit", "-qm", "change");
  return git("rev-parse", "HEAD").trim();
}

async function runAction(
  sha: { readonly base: string; readonly head: string },
  fork: boolean,
): Promise<{ readonly code: number; readonly log: string }> {
  const repo = { id: 1, name: "prompts", owner: { login: "octo" } };
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const inputs = {
    "github-token": "token-for-tests",
    comment: "always",
    suggestions: "true",
    "oracle-model": "m",
    "oracle-base-url": oracle.baseUrl,
    "oracle-store": join(folder, "oracle.jsonl"),
    "oracle-concurrency": "4",
    "surrogate-model": join(folder, "tiny.gguf"),
    "surrogate-workers": "1",
    "surrogate-masks-per-input": "8",
    precision: "fp32",
    "state-folder": join(folder, "state"),
    "output-folder": join(folder, "out"),
    "search-inputs": "10",
    "masks-per-input": "4",
    tolerance: "0.2",
  };
  const event = {
    pull_request: {
      number: 7,
      base: { sha: sha.base, repo },
      head: { sha: sha.head, repo: { id: fork ? 2 : 1 } },
    },
  };
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    GITHUB_API_URL: github.url,
    GITHUB_WORKSPACE: root,
    GITHUB_EVENT_PATH: file("event.json", JSON.stringify(event)),
    GITHUB_OUTPUT: file("output", ""),
    GITHUB_STEP_SUMMARY: file("summary", ""),
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
  };
  const program = `import(${JSON.stringify(ACTION)}).then(({ run }) => run())`;
  return await new Promise((resolve) => {
    execFile(process.execPath, ["-e", program], { cwd: root, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, log: stdout + stderr });
    });
  });
}

beforeAll(async () => {
  mkdirSync(root);
  git("init", "-q", "-b", "main");
  writeModel(join(folder, "tiny.gguf"), randomModel("llama", 51));
  github = await startFakeGitHub();
  oracle = await startRuleServer();
});
afterAll(async () => {
  await Promise.all([github.close(), oracle.close()]);
  rmSync(folder, { recursive: true, force: true });
});

test("suggests the idle lines, says so in the comment, and notes a token that may not", async () => {
  const [opening = "", garden = "", founded = ""] = IDLE;
  const sha = { base: commit(promptWith([VITAL, opening])), head: "" };
  sha.head = commit(promptWith([VITAL, opening, garden, founded]));
  const patch = git("diff", sha.base, sha.head).split("\n").slice(4).join("\n");
  const files = [{ filename: PATH, patch }];
  await github.reset({ files });

  const first = await runAction(sha, false);
  expect(first).toMatchObject({ code: 0, log: expect.stringContaining("suggestions: 1 posted") });
  expect(await github.reviewComments()).toMatchObject([{ path: PATH, startLine: 5, line: 7 }]);
  const [comment, ...others] = await github.comments();
  expect(others).toEqual([]);
  expect(comment?.body).toContain("1 suggestion on the lines of this diff.");
  expect(comment?.body).toContain("What this change did to");
  expect(readFileSync(join(folder, "out", "comment.md"), "utf8")).not.toContain("**Suggestions**");

  await github.reset({ files, readOnly: true });
  const refused = await runAction(sha, true);
  expect(refused.code).toBe(0);
  expect(refused.log).toMatch(/suggestions were refused.*pull-requests: write.*from forks/);
});
