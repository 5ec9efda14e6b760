/** From a report to suggestions on the pull request's diff. */
import { UnderstudyError } from "../errors.js";
import type { Report } from "../domain.js";
import { connect } from "../github/client.js";
import type { PullRequestEvent } from "../github/event.js";
import {
  postSuggestions,
  type Suggestion,
  type SuggestionOutcome,
  type SuggestionRequest,
} from "../github/suggestions.js";
import { certifiedDeletions, type CertifiedDeletion } from "../report/facts.js";
import type { SuggestionNotes } from "../report/sections/suggestions.js";
import {
  MOST_SUGGESTIONS,
  runsOf,
  suggestionBody,
  suggestionId,
  suggestionMarker,
  type LineRun,
} from "../report/suggestions.js";

export interface SuggestingOptions {
  readonly event: PullRequestEvent;
  readonly token: string;
  readonly key: string;
  readonly report: Report;
  /** Takes secrets out of what leaves; a suggestion that it would change is not made, for accepting it would change the file. */
  readonly redact: (text: string) => string;
  /** For tests; default: GITHUB_API_URL, else github.com. */
  readonly baseUrl?: string;
  readonly sleep?: NonNullable<SuggestionRequest["sleep"]>;
}

/** Posts the certified deletions of a report as suggestions; null where it has none. */
export async function suggestDeletions(
  options: SuggestingOptions,
): Promise<SuggestionOutcome | null> {
  const { event, token, report, baseUrl, sleep } = options;
  const suggestions = certifiedDeletions(report).flatMap((deletion) =>
    suggestionsFor(deletion, options),
  );
  if (suggestions.length === 0) return null;
  return await postSuggestions({
    octokit: connect(token, baseUrl === undefined ? {} : { baseUrl }),
    owner: event.owner,
    repo: event.repo,
    pullNumber: event.number,
    headSha: event.headSha,
    suggestions,
    ...(sleep && { sleep }),
  });
}

function suggestionsFor(
  { prompt, certificate, tokensSaved }: CertifiedDeletion,
  { key, redact }: Pick<SuggestingOptions, "key" | "redact">,
): readonly Suggestion[] {
  const { path } = prompt;
  const runs = runsOf(prompt.removable?.diff ?? "");
  return runs.map((run, index): Suggestion => {
    const id = suggestionId(path, run, occurrence(runs, index));
    const marker = suggestionMarker(key, id);
    const body = (suggested: number): string =>
      suggestionBody(run, id, {
        key,
        path,
        certificate,
        tokensSaved,
        parts: runs.length,
        suggested,
      });
    return {
      path,
      startLine: run.startLine,
      endLine: run.endLine,
      before: run.before,
      obstacle: run.obstacle ?? obstacleOf(runs.length, [...run.before, body(0)], redact),
      marker,
      body,
    };
  });
}

function obstacleOf(
  parts: number,
  texts: readonly string[],
  redact: SuggestingOptions["redact"],
): string | null {
  if (parts > MOST_SUGGESTIONS)
    return `the deletion has ${parts} parts, more than the ${MOST_SUGGESTIONS} that are suggested one by one`;
  // Where the report was redacted before, the lines differ from those in the diff, and are left out for that.
  return texts.some((text) => redact(text) !== text) ? "they hold a secret" : null;
}

/** How many equal runs of the file stand before this one. */
function occurrence(runs: readonly LineRun[], index: number): number {
  const key = ({ before, after }: LineRun): string => JSON.stringify([before, after]);
  const own = runs[index];
  if (own === undefined) throw new UnderstudyError("INTERNAL", `no run ${index}`);
  return runs.slice(0, index).filter((other) => key(other) === key(own)).length;
}

/** What the comment says of them, file by file. */
export function notesOf({
  placedIn,
  outside,
}: Extract<SuggestionOutcome, { kind: "placed" }>): readonly SuggestionNotes[] {
  return placedIn.map(({ path, count }) => ({
    path,
    placed: count,
    outside: outside.filter((lines) => lines.path === path),
  }));
}
