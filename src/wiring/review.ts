/** The whole job: ports, review, files. Shared by both doors. */
import { resolve } from "node:path";
import type { Settings } from "../config.js";
import { withSurrogateTime } from "../cost/reduction.js";
import type { CostReduction, Ledger, Report, RunFacts } from "../domain.js";
import { renderComment } from "../report/comment.js";
import {
  certifiedDeletions,
  distinctSuspiciousRows,
  injections,
  suspiciousDemonstrations,
} from "../report/facts.js";
import { createRedactor } from "../github/redact.js";
import { redactReport, serializeReport } from "../report/json.js";
import { renderSummary } from "../report/summary.js";
import { review } from "../review.js";
import { writeOutputs } from "../workspace/file-state-store.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { openJob, type OpenedJob } from "./ports.js";
import { secretsIn } from "./server-keys.js";

export interface Reviewed {
  readonly report: Report;
  readonly comment: string;
  /** Job summary with the facts of this run. */
  readonly summary: string;
  readonly facts: RunFacts;
  readonly counts: {
    readonly suspicious: number;
    readonly shorter: number;
    readonly tokensSaved: number;
  };
  readonly paths: {
    readonly comment: string;
    readonly summary: string;
    readonly report: string;
    readonly run: string;
  };
  readonly usedKeys: ReadonlySet<string>;
}

/** Runs the review and writes comment.md, summary.md and understudy-report.json (the same bytes for the same input), and understudy-run.json. */
export async function reviewAndWrite(
  context: CommandContext,
  settings: Settings,
): Promise<Reviewed> {
  const started = performance.now();
  const job = await openJob(context, settings);
  try {
    announce(job, context);
    const report = redactReport(await review(job), createRedactor(secretsOf(settings)));
    const facts = factsOf(job, started, report.ledger);
    const folder = resolve(context.root, settings["output-folder"]);
    const comment = renderComment(report, { key: settings["comment-key"] });
    await writeOutputs(folder, {
      "comment.md": comment,
      "summary.md": renderSummary(report, null),
      "understudy-report.json": serializeReport(report),
      "understudy-run.json": `${JSON.stringify(facts, null, 2)}\n`,
    });
    const path = (name: string): string => resolve(folder, name);
    return {
      report,
      comment,
      summary: renderSummary(report, facts),
      facts,
      counts: countFindings(report),
      paths: {
        comment: path("comment.md"),
        summary: path("summary.md"),
        report: path("understudy-report.json"),
        run: path("understudy-run.json"),
      },
      usedKeys: job.usedKeys,
    };
  } finally {
    await job.ports.surrogate.close();
  }
}

/** Values that must leave in no output. */
export function secretsOf(settings: Settings): readonly string[] {
  return [
    settings["oracle-api-key"],
    settings["github-token"],
    ...secretsIn(settings["surrogate-api-key"]),
  ].filter((secret) => secret !== null);
}

function announce(job: OpenedJob, context: CommandContext): void {
  const { oracle, surrogates } = job.ports;
  if (context.quiet) return;
  for (const notice of surrogates.flatMap((one) => one.notices))
    context.say(`understudy: ${notice}\n`);
  const listed = surrogates
    .map(({ identity }) => `${identity.model}, ${identity.precision}, ${identity.backend}`)
    .join("; then ");
  context.say(
    `understudy: surrogate ${listed}; oracle ${oracle === null ? "none" : `${oracle.model} (${oracle.host})`}\n`,
  );
}

function factsOf(job: OpenedJob, started: number, ledger: Ledger): RunFacts {
  const { oracle, surrogates } = job.ports;
  const oracleFacts = oracle?.facts();
  return {
    seconds: (performance.now() - started) / 1000,
    oracleCallsPaid: oracleFacts?.paid ?? 0,
    oracleCallsCached: oracleFacts?.cached ?? 0,
    costPaid: job.spent().cost,
    planned: ledger.planned && { calls: ledger.planned.calls, cost: ledger.planned.cost },
    surrogateSeconds: job.surrogateSeconds(),
    costReduction: timedReduction(job, ledger),
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    notices: [...surrogates.flatMap((one) => one.notices), ...(oracleFacts?.notices ?? [])],
  };
}

/** The ratio with the surrogate's time: of all its time the share of the tokens that it scored for explanations. */
function timedReduction(job: OpenedJob, { explanations, surrogate }: Ledger): CostReduction | null {
  if (explanations === null) return null;
  const share = surrogate === null ? 0 : explanations.surrogateTokens / surrogate.tokens;
  const minutes = (job.surrogateSeconds() * share) / 60;
  return withSurrogateTime(explanations, minutes * job.settings["cpu-minute-cost"]);
}

function countFindings(report: Report): Reviewed["counts"] {
  const deletions = certifiedDeletions(report);
  return {
    suspicious:
      suspiciousDemonstrations(report).length +
      injections(report).length +
      distinctSuspiciousRows(report).length,
    shorter: deletions.length,
    tokensSaved: deletions.reduce((sum, deletion) => sum + deletion.tokensSaved, 0),
  };
}

/** The exit code of a finished review. */
export function exitCodeOf(reviewed: Reviewed, settings: Settings): ExitCode {
  const { suspicious, shorter } = reviewed.counts;
  if (reviewed.report.complete !== true) return 3;
  switch (settings["fail-on"]) {
    case "never":
      return 0;
    case "suspicious":
      return suspicious > 0 ? 1 : 0;
    case "any":
      return suspicious + shorter > 0 ? 1 : 0;
  }
}

/** `understudy review`: prints the comment, or the report as JSON. */
export async function runReview(context: CommandContext): Promise<ExitCode> {
  const settings = await settingsOf(context);
  const reviewed = await reviewAndWrite(context, settings);
  context.print(context.json ? serializeReport(reviewed.report) : reviewed.comment);
  if (!context.quiet)
    context.say(
      `\nunderstudy: ${reviewed.facts.seconds.toFixed(1)} s, ${reviewed.facts.oracleCallsPaid} oracle calls paid, ${reviewed.facts.oracleCallsCached} from recordings; files in ${settings["output-folder"]}\n`,
    );
  return exitCodeOf(reviewed, settings);
}
