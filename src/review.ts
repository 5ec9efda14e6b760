/** A pull request or a branch: what changed, prompt by prompt and data file by data file, as one report. */
import type { ChangedFile, Ledger, Report, SkippedFile } from "./domain.js";
import { isDataPath } from "./data/rows.js";
import { isUserMistake, UnderstudyError } from "./errors.js";
import { promptLabel, unreadPromptReason } from "./prompts/index.js";
import { reviewData } from "./pipeline/data-review.js";
import { matchesAny } from "./pipeline/globs.js";
import { missingReasons } from "./pipeline/missing-answers.js";
import { assembleLedger } from "./pipeline/ledger.js";
import { VERSION, type Job } from "./pipeline/ports.js";
import { findPrompts, holdsPrompts } from "./pipeline/prompt-files.js";
import { reviewPrompt, type PromptReview } from "./pipeline/prompt-review.js";
import { reportSeed } from "./pipeline/seed.js";
import { countUsage, type CountingOracle } from "./pipeline/usage.js";

type HeadFile = ChangedFile & { readonly head: string };

/** Reviews every changed prompt and data file. A file that cannot be read is skipped with its reason, and costs no other file its result. */
export async function review(job: Job): Promise<Report> {
  const changed = (await job.ports.workspace.changedFiles()).filter(hasHead);
  const promptFiles = changed.filter(({ path }) => holdsPrompts(job, path));
  const dataFiles = changed.filter((file) => !promptFiles.includes(file) && isData(job, file.path));
  const oracle = job.ports.oracle === null ? null : countUsage(job.ports.oracle);

  const found = await findPrompts(job, promptFiles);
  const prompts = await eachReadable(found.prompts, (file) => reviewPrompt(job, file, oracle));
  const rows = await eachReadable(dataFiles, (file) => reviewData(job, file));
  const unread = [...found.skipped, ...prompts.skipped, ...rows.skipped];
  const ledger = assembleLedger(job, oracle, prompts.done, rows.done);

  return {
    schemaVersion: 1,
    tool: { name: "understudy", version: VERSION },
    seed: reportSeed(changed),
    complete: completeness({ oracle, ledger, prompts: prompts.done, unread }),
    oracle:
      oracle === null
        ? null
        : { model: oracle.model, valueKind: valueKindOf(prompts.done), ...oracle.manners() },
    surrogate: job.ports.surrogate.identity,
    prompts: prompts.done.map((prompt) => prompt.report),
    data: rows.done.map((one) => one.report),
    skipped: [...unread, ...found.leftAlone, ...unsupported(job, changed)],
    ledger,
  };
}

function hasHead(file: ChangedFile): file is HeadFile {
  return file.head !== null;
}

function isData(job: Job, path: string): boolean {
  return isDataPath(path) || matchesAny(job.settings.data, path);
}

function unsupported(job: Job, changed: readonly HeadFile[]): readonly SkippedFile[] {
  return changed.flatMap(({ path }) => {
    const reason = holdsPrompts(job, path) ? null : unreadPromptReason(path);
    return reason === null ? [] : [{ path, reason }];
  });
}

interface Reviewed<Result> {
  readonly done: readonly Result[];
  readonly skipped: readonly SkippedFile[];
}

async function eachReadable<File extends { readonly path: string }, Result>(
  files: readonly File[],
  one: (file: File) => Promise<Result>,
): Promise<Reviewed<Result>> {
  const done: Result[] = [];
  const skipped: SkippedFile[] = [];
  for (const file of files) {
    try {
      done.push(await one(file));
    } catch (thrown) {
      if (!(thrown instanceof UnderstudyError) || !isUserMistake(thrown)) throw thrown;
      skipped.push({ path: file.path, reason: thrown.message });
    }
  }
  return { done, skipped };
}

function valueKindOf(prompts: readonly PromptReview[]): NonNullable<Report["oracle"]>["valueKind"] {
  return prompts.flatMap((prompt) => prompt.report.explanation ?? [])[0]?.value ?? null;
}

/** Refused calls and unreadable files make a run incomplete; what was answered is in the report all the same. */
function completeness(run: {
  readonly oracle: CountingOracle | null;
  readonly ledger: Ledger;
  readonly prompts: readonly PromptReview[];
  readonly unread: readonly SkippedFile[];
}): Report["complete"] {
  const { oracle, ledger, prompts, unread } = run;
  const missing = oracle?.missing() ?? [];
  const reasons = [
    ...missingReasons(missing, ledger),
    ...unread.map(({ path, reason }) => `${path} could not be read: ${reason}`),
  ];
  if (reasons.length === 0) return true;
  const finished = prompts
    .filter((prompt) => prompt.report.explanation !== null)
    .map((prompt) => `explanation of ${promptLabel(prompt.report)}`);
  return { reason: reasons.join("; "), finished, missing };
}
