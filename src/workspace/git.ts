import { execFile } from "node:child_process";
import { messageOf, UnderstudyError } from "../errors.js";

/** Settings of a hostile or odd repository that must not run programs, take locks or change what is printed. */
const SETTINGS = [
  "--no-pager",
  "--literal-pathspecs",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.quotePath=false",
];

/** Variables that would point git at another repository than the one in the folder. */
const ELSEWHERE =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|EXTERNAL_DIFF|.*_PATHSPECS)$/;

/** A run of git that ended badly: its exit status (null: it could not be run or was cut off) and what it said. */
export interface GitFailure {
  readonly kind: "failed";
  readonly status: number | null;
  readonly tooLarge: boolean;
  readonly said: string;
}
export type GitResult = { readonly kind: "output"; readonly output: Buffer } | GitFailure;

/** Runs git in a folder, without a shell. `maxBytes` bounds its output. Throws nothing. */
export function runGit(
  root: string,
  args: readonly string[],
  maxBytes: number,
): Promise<GitResult> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !ELSEWHERE.test(name)),
  );
  const env = { ...environment, LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" };
  return new Promise((done) => {
    execFile(
      "git",
      [...SETTINGS, ...args],
      { cwd: root, env, encoding: "buffer", maxBuffer: maxBytes, windowsHide: true },
      (error, output, said) => {
        if (!error) return done({ kind: "output", output });
        const status = typeof error.code === "number" ? error.code : null;
        const tooLarge =
          (error as NodeJS.ErrnoException).code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
        done({
          kind: "failed",
          status,
          tooLarge,
          said: said.toString("utf8").trim() || messageOf(error),
        });
      },
    );
  });
}

/** Names a person gives to a commit: branches, tags, hashes, with ^ and ~ behind; nothing that git could take for a flag, range or path. */
const REVISION = /^[\p{L}\p{N}_][\p{L}\p{N}_./#+=@~^-]*$/u;

/**
 * Full hash of the commit a name stands for.
 * @throws UnderstudyError GIT for a name out of pattern, or one that does not resolve.
 */
export async function resolveCommit(root: string, name: string): Promise<string> {
  if (!REVISION.test(name) || name.includes("..") || name.includes("@{")) {
    throw new UnderstudyError(
      "GIT",
      `${JSON.stringify(name)} is not a plain branch, tag or commit name`,
      { fix: "give a branch such as origin/main, a tag or a commit hash" },
    );
  }
  const result = await runGit(
    root,
    ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
    4096,
  );
  if (result.kind === "output") return result.output.toString("utf8").trim();
  const reason =
    result.said === "" || result.status === 1
      ? "is unknown here"
      : `cannot be resolved: ${result.said}`;
  throw new UnderstudyError("GIT", `the commit ${JSON.stringify(name)} ${reason}`, {
    fix: "fetch it first; in a workflow, check out with fetch-depth: 0",
  });
}

/**
 * Hash of the best common ancestor of two commits.
 * @throws UnderstudyError GIT where they have none, which in a shallow clone only means that it was not fetched.
 */
export async function mergeBase(root: string, base: string, head: string): Promise<string> {
  const result = await runGit(root, ["merge-base", base, head], 4096);
  const commit = result.kind === "output" ? result.output.toString("utf8").trim() : "";
  if (commit !== "") return commit;
  throw new UnderstudyError(
    "GIT",
    `commits ${base.slice(0, 12)} and ${head.slice(0, 12)} have no common ancestor here`,
    { fix: "fetch the whole history; in a workflow, check out with fetch-depth: 0" },
  );
}

/** The output, or a GIT error that says what was tried. */
export function outputOf(result: GitResult, doing: string): Buffer {
  if (result.kind === "output") return result.output;
  throw new UnderstudyError("GIT", `${doing} failed: ${result.said}`);
}
