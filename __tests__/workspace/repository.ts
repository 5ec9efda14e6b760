import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "workspace-")));
}

export function put(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export interface Repository {
  readonly root: string;
  git(...args: string[]): string;
  commit(message?: string): string;
}

/** A real repository in a temporary folder, on branch main with one commit of these files; then on branch topic. */
export function createRepository(files: Readonly<Record<string, string | Uint8Array>>): Repository {
  const root = temporaryFolder();
  const env = {
    PATH: process.env["PATH"],
    HOME: root,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
    GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
  };
  const identity = [
    "-c",
    "user.name=n",
    "-c",
    "user.email=e@example.invalid",
    "-c",
    "core.autocrlf=false",
  ];
  const git = (...args: string[]): string =>
    execFileSync("git", [...identity, ...args], {
      cwd: root,
      env,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  const commit = (message = "change"): string => {
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", message);
    return git("rev-parse", "HEAD");
  };
  git("init", "--quiet", "--initial-branch=main");
  put(root, files);
  commit("base");
  git("checkout", "--quiet", "-b", "topic");
  return { root, git, commit };
}
