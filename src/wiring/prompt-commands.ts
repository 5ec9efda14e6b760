/** `understudy explain` and `understudy screen`: one prompt of the checkout, as it stands. */
import { countUsage } from "../pipeline/usage.js";
import { reviewPrompt } from "../pipeline/prompt-review.js";
import type { PromptReport } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { renderExplanation, renderScreens } from "../report/terminal.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { openJob, type OpenedJob } from "./ports.js";

export async function runExplain(context: CommandContext): Promise<ExitCode> {
  const report = await onOnePrompt(context);
  context.print(
    context.json
      ? `${JSON.stringify({ path: report.path, explanation: report.explanation, reason: report.explanationReason }, null, 2)}\n`
      : renderExplanation(report),
  );
  return report.explanation === null ? 3 : 0;
}

export async function runScreen(context: CommandContext): Promise<ExitCode> {
  const report = await onOnePrompt(context);
  context.print(
    context.json
      ? `${JSON.stringify({ path: report.path, screens: report.screens }, null, 2)}\n`
      : renderScreens(report),
  );
  return report.screens.every((screen) => screen.verdict === "not screened") ? 3 : 0;
}

async function onOnePrompt(context: CommandContext): Promise<PromptReport> {
  const [path, ...more] = context.operands;
  if (path === undefined || more.length > 0)
    throw new UnderstudyError(
      "USAGE",
      `exactly one prompt file is needed, got ${context.operands.length}`,
      { fix: "name it after the verb" },
    );
  const settings = await settingsOf(context);
  const job = await openJob(context, settings);
  try {
    const head = await readPrompt(job, path);
    const oracle = job.ports.oracle === null ? null : countUsage(job.ports.oracle);
    const reviewed = await reviewPrompt(job, { path, base: null, head }, oracle, "explanation");
    return reviewed.report;
  } finally {
    await job.ports.surrogate.close();
  }
}

async function readPrompt(job: OpenedJob, path: string): Promise<string> {
  const text = await job.ports.workspace.read(path);
  if (text === null)
    throw new UnderstudyError("FILE", "the prompt file does not exist", {
      place: { path },
      fix: "give a path relative to the current folder",
    });
  return text;
}
