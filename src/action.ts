/** The Action's door: reads the runner's environment, runs the review, posts the comment, sets outputs. */
import * as core from "@actions/core";
import { ACTION_MODES, type ActionOutput } from "./action-interface.js";
import { fromStrings, settingNames, type Settings } from "./config.js";
import { messageOf, UnderstudyError } from "./errors.js";
import { connect } from "./github/client.js";
import { upsertComment, type CommentOutcome } from "./github/comment.js";
import { readEvent, type OtherEvent, type PullRequestEvent } from "./github/event.js";
import { createRedactor } from "./github/redact.js";
import { hasFindings } from "./report/facts.js";
import { renderComment } from "./report/comment.js";
import type { SuggestionOutcome } from "./github/suggestions.js";
import { settingsOf, type CommandContext } from "./wiring/context.js";
import { notesOf, suggestDeletions } from "./wiring/suggestions.js";
import { exitCodeOf, reviewAndWrite, secretsOf, type Reviewed } from "./wiring/review.js";

type Event = PullRequestEvent | OtherEvent;

/** Runs the mode that the inputs name. Failures become one error annotation and a failed step; nothing is thrown. */
export async function run(): Promise<void> {
  try {
    checkMode();
    const event = await readEventOfRun();
    const settings = await settingsOf(contextOf(event));
    const secrets = secretsOf(settings);
    for (const secret of secrets) core.setSecret(secret);
    const reviewed = await reviewAndWrite(contextOf(event), settings);
    const redact = createRedactor(secrets);
    await core.summary.addRaw(redact(reviewed.summary)).write();
    annotate(reviewed, redact);
    const suggested = await suggest({ event, settings, reviewed, redact });
    report(await comment({ event, settings, reviewed: { ...reviewed, ...suggested }, redact }));
    setOutputs(reviewed);
    finish(reviewed, settings);
  } catch (thrown) {
    core.setFailed(messageOf(thrown));
  }
}

function checkMode(): void {
  const mode = core.getInput("mode") || ACTION_MODES[0];
  if (!ACTION_MODES.some((known) => known === mode))
    throw new UnderstudyError(
      "USAGE",
      `input mode: ${JSON.stringify(mode)} is not supported in this version`,
      { fix: `allowed: ${ACTION_MODES.join(", ")}` },
    );
}

async function readEventOfRun(): Promise<Event> {
  const path = process.env["GITHUB_EVENT_PATH"];
  if (path === undefined || path === "")
    return { kind: "other", reason: "there is no GITHUB_EVENT_PATH" };
  return await readEvent(path);
}

function contextOf(event: Event): CommandContext {
  const inputs = Object.fromEntries(settingNames.map((name) => [name, core.getInput(name)]));
  const base =
    inputs["base"] === "" && event.kind === "pull request" ? { base: event.baseSha } : {};
  return {
    caller: fromStrings({ ...inputs, ...base }, "input "),
    operands: [],
    json: false,
    quiet: false,
    raw: false,
    prompt: null,
    response: null,
    model: null,
    masks: null,
    values: null,
    perInput: false,
    root: process.env["GITHUB_WORKSPACE"] ?? process.cwd(),
    environment: process.env,
    print: () => {},
    say: (text) => core.info(text.trimEnd()),
    interactive: false,
  };
}

interface Posting {
  readonly event: Event;
  readonly settings: Settings;
  readonly reviewed: Reviewed;
  readonly redact: (text: string) => string;
}

/** Posts suggestions where they are asked for; the comment then says which lines could carry them. Never fails a run. */
async function suggest({
  event,
  settings,
  reviewed,
  redact,
}: Posting): Promise<Pick<Reviewed, "comment"> | null> {
  const token = settings["github-token"];
  if (!settings.suggestions) return null;
  if (event.kind === "other" || token === null) {
    core.info(
      `no suggestions: ${event.kind === "other" ? event.reason : "there is no github-token"}`,
    );
    return null;
  }
  const key = settings["comment-key"];
  const { report } = reviewed;
  const outcome = await suggestDeletions({ event, token, key, report, redact });
  sayOfSuggestions(outcome, event);
  return outcome?.kind === "placed"
    ? { comment: renderComment(report, { key, suggestions: notesOf(outcome) }) }
    : null;
}

function sayOfSuggestions(outcome: SuggestionOutcome | null, { fork }: PullRequestEvent): void {
  switch (outcome?.kind) {
    case undefined:
      core.info("no suggestions: nothing was certified that could go");
      return;
    case "placed":
      core.info(
        `suggestions: ${outcome.posted} posted, ${outcome.already} posted before, ${outcome.outside.length} outside the diff`,
      );
      return;
    case "refused":
      core.warning(
        `the suggestions were refused; the workflow needs the permission \`${outcome.permission}\` (${outcome.message})${fork ? "; pull requests from forks get a token that may only read" : ""}. The diff is in the job summary.`,
      );
      return;
    case "failed":
      core.warning(
        `the suggestions could not be posted (${outcome.status}: ${outcome.message}). The diff is in the job summary.`,
      );
  }
}

async function comment({
  event,
  settings,
  reviewed,
  redact,
}: Posting): Promise<CommentOutcome | { readonly kind: "not wanted"; readonly reason: string }> {
  if (settings.comment === "never")
    return { kind: "not wanted", reason: "the input comment is `never`" };
  if (event.kind === "other") return { kind: "not wanted", reason: event.reason };
  if (settings["github-token"] === null)
    return { kind: "not wanted", reason: "there is no github-token" };
  return await upsertComment({
    octokit: connect(settings["github-token"]),
    owner: event.owner,
    repo: event.repo,
    issueNumber: event.number,
    key: settings["comment-key"],
    body: reviewed.comment,
    createIfMissing: settings.comment === "always" || hasFindings(reviewed.report),
    redact,
  });
}

function report(outcome: Awaited<ReturnType<typeof comment>>): void {
  switch (outcome.kind) {
    case "created":
    case "updated":
    case "unchanged":
      core.info(`comment ${outcome.kind}: ${outcome.url}`);
      return;
    case "absent":
      core.info("nothing to report, so no comment");
      return;
    case "not wanted":
      core.info(`no comment: ${outcome.reason}`);
      return;
    case "refused":
      core.warning(
        `the comment was refused; the workflow needs the permission \`${outcome.permission}\` (${outcome.message}). The result is in the job summary.`,
      );
      return;
    case "failed":
      core.warning(
        `the comment could not be posted (${outcome.status}: ${outcome.message}). The result is in the job summary.`,
      );
  }
}

/** Ten annotations a step is what GitHub shows; the rest is in the summary. */
const MOST_ANNOTATIONS = 10;

function annotate({ report: { data } }: Reviewed, redact: (text: string) => string): void {
  const rows = data.flatMap((file) => file.suspicious ?? []);
  for (const row of rows.slice(0, MOST_ANNOTATIONS))
    core.warning(redact(row.evidence), {
      file: row.path,
      startLine: row.line,
      title: "Suspicious row",
    });
}

function setOutputs({ counts, report: { complete }, paths }: Reviewed): void {
  const outputs: Record<ActionOutput, string | number | boolean> = {
    findings: counts.suspicious + counts.shorter,
    suspicious: counts.suspicious,
    "tokens-saved": counts.tokensSaved,
    complete: complete === true,
    "report-path": paths.report,
    "comment-path": paths.comment,
    "summary-path": paths.summary,
  };
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
}

function finish(reviewed: Reviewed, settings: Settings): void {
  const code = exitCodeOf(reviewed, settings);
  const { complete } = reviewed.report;
  if (complete !== true) core.warning(`incomplete: ${complete.reason}`);
  if (code === 1)
    core.setFailed(
      `${reviewed.counts.suspicious} suspicious examples and rows, ${reviewed.counts.shorter} certified shorter prompts; fail-on is \`${settings["fail-on"]}\``,
    );
}

/** Entry of dist/action/index.js. */
export async function runAction(): Promise<void> {
  await run();
}
