/** Suggestions on the lines of a pull request's diff: one review for all that are new, never one twice. */
import { withRetry, type Fault, type GitHubClient, type Sleep } from "./client.js";
import { firstLine, ownLogins } from "./comment.js";
import { placeLines, rightHunks, type RightHunk } from "./diff-lines.js";

/** Lines to be replaced. Its body is made once it is known how many of its file's can be placed. */
export interface Suggestion {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  /** The lines as they are, without line feeds. */
  readonly before: readonly string[];
  /** Known beforehand: why it cannot be suggested; else null. */
  readonly obstacle: string | null;
  /** First line of the body: by it the suggestion is known again. */
  readonly marker: string;
  /** `placed`: suggestions of the same file that are in the diff. Begins with the marker. */
  readonly body: (placed: number) => string;
}

export interface SuggestionRequest {
  readonly octokit: GitHubClient;
  readonly owner: string;
  readonly repo: string;
  readonly pullNumber: number;
  /** The commit that was reviewed. */
  readonly headSha: string;
  readonly suggestions: readonly Suggestion[];
  readonly sleep?: Sleep;
}

export interface OutsideLines {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly reason: string;
}

/** What became of them. Nothing here fails a job. */
export type SuggestionOutcome =
  | {
      readonly kind: "placed";
      /** Posted now, and posted by an earlier run. */
      readonly posted: number;
      readonly already: number;
      readonly placedIn: readonly { readonly path: string; readonly count: number }[];
      readonly outside: readonly OutsideLines[];
    }
  | {
      readonly kind: "refused";
      readonly permission: "pull-requests: write";
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly status: number; readonly message: string };

/**
 * Posts what lies in the diff and was not posted before, as one review without a verdict. GitHub takes a review whole or not at all, so
 * each try reads the diff and the comments anew: what another push moved out of the diff is then left out.
 */
export async function postSuggestions(request: SuggestionRequest): Promise<SuggestionOutcome> {
  const attempted = await withRetry(() => postOnce(request), request.sleep);
  return attempted.kind === "done" ? attempted.value : outcomeOf(attempted.fault);
}

function outcomeOf({ kind, status, message }: Fault): SuggestionOutcome {
  if (kind === "refused") return { kind, permission: "pull-requests: write", message };
  return { kind: "failed", status, message };
}

async function postOnce(request: SuggestionRequest): Promise<SuggestionOutcome> {
  const { octokit, owner, repo, pullNumber, headSha, suggestions } = request;
  const diffs = await readDiffs(request);
  const judged = suggestions.map((suggestion) => ({
    suggestion,
    reason: reasonAgainst(suggestion, diffs),
  }));
  const placed = judged.flatMap(({ suggestion, reason }) => (reason === null ? [suggestion] : []));
  const known = placed.length === 0 ? new Set<string>() : await ownMarkers(request);
  const fresh = placed.filter(({ marker }) => !known.has(marker));
  const inFile = (path: string): number => placed.filter((one) => one.path === path).length;
  if (fresh.length > 0)
    await octokit.rest.pulls.createReview({
      owner,
      repo,
      pull_number: pullNumber,
      commit_id: headSha,
      event: "COMMENT",
      body: REVIEW_BODY,
      comments: fresh.map((suggestion) => anchored(suggestion, inFile(suggestion.path))),
    });
  return {
    kind: "placed",
    posted: fresh.length,
    already: placed.length - fresh.length,
    placedIn: [...new Set(suggestions.map(({ path }) => path))].map((path) => ({
      path,
      count: inFile(path),
    })),
    outside: judged.flatMap(({ suggestion: { path, startLine, endLine }, reason }) =>
      reason === null ? [] : [{ path, startLine, endLine, reason }],
    ),
  };
}

const REVIEW_BODY =
  "Lines that a certified shorter prompt does without. What that rests on is in the comment and the summary of this job.";

/** GitHub refuses a start line that is not before the end line. */
function anchored(
  { path, startLine, endLine, body }: Suggestion,
  placed: number,
): {
  readonly path: string;
  readonly body: string;
  readonly line: number;
  readonly side: "RIGHT";
  readonly start_line?: number;
  readonly start_side?: "RIGHT";
} {
  const end = { path, body: body(placed), line: endLine, side: "RIGHT" as const };
  return startLine === endLine ? end : { ...end, start_line: startLine, start_side: "RIGHT" };
}

function reasonAgainst(
  suggestion: Suggestion,
  diffs: ReadonlyMap<string, readonly RightHunk[] | null>,
): string | null {
  if (suggestion.obstacle !== null) return suggestion.obstacle;
  const hunks = diffs.get(suggestion.path);
  if (hunks === undefined) return "not in this diff";
  if (hunks === null) return "GitHub gives no diff of this file";
  const placement = placeLines(hunks, suggestion);
  return placement.kind === "outside" ? placement.reason : null;
}

/** Of every file that is asked about: its hunks, or null where GitHub leaves the patch out, as for very long ones. */
async function readDiffs({
  octokit,
  owner,
  repo,
  pullNumber,
  suggestions,
}: SuggestionRequest): Promise<ReadonlyMap<string, readonly RightHunk[] | null>> {
  const wanted = new Set(suggestions.map(({ path }) => path));
  const files = await octokit.paginate(octokit.rest.pulls.listFiles, {
    owner,
    repo,
    pull_number: pullNumber,
    per_page: 100,
  });
  return new Map(
    files
      .filter(({ filename }) => wanted.has(filename))
      .map(({ filename, patch }) => [filename, patch === undefined ? null : rightHunks(patch)]),
  );
}

/** First lines of the review comments of ours: outdated ones too, for a second copy would help nobody. */
async function ownMarkers({
  octokit,
  owner,
  repo,
  pullNumber,
}: SuggestionRequest): Promise<ReadonlySet<string>> {
  const comments = await octokit.paginate(octokit.rest.pulls.listReviewComments, {
    owner,
    repo,
    pull_number: pullNumber,
    per_page: 100,
  });
  if (comments.length === 0) return new Set();
  const authors = await ownLogins(octokit);
  return new Set(
    comments
      .filter(({ user }) => authors.has(user?.login ?? ""))
      .map(({ body }) => firstLine(body)),
  );
}
