/** The event that started the workflow, as the runner describes it in GITHUB_EVENT_PATH. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, UnderstudyError } from "../errors.js";

/** A pull request to review: numbers, the two commits, and whether its branch lies in another repository. */
export interface PullRequestEvent {
  readonly kind: "pull request";
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
  readonly baseSha: string;
  readonly headSha: string;
  /** From a fork the token is read-only and there are no secrets. */
  readonly fork: boolean;
}

/** Any other event: nothing to comment on. */
export interface OtherEvent {
  readonly kind: "other";
  readonly reason: string;
}

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, "expected a commit hash");
const name = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, "expected a GitHub name");
const repository = z.object({ id: z.int(), name, owner: z.object({ login: name }) });

/** Only what is used: the payload has hundreds of fields and GitHub adds more. */
const payload = z.object({
  pull_request: z.object({
    number: z.int().min(1),
    base: z.object({ sha, repo: repository }),
    /** null once the fork is deleted. */
    head: z.object({ sha, repo: z.object({ id: z.int() }).nullable() }),
  }),
});

/**
 * Reads the event of a pull request.
 * @throws UnderstudyError USAGE for text that is no event: no JSON, or a pull request without the fields above.
 */
export function parseEvent(
  text: string,
  path = "GITHUB_EVENT_PATH",
): PullRequestEvent | OtherEvent {
  const event = parseJson(text, path);
  if (typeof event !== "object" || event === null)
    throw badEvent(path, "the event is not an object");
  if (!("pull_request" in event))
    return { kind: "other", reason: "the workflow was not started by a pull request" };
  const checked = payload.safeParse(event);
  if (!checked.success) throw badEvent(path, issuesOf(checked.error));
  const { number, base, head } = checked.data.pull_request;
  return {
    kind: "pull request",
    owner: base.repo.owner.login,
    repo: base.repo.name,
    number,
    baseSha: base.sha,
    headSha: head.sha,
    fork: head.repo?.id !== base.repo.id,
  };
}

/**
 * The event of this workflow run.
 * @throws UnderstudyError FILE where the file cannot be read, USAGE where it is no event.
 */
export async function readEvent(path: string): Promise<PullRequestEvent | OtherEvent> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw new UnderstudyError("FILE", `the workflow's event cannot be read: ${messageOf(thrown)}`, {
      place: { path },
      cause: thrown,
    });
  });
  return parseEvent(text, path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw badEvent(path, `not JSON: ${messageOf(thrown)}`);
  }
}

function badEvent(path: string, problem: string): UnderstudyError {
  return new UnderstudyError("USAGE", `not a pull_request event: ${problem}`, {
    place: { path },
    fix: "run the Action on pull_request, or leave GITHUB_EVENT_PATH to the runner",
  });
}

function issuesOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
    .slice(0, 3)
    .join("; ");
}
