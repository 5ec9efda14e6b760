/** The sticky comment: found again by its first line and its author, updated in place, never written without need. */
import { UnderstudyError } from "../errors.js";
import { faultOf, withRetry, type Fault, type GitHubClient, type Sleep } from "./client.js";

export interface CommentRequest {
  readonly octokit: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly issueNumber: number;
  /** Job key; the first line of `body` must be its marker, `<!-- understudy:v1 key=KEY -->`. */
  readonly key: string;
  readonly body: string;
  /** False where there is nothing to report: an existing comment is updated, none is created. */
  readonly createIfMissing: boolean;
  /** Takes secrets out of the body before it leaves. */
  readonly redact?: (text: string) => string;
  readonly sleep?: Sleep;
}

/** What became of the comment. Nothing here fails a job: a comment that could not be posted is in the job summary. */
export type CommentOutcome =
  | {
      readonly kind: "created" | "updated" | "unchanged";
      readonly id: number;
      readonly url: string;
    }
  /** There was no comment and none was wanted. */
  | { readonly kind: "absent" }
  /** The token may not; `permission` is what the workflow must grant. */
  | {
      readonly kind: "refused";
      readonly permission: "pull-requests: write";
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly status: number; readonly message: string };

interface Posted {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string | null | undefined;
}

/** Author of what a workflow posts with its own GITHUB_TOKEN. */
const WORKFLOW_LOGIN = "github-actions[bot]";

/**
 * Creates the comment of this key on a pull request or issue, or updates it. A comment counts as ours when its first line is
 * the marker and its author is the token's own user or github-actions[bot]: anybody can paste a marker.
 * @throws UnderstudyError INTERNAL where the body does not begin with the marker of `key`.
 */
export async function upsertComment(request: CommentRequest): Promise<CommentOutcome> {
  const body = (request.redact ?? ((text) => text))(request.body);
  const marker = firstLine(body);
  if (marker !== `<!-- understudy:v1 key=${request.key} -->`) {
    throw new UnderstudyError(
      "INTERNAL",
      `the comment does not begin with the marker of key ${JSON.stringify(request.key)}`,
    );
  }
  // A try includes the search: after a failed write only the list tells whether the comment exists.
  const attempted = await withRetry(() => writeOnce(request, body, marker), request.sleep);
  return attempted.kind === "done" ? attempted.value : outcomeOf(attempted.fault);
}

function outcomeOf({ kind, status, message }: Fault): CommentOutcome {
  if (kind === "refused") return { kind, permission: "pull-requests: write", message };
  return { kind: "failed", status, message };
}

async function writeOnce(
  request: CommentRequest,
  body: string,
  marker: string,
): Promise<CommentOutcome> {
  const { octokit, owner, repo, issueNumber } = request;
  const existing = await findComment(request, marker);
  if (existing === null) {
    if (!request.createIfMissing) return { kind: "absent" };
    const { data } = await octokit.rest.issues.createComment({
      owner,
      repo,
      issue_number: issueNumber,
      body,
    });
    return { kind: "created", id: data.id, url: data.html_url };
  }
  if (sameText(existing.body ?? "", body))
    return { kind: "unchanged", id: existing.id, url: existing.html_url };
  const { data } = await octokit.rest.issues.updateComment({
    owner,
    repo,
    comment_id: existing.id,
    body,
  });
  return { kind: "updated", id: data.id, url: data.html_url };
}

/** The oldest comment of ours, or null; every page is read until it is found. */
async function findComment(
  { octokit, owner, repo, issueNumber }: CommentRequest,
  marker: string,
): Promise<Posted | null> {
  const pages = octokit.paginate.iterator(octokit.rest.issues.listComments, {
    owner,
    repo,
    issue_number: issueNumber,
    per_page: 100,
  });
  let authors: ReadonlySet<string> | null = null;
  for await (const { data } of pages) {
    for (const comment of data) {
      if (firstLine(comment.body ?? "") !== marker) continue;
      authors ??= await ownLogins(octokit);
      if (authors.has(comment.user?.login ?? "")) return comment;
    }
  }
  return null;
}

/** Logins of this token and of workflows. GraphQL, because REST's /user refuses the tokens of workflows and apps. */
export async function ownLogins(octokit: GitHubClient): Promise<ReadonlySet<string>> {
  try {
    const answer = await octokit.graphql<{ readonly viewer: { readonly login: string } }>(
      "query { viewer { login } }",
    );
    return new Set([WORKFLOW_LOGIN, answer.viewer.login]);
  } catch (thrown) {
    // Only a token that may not ask goes on without its name: after any other fault a second comment could be created.
    const fault = faultOf(thrown);
    if (fault !== null && fault.kind === "transient" && fault.status !== 404) throw thrown;
    return new Set([WORKFLOW_LOGIN]);
  }
}

/** Without white space at its end. */
export function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").trimEnd();
}

/** GitHub may store other line ends and no trailing newline. */
function sameText(stored: string, body: string): boolean {
  const normal = (text: string): string => text.replaceAll("\r\n", "\n").trimEnd();
  return normal(stored) === normal(body);
}
