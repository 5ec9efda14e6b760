/** The bundled Action, run as the runner does: inputs and event by environment, GitHub's API at a local stateful fake. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startFakeGitHub, type FakeGitHub } from "./fixtures/github-api.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const entry = join(repository, "dist", "action", "index.js");
const MINUTES = 60_000;

const PROMPT = "You sort letters.\n\nAnswer with one word.\n\nLetter: {{letter}}\n";
const SECRET = "token-that-must-not-leak";
const INPUTS = { "github-token": SECRET, comment: "always", "output-folder": "out" };

let github: FakeGitHub;
let folder: string;

function git(...words: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@t.invalid"];
  return execFileSync("git", [...identity, ...words], { cwd: folder, encoding: "utf8" }).trim();
}

function commitPrompt(text: string): string {
  mkdirSync(join(folder, "prompts"), { recursive: true });
  writeFileSync(join(folder, "prompts", "letters.md"), text);
  git("add", "-A");
  git("commit", "-qm", "change");
  return git("rev-parse", "HEAD");
}

function pullRequest(base: string, head: string): unknown {
  const repo = { id: 1, name: "prompts", owner: { login: "octo" } };
  const branch = { sha: head, repo: { id: 1 } };
  return { pull_request: { number: 7, base: { sha: base, repo }, head: branch } };
}

interface Outcome {
  readonly code: number;
  readonly log: string;
  readonly outputs: string;
  readonly summary: string;
}

/** One step of a job on a runner: nothing of this process's environment but PATH gets through. */
async function runAction(
  inputs: Readonly<Record<string, string>>,
  event: unknown,
): Promise<Outcome> {
  const runner = mkdtempSync(join(tmpdir(), "understudy-runner-"));
  const file = (name: string, content: string): string => {
    writeFileSync(join(runner, name), content);
    return join(runner, name);
  };
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: runner,
    GITHUB_API_URL: github.url,
    GITHUB_WORKSPACE: folder,
    GITHUB_EVENT_PATH: file("event.json", JSON.stringify(event)),
    GITHUB_OUTPUT: file("output", ""),
    GITHUB_STEP_SUMMARY: file("summary", ""),
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
  };
  const finished = await new Promise<{ code: number; log: string }>((resolve) => {
    execFile(process.execPath, [entry], { cwd: folder, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, log: stdout + stderr });
    });
  });
  const outputs = readFileSync(env.GITHUB_OUTPUT, "utf8");
  const summary = readFileSync(env.GITHUB_STEP_SUMMARY, "utf8");
  rmSync(runner, { recursive: true, force: true });
  return { ...finished, outputs, summary };
}

beforeAll(async () => {
  github = await startFakeGitHub();
});

afterAll(async () => {
  await github.close();
});

beforeEach(async () => {
  await github.reset();
  folder = mkdtempSync(join(tmpdir(), "understudy-checkout-"));
  git("init", "-q", "-b", "main");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the bundled Action", () => {
  test("is built", () => {
    expect(existsSync(entry)).toBe(true);
  });

  test(
    "creates one comment, leaves it alone while nothing changes, then updates it",
    async () => {
      const base = commitPrompt(PROMPT);
      const first = commitPrompt(PROMPT.replace("one word", "one lower-case word"));
      const created = await runAction(INPUTS, pullRequest(base, first));
      expect(created).toMatchObject({ code: 0, log: expect.stringContaining("comment created") });
      const repeated = await runAction(INPUTS, pullRequest(base, first));
      expect(repeated.log).toContain("comment unchanged");
      const second = commitPrompt(PROMPT.replace("one word", "just one word, and nothing else"));
      const updated = await runAction(INPUTS, pullRequest(base, second));
      expect(updated.log).toContain("comment updated");

      const comments = await github.comments();
      expect(comments).toHaveLength(1);
      expect(comments[0]?.body).toMatch(/^<!-- understudy:v1 key=review -->\n/);
      expect(updated.summary).toContain("letters.md");
      expect(updated.outputs).toContain("report-path");
      const masking = `::add-mask::${SECRET}`;
      const written = JSON.stringify([created, updated, comments]);
      expect(written).toContain(masking);
      expect(written.replaceAll(masking, "")).not.toContain(SECRET);
    },
    5 * MINUTES,
  );

  test(
    "passes without permission to comment, names the permission and writes the summary",
    async () => {
      await github.reset({ readOnly: true });
      const base = commitPrompt(PROMPT);
      const outcome = await runAction(
        INPUTS,
        pullRequest(base, commitPrompt(`${PROMPT}\nThank you.\n`)),
      );
      expect(outcome.code).toBe(0);
      expect(outcome.log).toContain("pull-requests: write");
      expect(outcome.summary).toContain("letters.md");
    },
    5 * MINUTES,
  );

  test("fails on a wrong input and names place, value and what is allowed", async () => {
    const head = commitPrompt(PROMPT);
    const outcome = await runAction({ ...INPUTS, precision: "int4" }, pullRequest(head, head));
    expect(outcome.code).toBe(1);
    for (const part of ["input precision", "int4", "fp32, precise, fast"])
      expect(outcome.log).toContain(part);
  });

  test("refuses a mode of a later version and says so", async () => {
    const head = commitPrompt(PROMPT);
    const outcome = await runAction({ ...INPUTS, mode: "hygiene" }, pullRequest(head, head));
    expect(outcome.code).toBe(1);
    expect(outcome.log).toContain("not supported in this version");
  });
});
