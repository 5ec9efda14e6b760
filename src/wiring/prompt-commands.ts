/** `understudy explain` and `understudy screen`: one prompt of the checkout, as it stands; `explain --values`: recorded values. */
import type { Ledger } from "../domain.js";
import { assembleLedger } from "../pipeline/ledger.js";
import { withConfiguredInputs, type PromptFile } from "../pipeline/prompt-files.js";
import { countUsage, type CountingOracle } from "../pipeline/usage.js";
import { reviewPrompt, type PromptReview } from "../pipeline/prompt-review.js";
import { UnderstudyError } from "../errors.js";
import { splitPromptLabel } from "../prompts/index.js";
import { renderHeatMap } from "../report/heat-map.js";
import { renderExplanation, renderPerInput, renderScreens } from "../report/terminal.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { openJob, type OpenedJob } from "./ports.js";
import { runExplainValues } from "./values-command.js";

export async function runExplain(context: CommandContext): Promise<ExitCode> {
  if (context.values !== null) return explainRecordedValues(context, context.values);
  const { reviewed, head } = await onOnePrompt(context, "explanation", async (one) => one);
  const { report, perInput } = reviewed;
  const { explanation } = report;
  if (context.json) {
    const inputs = context.perInput ? { perInput } : {};
    context.print(
      `${JSON.stringify({ path: report.path, name: report.name, explanation, reason: report.explanationReason, ...inputs }, null, 2)}\n`,
    );
  } else {
    const colour = context.interactive && (context.environment["NO_COLOR"] ?? "") === "";
    context.print(renderExplanation(report));
    if (explanation?.shown)
      context.print(`\n${renderHeatMap(head, explanation.spans, { colour })}`);
    if (context.perInput && explanation !== null)
      context.print(`\n${renderPerInput(explanation, perInput)}`);
  }
  return explanation === null ? 3 : 0;
}

async function explainRecordedValues(context: CommandContext, path: string): Promise<ExitCode> {
  if (context.operands.length > 0)
    throw new UnderstudyError("USAGE", "--values explains recorded values and takes no prompt", {
      fix: "give either a prompt file or --values FILE",
    });
  const { method } = await settingsOf(context);
  return await runExplainValues(context, { path, method });
}

export async function runScreen(context: CommandContext): Promise<ExitCode> {
  const { reviewed, ledger } = await onOnePrompt(context, "explanation", async (one) => one);
  const { report } = reviewed;
  context.print(
    context.json
      ? `${JSON.stringify({ path: report.path, name: report.name, screens: report.screens, instanceLevels: report.instanceLevels, ledger }, null, 2)}\n`
      : renderScreens(report, ledger),
  );
  return report.screens.every((screen) => screen.verdict === "not screened") ? 3 : 0;
}

/** What a command about one prompt has to show. */
export interface OnePrompt {
  readonly job: OpenedJob;
  /** The file as it stands in the checkout. */
  readonly head: string;
  readonly reviewed: PromptReview;
  /** What this prompt needed; null where no oracle could be asked. */
  readonly ledger: Ledger | null;
  readonly oracle: CountingOracle | null;
}

/** Reviews the one prompt that the operands name, to the depth given, and hands it over while the ports are open. */
export async function onOnePrompt<Result>(
  context: CommandContext,
  depth: "all" | "explanation",
  show: (one: OnePrompt) => Promise<Result>,
): Promise<Result> {
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
    const prompt = await choosePrompt(job, path);
    const { head } = prompt;
    const oracle = job.ports.oracle === null ? null : countUsage(job.ports.oracle);
    const reviewed = await reviewPrompt(job, { ...prompt, base: null, head }, oracle, depth);
    const ledger = oracle === null ? null : assembleLedger(job, oracle, [reviewed], []);
    return await show({ job, head, reviewed, ledger, oracle });
  } finally {
    await job.ports.surrogate.close();
  }
}

/**
 * The prompt that an operand names, `path` or `path#name`, as it stands in the checkout. Throws FILE where there is no such file. Which
 * of several prompts in a file is meant must be said; reading it throws PROMPT_SYNTAX with their names otherwise.
 */
export async function choosePrompt(job: OpenedJob, operand: string): Promise<PromptFile> {
  const { workspace } = job.ports;
  const whole = await workspace.read(operand);
  const { path, name } = whole === null ? splitPromptLabel(operand) : { path: operand, name: null };
  const head = whole ?? (name === null ? null : await workspace.read(path)) ?? missing(path);
  return await withConfiguredInputs(workspace, { path, name, base: null, head, given: null });
}

function missing(path: string): never {
  throw new UnderstudyError("FILE", "the prompt file does not exist", {
    place: { path },
    fix: "give a path relative to the current folder, with `#name` after it for one of several prompts in a file",
  });
}
